"""Texts that nobody gave before, of known words and of prose; the same in every run."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import count
from random import Random

__all__ = ["ALL_KNOWN", "known_words", "prose"]

# Frequent words of English. Whoever measures gives ALL_KNOWN once before, so that the caches of a process know them.
WORDS = re.findall(
    r"\w+",
    """
    about above across after again against almost along already although always among another answer area around
    asked back became because become been before began behind being below best better between beyond black board body
    book both bring brought building business called came cannot case cause center certain change children church city
    clear close cold come common community company complete could country course court cut days death decided
    development different does done door down during each early earth economic education effect end enough even evening
    ever every example experience eyes face fact family father feel feet felt field figure final find first following
    food force form found four free friend from full future general girl give given going gone good government great
    group hand hard have head hear heard held help high himself history home hope hour house however human hundred idea
    important including increase information interest itself job keep kind know known land large last later law lead
    learn least leave left less letter level life light likely line little local long looked love made major make man
    many market matter mean means members men might military million mind minutes miss modern moment money month more
    morning most mother move much music must name national nature near need never next night north nothing number off
    office often old once only open order other ought outside over own paper part party past peace people perhaps period
    person picture place plan play point policy political position possible power present president problem program
    public question quite rather read ready real reason report rest result right river road room said same school
    second seem seen sense service set several shall short should show side simple since small social society some
    something sometimes soon sound south special spring stand started state still stood street strong study such summer
    surface system table taken tell than that their them themselves then there these they thing think third this those
    thought thousand three through time today together told took toward town trade tried true turn under until upon
    used usually various very voice want war water ways week well went were west what when where which while white whole
    whose window winter with within without woman word work world would write year young
    """,
)
ENDS = ("", "", "", "", "", "", "", "", ",", ".")
ALL_KNOWN = " ".join(["Then", *WORDS])
_numbers = count()
_coined = (first + second + end for end in ("", "er", "ing", "s") for first in WORDS for second in WORDS[::-1])


def known_words(length: int, many: int) -> Iterator[str]:
    """Return so many texts of known words, each of about so many bytes and unlike any other."""
    return iter([_text(length, coin_every=0) for _ in range(many)])


def prose(length: int, many: int) -> Iterator[str]:
    """Return so many texts like those of known words, but with one word of twelve that no text had before.

    Such a word is two known ones joined: like names and terms it has two or three tokens, and there are enough of them.
    Counted, 100 B of it take 14 to 18 µs, those of `pydoc_data.topics` 31 at first and 15 to 23 after 20 KB.
    """
    return iter([_text(length, coin_every=12) for _ in range(many)])


def _text(length: int, *, coin_every: int) -> str:
    random = Random(next(_numbers))
    words = [random.choice(WORDS) + random.choice(ENDS) for _ in range(length // 4)]
    if coin_every:
        for place in range(random.randrange(coin_every), len(words), coin_every):
            words[place] = next(_coined)
    return " ".join(["Then", *words])[:length].rpartition(" ")[0] + "."
