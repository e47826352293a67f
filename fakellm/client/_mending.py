"""Texts that arrive cut inside a character: servers that count in UTF-16 cut an emoji in two escapes."""

from __future__ import annotations

__all__ = ["Pieces", "mended"]


def mended(text: str) -> str:
    """Return a text that can be encoded: two halves are one character, half of one is U+FFFD."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text


class Pieces:
    """A text that comes in pieces; the first half of a character waits for the second."""

    def __init__(self) -> None:
        self._pieces: list[str] = []
        self._half = ""

    def __str__(self) -> str:
        return "".join(self._pieces)

    def __bool__(self) -> bool:
        return bool(self._pieces)

    def add(self, piece: str) -> str:
        """Take a piece; return what can be shown of it by now."""
        if self._half or not piece.isascii():
            piece = self._half + piece
            self._half = piece[-1] if "\ud800" <= piece[-1:] <= "\udbff" else ""
            piece = mended(piece.removesuffix(self._half))
        if piece:
            self._pieces.append(piece)
        return piece

    def end(self) -> str:
        """Give up waiting for the second half; return what is shown in its stead, if there is a first."""
        half, self._half = self._half, ""
        return self.add(mended(half))
