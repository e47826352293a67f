"""What the APIs of OpenAI share: the document of what they take, strict schemas, the words of errors, lists."""
