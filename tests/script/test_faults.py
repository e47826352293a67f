import pytest
from asking import tools
from chat_wire import asking, play
from engines import make_engine
from hypothesis import given, settings
from hypothesis import strategies as st

from fakellm import ErrorReply, Reply, ToolCall, UsageError, faults, framings
from fakellm._script.match import Matcher
from fakellm._wire.events import Data, Disconnect, Head, Wait

STREAM = Head(200, (("content-type", "text/event-stream"),))
WHOLE = Head(200, (("content-type", "application/json"),))
SIZED = Head(200, (("content-type", "application/json"), ("x-request-id", "req_1"), ("content-length", "10")))
CHUNKS = [Data(b"a"), Data(b"b"), Data(b"c"), Data(b"[DONE]", chunks=0)]
ENDED = [Data(b"data: a\n\n"), Data(b"data: b\n\n"), Data(b"data: [DONE]\n\n", chunks=0)]


def dropped(after, *events):
    return list(faults.drop(after=after)(iter(events)))


def answered(request, reply):
    engine = make_engine()
    engine.register(engine.new_rule(Matcher())).reply(reply)
    return play(engine.handle(request))


def test_connection_is_lost_after_so_many_chunks():
    assert dropped(2, STREAM, *CHUNKS) == [STREAM, *CHUNKS[:2], Disconnect()]


def test_zero_chunks_lose_even_the_head():
    assert dropped(0, STREAM, *CHUNKS) == [Disconnect()]


@pytest.mark.parametrize(
    "fault",
    [
        faults.drop(9),
        faults.stall(30, after=9),
        faults.malformed_json(after=9),
        faults.malformed_sse(after=9),
        faults.bad_chunk(after=9),
        faults.error_event(after=9),
    ],
    ids=repr,
)
def test_stream_with_fewer_chunks_is_a_usage_error(fault):
    with pytest.raises(UsageError) as caught:
        next(fault(iter([STREAM, *CHUNKS])))

    assert str(caught.value) == (
        f"{fault!r} can never take effect: the stream has 3 chunks\n  type after=3 or less, or script a longer answer"
    )


def test_stream_that_is_lost_already_may_have_fewer_chunks():
    assert dropped(9, STREAM, CHUNKS[0], Disconnect()) == [STREAM, CHUNKS[0], Disconnect()]


def test_answer_that_is_no_stream_loses_half_its_body():
    assert dropped(1, WHOLE, Data(b"12345")) == [WHOLE, Data(b"12", chunks=0), Disconnect()]


def test_pieces_of_a_chunk_do_not_count():
    pieces = [Data(b"a", chunks=0), Data(b"a"), Data(b"b", chunks=0), Data(b"b"), Data(b"c")]

    assert dropped(2, STREAM, *pieces) == [STREAM, *pieces[:4], Disconnect()]


def test_chunks_in_one_piece_count_each():
    assert dropped(2, STREAM, Data(b"ab", chunks=2), Data(b"c")) == [STREAM, Data(b"ab", chunks=2), Disconnect()]


def test_waits_are_kept():
    assert dropped(1, Wait(1), STREAM, Wait(2), *CHUNKS) == [Wait(1), STREAM, Wait(2), CHUNKS[0], Disconnect()]


def test_first_chunk_of_a_chat_stream_carries_the_role_alone():
    answer = answered(asking(stream=True), Reply("Hello there", fault=faults.drop(after=2)))

    assert [chunk["choices"][0]["delta"].get("content") for chunk in answer.chunks] == ["", "Hello"]


def broken(fault, *events):
    return list(fault(iter(events)))


def test_block_is_cut_where_the_chunk_ends():
    block = Data(b"data: a\n\ndata: b\n\ndata: [DONE]\n\n", 2)

    assert dropped(1, STREAM, block) == [STREAM, Data(b"data: a\n\n"), Disconnect()]


@pytest.mark.parametrize(
    ("fault", "loss"),
    [
        (faults.connect_error(), "connect_error"),
        (faults.connect_timeout(), "connect_timeout"),
        (faults.read_timeout(), "read_timeout"),
    ],
    ids=repr,
)
def test_connection_is_lost_before_the_head(fault, loss):
    assert broken(fault, STREAM, *CHUNKS) == [Disconnect(loss)]


@pytest.mark.parametrize(
    ("byte", "sent"),
    [(0, []), (1, CHUNKS[:1]), (5, [*CHUNKS[:3], Data(b"[D", chunks=0)]), (99, CHUNKS)],
)
@pytest.mark.parametrize(("fault", "end"), [(faults.drop_at, [Disconnect()]), (faults.truncate, [])])
def test_body_ends_at_a_byte(fault, end, byte, sent):
    assert broken(fault(byte), STREAM, *CHUNKS) == [STREAM, *sent, *end]


def test_truncated_answer_keeps_its_content_length():
    assert broken(faults.truncate(3), SIZED, Data(b"0123456789")) == [SIZED, Data(b"012", chunks=0)]


@pytest.mark.parametrize(
    ("after", "events"),
    [
        (0, [Wait(30), STREAM, *CHUNKS]),
        (2, [STREAM, *CHUNKS[:2], Wait(30), *CHUNKS[2:]]),
        (3, [STREAM, *CHUNKS[:3], Wait(30), CHUNKS[3]]),
    ],
)
def test_stall_pauses_and_goes_on(after, events):
    assert broken(faults.stall(30, after=after), STREAM, *CHUNKS) == events


def test_stall_of_an_answer_that_is_no_stream_comes_after_half_the_body():
    found = broken(faults.stall(30, after=1), WHOLE, Data(b"01", 0), Data(b"2345"))

    assert found == [WHOLE, Data(b"01", 0), Data(b"2", 0), Wait(30), Data(b"345")]


BAD_JSON = Data(b'data: {"id": "chatcmpl-fault", "choices": [{"index": 0, "delta": {"content": "\n\n')
BAD_SSE = Data(b'data: {"id": "chatcmpl-fault", "choices": [{"index": 0,\n"delta": {"content": "?"}}]}\n\n')
BAD_CHUNK = Data(b'data: {"unexpected": true}\n\n')


@pytest.mark.parametrize(
    ("fault", "chunk"),
    [(faults.malformed_json, BAD_JSON), (faults.malformed_sse, BAD_SSE), (faults.bad_chunk, BAD_CHUNK)],
)
@pytest.mark.parametrize("after", [0, 2, 3])
def test_spoiled_chunk_comes_between_the_others(fault, chunk, after):
    assert broken(fault(after=after), STREAM, *CHUNKS) == [STREAM, *CHUNKS[:after], chunk, *CHUNKS[after:]]


ERROR = b'{"error":{"message":"Slow down","type":"requests","param":null,"code":"rate_limit_exceeded"}}'
SLOW_DOWN = ErrorReply(429, message="Slow down", type="requests", code="rate_limit_exceeded")


def test_error_ends_the_stream():
    found = broken(faults.error_event(after=1, error=SLOW_DOWN), STREAM, *CHUNKS)

    assert found == [STREAM, CHUNKS[0], Data(b"data: " + ERROR + b"\n\n", chunks=0)]


def test_error_is_that_of_a_server_unless_another_is_given():
    assert b'"type":"server_error"' in broken(faults.error_event(), STREAM, *CHUNKS)[1].data


@pytest.mark.parametrize(
    ("fault", "body"),
    [
        (faults.malformed_json(), b"01234"),
        (faults.malformed_json(after=2), b"01234"),
        (faults.malformed_sse(), BAD_SSE.data),
        (faults.malformed_sse(after=2), b"01234" + BAD_SSE.data),
        (faults.bad_chunk(), b'{"unexpected": true}'),
        (faults.bad_chunk(after=2), b'01234{"unexpected": true}'),
        (faults.error_event(error=SLOW_DOWN), ERROR),
        (faults.error_event(after=2, error=SLOW_DOWN), b"01234" + ERROR),
        (faults.empty_body(), b""),
    ],
    ids=repr,
)
def test_spoiled_answer_has_the_length_that_it_says(fault, body):
    head, *rest = broken(fault, Wait(1), SIZED, Data(b"012345", 0), Data(b"6789"))[1:]

    assert head.headers == (
        ("content-type", "application/json"),
        ("x-request-id", "req_1"),
        ("content-length", str(len(body))),
    )
    assert b"".join(data.data for data in rest) == body


def test_empty_stream_has_a_head():
    assert broken(faults.empty_body(), Wait(1), STREAM, *CHUNKS) == [Wait(1), STREAM]


def test_page_comes_in_place_of_the_answer():
    wait, head, page = broken(faults.html_page(), Wait(1), STREAM, *CHUNKS)

    assert (wait, head.status) == (Wait(1), 502)
    assert head.headers == (("content-type", "text/html"), ("content-length", "150"))
    assert page.data == (
        b"<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n"
        b"<center><h1>502 Bad Gateway</h1></center>\r\n<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n"
    )


@pytest.mark.parametrize(
    ("status", "is_retried_at_once", "title"),
    [
        (200, False, b"<title>200 OK</title>"),
        (404, False, b"<title>404 Not Found</title>"),
        (503, True, b"<title>503 Service Unavailable</title>"),
        (529, True, b"<title>529 Error</title>"),
    ],
)
def test_page_that_is_retried_says_when(status, is_retried_at_once, title):
    head, page = broken(faults.html_page(status), STREAM, *CHUNKS)

    assert head.is_retried_at_once is is_retried_at_once
    assert title in page.data


def test_fault_over_an_error_leaves_it_to_be_retried_at_once():
    head, *_ = broken(
        faults.empty_body(), Head(500, (("content-length", "9"),), is_retried_at_once=True), Data(b"a" * 9)
    )

    assert (head.is_retried_at_once, head.content_length) == (True, 0)


@pytest.mark.parametrize("head", [STREAM, SIZED])
def test_content_type_is_another_and_the_rest_is_kept(head):
    found, *body = broken(faults.wrong_content_type(), head, *CHUNKS)

    assert dict(found.headers) == {**dict(head.headers), "content-type": "text/plain; charset=utf-8"}
    assert body == CHUNKS


@pytest.mark.parametrize(
    ("events", "left"),
    [
        (ENDED, ENDED[:2]),
        ([ENDED[0], Data(b": bye\n\n", 0), ENDED[2]], [ENDED[0], Data(b": bye\n\n", 0)]),
        ([Data(b"data: a\n\ndata: b\n\ndata: [DONE]\n\n", 2)], [Data(b"data: a\n\ndata: b\n\n", 2)]),
        ([Data(b"da", 0), Wait(1), Data(b"ta: a\n\nda", 1), Data(b"ta: [DONE]\n\n", 0)],
         [Data(b"da", 0), Wait(1), Data(b"ta: a\n\n", 1)]),
        ([*ENDED[:1], ENDED[2], Wait(1), Disconnect()], [*ENDED[:1], Disconnect()]),
        ([ENDED[2]], []),
    ],
)  # fmt: skip
def test_stream_ends_with_its_last_chunk(events, left):
    assert broken(faults.no_done(), STREAM, *events) == [STREAM, *left]


@pytest.mark.parametrize("framing", [framings.per_event(), framings.bytewise(), framings.one_block(), framings.crlf()])
def test_stream_in_any_framing_ends_with_its_last_chunk(framing):
    request = asking(stream=True, stream_options={"include_obfuscation": False})
    answer = answered(request, Reply("Hi", framing=framing, fault=faults.no_done()))

    assert b"[DONE]" not in answer.body
    assert answer.body.replace(b"\r\n", b"\n").endswith(b'"finish_reason":"stop"}]}\n\n')


def test_answer_that_is_no_stream_has_no_end_to_lose():
    assert broken(faults.no_done(), SIZED, Data(b"0123456789")) == [SIZED, Data(b"0123456789")]


ALL = [
    faults.connect_error(),
    faults.connect_timeout(),
    faults.read_timeout(),
    faults.drop(after=3),
    faults.drop_at(100),
    faults.stall(30, after=2),
    faults.truncate(100),
    faults.malformed_json(after=0),
    faults.malformed_sse(after=1),
    faults.bad_chunk(after=1),
    faults.error_event(after=1),
    faults.html_page(502),
    faults.wrong_content_type("text/html"),
    faults.empty_body(),
    faults.no_done(),
]


@pytest.mark.parametrize("fault", ALL, ids=repr)
def test_fault_is_named_as_it_is_typed(fault):
    assert repr(fault) == fault.name
    assert repr(eval(f"faults.{fault.name}")) == fault.name


@pytest.mark.parametrize("fault", ALL, ids=repr)
def test_nothing_is_broken_where_nothing_starts(fault):
    assert [event for event in broken(fault) if not isinstance(event, Disconnect)] in ([], [Wait(30)])


@pytest.mark.parametrize("fault", ALL, ids=repr)
def test_connection_that_is_lost_already_is_lost_once(fault):
    assert [type(event) for event in broken(fault, Disconnect())] in ([Disconnect], [Wait, Disconnect])


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda: faults.drop_at(-1), "drop_at(byte) takes the number of body bytes to send first, 0 or more; got -1"),
        (lambda: faults.truncate(""), "truncate(byte) takes the number of body bytes to send first, 0 or more; got ''"),
        (lambda: faults.stall(-1), "stall(seconds) takes a number of seconds, 0 or more; got -1"),
        (
            lambda: faults.error_event(error={"status": 500}),
            "error_event(error=...) takes an ErrorReply, such as ErrorReply(500); got {'status': 500}",
        ),
        (lambda: faults.html_page(302), "html_page(status) takes an HTTP status, 200 or from 400 to 599; got 302"),
        (lambda: faults.html_page("502"), "html_page(status) takes an HTTP status, 200 or from 400 to 599; got '502'"),
        (
            lambda: faults.wrong_content_type("text/plain\r\n"),
            "wrong_content_type(...) takes a content type such as 'text/plain'; got 'text/plain\\r\\n'",
        ),
    ],
)  # fmt: skip
def test_fault_of_another_kind_is_a_usage_error(make, text):
    with pytest.raises(UsageError) as caught:
        make()

    assert str(caught.value) == text


@pytest.mark.parametrize("name", ["malformed_json", "malformed_sse", "bad_chunk", "error_event"])
def test_count_is_checked_by_every_fault_that_takes_one(name):
    with pytest.raises(UsageError, match=rf"{name}\(after=...\) takes the number of chunks to send first"):
        getattr(faults, name)(after=True)


def test_count_of_a_stall_is_checked():
    with pytest.raises(UsageError, match=r"stall\(after=...\) takes the number of chunks to send first"):
        faults.stall(1, after=-1)


@pytest.mark.parametrize("after", [-1, 1.0, "2", None, True])
def test_count_of_another_type_is_a_usage_error(after):
    with pytest.raises(UsageError) as caught:
        faults.drop(after=after)

    assert str(caught.value) == f"drop(after=...) takes the number of chunks to send first, 0 or more; got {after!r}"


@given(
    reply=st.sampled_from([Reply("Hello there, world"), Reply(tool_calls=ToolCall("f", {"a": 1})), Reply("")]),
    after=st.integers(0, 20),
    stream=st.booleans(),
)
@settings(max_examples=60, deadline=None)
def test_dropped_answer_is_the_start_of_the_whole_one(reply, after, stream):
    request = asking(stream=stream, tools=tools("f"))
    whole = answered(request, reply)

    cut = answered(request, Reply(reply.text, tool_calls=reply.tool_calls, fault=faults.drop(after=after)))

    # play() holds both to the law: at most one Head, nothing after a Disconnect.
    takes_effect = not stream or after <= whole.body.count(b"data: {")
    assert cut.is_cut
    assert whole.body.startswith(cut.body)
    assert cut.status == (200 if after and takes_effect else None)
