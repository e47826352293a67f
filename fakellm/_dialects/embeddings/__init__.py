"""``POST …/embeddings``: vectors, which the fake makes by itself."""
