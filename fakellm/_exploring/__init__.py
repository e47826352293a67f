"""The same code once for each trouble that its model calls can meet."""
