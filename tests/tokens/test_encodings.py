import os
import shutil
from itertools import accumulate
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fakellm.tokens import count, encoding_for_model

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
    import tiktoken
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
