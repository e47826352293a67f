"""Texts of every sort that a tokenizer meets, the same ones on every run."""

from __future__ import annotations

import random
import sys
from collections.abc import Callable, Iterator


def words(text: str) -> list[str]:
    return text.split()


ENGLISH = words(
    "the of and to in is you that it he was for on are as with his they at be this have from or one had by words but "
    "not what all were we when your can said there use an each which she do how their if will up other about out many "
    "then them these so some her would make like him into time has look two more write go see number no way could "
    "people my than first water been call who oil its now find long down day did get come made may part tokenizer "
    "antidisestablishmentarianism internationalization Paris London HTTP JSON XMLHttpRequest iPhone McDonald's"
)
CONTRACTIONS = words("'s 's 'S 't 'T 're 'RE 've 'Ve 'm 'M 'll 'LL 'lL 'd 'D 'ſ ’s ‘t 'sa 'xs ''s 'l 'v")
CODE = words(
    "def class return import from for in if else: elif while True False None self. ( ) [ ] { } = == != += -> => :: ; "
    "// /* */ # <!-- --> && || <div> </div> x[i] f(x) \\n \\t 0x1F 1e-9 3.14159 __init__ snake_case camelCase "
    "SCREAMING_CASE const let var fn pub struct impl #include <stdio.h> SELECT * FROM users WHERE id=1; $HOME ${x} "
    'print("hello") lambda x: x**2 @decorator async await yield null undefined /usr/local/bin https://example.com/?q=1'
)
MARKDOWN = words(
    "# ## ### - * + 1. 2. > ``` ```python ~~~ ** __ *a* _b_ `code` [link](https://example.com) ![image](a.png) | a | b "
    "| |---|---| --- *** - [ ] - [x] <br/> &nbsp; ~~struck~~ $$x^2$$ [^1] :tada:"
)
EMOJI = words(
    "😀 👍🏽 👩\u200d👩\u200d👧\u200d👦 🏳️\u200d🌈 🇫🇷 🇯🇵 ❤️ ☎️ 🧑🏿\u200d💻 👨🏻\u200d🦰 1️⃣ #️⃣ 🤷🏼\u200d♀️ "
    "🫠 \u200d \ufe0f 🏽 🇦 🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f"
)
SCRIPTS = words(
    "你好，世界！ 请介绍一下AutoGen。 今天天气怎么样？ 測試繁體中文字 こんにちは、世界。 カタカナと漢字が混ざる "
    "안녕하세요 세계 한국어 Привет, мир! Ёлка Здравствуйте שָׁלוֹם "
    "עולם مرحبا بالعالم العَرَبِيَّة नमस्ते दुनिया क्षत्रिय สวัสดีชาวโลก "
    "ภาษาไทยไม่เว้นวรรค Xin chào thế giới Γειά σου Κόσμε Übergröße façade naïve coöperate Zürich İstanbul ı ß ẞ ǅ ǈ ŉ "
    "ﬁ ʕ ʰ ª º ² ½ Ⅻ ④ "
    "٣٤٥ १२३ 〇一二三 𝐀𝐁𝐜 𝟙𝟚𝟛 𐐷𐐀 𠮷野家 𞤀𞤢 ꙮ é ñ\u0303 Z\u0351\u036b\u0343\u036a\u0302\u036b\u033d"
)
SPECIAL = words(
    "<|endoftext|> <|fim_prefix|> <|fim_middle|> <|fim_suffix|> <|endofprompt|> <|im_start|> <|im_end|> <|return|> <|"
)
SPACES = [" ", "  ", "\n", "\r", "\r\n", "\t", "\v", "\f", "\x85", "\xa0", "\u1680", "\u2003", "\u2028", "\u3000"]
NOT_SPACES = ["\x1c", "\x1f", "\u180e", "\u200b", "\u200d", "\u2060", "\ufeff", "\x00", "\x7f"]
SIGNS = list("!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~…—–“”„«»°§¶€£¥©®™×÷±≤≥≠∞√∑∫→⇒●■★✓")
RUN_OF = [*"aZé你9 \n\t=-/.'!", "ab", "\r\n", " \n", "\n ", "'s", "😀", "\u0301", "A1", "\xa0", "\0", "ſ"]

Family = Callable[[random.Random], str]


def prose(rng: random.Random) -> str:
    words = []
    for _ in range(rng.randrange(1, 14)):
        word = rng.choice(ENGLISH)
        word = rng.choice((word, word, word.capitalize(), word.upper()))
        words.append(word + rng.choice(("", "", "", "", ",", ".", "!?", rng.choice(CONTRACTIONS))))
    return rng.choice((" ", " ", "  ", "\n")).join(words)


def joined(parts: list[str], most: int = 10) -> Family:
    def text(rng: random.Random) -> str:
        return "".join(
            rng.choice(parts) + rng.choice(("", " ", " ", "\n", "    ")) for _ in range(rng.randrange(1, most))
        )

    return text


def numbers(rng: random.Random) -> str:
    return "".join(
        str(rng.randrange(10 ** rng.randrange(1, 12))) + rng.choice((" ", ".", ",", "/", "-", "%", "e", ""))
        for _ in range(rng.randrange(1, 6))
    )


def runs(rng: random.Random) -> str:
    length = rng.choice((2, 3, 5, 8, 16, 17, 33, 64, 80, rng.randrange(1, 130)))
    return rng.choice(("", " ", "x", "\n")) + rng.choice(RUN_OF) * length + rng.choice(("", " ", "y", "\n", "'s"))


def any_plane(rng: random.Random) -> str:
    first = rng.choice(
        (0, 0, 0x80, 0x300, 0x2000, 0x4E00, 0xA000, 0xF000, 0x10000, 0x1D400, 0x20000, 0xE0000, 0x100000)
    )
    width = rng.choice((0x80, 0x800, 0x10000, sys.maxunicode))
    return "".join(chr(min(first + rng.randrange(width), sys.maxunicode)) for _ in range(rng.randrange(1, 16)))


def surrogates(rng: random.Random) -> str:
    parts = [chr(rng.randrange(0xD800, 0xE000)), "\ud83d\ude00", "a", " ", "é", "\n", prose(rng)[:8]]
    return "".join(rng.choice(parts) for _ in range(rng.randrange(1, 8)))


def random_letters(rng: random.Random) -> str:
    letters = rng.choice(("abcdefghijklmnopqrstuvwxyz", "aAbB'sS tT", "ACGT", "0123456789abcdef", "éèêëàâäôöûüç"))
    return "".join(rng.choice(letters) for _ in range(rng.randrange(1, 40)))


SINGLE: list[Family] = [
    prose,
    prose,
    joined(CODE),
    joined(MARKDOWN),
    joined(EMOJI, 6),
    joined(SCRIPTS, 5),
    joined(SPECIAL, 4),
    joined(SPACES, 12),
    joined([*SPACES, *NOT_SPACES, "a", "1", "!"], 12),
    joined(SIGNS, 16),
    joined([*ENGLISH[:9], *CONTRACTIONS, "'"], 8),
    numbers,
    runs,
    any_plane,
    surrogates,
    random_letters,
]


def mixed(rng: random.Random) -> str:
    return "".join(rng.choice(SINGLE)(rng)[: rng.randrange(1, 12)] for _ in range(rng.randrange(2, 7)))


def generated_texts(count: int, *, seed: int = 0) -> Iterator[str]:
    """Yield this many texts, each family and a mixture of all in turn."""
    rng = random.Random(seed)
    families = [*SINGLE, mixed, mixed, mixed, mixed]
    for number in range(count):
        yield families[number % len(families)](rng)
