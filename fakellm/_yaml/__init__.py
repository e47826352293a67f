"""YAML and JSON texts read into values that know their lines; for scripts and cassettes."""
