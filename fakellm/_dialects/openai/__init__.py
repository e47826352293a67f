"""What the APIs of OpenAI share: the words of errors, what models take, strict schemas."""
