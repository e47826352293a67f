"""Make the vocabularies that ship with the package from tiktoken's: `python tools/pack_vocabularies.py FOLDER`.

FOLDER holds `cl100k_base.tiktoken` and `o200k_base.tiktoken`, as tiktoken downloads them: a line for each
token, base64 of its bytes, a space, its rank. Run by hand when tiktoken changes a vocabulary.
"""

from __future__ import annotations

import base64
import hashlib
import sys
from pathlib import Path

from fakellm.tokens._vocabulary import Vocabulary, pack

VOCABULARIES = Path(__file__).parent.parent / "fakellm" / "tokens" / "vocabularies"

# Source: tiktoken 0.14, `tiktoken_ext/openai_public.py`.
SHA256 = {
    "cl100k_base": "223921b76ee99bde995b7ff738513eef100fb51d18c93597a113bcffe865b2a7",
    "o200k_base": "446a9538cb6c348e3516120d7c08b09f57c36495e2acfffe59a5bf8b0cfb1a2d",
}


def verify(name: str, listed: bytes) -> bytes:
    """Return a list of tokens that is the one tiktoken expects; exit otherwise."""
    if (found := hashlib.sha256(listed).hexdigest()) != SHA256[name]:
        sys.exit(f"{name}: expected the list with sha256 {SHA256[name]}, got {found}")
    return listed


def pack_list(listed: bytes) -> bytes:
    """Return the packed vocabulary of a list of tokens."""
    ranks = {int(rank): base64.b64decode(token) for token, rank in map(bytes.split, listed.splitlines())}
    return pack([ranks[rank] for rank in range(len(ranks))])


def unpack_list(packed: bytes) -> bytes:
    """Return the list of tokens that a packed vocabulary was made from."""
    tokens = Vocabulary(packed, "vocabulary").tokens()
    return b"".join(b"%s %d\n" % (base64.b64encode(token), rank) for rank, token in enumerate(tokens))


def main(folder: str) -> None:
    for name in SHA256:
        packed = pack_list(verify(name, (Path(folder) / f"{name}.tiktoken").read_bytes()))
        verify(name, unpack_list(packed))
        target = VOCABULARIES / f"{name}.vocabulary"
        target.write_bytes(packed)
        print(f"{target.name}: {len(packed):,} bytes")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(sys.argv[1])
