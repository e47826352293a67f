"""What the official OpenAI SDK, 1.x and 2.x on httpx, 3.x on httpx2, makes of each fault and framing."""

from __future__ import annotations

import asyncio

import pytest

openai = pytest.importorskip("openai")

from fakellm import ErrorReply, FakeLLM, Pace, ToolCall, UnmatchedRequestError, faults, framings  # noqa: E402

MESSAGES = [{"role": "user", "content": "What is the weather in Paris?"}]
IS_3 = int(openai.__version__.partition(".")[0]) >= 3
RAIN = ["", "Rain", " in", " Paris", None]

# Fault, what is read of the stream before the end, exception there before 3 and in 3.x; None: no exception.
STREAMED = [
    (faults.connect_error(), [], "APIConnectionError", "APIConnectionError"),
    (faults.connect_timeout(), [], "APITimeoutError", "APITimeoutError"),
    (faults.read_timeout(), [], "APITimeoutError", "APITimeoutError"),
    (faults.drop(after=0), [], "APIConnectionError", "APIConnectionError"),
    (faults.drop(after=2), ["", "Rain"], "RemoteProtocolError", "APIConnectionError"),
    (faults.drop_at(0), [], "RemoteProtocolError", "APIConnectionError"),
    (faults.drop_at(400), [""], "RemoteProtocolError", "APIConnectionError"),
    (faults.stall(700), [], "APITimeoutError", "APITimeoutError"),
    (faults.stall(700, after=2), ["", "Rain"], "ReadTimeout", "APITimeoutError"),
    (faults.stall(500, after=2), RAIN, None, None),
    (faults.truncate(400), [""], None, None),
    (faults.malformed_json(after=2), ["", "Rain"], "JSONDecodeError", "JSONDecodeError"),
    (faults.malformed_sse(after=2), ["", "Rain"], "JSONDecodeError", "JSONDecodeError"),
    (faults.bad_chunk(after=2), ["", "Rain", "no choices", " in", " Paris", None], None, None),
    (faults.error_event(after=2), ["", "Rain"], "APIError", "APIError"),
    (faults.html_page(), [], "InternalServerError", "InternalServerError"),
    (faults.html_page(200), [], None, None),
    (faults.wrong_content_type(), RAIN, None, None),
    (faults.empty_body(), [], None, None),
    (faults.no_done(), RAIN, None, None),
]

# Fault, exception of an answer that is not streamed; None: no exception.
WHOLE = [
    (faults.connect_error(), "APIConnectionError"),
    (faults.connect_timeout(), "APITimeoutError"),
    (faults.read_timeout(), "APITimeoutError"),
    (faults.drop(after=0), "APIConnectionError"),
    (faults.drop(after=1), "APIConnectionError"),
    (faults.drop_at(100), "APIConnectionError"),
    (faults.drop_at(99999), None),
    (faults.stall(700), "APITimeoutError"),
    (faults.stall(700, after=1), "APITimeoutError"),
    (faults.truncate(100), "APIConnectionError"),
    (faults.malformed_json(), "JSONDecodeError"),
    (faults.malformed_sse(), "JSONDecodeError"),
    (faults.html_page(), "InternalServerError"),
    (faults.wrong_content_type(), None),
    (faults.empty_body(), "JSONDecodeError"),
    (faults.no_done(), None),
]


@pytest.fixture
def llm():
    with FakeLLM() as llm:
        yield llm


def create(*, retries=0, **fields):
    with openai.OpenAI(api_key="sk-test", max_retries=retries) as client:
        return client.chat.completions.create(model="gpt-4o", messages=MESSAGES, **fields)


def read_stream():
    """What is read of a stream, and the class of the exception that ended it."""
    seen = []
    with openai.OpenAI(api_key="sk-test", max_retries=0) as client:
        try:
            for chunk in client.chat.completions.create(model="gpt-4o", messages=MESSAGES, stream=True):
                seen.append(text_of(chunk))
        except Exception as err:
            return seen, type(err).__name__
    return seen, None


async def read_stream_async():
    seen = []
    async with openai.AsyncOpenAI(api_key="sk-test", max_retries=0) as client:
        try:
            async for chunk in await client.chat.completions.create(model="gpt-4o", messages=MESSAGES, stream=True):
                seen.append(text_of(chunk))
        except Exception as err:
            return seen, type(err).__name__
    return seen, None


def text_of(chunk):
    return chunk.choices[0].delta.content if chunk.choices else "no choices"


@pytest.mark.parametrize(("fault", "seen", "before_3", "in_3"), STREAMED, ids=[repr(fault) for fault, *_ in STREAMED])
def test_streamed(llm, fault, seen, before_3, in_3):
    llm.reply("Rain in Paris", fault=fault, times=2)

    assert read_stream() == asyncio.run(read_stream_async()) == (seen, in_3 if IS_3 else before_3)


def read_whole():
    """What a plain answer says, and the class of the exception that came instead."""
    try:
        return create().choices[0].message.content, None
    except Exception as err:
        return None, type(err).__name__


@pytest.mark.parametrize(("fault", "expected"), WHOLE, ids=[repr(fault) for fault, _ in WHOLE])
def test_not_streamed(llm, fault, expected):
    llm.reply("Rain in Paris", fault=fault)

    assert read_whole() == (None if expected else "Rain in Paris", expected)


@pytest.mark.parametrize("fault", [faults.bad_chunk(), faults.error_event()], ids=repr)
def test_other_object_in_place_of_an_answer_has_no_choices(llm, fault):
    llm.reply("Rain in Paris", fault=fault)

    assert create().choices is None


def test_page_with_status_200_is_a_str(llm):
    llm.reply("Rain in Paris", fault=faults.html_page(200))

    assert create().startswith("<html>")


def test_page_of_a_gateway_is_retried_at_once(llm):
    llm.reply("Rain.", fault=faults.html_page(502))
    llm.reply("Rain.")

    assert create(retries=1).choices[0].message.content == "Rain."
    assert [call.status for call in llm.calls] == [502, 200]


def test_error_in_a_stream_has_its_code(llm):
    llm.reply("Rain.", fault=faults.error_event(after=1, error=ErrorReply.rate_limited()))

    with pytest.raises(openai.APIError) as caught:
        list(create(stream=True))

    assert (caught.value.code, caught.value.type) == ("rate_limit_exceeded", "requests")


def test_retry_after_a_fault_that_was_not_scripted_is_explained():
    llm = FakeLLM()
    llm.reply("Rain.", fault=faults.html_page())

    with llm.intercept(), pytest.raises(openai.BadRequestError):
        create(retries=1)

    with pytest.raises(UnmatchedRequestError, match=r"retry of call 1, which got the fault html_page\(502\)"):
        llm.check()


FRAMINGS = [
    framings.per_event(),
    framings.one_block(),
    framings.bytewise(),
    framings.split_utf8(),
    framings.crlf(),
    framings.multi_line_data(),
    framings.comments(),
    framings.recorded([(0.2, 66), (0.1, 500)]),
]


@pytest.mark.parametrize("framing", FRAMINGS, ids=repr)
def test_framed_stream_reads_the_same(llm, framing):
    llm.reply("Grüße, 😀", "Grüße, 😀", framing=framing)

    assert read_stream() == asyncio.run(read_stream_async())
    llm.reply("Grüße, 😀", framing=framing)
    assert "".join(filter(None, read_stream()[0])) == "Grüße, 😀"


def test_byte_order_mark_costs_the_first_chunk(llm):
    llm.reply("Rain in Paris", framing=framings.bom())

    assert read_stream() == (RAIN[1:], None)


def test_tool_call_survives_every_framing(llm):
    for framing in FRAMINGS:
        llm.reply(ToolCall("get_weather", {"city": "Zürich"}), framing=framing)

        tools = [{"type": "function", "function": {"name": "get_weather"}}]
        chunks = list(create(stream=True, tools=tools))

        deltas = [call for chunk in chunks for call in chunk.choices[0].delta.tool_calls or []]
        assert "".join(delta.function.arguments for delta in deltas) == '{"city":"Zürich"}'


def test_slow_stream_takes_no_time(llm):
    llm.reply("Rain in Paris", pace=Pace(ttft=60, tokens_per_second=0.1))

    assert read_stream() == (RAIN, None)
    assert llm.clock.elapsed == llm.calls[0].duration == 100


def test_stream_that_is_closed_early_is_a_cancelled_call(llm):
    llm.reply("Rain in Paris")

    with create(stream=True) as stream:
        assert [next(stream).choices[0].delta.content for _ in range(2)] == ["", "Rain"]

    assert (llm.calls[0].cancelled, llm.calls[0].chunks) == (True, 2)
    assert "cancelled after 2 chunks" in llm.transcript()


def test_stream_that_is_read_to_its_end_is_no_cancelled_call(llm):
    llm.reply("Rain in Paris")

    list(create(stream=True))

    assert (llm.calls[0].cancelled, llm.calls[0].chunks) == (False, 5)
