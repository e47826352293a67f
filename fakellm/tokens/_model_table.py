"""The table of models: whatever the package knows of a model by its name, a row each.

A name without a row is as the longest row that it goes on from after a dash: ``gpt-4o-2027-01-01`` is ``gpt-4o``. So
a model that differs in anything from the one whose name it goes on from has a row of its own. A ``#`` at the end of a
name is any number, of models to come. ``_models`` looks names up.

Sources: for limits and parameters the model pages of the OpenAI documentation and answers of api.openai.com as users
report them, read in November 2026; for dated names the OpenAPI document and recorded answers; for encodings tiktoken
0.14, ``tiktoken.model``; for AutoGen the tables of autogen-ext 0.7.5 (2025), as facts. What is billed was found by
recomputing recorded calls (``docs/usage.md``); for images, which recorded calls show for gpt-4o, gpt-4.1-nano and
gpt-5-mini alone (1.2 tokens a patch there, 1.62 are published), it is as published, or measured by users
(https://community.openai.com/t/1377015 and /t/1262691).
"""

from __future__ import annotations

from typing import Literal, NamedTuple

from fakellm.tokens._image_prices import Patches, Tiles

__all__ = ["MODELS", "AutoGen", "Effort", "Frames", "Model", "ModelFacts", "Vectors"]

Effort = Literal["none", "some"]
"""Whether a model reasons before it answers, where the request does not say."""


class Frames(NamedTuple):
    """What an answer of a reasoning model costs beside its tokens: a text, a text after reasoning, a call."""

    text: int
    reasoned: int
    call: int


class Vectors(NamedTuple):
    """The vectors that a model makes: how many numbers they have, and whether fewer can be asked for."""

    size: int
    is_cut: bool = True


# Named tuples, since they take a tenth of the time at start-up that dataclasses take.
class ModelFacts(NamedTuple):
    """What one model takes, can do and costs; the defaults are what holds for a model of which nothing is known."""

    # Tokens of prompt and completion together.
    context: int | None = None
    # Tokens of the prompt, where that is bounded by itself.
    prompt: int | None = None
    # Tokens of the completion.
    completion: int | None = None
    # None for a model that cannot reason, or of which it is not known.
    effort: Effort | None = None
    # Whether ``reasoning_effort: none`` stops it from reasoning.
    switchable: bool = False
    # Parameters that it never takes.
    refuses: frozenset[str] = frozenset()
    # Whether log probabilities are forbidden (403) while it reasons, not just unsupported.
    forbids_logprobs: bool = False
    # Whether it takes web_search_options.
    searches: bool = False
    # Whether its answers have a system fingerprint.
    fingerprint: bool = True
    # What top_p is in its responses, where the request does not say.
    top_p: float = 1.0
    # Whether the messages of its responses say their phase.
    has_phases: bool = False
    # Whether its responses tell how it reasons in more than effort and summary, and keep its cache for a day.
    has_modes: bool = False
    # None for a model that is not billed as one that reasons.
    frames: Frames | None = None
    # What an image costs.
    image: Tiles | Patches = Tiles(85, 170)
    # V vision, F function calling, J JSON output, S structured output, M several system messages; None for a model
    # without chat, or of which it is not known.
    can: str | None = None
    # AutoGen's name of the family, as in ``ModelFamily``.
    family: str = "unknown"
    # None for a model that makes none, or of which it is not known.
    vectors: Vectors | None = None

    @property
    def reasons(self) -> bool:
        """Whether it is billed as a model that thinks first."""
        return self.frames is not None

    @property
    def is_plain(self) -> bool:
        """Whether it is known not to reason."""
        return self.effort is None and self.context is not None

    @property
    def longest_prompt(self) -> int | None:
        """The most tokens that a prompt may have."""
        return self.prompt or self.context


class AutoGen(NamedTuple):
    """What AutoGen says of a model under its dated name; None is what the facts say."""

    can: str | None = None
    family: str | None = None
    # How many tokens a request may have; 0 where AutoGen knows no limit.
    limit: int | None = None
    # Whether AutoGen knows the name without date, too.
    alias: bool = True


class Model(NamedTuple):
    """One model."""

    # What requests call it.
    name: str
    facts: ModelFacts = ModelFacts()
    # The snapshot that the name means, with which OpenAI answers.
    dated: str | None = None
    # Other spellings.
    aliases: tuple[str, ...] = ()
    # The names that tiktoken knows it by, and the encoding that it gives them; with a ``*``, whatever begins so.
    tiktoken: tuple[str, ...] = ()
    encoding: str | None = None
    # None for a model that AutoGen does not have.
    autogen: AutoGen | None = None


_O200K = "o200k_base"
_CL100K = "cl100k_base"
_P50K = "p50k_base"
_R50K = "r50k_base"
_AS_IT_IS = AutoGen()

# "Unsupported parameter: '…' is not supported with this model." o1 and o3-mini take stop, the later ones
# do not (API reference: "Not supported with latest reasoning models o3 and o4-mini").
_NOT_REASONING = frozenset({"logit_bias", "max_tokens"})
_NOT_O = _NOT_REASONING | {"parallel_tool_calls"}
_NOT_GPT_5 = _NOT_REASONING | {"prediction", "stop"}

# Frames: recorded, most with a few calls one or two off, of gpt-5.2 to 5.6 (text and call), gpt-5-mini, o3-mini and
# o4-mini (text). Several calls in one answer are not recorded: each is taken to cost what it costs alone.
# Fingerprint, recorded: null for o4-mini, gpt-5, gpt-5-mini and gpt-5.4-mini, a fingerprint for o3-mini.
_O1 = ModelFacts(200_000, completion=100_000, effort="some", refuses=_NOT_O, forbids_logprobs=True,
                 frames=Frames(13, 13, 17), image=Tiles(75, 150), can="VFJSM", family="o1")  # fmt: skip
_O3 = _O1._replace(refuses=_NOT_O | {"stop"}, family="o3")
_O4_MINI = _O3._replace(fingerprint=False, frames=Frames(18, 18, 22), image=Patches(172), family="o4")

# Of the models behind ChatGPT, and of those for the Responses API alone, nothing certain is known but this.
_GPT_5_OTHER = ModelFacts(frames=Frames(9, 10, 13), image=Tiles(70, 140), can="VFJSM", family="gpt-5")
_GPT_5 = _GPT_5_OTHER._replace(
    # "Input tokens exceed the configured limit of 272000 tokens"
    context=400_000, prompt=272_000, completion=128_000, effort="some", refuses=_NOT_GPT_5, fingerprint=False
)  # fmt: skip
_GPT_5_1 = _GPT_5._replace(effort="none", switchable=True)
_GPT_5_2 = _GPT_5_1._replace(frames=Frames(3, 5, 7), image=Patches(120), top_p=0.98)
_GPT_5_2_OTHER = _GPT_5_OTHER._replace(frames=_GPT_5_2.frames, image=_GPT_5_2.image, top_p=0.98)
_GPT_5_4 = _GPT_5_2._replace(has_phases=True)
_GPT_5_5 = _GPT_5_4._replace(context=None, prompt=None, completion=None, effort="some", has_modes=True)

_GPT_4_1 = ModelFacts(1_047_576, completion=32_768, can="VFJSM", family="gpt-41")
_GPT_4O = ModelFacts(128_000, completion=16_384, can="VFJSM", family="gpt-4o")
_GPT_4O_MINI = _GPT_4O._replace(image=Tiles(2833, 5667))
_GPT_4 = ModelFacts(8_192, completion=8_192, can="FJM", family="gpt-4")
_GPT_4_32K = _GPT_4._replace(context=32_768, completion=32_768)
_GPT_4_TURBO = _GPT_4._replace(context=128_000, completion=4_096)
_GPT_4_VISION = _GPT_4_TURBO._replace(can="VM")
_GPT_35 = ModelFacts(can="FJM", family="gpt-35")
_GPT_35_TURBO = _GPT_35._replace(context=16_385, completion=4_096)
# "This model's maximum context length is 4097 tokens"
_GPT_35_TURBO_4K = _GPT_35_TURBO._replace(context=4_097)


def _completing(encoding: str, names: str) -> tuple[Model, ...]:
    return tuple(Model(name, tiktoken=(name,), encoding=encoding) for name in names.split())


def _embedding(name: str, vectors: Vectors) -> Model:
    return Model(name, ModelFacts(vectors=vectors), tiktoken=(name,), encoding=_CL100K)


MODELS: tuple[Model, ...] = (
    # OpenAI, models that reason
    Model("o1", _O1, "o1-2024-12-17", tiktoken=("o1", "o1-*"), encoding=_O200K, autogen=AutoGen("FSM")),
    Model("o1-mini", _O1._replace(context=128_000, completion=65_536, can="M"), "o1-mini-2024-09-12",
          autogen=_AS_IT_IS),
    Model("o1-preview", _O1._replace(context=128_000, completion=32_768, can="FSM"), "o1-preview-2024-09-12",
          autogen=_AS_IT_IS),
    Model("o1-pro", _O1, "o1-pro-2025-03-19"),
    Model("o3", _O3, "o3-2025-04-16", tiktoken=("o3", "o3-*"), encoding=_O200K, autogen=_AS_IT_IS),
    # It refuses even the default temperature.
    Model("o3-mini", _O3._replace(refuses=_NOT_O | {"temperature"}, can="FJSM"), "o3-mini-2025-01-31",
          autogen=_AS_IT_IS),
    Model("o3-pro", _O3, "o3-pro-2025-06-10"),
    Model("o4", ModelFacts(frames=_O1.frames, can="VFJSM", family="o4")),
    Model("o4-mini", _O4_MINI, "o4-mini-2025-04-16", tiktoken=("o4-mini", "o4-mini-*"), encoding=_O200K,
          autogen=_AS_IT_IS),
    Model("o#", ModelFacts(frames=_O1.frames)),
    Model("gpt-5", _GPT_5, "gpt-5-2025-08-07", tiktoken=("gpt-5", "gpt-5*"), encoding=_O200K, autogen=_AS_IT_IS),
    Model("gpt-5-chat", _GPT_5_OTHER),
    Model("gpt-5-codex", _GPT_5_OTHER),
    Model("gpt-5-mini", _GPT_5._replace(image=Patches(120)), "gpt-5-mini-2025-08-07", autogen=_AS_IT_IS),
    Model("gpt-5-nano", _GPT_5._replace(image=Patches(150)), "gpt-5-nano-2025-08-07", autogen=_AS_IT_IS),
    Model("gpt-5-pro", _GPT_5_OTHER, "gpt-5-pro-2025-10-06"),
    Model("gpt-5-search", _GPT_5_OTHER),
    Model("gpt-5.1", _GPT_5_1, "gpt-5.1-2025-11-13"),
    Model("gpt-5.1-chat", _GPT_5_OTHER),
    Model("gpt-5.1-codex", _GPT_5_OTHER),
    Model("gpt-5.2", _GPT_5_2, "gpt-5.2-2025-12-11"),
    Model("gpt-5.2-chat", _GPT_5_2_OTHER),
    Model("gpt-5.2-codex", _GPT_5_2_OTHER),
    Model("gpt-5.2-pro", _GPT_5_2_OTHER, "gpt-5.2-pro-2025-12-11"),
    Model("gpt-5.4", _GPT_5_4._replace(context=1_050_000, prompt=922_000)),
    Model("gpt-5.4-mini", _GPT_5_4, "gpt-5.4-mini-2026-03-17"),
    Model("gpt-5.4-nano", _GPT_5_4, "gpt-5.4-nano-2026-03-17"),
    Model("gpt-5.5", _GPT_5_5, "gpt-5.5-2026-04-23"),
    Model("gpt-5.5-pro", _GPT_5_5, "gpt-5.5-pro-2026-04-23"),
    Model("gpt-5.6", _GPT_5_5),
    Model("gpt-5.6-luna", _GPT_5_5),
    Model("gpt-5.6-sol", _GPT_5_5),
    Model("gpt-5.6-terra", _GPT_5_5),
    Model("gpt-5.#", _GPT_5_2_OTHER),
    # OpenAI, models that do not
    Model("gpt-4.5", ModelFacts(can="VFJSM", family="gpt-45"), tiktoken=("gpt-4.5-*",), encoding=_O200K),
    Model("gpt-4.5-preview", _GPT_4O._replace(family="gpt-45"), "gpt-4.5-preview-2025-02-27", autogen=_AS_IT_IS),
    Model("gpt-4.1", _GPT_4_1, "gpt-4.1-2025-04-14", tiktoken=("gpt-4.1", "gpt-4.1-*"), encoding=_O200K,
          autogen=_AS_IT_IS),
    Model("gpt-4.1-mini", _GPT_4_1._replace(image=Patches(162)), "gpt-4.1-mini-2025-04-14", autogen=_AS_IT_IS),
    Model("gpt-4.1-nano", _GPT_4_1._replace(image=Patches(246)), "gpt-4.1-nano-2025-04-14", autogen=_AS_IT_IS),
    Model("chatgpt-4o", _GPT_4O._replace(can="VM"), tiktoken=("chatgpt-4o-*",), encoding=_O200K),
    Model("gpt-4o", _GPT_4O, "gpt-4o-2024-08-06", tiktoken=("gpt-4o", "gpt-4o-*", "ft:gpt-4o*"), encoding=_O200K,
          autogen=_AS_IT_IS),
    Model("gpt-4o-2024-05-13", _GPT_4O._replace(completion=4_096), autogen=AutoGen("VFJM")),
    Model("gpt-4o-2024-11-20", _GPT_4O, autogen=_AS_IT_IS),
    Model("gpt-4o-audio-preview", _GPT_4O._replace(can="FJM"), "gpt-4o-audio-preview-2024-12-17",
          ("gpt-4o-audio",)),
    Model("gpt-4o-search-preview", _GPT_4O._replace(searches=True, can="FJSM"), "gpt-4o-search-preview-2025-03-11",
          ("gpt-4o-search",), autogen=AutoGen(limit=0, alias=False)),
    Model("gpt-4o-mini", _GPT_4O_MINI, "gpt-4o-mini-2024-07-18", autogen=_AS_IT_IS),
    Model("gpt-4o-mini-audio-preview", _GPT_4O_MINI._replace(can="FJM"), "gpt-4o-mini-audio-preview-2024-12-17",
          ("gpt-4o-mini-audio",)),
    Model("gpt-4o-mini-search-preview", _GPT_4O_MINI._replace(searches=True, can="FJSM"),
          "gpt-4o-mini-search-preview-2025-03-11", ("gpt-4o-mini-search",), autogen=AutoGen(limit=0, alias=False)),
    Model("gpt-4", _GPT_4, "gpt-4-0613", tiktoken=("gpt-4", "gpt-4-*", "ft:gpt-4*"), encoding=_CL100K,
          autogen=_AS_IT_IS),
    Model("gpt-4-32k", _GPT_4_32K, "gpt-4-32k-0613", autogen=_AS_IT_IS),
    Model("gpt-4-1106-preview", _GPT_4_TURBO, autogen=_AS_IT_IS),
    Model("gpt-4-turbo-preview", _GPT_4_TURBO, "gpt-4-0125-preview", autogen=_AS_IT_IS),
    Model("gpt-4-turbo", _GPT_4_TURBO._replace(can="VFJM"), "gpt-4-turbo-2024-04-09", autogen=_AS_IT_IS),
    Model("gpt-4-vision-preview", _GPT_4_VISION, aliases=("gpt-4-vision",)),
    Model("gpt-4-1106-vision-preview", _GPT_4_VISION, autogen=_AS_IT_IS),
    # Azure calls gpt-3.5 gpt-35.
    Model("gpt-3.5", _GPT_35, aliases=("gpt-35",), tiktoken=("gpt-3.5",), encoding=_CL100K),
    Model("gpt-3.5-turbo", _GPT_35_TURBO, "gpt-3.5-turbo-0125", ("gpt-35-turbo",),
          ("gpt-3.5-turbo", "gpt-3.5-turbo-*", "gpt-35-turbo", "gpt-35-turbo-*", "ft:gpt-3.5-turbo*"), _CL100K,
          autogen=_AS_IT_IS),
    Model("gpt-3.5-turbo-0613", _GPT_35_TURBO_4K, autogen=AutoGen(limit=4_096)),
    Model("gpt-3.5-turbo-1106", _GPT_35_TURBO, autogen=_AS_IT_IS),
    Model("gpt-3.5-turbo-16k", _GPT_35_TURBO, "gpt-3.5-turbo-16k-0613", autogen=_AS_IT_IS),
    Model("gpt-3.5-turbo-instruct", _GPT_35_TURBO_4K, autogen=AutoGen(limit=4_096)),
    Model("gpt-oss", ModelFacts(can="FJSM"), tiktoken=("gpt-oss-*",), encoding="o200k_harmony"),
    # OpenAI, completions and embeddings
    Model("davinci-002", tiktoken=("davinci-002", "ft:davinci-002*"), encoding=_CL100K),
    Model("babbage-002", tiktoken=("babbage-002", "ft:babbage-002*"), encoding=_CL100K),
    _embedding("text-embedding-ada-002", Vectors(1536, is_cut=False)),
    _embedding("text-embedding-3-small", Vectors(1536)),
    _embedding("text-embedding-3-large", Vectors(3072)),
    *_completing(_P50K, "text-davinci-003 text-davinci-002 code-davinci-002 code-davinci-001 code-cushman-002"),
    *_completing(_P50K, "code-cushman-001 davinci-codex cushman-codex"),
    *_completing("p50k_edit", "text-davinci-edit-001 code-davinci-edit-001"),
    *_completing(_R50K, "text-davinci-001 text-curie-001 text-babbage-001 text-ada-001 davinci curie babbage ada"),
    *_completing(_R50K, "text-similarity-davinci-001 text-similarity-curie-001 text-similarity-babbage-001"),
    *_completing(_R50K, "text-similarity-ada-001 text-search-davinci-doc-001 text-search-curie-doc-001"),
    *_completing(_R50K, "text-search-babbage-doc-001 text-search-ada-doc-001 code-search-babbage-code-001"),
    *_completing(_R50K, "code-search-ada-code-001"),
    *_completing("gpt2", "gpt2 gpt-2"),
    # Others, of which only is known what AutoGen says
    Model("claude-3-haiku", dated="claude-3-haiku-20240307", autogen=AutoGen("VFM", "claude-3-haiku", 50_000)),
    Model("claude-3-sonnet", dated="claude-3-sonnet-20240229", autogen=AutoGen("VFM", "claude-3-sonnet", 200_000)),
    Model("claude-3-opus", dated="claude-3-opus-20240229", autogen=AutoGen("VFM", "claude-3-opus", 200_000)),
    Model("claude-3-5-haiku", dated="claude-3-5-haiku-20241022", autogen=AutoGen("VFM", "claude-3-5-haiku", 200_000)),
    Model("claude-3-5-sonnet", dated="claude-3-5-sonnet-20241022",
          autogen=AutoGen("VFM", "claude-3-5-sonnet", 200_000)),
    Model("claude-3-7-sonnet", dated="claude-3-7-sonnet-20250219",
          autogen=AutoGen("VFM", "claude-3-7-sonnet", 200_000)),
    Model("claude-4-opus", dated="claude-opus-4-20250514", autogen=AutoGen("VFM", "claude-4-opus", 200_000)),
    Model("claude-4-sonnet", dated="claude-sonnet-4-20250514", autogen=AutoGen("VFM", "claude-4-sonnet", 200_000)),
    Model("gemini-1.5-flash", autogen=AutoGen("VFJS", "gemini-1.5-flash", 1_048_576)),
    Model("gemini-1.5-flash-8b", autogen=AutoGen("VFJS", "gemini-1.5-flash", 1_048_576)),
    Model("gemini-1.5-pro", autogen=AutoGen("VFJS", "gemini-1.5-pro", 2_097_152)),
    Model("gemini-2.0-flash", autogen=AutoGen("VFJS", "gemini-2.0-flash", 1_048_576)),
    Model("gemini-2.0-flash-lite-preview-02-05", autogen=AutoGen("VFJS", "gemini-2.0-flash", 1_048_576)),
    Model("gemini-2.5-flash", autogen=AutoGen("VFJS", "gemini-2.5-flash", 1_048_576)),
    Model("gemini-2.5-pro-preview-03-25", autogen=AutoGen("VFJS", "gemini-2.5-pro", 2_097_152)),
    Model("llama-3.3-8b", dated="Llama-3.3-8B-Instruct", autogen=AutoGen("FJM", "llama-3.3-8b", 128_000)),
    Model("llama-3.3-70b", dated="Llama-3.3-70B-Instruct", autogen=AutoGen("FJM", "llama-3.3-70b", 128_000)),
    Model("llama-4-scout", dated="Llama-4-Scout-17B-16E-Instruct-FP8",
          autogen=AutoGen("VFJSM", "llama-4-scout", 128_000)),
    Model("llama-4-maverick", dated="Llama-4-Maverick-17B-128E-Instruct-FP8",
          autogen=AutoGen("VFJSM", "llama-4-maverick", 128_000)),
)  # fmt: skip
