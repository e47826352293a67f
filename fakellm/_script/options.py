"""What a fake is told once, for all that asks it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated, Literal

from fakellm._dialects.providers import PROVIDERS
from fakellm._errors import UsageError, did_you_mean
from fakellm._script.pace import Pace

__all__ = ["Options"]


@dataclass(slots=True)
class Options:
    """The arguments of FakeLLM that a script file can say as well: all but its clock and the name of the test.

    strict: False answers requests that the real API would reject. seed: changes all ids. pace: of replies without
    their own. models: the names that exist; a request for another gets the 404 of the real API. provider: who answers,
    such as ``"openrouter"``, and so whose rules hold and how answers look; None goes by the URL of each request.
    headers: ``"full"`` adds all response headers of the real API to every answer. cache: whether the usage says what of
    a prompt the API would have cached, of prompts asked before. allow_unmatched, allow_rejected,
    allow_unused: what ``check`` lets pass.
    """

    strict: bool = True
    seed: int = 0
    pace: Pace | None = None
    models: Iterable[str] | None = None
    provider: Annotated[str, tuple(PROVIDERS)] | None = None
    headers: Literal["full"] | None = None
    cache: bool = False
    allow_unmatched: bool = False
    allow_rejected: bool = False
    allow_unused: bool = False

    def __post_init__(self) -> None:
        """Check them, in the words of FakeLLM.

        Raises:
            UsageError: one is nothing that a fake can be told.
        """
        if self.pace is not None and not isinstance(self.pace, Pace):
            raise UsageError(f"FakeLLM pace is a Pace, such as Pace(ttft=0.2, tokens_per_second=50); got {self.pace!r}")
        if isinstance(self.models, str):
            raise UsageError(
                f"models takes the names of all models that exist, got one str\n  type: models=[{self.models!r}]"
            )
        if self.models is not None:
            self.models = frozenset(self.models)  # an iterator would be used up
        if self.provider is not None and (not isinstance(self.provider, str) or self.provider not in PROVIDERS):
            raise UsageError(
                f"FakeLLM knows no provider {self.provider!r}{did_you_mean(self.provider, PROVIDERS)}\n"
                f"  it knows {', '.join(PROVIDERS)}\n"
                "  for any other OpenAI-compatible server, type: provider='plain'"
            )
        if self.headers not in (None, "full"):
            raise UsageError(
                f"FakeLLM headers is 'full' or left out, got {self.headers!r}\n"
                "  to add headers to one answer, type: reply('...', headers={'x-name': 'value'})"
            )
