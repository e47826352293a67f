"""The pytest plugin of fakellm; pytest loads it by its entry point."""
