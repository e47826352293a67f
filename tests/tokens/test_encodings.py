import logging
import os
import shutil
from itertools import accumulate
from pathlib import Path

import pytest
import tiktoken
from hypothesis import given, settings
from hypothesis import strategies as st

from fakellm import UsageError
from fakellm.tokens import count, encoding_for_model, get_encoding

WARNING = ("autogen_core.trace", logging.WARNING, "Model qwen/qwen3-14b:free not found. Using cl100k_base encoding.")
VOCABULARIES = os.environ.get("FAKELLM_ENCODINGS")
NAMES = ["cl100k_base", "o200k_base"]

# The names under which tiktoken finds a vocabulary that it has downloaded: the SHA-1 of its address.
CACHE_NAMES = {
    "cl100k_base": "9b5ad71b2ce5302211f9c61530b329a4922fc6a4",
    "o200k_base": "fb374d419588a4632f3f557e76b4b70aebbca790",
}
MODELS = {"cl100k_base": "gpt-4", "o200k_base": "gpt-4o"}

TEXTS = [
    "",
    "hello world",
    "The capital of France is Paris.",
    "  leading and trailing  \n\n\t",
    "It's we'll they'd I'm you're I've 'S 'LL",
    "12345678901234567890 3.14159 1,000,000",
    "def f(x):\r\n    return x ** 2  # noqa\r\n",
    '{"city":"Zürich","days":[1,2,3],"nested":{"a":null}}',
    "日本語のテキスト。中文字符，标点！한국어 텍스트",
    "Ελληνικά кириллица עברית العربية हिन्दी ไทย",
    "e\u0301 n\u0303 \u0915\u094d\u0937 \u200b\u200d\ufeff\u2028",
    "😀 👩‍👩‍👧‍👦 🏳️‍🌈 🇫🇷 𝔘𝔫𝔦𝔠𝔬𝔡𝔢 𒀀𒀁",
    "<|endoftext|><|im_start|>user<|fim_prefix|>",
    "a" * 500,
    "^" * 300 + " " * 300 + "\n" * 50,
    "\x00\x01\x7f\x85\xa0",
    "https://platform.openai.com/account/api-keys?x=1&y=%20#top",
]
texts = st.text(st.characters(codec="utf-8") | st.sampled_from("字é\u0301👩\u200d🔬 \n\t'sABcd12"), max_size=60)


@pytest.mark.parametrize(
    ("model", "name"),
    [
        ("gpt-4o", "o200k_base"),
        ("gpt-4o-mini-2024-07-18", "o200k_base"),
        ("gpt-4.1-nano", "o200k_base"),
        ("o3-mini", "o200k_base"),
        ("gpt-5", "o200k_base"),
        ("ft:gpt-4o:team::abc", "o200k_base"),
        ("gpt-oss-120b", "o200k_base"),
        ("gpt-4", "cl100k_base"),
        ("gpt-4-turbo", "cl100k_base"),
        ("gpt-3.5-turbo-0125", "cl100k_base"),
        ("text-embedding-3-small", "cl100k_base"),
        ("davinci", "cl100k_base"),
        ("claude-sonnet-4", "o200k_base"),
        ("", "o200k_base"),
    ],
)
def test_model_has_its_encoding(model, name):
    assert encoding_for_model(model).name == name


def test_unknown_model_has_the_default_given():
    assert encoding_for_model("claude-sonnet-4", default=None) is None


def test_known_model_needs_no_default():
    assert encoding_for_model("gpt-4", default=None).name == "cl100k_base"


def test_encoding_is_loaded_once():
    assert encoding_for_model("gpt-4o") is encoding_for_model("o3")


@pytest.mark.parametrize(
    ("text", "model", "tokens"),
    [
        ("", "gpt-4o", 0),
        ("hello world", "gpt-4o", 2),
        ("hello world", "gpt-4", 2),
        ("antidisestablishmentarianism", "gpt-4", 6),
        ("The capital of Mexico is Mexico City.", "gpt-4o", 8),
    ],
)
def test_text_has_so_many_tokens(text, model, tokens):
    assert count(text, model=model) == tokens


def test_special_token_is_counted_as_the_text_it_is():
    assert count("<|endoftext|>", model="gpt-4o") > 1


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("", ()),
        ("Hello there, world", ("Hello", " there", ",", " world")),
        ("𒀀𒀁", ("𒀀", "𒀁")),
    ],
)
def test_text_is_split_at_tokens_that_end_with_a_character(text, pieces):
    assert encoding_for_model("gpt-4o").split(text) == pieces


@pytest.mark.parametrize("name", NAMES)
@given(text=texts)
@settings(max_examples=100, deadline=None)
def test_pieces_joined_are_the_text(name, text):
    assert "".join(encoding_for_model(MODELS[name]).split(text)) == text


@pytest.mark.parametrize("name", NAMES)
@given(text=texts)
@settings(max_examples=50, deadline=None)
def test_no_piece_is_empty(name, text):
    assert all(encoding_for_model(MODELS[name]).split(text))


@pytest.fixture(scope="module")
def official(tmp_path_factory):
    """tiktoken's own encodings, built from vocabularies that it would otherwise download."""
    if not VOCABULARIES:
        pytest.skip("FAKELLM_ENCODINGS names no folder of vocabularies")
    from tiktoken_ext import openai_public

    cache = tmp_path_factory.mktemp("tiktoken")
    for name, cache_name in CACHE_NAMES.items():
        shutil.copy(Path(VOCABULARIES) / f"{name}.tiktoken", cache / cache_name)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TIKTOKEN_CACHE_DIR", str(cache))
        return {name: tiktoken.Encoding(**getattr(openai_public, name)()) for name in NAMES}


def assert_same_tokens(text, name, official):
    """Our count is that of tiktoken's tokens, our pieces are those tokens, joined where they share a character."""
    encoding, oracle = encoding_for_model(MODELS[name]), official[name]
    tokens = oracle.encode_ordinary(text)
    ends = set(accumulate(len(token) for token in oracle.decode_tokens_bytes(tokens)))
    pieces = encoding.split(text)

    assert encoding.count(text) == len(tokens)
    assert set(accumulate(len(piece.encode()) for piece in pieces)) <= ends
    if text.isascii():
        assert len(pieces) == len(tokens)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("text", TEXTS, ids=lambda text: text[:10].encode("unicode_escape").decode())
def test_tokens_are_those_of_tiktoken(text, name, official):
    assert_same_tokens(text, name, official)


@pytest.mark.parametrize("name", NAMES)
@given(text=texts)
@settings(max_examples=200, deadline=None)
def test_tokens_of_any_text_are_those_of_tiktoken(name, text, official):
    assert_same_tokens(text, name, official)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.skipif(not VOCABULARIES, reason="FAKELLM_ENCODINGS names no folder of vocabularies")
def test_special_tokens_are_no_part_of_the_count(name, official):
    text = "a<|endoftext|>b"

    assert encoding_for_model(MODELS[name]).count(text) == len(official[name].encode(text, disallowed_special=()))


@pytest.fixture
def no_network(monkeypatch, tmp_path):
    """tiktoken with an empty cache, and nowhere to download from."""

    def refuse(url):
        raise ConnectionError(f"no route to {url}")

    monkeypatch.setenv("TIKTOKEN_CACHE_DIR", str(tmp_path))
    monkeypatch.setattr("tiktoken.load.read_file", refuse)
    get_encoding.cache_clear()


@pytest.mark.parametrize(
    ("text", "cl100k_base", "o200k_base"),
    [
        ("", 0, 0),
        ("hello world", 2, 2),
        ("你好，AutoGen！", 6, 5),
        ("<|endoftext|>", 7, 7),
        ("<|fim_prefix|> <|endofprompt|>", 13, 13),
        (" " * 100, 2, 2),
        ("a" * 4000, 500, 500),
        ("👩‍👩‍👧‍👦", 18, 11),
    ],
)
def test_count(text, cl100k_base, o200k_base):
    assert count(text, encoding="cl100k_base") == cl100k_base
    assert count(text, encoding="o200k_base") == o200k_base


def test_count_by_model():
    assert count("你好，AutoGen！", model="gpt-4o-mini") == 5
    assert count("你好，AutoGen！", model="gpt-4") == 6


def test_unknown_model_counts_as_cl100k_base_with_a_warning_each_time(caplog):
    counted = [count("你好，AutoGen！", model="qwen/qwen3-14b:free") for _ in range(2)]

    assert counted == [6, 6]
    assert caplog.record_tuples == [WARNING, WARNING]


@pytest.mark.parametrize("arguments", [{}, {"model": "gpt-4o", "encoding": "o200k_base"}])
def test_count_takes_a_model_or_an_encoding(arguments):
    with pytest.raises(UsageError, match=r"count\(\) takes a model or an encoding: count\(text, model='gpt-4o'\)"):
        count("hello", **arguments)


@pytest.mark.parametrize("name", ["cl100k_base", "o200k_base", "o200k_harmony"])
@settings(max_examples=200, deadline=None)
@given(text=st.text(st.characters(codec="utf-8")))
def test_tokens_decode_to_the_text(name, text):
    encoding = get_encoding(name)
    tokens = encoding.encode(text)

    assert encoding.decode(tokens) == text
    assert encoding.decode_bytes(tokens) == text.encode()
    assert encoding.count(text) == len(tokens)
    assert "".join(encoding.split(text)) == text
    assert len(encoding.split(text)) <= len(tokens)


def test_half_a_character_decodes_to_a_replacement():
    encoding = get_encoding("cl100k_base")
    tokens = encoding.encode("👩")

    assert len(tokens) == 3
    assert encoding.decode(tokens[:1]) == "\ufffd"
    assert encoding.decode_bytes(tokens[:1]) == b"\xf0\x9f"


@pytest.mark.parametrize("token", [-1, 199_998, 200_002, 1 << 40])
def test_number_that_no_token_has_is_a_usage_error(token):
    with pytest.raises(UsageError) as caught:
        get_encoding("o200k_base").decode([token])

    assert str(caught.value) == f"o200k_base has no token {token}; special tokens are encoded as text"


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("", ()),
        ("hello world", ("hello", " world")),
        ("naïve 👩‍👩‍👧", ("na", "ï", "ve", " 👩", "\u200d", "👩", "\u200d", "👧")),
        ("a\ud800", ("a", "\ufffd")),
    ],
)
def test_split_cuts_between_tokens_and_characters(text, pieces):
    assert get_encoding("o200k_base").split(text) == pieces


def test_encoding_says_its_name():
    assert repr(get_encoding("cl100k_base")) == "<Encoding cl100k_base>"
    assert get_encoding("o200k_harmony") is get_encoding("o200k_base")
    assert get_encoding("cl100k_base") is get_encoding("cl100k_base")


def test_unknown_encoding_is_a_usage_error():
    with pytest.raises(UsageError, match=r"there is no encoding 'o300k_base'; tiktoken [\d.]+ has gpt2, r50k_base, "):
        get_encoding("o300k_base")


def test_encoding_that_does_not_ship_says_what_to_do_offline(no_network):
    with pytest.raises(UsageError) as caught:
        count("hello", model="text-davinci-003")

    assert str(caught.value) == (
        "the encoding 'p50k_base' does not ship with fakellm, and tiktoken cannot load it: ConnectionError: "
        "no route to https://openaipublic.blob.core.windows.net/encodings/p50k_base.tiktoken; "
        "run tiktoken.get_encoding('p50k_base') once where there is a network, with TIKTOKEN_CACHE_DIR set to a "
        "folder that you keep, and set it to that folder here"
    )
    assert isinstance(caught.value.__cause__, ConnectionError)


def test_encoding_that_does_not_ship_is_tiktokens(monkeypatch):
    every_byte = {bytes([value]): value for value in range(256)}
    small = tiktoken.Encoding("r50k_base", pat_str=r"\w+|\W+", mergeable_ranks=every_byte, special_tokens={})
    monkeypatch.setattr(tiktoken, "get_encoding", {"r50k_base": small}.__getitem__)
    get_encoding.cache_clear()

    encoding = get_encoding("r50k_base")

    assert encoding.encode("né") == [110, 195, 169]
    assert encoding.split("né") == ("n", "é")
    with pytest.raises(UsageError, match="r50k_base has no token 256"):
        encoding.decode([256])
    get_encoding.cache_clear()


def test_million_blanks_are_counted_by_an_encoding_that_does_not_ship(monkeypatch):
    every_byte = {bytes([value]): value for value in range(256)}
    pattern = r"'(?:[sdmt]|ll|ve|re)| ?\p{L}++| ?\p{N}++| ?[^\s\p{L}\p{N}]++|\s++$|\s+(?!\S)|\s"  # of r50k_base
    small = tiktoken.Encoding("r50k_base", pat_str=pattern, mergeable_ranks=every_byte, special_tokens={})
    monkeypatch.setattr(tiktoken, "get_encoding", {"r50k_base": small}.__getitem__)
    get_encoding.cache_clear()

    assert get_encoding("r50k_base").count(" " * 1_100_000 + "x") == 1_100_001
    get_encoding.cache_clear()


def test_model_whose_vocabulary_does_not_ship_stays_offline_by_default(no_network):
    assert encoding_for_model("gpt2").name == "cl100k_base"
    assert encoding_for_model("claude", default="p50k_base").name == "cl100k_base"


@pytest.mark.parametrize(
    ("model", "default", "name"),
    [
        ("gpt-4", "o200k_base", "cl100k_base"),
        ("gpt-4o-2024-08-06", "cl100k_base", "o200k_base"),
        ("gpt-oss-20b", None, "o200k_base"),
        ("claude", "cl100k_base", "cl100k_base"),
    ],
)
def test_encoding_for_model(model, default, name):
    assert encoding_for_model(model, default=default).name == name


def test_unknown_model_has_the_newest_encoding_or_none():
    assert encoding_for_model("claude").name == "o200k_base"
    assert encoding_for_model("claude", default=None) is None
