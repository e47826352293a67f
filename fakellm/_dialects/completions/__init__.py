"""``POST …/completions``: what was there before chat."""
