"""Recordings: read a file (``file``, ``format``), find an interaction (``match``), replay it (``replay``)."""
