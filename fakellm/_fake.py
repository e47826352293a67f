"""FakeLLM, the object that a test holds: rules, journal, and the ways into them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal, Unpack

from fakellm._answering import Answering
from fakellm._clock import Clock, MockClock
from fakellm._dialects.providers import PROVIDERS
from fakellm._dialects.table import dialects_with
from fakellm._errors import UsageError
from fakellm._named_arguments import naming_arguments
from fakellm._script.engine import Engine
from fakellm._script.explain import not_entered
from fakellm._script.fields import CONDITIONS
from fakellm._script.match import Matcher, Wanted, conditions
from fakellm._script.options import Options
from fakellm._script.pace import Pace
from fakellm._script.prompt_cache import PromptCache
from fakellm._script.rule import Fallback, Rule, caller
from fakellm._script.scripted import ReplyFields, ReplyLike
from fakellm._wire.asked import ChatRequest
from fakellm._wire.dialect import LENIENT, STRICT, Dialect, Strictness

if TYPE_CHECKING:
    import os
    import re

    from fakellm._time.virtual_time import VirtualTime
    from fakellm._use_cassette import Cassette
    from fakellm.client import OpenAIChatCompletionClient

__all__ = ["FakeLLM"]

_ANYTHING = Matcher()


class FakeLLM(Answering):
    """A model that says what a test scripts, to whichever client asks.

    As a context manager it answers for every client of httpx, httpx2, requests and aiohttp in the process and, when
    the block ends without an exception, checks that nothing passed by accident.

    strict: False answers requests that the real API would reject. models: the names that exist; a request for
    another gets the 404 of the real API. provider: who answers, such as ``"openrouter"``, and so whose rules hold
    and how answers look; None goes by the URL of each request. headers: ``"full"`` adds all response headers of
    the real API to every answer. cache: whether the usage says what of a prompt the API would have cached. dialects:
    further APIs to speak, asked before the others; see ``fakellm.dialects``.
    seed: changes all ids. clock: waits for scripted pauses; the default
    never really waits. pace: of replies without their own. allow_unmatched, allow_rejected, allow_unused: what
    ``check`` lets pass. test_id: a name that ids derive from as well, so that two tests get different ones.

    >>> import httpx
    >>> with FakeLLM() as llm:
    ...     _ = llm.when(user="capital").reply("Paris")
    ...     answer = httpx.post(
    ...         "https://api.openai.com/v1/chat/completions",
    ...         headers={"authorization": "Bearer sk-fakellm"},
    ...         json={"model": "gpt-4o", "messages": [{"role": "user", "content": "capital of France?"}]},
    ...     ).json()
    >>> answer["choices"][0]["message"]["content"]
    'Paris'
    """

    @naming_arguments("FakeLLM")
    def __init__(
        self,
        *,
        strict: bool = True,
        seed: int = 0,
        clock: Clock | None = None,
        pace: Pace | None = None,
        models: Iterable[str] | None = None,
        provider: str | None = None,
        headers: Literal["full"] | None = None,
        cache: bool = False,
        dialects: Iterable[Dialect] = (),
        allow_unmatched: bool = False,
        allow_rejected: bool = False,
        allow_unused: bool = False,
        test_id: str = "",
    ) -> None:
        self._options = Options(
            strict=strict,
            seed=seed,
            pace=pace,
            models=models,
            provider=provider,
            headers=headers,
            cache=cache,
            allow_unmatched=allow_unmatched,
            allow_rejected=allow_rejected,
            allow_unused=allow_unused,
        )
        engine = Engine(dialects_with(dialects, given_to="FakeLLM"), test_id=test_id)
        super().__init__(engine, clock or MockClock())
        self._tell(self._options)
        self._made_at = caller()
        self._announce()

    def reply(self, *replies: ReplyLike, times: int | None = 1, **reply_fields: Unpack[ReplyFields]) -> Rule:
        """Script replies without a condition: the first live rule in order of registration answers.

        replies: for each, a str, a Reply, a ToolCall or a list of them, an ErrorReply, or a callable that
        computes one from the ChatRequest. times: how often the whole sequence is given; None for ever.
        reply_fields: fields of Reply that apply to each.

        Raises:
            UsageError: nothing to say, or something that no model says.
        """
        __tracebackhide__ = True
        rule = self._engine.new_rule(_ANYTHING).reply(*replies, times=times, **reply_fields)
        return self._engine.register(rule)

    @naming_arguments("when()", noun="condition", names=CONDITIONS, before="a callable, ")
    def when(
        self,
        predicate: Callable[[ChatRequest], object] | None = None,
        *,
        user: Wanted | None = None,
        any_user: Wanted | None = None,
        system: Wanted | None = None,
        model: Wanted | None = None,
        tool: Wanted | None = None,
        tool_result: Wanted | None = None,
        turn: int | Callable[[int], object] | None = None,
        stream: bool | None = None,
        endpoint: Wanted | None = None,
        header: Mapping[str, Wanted] | None = None,
    ) -> Rule:
        """Begin a rule with conditions; ``.reply(...)`` completes it. All conditions must hold.

        predicate: asked with the whole ChatRequest. user: the newest user message, while nothing but system messages
        follows it. any_user: a user message anywhere in the conversation. system: a system or developer message.
        model: the model asked for. tool: the name of a tool that the request offers. tool_result: a tool message at
        the end. turn: how many assistant messages the request already holds, 0 first. stream: whether a stream is
        asked for. endpoint: ``chat``, ``responses``. header: names of headers with what each contains.

        A str is looked for as a substring (a glob for the model, the whole name for tool and endpoint), a
        compiled pattern is searched, a callable asked with the text.

        Raises:
            UsageError: no condition, or one of another type.
        """
        __tracebackhide__ = True
        found = conditions(
            {
                "predicate": predicate,
                "user": user,
                "any_user": any_user,
                "system": system,
                "model": model,
                "tool": tool,
                "tool_result": tool_result,
                "turn": turn,
                "stream": stream,
                "endpoint": endpoint,
                "header": header,
            }
        )
        if not found:
            raise UsageError("when() needs a condition: when(user='weather'); without one, type reply(...) alone")
        return self._engine.register(self._engine.new_rule(Matcher(found)))

    def otherwise(self, *replies: ReplyLike, times: int | None = None, **reply_fields: Unpack[ReplyFields]) -> Rule:
        """Say what answers a request that no rule answers, and no recording that is attached.

        The arguments are those of ``reply``, but the replies are given for ever by default. It owes nothing:
        a test does not fail where it was never asked.

        Raises:
            UsageError: nothing to say, something that no model says, or a second ``otherwise``.
        """
        __tracebackhide__ = True
        return self._engine.set_fallback(Fallback(where=caller()).reply(*replies, times=times, **reply_fields))

    def load(self, path: str | os.PathLike[str]) -> list[Rule]:
        """Add the rules of a script file, YAML or JSON, behind those that are there; return them.

        Options of the fake that the file gives, such as ``provider:``, hold from now on in place of those of FakeLLM.

        path: in a test, looked for beside its file, then from rootdir, then in the current folder; elsewhere in the
        current folder alone.

        Raises:
            ScriptFormatError: the file cannot be read as a script; its text starts with ``path:line``. No rule
                was added.
            UsageError: there is no such file, or a second ``otherwise``.
        """
        __tracebackhide__ = True
        from fakellm._script.files.load import load_script

        script = load_script(path, folders=self._folders())
        if script.fallback is not None:
            self._engine.set_fallback(script.fallback)
        if script.options:
            self._tell(replace(self._options, **script.options))
        made = [
            self._engine.new_rule(rule.matcher, where=rule.where).reply(*rule.replies, times=rule.times)
            for rule in script.rules
        ]
        return [self._engine.register(rule) for rule in made]

    def replay(
        self,
        path: str | os.PathLike[str],
        *,
        match: Iterable[str] | None = None,
        ignore: Iterable[str] = (),
        normalize: Iterable[str | re.Pattern[str]] = (),
        repeat: str | None = None,
        chunking: str | int = "event",
        timing: str | float = "none",
        allowed_hosts: str | re.Pattern[str] | Iterable[str | re.Pattern[str]] = (),
    ) -> Cassette:
        """Answer from a recording what no rule answers, and return it; for the arguments see ``use_cassette``.

        Rules are asked first. The recorded answer to a request that a rule answered stays there for the next
        such request, but need not be asked for.

        Raises:
            CassetteNotFoundError: there is no file at path.
            CassetteFormatError: it cannot be read.
            UsageError: an unknown part, path, pattern, repeat, chunking, timing or host.
        """
        __tracebackhide__ = True
        from fakellm._use_cassette import Cassette, replay_settings

        settings = replay_settings(
            path,
            match=match,
            ignore=ignore,
            normalize=normalize,
            repeat=repeat,
            chunking=chunking,
            timing=timing,
            allowed_hosts=allowed_hosts,
        )
        return Cassette(path, settings=settings, clock=self.clock, engine=self._engine)

    def mount(self, respx_mock: Any) -> Any:
        """Answer the model calls that reach a respx router; return the route.

        respx_mock: the fixture of respx, or a router of it. The route is the last one there, so routes that the
        test adds before are asked first; other requests stay the router's.

        Raises:
            UsageError: respx is not installed, or it is no router.
        """
        from fakellm._io.mount import mount

        self._put_to_use()
        return mount(respx_mock, self._engine, self.clock)

    def reset(self) -> None:
        """Forget rules, ``otherwise`` and journal; recordings that are attached begin anew."""
        self._engine.reset()

    @contextmanager
    def virtual_time(self) -> Iterator[VirtualTime]:
        """Let nothing in the process wait for real while the block runs, neither sleeps nor timeouts.

        Loops of asyncio, ``time.sleep``, ``time.time`` and ``time.monotonic`` share one time with this fake's
        scripted pauses; it jumps from one timer to the next. Yields: a clock with ``elapsed``, in seconds,
        and ``sleeps``, what was waited for, in order.

        Raises:
            UsageError: in a loop that keeps its time elsewhere, such as uvloop's.

        >>> import time
        >>> with FakeLLM().virtual_time() as clock:
        ...     time.sleep(600)
        >>> clock.elapsed, clock.sleeps
        (600.0, [600.0])
        """
        from fakellm._time.virtual_time import virtual_time

        with virtual_time() as clock, ExitStack() as stack:
            if isinstance(self.clock, MockClock):
                stack.enter_context(self.clock.follow(clock))
            yield clock

    def client(self, model: str = "gpt-4o", **kwargs: Any) -> OpenAIChatCompletionClient:
        """Return fakellm's own client, talking to this fake alone.

        kwargs: further arguments of OpenAIChatCompletionClient.
        """
        import httpx

        from fakellm.client import OpenAIChatCompletionClient

        http_client = httpx.AsyncClient(transport=self.transport(httpx))
        return OpenAIChatCompletionClient(model=model, api_key="sk-fakellm", http_client=http_client, **kwargs)

    def _tell(self, options: Options) -> None:
        """Have the engine go by options, from the next request on."""
        self._options, engine = options, self._engine
        engine.seed = options.seed
        engine.strictness = STRICT if options.strict else LENIENT
        if options.models is not None:
            engine.strictness = Strictness(options.strict, frozenset(options.models))
        engine.provider = None if options.provider is None else PROVIDERS[options.provider]
        engine.allow_unmatched = options.allow_unmatched
        engine.allow_rejected = options.allow_rejected
        engine.allow_unused = options.allow_unused
        renderer = engine.renderer
        renderer.pace, renderer.full_headers = options.pace, options.headers == "full"
        if bool(options.cache) != (renderer.prompts is not None):
            renderer.prompts = PromptCache() if options.cache else None

    def _explain_not_entered(self) -> str | None:
        """Return why nothing could ask what is scripted here; None where something could, or nothing is scripted."""
        if self._is_in_use or self._engine.journal or self._engine.allow_unused or not self._engine.rules:
            return None
        return not_entered(self._engine.rules, where=self._made_at)

    def __repr__(self) -> str:
        return f"<FakeLLM with {len(self._engine.rules)} rules, {len(self.calls)} calls>"
