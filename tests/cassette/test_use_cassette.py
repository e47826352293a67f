"""use_cassette: a recorded session answers whichever client asks."""

import asyncio
import json

import httpx
import pytest
from cassette_text import CHAT, cassette, chat_body, chat_exchange, interaction
from ways import errors_of_all_ways

from fakellm import Cassette, FakeLLM, MockClock, OpenAIChatCompletionClient, use_cassette
from fakellm._errors import (
    CassetteFormatError,
    CassetteMismatchError,
    CassetteNotFoundError,
    FakeLLMError,
    UsageError,
)
from fakellm.models import UserMessage

HELLO = chat_exchange("hi", "hello")


def test_recorded_request_is_answered(write, ask, no_network):
    path = write(cassette(HELLO))

    with use_cassette(path):
        response = ask("POST", CHAT, json=chat_body("hi"))

    assert (response.status_code, response.text, no_network) == (200, "hello", [])


def test_recorded_status_and_headers_come_back(write, httpx_ask):
    path = write(
        cassette(
            interaction(
                status="status: {code: 418, message: I'm a teapot}",
                response="headers: {etag: ['7'], x-name: [café], set-cookie: [a=1, b=2]}\nbody: {string: slow}",
            )
        )
    )

    with use_cassette(path):
        response = httpx_ask("POST", CHAT, content=b"{}")

    assert response.status_code == 418
    assert response.headers.multi_items() == [
        ("etag", "7"),
        ("x-name", "café"),
        ("set-cookie", "a=1"),
        ("set-cookie", "b=2"),
    ]


def test_request_that_is_no_model_call_is_answered(write, ask):
    path = write(cassette(interaction(method="GET", uri="https://example.org/dummy.pdf", request="body: null")))

    with use_cassette(path):
        response = ask("GET", "https://example.org/dummy.pdf")

    assert response.text == "ok"


def test_body_key_order_does_not_matter(write, ask):
    path = write(cassette(interaction(request="""body: '{"a": {"x": 1, "y": 2}, "b": [1, 2]}'""")))

    with use_cassette(path):
        response = ask("POST", CHAT, content=b'{"b":[1,2],"a":{"y":2,"x":1}}')

    assert response.status_code == 200


def tool_turn(call_id):
    return {
        "model": "gpt-4o",
        "messages": [
            {"role": "user", "content": "weather?"},
            {
                "role": "assistant",
                "content": None,
                "tool_calls": [{"id": call_id, "type": "function", "function": {"name": "w", "arguments": "{}"}}],
            },
            {"role": "tool", "tool_call_id": call_id, "content": "18"},
        ],
    }


def test_tool_call_ids_do_not_matter(write, ask):
    path = write(cassette(interaction(request=f"body: '{json.dumps(tool_turn('call_abc'))}'")))

    with use_cassette(path):
        response = ask("POST", CHAT, json=tool_turn("call_xyz"))

    assert response.status_code == 200


@pytest.mark.parametrize("options", [{}, {"ignore": ["user"]}])
def test_key_that_a_framework_makes_on_each_run_does_not_matter(write, ask, options):
    body = {**chat_body("hi"), "prompt_cache_key": f"agents-sdk:run:{'0a' * 16}"}
    path = write(cassette(interaction(request=f"body: '{json.dumps(body)}'")))

    with use_cassette(path, **options):
        response = ask("POST", CHAT, json={**body, "prompt_cache_key": f"agents-sdk:run:{'1b' * 16}"})

    assert response.status_code == 200


def test_equal_requests_are_answered_in_the_order_of_the_file(write, ask):
    path = write(cassette(chat_exchange("hi", "one"), chat_exchange("bye", "two"), chat_exchange("hi", "three")))

    with use_cassette(path):
        answers = [ask("POST", CHAT, json=chat_body(q)).text for q in ("hi", "hi", "bye")]

    assert answers == ["one", "three", "two"]


@pytest.mark.parametrize(
    ("match", "url", "body"),
    [
        (["method", "path"], "https://example.org/v1/chat/completions?x=1", b"other"),
        (["host"], "http://api.openai.com/elsewhere", b"other"),
        (["body"], "https://example.org/elsewhere/chat/completions", b"{}"),
        (["scheme", "query"], "https://h/", b"other"),
        ("port", "https://h/", b"other"),
    ],
)
def test_only_the_parts_of_match_count(write, match, url, body):
    path = write(cassette(interaction()))

    with use_cassette(path, match=match):
        response = httpx.post(url, content=body)

    assert response.text == "ok"


def test_unknown_request_gets_a_400_that_is_not_retried(write, ask, no_network):
    cassette_used = use_cassette(write(cassette(HELLO)))

    with cassette_used.intercept():
        response = ask("POST", CHAT, json=chat_body("other"))

    assert (response.status_code, response.headers["x-should-retry"], no_network) == (400, "false", [])


def test_unknown_request_says_what_came_closest(write, ask):
    path = write(cassette(HELLO))
    cassette_used = use_cassette(path)

    with cassette_used.intercept():
        error = ask("POST", CHAT, json=chat_body("hi!")).json()["error"]

    assert error["code"] == "fakellm_unmatched"
    assert error["message"] == (
        f"call 1 is not in the recording: POST {CHAT}\n"
        f"  {path} holds no such request; recording is off\n"
        "  closest is interaction 1 (line 2), not played yet:\n"
        '    messages[0].content: recorded "hi", sent "hi!"\n'
        "  not played yet: interaction 1 of 1\n"
        "  the request was not sent anywhere\n"
        f"  to record again: use_cassette('{path}', mode='rewrite')"
    )


def test_unknown_request_fails_the_block(write, ask):
    path = write(cassette(HELLO))

    with pytest.raises(CassetteMismatchError) as caught, use_cassette(path):
        ask("POST", CHAT, json=chat_body("hi!"))

    assert str(caught.value).startswith(f"call 1 is not in the recording: POST {CHAT}\n  {path} holds no such request")


def test_keys_of_a_request_get_into_no_miss(write, ask):
    gemini = "https://generativelanguage.googleapis.com/v1beta/models/gemini-2.0-flash:generateContent"
    recorded = interaction(uri=f"{gemini}?key=AIzaRecorded0123456789", request="body: '{\"contents\": []}'")
    cassette_used = use_cassette(write(cassette(recorded)))
    sent = {"contents": [], "api_key": "AIzaBody0123456789"}
    headers = {"x-goog-api-key": "AIzaHeader0123456789", "ocp-apim-subscription-key": "AIzaHeader0123456789"}

    with cassette_used.intercept():
        answer = ask("POST", f"{gemini}?key=AIzaSent0123456789&alt=sse", json=sent, headers=headers)

    [call] = cassette_used.calls
    assert f"POST {gemini}?key=REDACTED&alt=sse" in call.explanation
    assert 'query: recorded "key=REDACTED", sent "alt=sse&key=REDACTED"' in call.explanation
    assert "AIza" not in f"{call.explanation}{answer.text}{call!r}{call.headers!r}{call.wire!r}"


def test_used_up_request_fails_the_block(write):
    path = write(cassette(HELLO))

    with pytest.raises(CassetteMismatchError) as caught, use_cassette(path):
        assert [httpx.post(CHAT, json=chat_body("hi")).status_code for _ in range(2)] == [200, 400]

    assert str(caught.value) == (
        f"call 2 is not in the recording: POST {CHAT}\n"
        f"  {path} holds it once (interaction 1), all played already; recording is off\n"
        "  not played yet: nothing\n"
        "  the request was not sent anywhere\n"
        "  to play it again: repeat='last' or repeat='cycle'\n"
        f"  to record again: use_cassette('{path}', mode='rewrite')"
    )


@pytest.mark.parametrize("kind", [AssertionError, FakeLLMError])
def test_mismatch_is_both_kinds_of_error(write, kind):
    with pytest.raises(kind), use_cassette(write(cassette())):
        httpx.post(CHAT, json=chat_body("hi"))


TRACES = ["https://api.smith.langchain.com/runs/batch", "https://api.openai.com/v1/traces/ingest"]


@pytest.mark.parametrize("url", TRACES)
def test_trace_gets_a_404_and_fails_nothing(write, ask, no_network, url):
    with use_cassette(write(cassette(HELLO))) as cassette_used:
        statuses = [
            ask("POST", url, json={"post": []}).status_code,
            ask("POST", CHAT, json=chat_body("hi")).status_code,
        ]

    assert (statuses, no_network) == ([404, 200], [])
    assert [(call.number, call.wire.url, call.status) for call in cassette_used.other_traffic] == [(1, url, 404)]
    assert [call.number for call in cassette_used.calls] == [1]


def test_other_traffic_beside_rules_stands_in_that_of_the_fake(write):
    with FakeLLM() as llm:
        recording = llm.replay(write(cassette(HELLO)))
        httpx.post(TRACES[0], json={"post": []})

    assert [call.status for call in llm.other_traffic] == [404]
    assert list(recording.other_traffic) == list(llm.other_traffic)


def test_allowed_host_is_reached_though_the_file_knows_it(write, ask, server):
    uri = f"{server.url}/health"
    path = write(cassette(interaction(uri=uri), HELLO))

    with use_cassette(path, allowed_hosts=["127.*"]) as cassette_used:
        answers = [ask("POST", uri, content=b"{}").text, ask("POST", CHAT, json=chat_body("hi")).text]

    assert (answers, server.seen, len(cassette_used.other_traffic)) == (["real", "hello"], 1, 0)


def test_model_call_to_an_allowed_host_is_never_sent(write, ask, server):
    uri = f"{server.url}/v1/chat/completions"

    with pytest.raises(CassetteMismatchError), use_cassette(write(cassette(HELLO)), allowed_hosts="127.0.0.1"):
        ask("POST", uri, json=chat_body("hi"))

    assert server.seen == 0


def test_host_that_is_allowed_beside_rules_is_reached(write, ask, server):
    uri = f"{server.url}/health"

    with FakeLLM() as llm:
        llm.replay(write(cassette(interaction(uri=uri))), allowed_hosts=["127.0.0.1"])
        assert ask("POST", uri, content=b"{}").text == "real"


def test_wrong_host_is_found_out_before_the_block(write):
    with pytest.raises(UsageError, match="allowed_hosts= takes names of hosts"):
        use_cassette(write(cassette(HELLO)), allowed_hosts=["https://a.test/"])


def test_counts_tell_of_other_traffic_as_well(write):
    download = interaction(method="GET", uri="https://example.org/a.pdf", request="body: null")
    cassette_used = use_cassette(write(cassette(HELLO, download)))

    with cassette_used.intercept():
        for url in ("https://example.org/a.pdf", "https://example.org/a.pdf", "https://example.org/b.pdf"):
            httpx.get(url)

    counts = cassette_used.counts
    assert (counts.played, counts.missed, counts.unused) == (1, 1, 1)


@pytest.mark.parametrize(
    "body", [b"[" * 5_000, b'{"messages": [{"role": "user", "content": "\\ud800"}]}', b"\xff\xfe", b"{", b""]
)
def test_any_unknown_body_gets_a_400(write, body):
    cassette_used = use_cassette(write(cassette(interaction(request="body: '{\"a\": 1}'"))))

    with cassette_used.intercept():
        response = httpx.post(CHAT, content=body)

    assert response.status_code == 400


def test_exception_of_the_block_is_not_replaced(write):
    path = write(cassette(HELLO))

    with pytest.raises(ZeroDivisionError), use_cassette(path):
        print(httpx.post(CHAT, json=chat_body("other")).status_code / 0)


def test_unknown_request_is_never_sent(write, ask, server):
    uri = f"{server.url}/v1/chat/completions"
    path = write(cassette(interaction(uri=uri)))

    with pytest.raises(CassetteMismatchError), use_cassette(path):
        ask("POST", uri, content=b"other")

    assert server.seen == 0


def test_recorded_loopback_request_is_never_sent(write, ask, server):
    uri = f"{server.url}/v1/chat/completions"
    path = write(cassette(interaction(uri=uri)))

    with use_cassette(path):
        response = ask("POST", uri, content=b"{}")

    assert (response.text, server.seen) == ("ok", 0)


def test_loopback_host_that_the_file_does_not_know_is_reached(write, ask, server):
    path = write(cassette(HELLO))

    with use_cassette(path):
        response = ask("POST", f"{server.url}/health", content=b"{}")

    assert (response.text, server.seen) == ("real", 1)


def test_requests_go_out_again_after_the_block(write, ask, server):
    uri = f"{server.url}/v1/chat/completions"

    with use_cassette(write(cassette(interaction(uri=uri)))):
        ask("POST", uri, content=b"{}")
    response = ask("POST", uri, content=b"{}")

    assert response.text == "real"


def test_async_block_answers_and_checks(write):
    path = write(cassette(HELLO))

    async def session():
        async with use_cassette(path), httpx.AsyncClient() as client:
            return await client.post(CHAT, json=chat_body("hi"))

    assert asyncio.run(session()).text == "hello"


def test_async_block_fails_for_an_unknown_request(write):
    path = write(cassette())

    async def session():
        async with use_cassette(path), httpx.AsyncClient() as client:
            await client.post(CHAT, json=chat_body("hi"))

    with pytest.raises(CassetteMismatchError, match="holds no request at all"):
        asyncio.run(session())


def test_client_with_the_transport_is_answered(write):
    cassette_used = use_cassette(write(cassette(HELLO)))

    with httpx.Client(transport=cassette_used.transport(httpx)) as client:
        assert client.post(CHAT, json=chat_body("hi")).text == "hello"


def test_calls_tell_what_was_asked(write):
    with use_cassette(write(cassette(HELLO))) as cassette_used:
        httpx.post(CHAT, json=chat_body("hi"))

    assert [(call.number, call.last_user, call.status) for call in cassette_used.calls] == [(1, "hi", 200)]


def test_transcript_shows_recorded_answers(write):
    answer = '{"choices": [{"message": {"content": "hello"}}]}'
    path = write(cassette(interaction(request=f"body: '{json.dumps(chat_body('hi'))}'", response=f"body: '{answer}'")))

    with use_cassette(path) as cassette_used:
        httpx.post(CHAT, json=chat_body("hi"))

    assert cassette_used.transcript() == ("call 1: POST /v1/chat/completions gpt-4o [200]\n  user: hi\n  => hello")


def test_unplayed_interactions_fail_nothing(write):
    with use_cassette(write(cassette(HELLO, chat_exchange("bye", "ciao")))) as cassette_used:
        httpx.post(CHAT, json=chat_body("hi"))

    assert [one.number for one in cassette_used.unplayed] == [2]


def test_cassette_shows_what_it_holds(write):
    path = write(cassette(HELLO, HELLO))

    assert repr(Cassette(path)) == f"<Cassette {path}: 2 interactions, 2 not played>"


def test_path_is_kept_as_text(write):
    path = write(cassette(HELLO))

    assert Cassette(path).path == str(path)


def test_missing_file_is_found_out_before_the_block(tmp_path):
    with pytest.raises(CassetteNotFoundError) as caught:
        use_cassette(tmp_path / "nowhere.yaml")

    assert str(caught.value).startswith(f"there is no cassette at {tmp_path / 'nowhere.yaml'}\n  to record one: ")


def test_damaged_file_is_found_out_before_the_block(write):
    path = write("interactions: [\n")

    with pytest.raises(CassetteFormatError) as caught:
        use_cassette(path)

    assert (caught.value.path, caught.value.line) == (str(path), 2)


@pytest.mark.parametrize(
    ("mode", "hint"),
    [
        ("None", "; did you mean 'none'?"),
        ("onec", "; did you mean 'once'?"),
        ("ONCE", "; did you mean 'once'?"),
        ("", ""),
    ],
)
def test_unknown_mode_is_refused(write, mode, hint):
    path = write(cassette(HELLO))

    with pytest.raises(UsageError) as caught:
        use_cassette(path, mode=mode)

    assert str(caught.value) == (
        f"there is no record mode {mode!r}; mode= takes one of none, once, new_episodes, all, rewrite, auto{hint}"
    )


def test_unknown_part_is_found_out_before_the_block(write):
    path = write(cassette(HELLO))

    with pytest.raises(UsageError, match=r"^match= takes any of method, scheme, .*; got 'header'$"):
        use_cassette(path, match=["body", "header"])


def test_file_is_not_changed(write):
    path = write(cassette(HELLO))
    before = path.read_bytes()

    with use_cassette(path):
        httpx.post(CHAT, json=chat_body("hi"))

    assert path.read_bytes() == before


STREAM = interaction(
    response="headers: {content-type: [text/event-stream]}\n"
    "body:\n  string: |+\n    data: a\n\n    data: bc\n\n    data: [DONE]\n\n"
)
TRACED = STREAM + 'x-fakellm: {recorded: "2026-11-20", chunks: [[0.5, 12], [0.25, 20]], cut: true}\n'


def test_answer_is_cut_and_timed_as_asked(write):
    clock = MockClock()

    pieces = []
    with (
        use_cassette(write(cassette(TRACED)), chunking="recorded", timing=2, clock=clock),
        httpx.stream("POST", CHAT, content=b"{}") as response,
        pytest.raises(httpx.RemoteProtocolError, match="incomplete chunked read"),
    ):
        pieces.extend(response.iter_raw())

    assert pieces == [b"data: a\n\ndat", b"a: bc\n\ndata: [DONE]\n", b"\n\n"]
    assert clock.sleeps == [1.0, 0.5]


def test_stream_that_was_cut_is_cut_again(write, ask):
    with use_cassette(write(cassette(TRACED))), pytest.raises(errors_of_all_ways("cut")):
        ask("POST", CHAT, content=b"{}")


LIMITED = interaction(
    status="status: {code: 429, message: Too Many Requests}",
    response="headers: {retry-after: ['4']}\nbody: {string: slow}",
)


def waits(response):
    return {name: value for name, value in response.headers.items() if name.startswith("retry-after")}


def test_recorded_retry_after_makes_nobody_wait(write, ask):
    with use_cassette(write(cassette(LIMITED))):
        response = ask("POST", CHAT, content=b"{}")

    assert waits(response) == {"retry-after": "0", "retry-after-ms": "1"}


@pytest.mark.parametrize(
    ("timing", "expected"),
    [
        ("none", {"retry-after": "0", "retry-after-ms": "1"}),
        ("recorded", {"retry-after": "4"}),
        (0.5, {"retry-after": "2", "retry-after-ms": "2000"}),
    ],
)
def test_recorded_retry_after_waits_as_timing_asks(write, timing, expected):
    with use_cassette(write(cassette(LIMITED)), timing=timing):
        response = httpx.post(CHAT, content=b"{}")

    assert waits(response) == expected


def test_recorded_retry_after_stays_where_waiting_takes_no_time(write):
    with FakeLLM().virtual_time(), use_cassette(write(cassette(LIMITED))):
        response = httpx.post(CHAT, content=b"{}")

    assert waits(response) == {"retry-after": "4"}


def test_client_that_retries_does_not_wait_for_a_recorded_time(write):
    clock = MockClock()
    choices = '[{"message": {"role": "assistant", "content": "hello"}, "finish_reason": "stop"}]'
    answer = f'{{"model": "gpt-4o-2024-08-06", "choices": {choices}}}'
    path = write(cassette(LIMITED, interaction(response=f"body: '{answer}'")))
    client = OpenAIChatCompletionClient(model="gpt-4o", api_key="k", clock=clock)

    with use_cassette(path, match=["path"]):
        result = asyncio.run(client.create([UserMessage(content="hi", source="user")]))

    assert (result.content, clock.sleeps) == ("hello", [0.001])


@pytest.mark.parametrize(
    ("wrong", "message"), [({"chunking": "all"}, "chunking= takes 'rec"), ({"timing": "slow"}, "timing= takes 'none'")]
)
def test_unknown_manner_is_found_out_before_the_block(write, wrong, message):
    with pytest.raises(UsageError, match=message):
        use_cassette(write(cassette(HELLO)), **wrong)
