"""``POST …/chat/completions``: the form in which scripts are written."""
