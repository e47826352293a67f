"""Counts of tokens, as Responses bill them: a dialect beside that of Responses, which knows what it stored."""
