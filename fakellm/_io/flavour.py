"""The two modules that clients run on: httpx, and its fork httpx2.

They have the same names and separate classes: a response of one inside a client of the other fails in the
client. So whatever touches a client is made for its module.
"""

from __future__ import annotations

from types import ModuleType

from fakellm._errors import UsageError
from fakellm._real_files import real_module

__all__ = ["NAMES", "check_module", "installed_modules"]

NAMES = ("httpx", "httpx2")


def installed_modules() -> tuple[ModuleType, ...]:
    """Return httpx, and httpx2 where it is installed, each once.

    ``httpx2.alias_httpx()`` can make both names one module, hence the comparison by the module itself.
    """
    return tuple(dict.fromkeys(module for name in NAMES if (module := real_module(name)) is not None))


def check_module(module: ModuleType) -> ModuleType:
    """Return the module if it is one of the two.

    Raises:
        UsageError: it is something else.
    """
    if getattr(module, "__name__", "") in NAMES:
        return module
    text = f"transport(...) takes the module of the client it is for, httpx or httpx2; got {module!r}"
    if getattr(module, "__name__", "") in ("requests", "aiohttp"):
        text += "\n  its clients take no transport; they are answered while a block runs\n  type: with llm: …"
    raise UsageError(text)
