"""A module for each verb of the command line: how it is typed, and what it runs.

``add(parser)`` adds the verb, its help and its examples to the parser above; ``run(options)`` returns the exit code.
Only ``run`` imports what takes time, so that ``fakellm --help`` answers at once. Longer work stands in a module of
``_commands``.
"""
