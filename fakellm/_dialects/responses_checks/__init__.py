"""What the API rejects: ``patches`` by what a body is made of, ``rules`` by what it holds, ``history`` by its items."""
