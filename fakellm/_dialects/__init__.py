"""One folder for each API that is spoken; ``table`` alone names them all.

Beside them: ``openai``, what its APIs share; ``providers``; ``unspoken``, APIs that are known by path alone.

A dialect reads a request into ``ChatRequest``, says an answer in its own shape, hears one, and words its errors.
"""
