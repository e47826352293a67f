"""What a fake keeps of its responses, and what is looked up of it."""
