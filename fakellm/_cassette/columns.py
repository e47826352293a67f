"""Secrets in tables, below a secret name: CSV, Markdown, what ``psql`` and ``mysql`` print."""

from __future__ import annotations

import re
from collections.abc import Iterator

from fakellm._cassette.notations import looks_drawn
from fakellm._secret_names import REDACTED, is_secret_name, stems

__all__ = ["replace_columns"]

_HEAD = re.compile(r"[\w .\"'/()*-]{1,40}")
_RULE = re.compile(r"[\s|+:=-]+")
_LONGEST = 2000  # characters of a line that can be one of a table
_STEMS = re.compile("|".join(stems()), re.IGNORECASE)
_AROUND = " \t\r\"'`"


def replace_columns(text: str) -> str:
    """Return a text with ``REDACTED`` in place of the cells below secret names."""
    return "\n".join(_lines(text.split("\n"))) if "\n" in text and ("," in text or "|" in text) else text


def _lines(lines: list[str]) -> Iterator[str]:
    sign, count, secret = "", 0, frozenset[int]()
    for line in lines:
        cells = line.split(sign) if sign and len(line) <= _LONGEST else []
        if sign and len(cells) == count:
            yield sign.join(_cell(cell) if n in secret else cell for n, cell in enumerate(cells))
            continue
        yield line
        if not (sign and _RULE.fullmatch(line)):
            sign, count, secret = _head(line)


def _head(line: str) -> tuple[str, int, frozenset[int]]:
    """Return the sign between the cells of a table's first line, how many there are, and which are secret names."""
    sign = "|" if "|" in line else ","
    if sign in line and len(line) <= _LONGEST and _STEMS.search(line):
        cells = [cell.strip(_AROUND) for cell in line.split(sign)]
        secret = frozenset(n for n, cell in enumerate(cells) if is_secret_name(cell))
        if secret and all(_HEAD.fullmatch(cell) or not cell for cell in cells):
            return sign, len(cells), secret
    return "", 0, frozenset()


def _cell(cell: str) -> str:
    value = cell.strip(_AROUND)
    return cell.replace(value, REDACTED) if " " not in value and looks_drawn(value) else cell
