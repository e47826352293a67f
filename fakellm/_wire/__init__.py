"""Bytes <-> typed values, pure: no I/O, no clock, no script.

Read ``events`` for what travels, ``dialects`` for which API claims which path, ``chat`` for the first API.
"""
