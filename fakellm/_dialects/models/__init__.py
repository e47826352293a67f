"""``…/models``: which models there are."""
