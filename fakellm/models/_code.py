"""Code inside a conversation: blocks to run, the result of a run, and imports that code needs."""

from dataclasses import dataclass


@dataclass
class CodeBlock:
    """One block of source text: `code` and the `language` it is fenced with (`python`, `sh`)."""

    code: str
    language: str


@dataclass
class CodeResult:
    """The result of running code blocks: the process' `exit_code` (0 is success) and its printed `output`."""

    exit_code: int
    output: str


@dataclass(frozen=True)
class Alias:
    """`name` known as `alias`: the `numpy as np` of an import statement."""

    name: str
    alias: str


@dataclass(frozen=True)
class ImportFromModule:
    """`from module import imports`; a list of imports is kept as a tuple."""

    module: str
    imports: tuple[str | Alias, ...]

    def __post_init__(self) -> None:
        """Accept any sequence of imports."""
        object.__setattr__(self, "imports", tuple(self.imports))


Import = str | ImportFromModule | Alias
"""Something importable: a module's name, a renamed module, or names from a module."""


def import_statement(wanted: Import) -> str:
    """Write the Python statement that imports `wanted`.

    >>> import_statement(ImportFromModule("math", ("pi", Alias("sqrt", "root"))))
    'from math import pi, sqrt as root'
    """
    if isinstance(wanted, ImportFromModule):
        return f"from {wanted.module} import {', '.join(_as_clause(name) for name in wanted.imports)}"
    return f"import {_as_clause(wanted)}"


def _as_clause(name: str | Alias) -> str:
    return name if isinstance(name, str) else f"{name.name} as {name.alias}"
