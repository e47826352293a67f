"""The APIs that are spoken, a folder each; ``table`` alone names them all.

A dialect reads a request into ``ChatRequest``, says an answer in its own shape, hears one, and words its errors.
"""
