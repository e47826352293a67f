"""Bytes <-> typed values, pure: no I/O, no clock, no script.

Read ``events`` for what travels, ``asked`` and ``answer`` for the neutral forms, ``dialect`` for the seam.
"""
