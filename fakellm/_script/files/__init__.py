"""Scripts in YAML and JSON files."""
