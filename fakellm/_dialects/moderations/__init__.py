"""``POST …/moderations``: which the fake answers by itself."""
