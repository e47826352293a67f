"""What to say, pure: replies, the rules that choose them, the journal of what was asked.

Read ``engine`` first: one request in, one answer out.
"""
