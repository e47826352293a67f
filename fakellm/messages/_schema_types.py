"""Which Python type stands for which type, constraint and format of JSON Schema.

Source: https://json-schema.org/draft/2020-12/json-schema-validation and, where it is looser, AutoGen 0.7.5.
"""

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from ipaddress import IPv4Address, IPv6Address
from types import MappingProxyType
from typing import Annotated, Any

from pydantic import UUID1, UUID3, UUID4, UUID5, AnyUrl, EmailStr, Field, Json, Strict

from fakellm.messages._schema_errors import FormatNotSupportedError, UnsupportedKeywordError

_TYPES: Mapping[str, Any] = MappingProxyType(
    {
        "string": str,
        "integer": int,
        "number": float,
        "boolean": bool,
        "null": type(None),
        "array": list,
        "object": dict,
    }
)

_NUMBER_CONSTRAINTS = {
    "minimum": "ge",
    "maximum": "le",
    "exclusiveMinimum": "gt",
    "exclusiveMaximum": "lt",
}
_CONSTRAINTS: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "string": {"minLength": "min_length", "maxLength": "max_length", "pattern": "pattern"},
        "integer": _NUMBER_CONSTRAINTS,
        "number": _NUMBER_CONSTRAINTS,
        "array": {"minItems": "min_length", "maxItems": "max_length"},
    }
)

_FORMATS: Mapping[str, Any] = MappingProxyType(
    {
        "uuid": UUID4,
        "uuid1": UUID1,
        "uuid2": UUID4,
        "uuid3": UUID3,
        "uuid4": UUID4,
        "uuid5": UUID5,
        "email": EmailStr,
        "uri": AnyUrl,
        "hostname": Annotated[str, Strict()],
        "ipv4": IPv4Address,
        "ipv6": IPv6Address,
        "ipv4-network": IPv4Address,
        "ipv6-network": IPv6Address,
        "date-time": datetime,
        "date": date,
        "time": time,
        "duration": timedelta,
        "int32": Annotated[int, Strict(), Field(ge=-(2**31), le=2**31 - 1)],
        "int64": Annotated[int, Strict(), Field(ge=-(2**63), le=2**63 - 1)],
        "float": Annotated[float, Strict()],
        "double": float,
        "decimal": float,
        "byte": Annotated[bytes, Strict()],
        "binary": Annotated[bytes, Strict()],
        "password": str,
        "path": str,
        "json": Json,
    }
)


def plain_type(name: Any, *, where: str) -> Any:
    """Give the Python type of a `type` keyword.

    `where`: the place in the schema, for the message.
    Raises: UnsupportedKeywordError when it is missing, a list of types, or unknown.
    """
    if isinstance(name, str) and name in _TYPES:
        return _TYPES[name]
    raise UnsupportedKeywordError(
        f"{where} has the type {name!r}; known are {list(_TYPES)}, and anyOf where several are allowed"
    )


def format_type(name: Any, *, where: str) -> Any:
    """Give the Python type that a `format` keyword asks for. Raises: FormatNotSupportedError when unknown."""
    if name in _FORMATS:
        return _FORMATS[name]
    raise FormatNotSupportedError(f"{where} has the format {name!r}; known are {list(_FORMATS)}")


def constrained(kind: Any, schema: Mapping[str, Any]) -> Any:
    """Narrow a type by the constraints that its schema states."""
    names = _CONSTRAINTS.get(schema["type"], {})
    constraints = {names[key]: value for key, value in schema.items() if key in names}
    return Annotated[kind, Field(**constraints)] if constraints else kind
