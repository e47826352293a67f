"""Token counts without a network: the vocabularies ship with the package."""

from fakellm.tokens._billing import completion_usage
from fakellm.tokens._encodings import Encoding, count, encoding_for_model

__all__ = ["Encoding", "completion_usage", "count", "encoding_for_model"]
