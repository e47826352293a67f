"""One folder for each API that is spoken; ``table`` alone names them all.

Beside them: ``openai``, what its APIs share; ``shapes``, what JSON must look like; ``providers``; ``unspoken``, APIs
that are known by path alone. Large parts of an API have folders of their own: ``chat_checks``, ``responses_checks``,
``responses_counts``, ``responses_items``, ``responses_stored``.

A dialect reads a request into ``ChatRequest``, says an answer in its own shape, hears one, and words its errors.
"""
