"""What can be wrong with the JSON Schema of a structured message's content.

SchemaConversionError
  ReferenceNotFoundError    a $ref to a definition that is not there
  FormatNotSupportedError   a format without a Python type
  UnsupportedKeywordError   a type, or an enum, without a Python type
"""

from fakellm._errors import FakeLLMError


class SchemaConversionError(FakeLLMError):
    """A JSON Schema that cannot be turned into a pydantic model."""


class ReferenceNotFoundError(SchemaConversionError):
    """A `$ref` names a definition that `$defs` does not have."""


class FormatNotSupportedError(SchemaConversionError):
    """A `format` has no Python type."""


class UnsupportedKeywordError(SchemaConversionError):
    """A `type` is missing or unknown, or an `enum` is empty."""
