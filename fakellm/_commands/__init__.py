"""The command line: ``verbs`` says how each verb is typed; the modules here do the longer work of one."""
