"""Token counts without a network: the vocabularies ship with the package.

>>> from fakellm import tokens
>>> tokens.count("hello world", model="gpt-4o")
2
"""

from fakellm.tokens._billing import completion_usage
from fakellm.tokens._encodings import Encoding, count, encoding_for_model, get_encoding

__all__ = ["Encoding", "completion_usage", "count", "encoding_for_model", "get_encoding"]
