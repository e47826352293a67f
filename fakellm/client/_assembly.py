"""An answer put together from its messages: one that is whole, or the chunks of a stream, however they are cut."""

from __future__ import annotations

from typing import Any

from fakellm.client._answer import Answer, Choice, Message, finish_reason, token_logprobs
from fakellm.client._calls import Calls
from fakellm.client._mending import Pieces
from fakellm.client._reasoning import THINK_END, THINK_START, split_tagged
from fakellm.models import ChatCompletionTokenLogprob, CreateResult, FinishReasons, ModelFamily, RequestUsage

__all__ = ["Assembly"]


class Assembly:
    """Takes the parts of an answer as they come; of several choices, the first alone.

    What is empty or unknown never replaces what is there. has_function_call: whether the model called a function in
    the way that the API gave up. reason: why it stopped, as on the wire. progress: how many messages and deltas were
    more than a sign of life.
    """

    def __init__(self) -> None:
        self._text = Pieces()
        self._thought = Pieces()
        self._is_thinking = False
        self._calls = Calls()
        self._logprobs: list[ChatCompletionTokenLogprob] = []
        self._usage = (0, 0)
        self.reason: Any = None
        self._has_deltas = False
        self.has_function_call = False
        self.progress = 0

    @property
    def text(self) -> str:
        """The text that has arrived."""
        return str(self._text)

    @property
    def calls(self) -> Calls:
        """The calls that have arrived."""
        return self._calls

    @property
    def finish_reason(self) -> FinishReasons:
        """Why the model stopped, as far as it is said."""
        return finish_reason(self.reason)

    @property
    def usage(self) -> RequestUsage:
        """The token counts, 0 for those that are not said."""
        return RequestUsage(*self._usage)

    def take(self, answer: Answer) -> list[str]:
        """Take a chunk, or the whole; return the pieces of text in it, those of reasoning with tags around them."""
        if answer.usage != (0, 0):
            prompt, completion = answer.usage
            self._usage = prompt or self._usage[0], completion or self._usage[1]
        return self._take(answer.choices[0]) if answer.choices else []

    def end(self) -> list[str]:
        """Take the end; return the pieces that were kept back for it."""
        pieces = [*self._end_thought(), self._text.end()]
        return [piece for piece in pieces if piece]

    def result(self, family: str, *, reason: FinishReasons) -> CreateResult:
        """Return the answer in AutoGen's form. family: the model's, which decides how reasoning is found."""
        thought: str | None = str(self._thought).removeprefix(THINK_START).removesuffix(THINK_END) or None
        text = self.text
        if self._calls:
            thought = "\n".join(part for part in (thought, text) if part) or None
        elif family == ModelFamily.R1 and thought is None:
            thought, text = split_tagged(text)
        return CreateResult(
            finish_reason=reason,
            content=self._calls.results() if self._calls else text,
            usage=self.usage,
            cached=False,
            logprobs=self._logprobs or None,
            thought=thought,
        )

    def _take(self, choice: Choice) -> list[str]:
        if choice.reason and self.finish_reason == "unknown":
            self.reason = choice.reason
        pieces: list[str] = []
        if choice.delta is not None:
            self._has_deltas = True
            if choice.delta.calls:
                self._calls.add(choice.delta.calls)
            pieces = self._say(choice.delta)
        if choice.message is not None:
            message = self._left_unsaid(choice.message)
            self._calls.add_whole(message.calls)
            pieces += self._say(message)
        if choice.logprobs and (choice.message is None or not self._logprobs):
            self._logprobs += token_logprobs(choice.logprobs)
        return pieces

    def _left_unsaid(self, message: Message) -> Message:
        """Return a whole message without the parts that deltas brought before it: some streams end with one."""
        if not self._has_deltas:
            return message
        return message._replace(
            text="" if self._text else message.text,
            reasoning="" if self._thought else message.reasoning,
            calls=[] if self._calls else message.calls,
        )

    def _say(self, message: Message) -> list[str]:
        text, reasoning, calls, function_call = message
        if function_call and _is_named(function_call):
            self.has_function_call = True
        if not (text or reasoning or calls):
            return []
        self.progress += 1
        pieces = [self._think(reasoning)] if reasoning else []
        if self._is_thinking and (text or calls):
            pieces += self._end_thought()
        if text:
            pieces.append(self._text.add(text))
        return pieces if all(pieces) else [piece for piece in pieces if piece]

    def _think(self, reasoning: str) -> str:
        start = "" if self._is_thinking else THINK_START
        self._is_thinking = True
        return self._thought.add(start + reasoning)

    def _end_thought(self) -> list[str]:
        """End a run of reasoning, if there is one; an empty delta does not."""
        if not self._is_thinking:
            return []
        self._is_thinking = False
        return [self._thought.end(), self._thought.add(THINK_END)]


def _is_named(function_call: Any) -> bool:
    """Tell whether the older form of a call is one; some servers send it empty with each answer."""
    return bool(function_call.get("name")) if isinstance(function_call, dict) else True
