"""Token counts without a network: the vocabularies ship with the package.

>>> from fakellm import tokens
>>> tokens.count("hello world", model="gpt-4o")
2
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fakellm.tokens._billing import completion_usage
    from fakellm.tokens._encodings import Encoding, count, encoding_for_model, get_encoding

__all__ = ["Encoding", "completion_usage", "count", "encoding_for_model", "get_encoding"]


# The client asks the table of models alone; most programs never count.
def __getattr__(name: str) -> object:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    home = "_billing" if name == "completion_usage" else "_encodings"
    value = getattr(import_module(f"fakellm.tokens.{home}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return [*globals(), *__all__]
