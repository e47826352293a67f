"""What OpenAI's hosts reject: ``patches`` by what a body is made of, the others by what it holds."""
