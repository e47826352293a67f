"""Saving: whole or not at all, behind what others wrote, without secrets."""

import json
import os
import re
import subprocess
import sys
import textwrap
import threading
from pathlib import Path
from urllib.parse import quote

import httpx
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from provider_server import provider

from fakellm import CassetteError, UnredactedSecretError, use_cassette
from fakellm._cassette import file as cassette_file
from fakellm._cassette.file import locked, read_cassette, replace_text
from fakellm._cassette.interaction import Interaction, RecordedResponse, Trace
from fakellm._cassette.recorded import credentials, fit_for_file
from fakellm._cassette.redact import Redactor
from fakellm._cassette.save import change_cassette, save_cassette
from fakellm._cassette.scan import check_no_secrets
from fakellm._cassette.write import write_interactions
from fakellm._wire.canonical import canonical_body, digest
from fakellm._wire.events import WireRequest

CHAT = "https://api.openai.com/v1/chat/completions"


def exchange(body=b"{}", *, headers=(), url=CHAT, trace=None):
    request = WireRequest("POST", url, {"authorization": "Bearer sk-live"}, b"{}")
    return Interaction(1, None, request, RecordedResponse(200, "OK", headers, body), trace or Trace())


# Each plants a secret in one place of what is sent, or of what comes back.
IN_REQUEST_HEADER = [
    "authorization", "proxy-authorization", "api-key", "x-api-key", "x-goog-api-key", "ocp-apim-subscription-key",
    "cookie", "openai-organization", "openai-project", "x-stainless-retry-count", "http-referer", "x-title", "x-own",
]  # fmt: skip
IN_QUERY = [
    "key", "api_key", "api-key", "access_token", "token", "sig", "signature", "code", "X-Amz-Signature",
    "X-Amz-Credential", "X-Amz-Security-Token", "client_secret",
]  # fmt: skip
IN_BODY = [
    "access_token", "refresh_token", "id_token", "client_secret", "api_key", "password", "authorization", "apiKey",
]  # fmt: skip
IN_RESPONSE_HEADER = ["set-cookie", "openai-organization", "x-own", "authorization", "www-authenticate", "cf-ray"]
IN_TEXT = {
    "key": "sk-proj-{}", "groq": "gsk_{}", "cerebras": "csk-{}", "hugging face": "hf_{}", "google": "AIzaSy{}",
    "github": "ghp_{}", "slack": "xoxb-{}", "bearer": "Bearer {}", "url": "https://me:{}@host/",
}  # fmt: skip


def marked(place, n):
    return f"planted{n:02}A1b2C3d4E5f6G7h8-{re.sub('[^a-z]', '', place.lower())}"


def test_no_secret_planted_anywhere_reaches_the_file(tmp_path, monkeypatch):
    path = tmp_path / "session.yaml"
    planted = []

    def plant(place):
        planted.append(marked(place, len(planted)))
        return planted[-1]

    environment = plant("environment")
    monkeypatch.setenv("OWN_SERVICE_SECRET", environment)
    answer_headers = [(name, plant(name)) for name in IN_RESPONSE_HEADER]
    answer = {
        "echo": f"Incorrect API key provided: {(key := plant('echo'))}.",
        "environment": environment,
        "texts": [shape.format(plant(name)) for name, shape in IN_TEXT.items()],
        "arguments": json.dumps({"password": plant("arguments"), "deep": json.dumps({"api_key": plant("deep")})}),
        **{name: plant(name) for name in IN_BODY},
    }
    streamed = plant("stream")

    def script(exchange):
        if "stream" in exchange.path:
            events = "".join(f'data: {{"delta": "{part}"}}\n\n' for part in ["sk-", streamed[:9], streamed[9:], " "])
            exchange.answer(events.encode(), content_type="text/event-stream")
            return
        exchange.head(content_length=str(len(json.dumps(answer))), **dict(answer_headers))
        exchange._handler.wfile.write(json.dumps(answer).encode())

    query = "&".join(f"{name}={quote(plant(name))}" for name in IN_QUERY)
    body = {
        "messages": [{"role": "user", "content": f"my key is sk-{plant('content')}, and {environment}"}],
        "tools": [{"type": "mcp", "headers": {"X-Own": plant("mcp")}, "authorization": plant("mcp")}],
        **{name: plant(name) for name in IN_BODY},
    }
    headers = {name: plant(name) for name in IN_REQUEST_HEADER} | {"authorization": f"Bearer {key}"}
    form = f"client_secret={plant('form')}&grant_type=refresh_token&refresh_token={plant('form')}"
    files = {"file": ("a.txt", f"sk-{plant('file')}".encode()), "api_key": (None, plant("part"))}
    user = plant("user")

    with provider(script) as url, use_cassette(path, mode="once"):
        with_user = url.replace("://", f"://{user}:{plant('user')}@")
        httpx.post(f"{url}/v1/chat/completions?{query}", json=body, headers=headers)
        httpx.post(
            f"{with_user}/v1/embeddings", content=form, headers={"content-type": "application/x-www-form-urlencoded"}
        )
        httpx.post(f"{url}/v1/audio/transcriptions", files=files)
        httpx.post(f"{url}/stream/chat/completions", json={})

    text = path.read_text()
    assert len(planted) > 60
    assert [secret for secret in planted if secret in text] == []
    assert [secret for secret in planted if secret[:14] in text] == []
    assert "kept" not in text
    assert len(read_cassette(path)) == 4


def test_scan_says_what_and_where_without_giving_it_away():
    body = b'{\n  "a": "sk-proj-0123456789abcdefghij",\n  "b": "own-secret-1"\n}'
    text = write_interactions([exchange(), exchange(body)])

    with pytest.raises(UnredactedSecretError) as caught:
        check_no_secrets(text, path="session.yaml", secrets=["own-secret-1"])

    assert str(caught.value) == (
        "session.yaml was not saved: it would hold what looks like a secret\n"
        "  interaction 2, response, line 26: a key, sk-pr… (28 characters)\n"
        "  interaction 2, response, line 27: the value of an environment variable, own-s… (12 characters)\n"
        "  keep it out of what is sent, or name it: use_cassette(..., redact=['text', re.compile('…')])"
    )


@pytest.mark.parametrize(
    ("body", "what"),
    [
        (b"gsk_0123456789abcdefghij", "a key, gsk_0… (24 characters)"),
        (b"-----BEGIN PRIVATE KEY-----\nMII\n", "a private key, -----… (27 characters)"),
        (b"authorization: Bearer abcdef123456", "a token, abcde… (12 characters)"),
        (b"postgres://me:secret@db/x", "a password in a URL, me:se… (9 characters)"),
    ],
)
def test_scan_knows_what_it_found(body, what):
    with pytest.raises(UnredactedSecretError) as caught:
        check_no_secrets(write_interactions([exchange(body)]), path="x")

    assert f"  interaction 1, response, line 13: {what}\n" in str(caught.value)


def test_scan_lists_a_few_of_many():
    body = b"\n".join(b"sk-0123456789abcdefg%d" % n for n in range(8))

    with pytest.raises(UnredactedSecretError, match=r"\n  and 3 more\n"):
        check_no_secrets(write_interactions([exchange(body)]), path="x")


def test_what_the_scan_finds_is_not_saved(tmp_path):
    path = str(tmp_path / "session.yaml")
    save_cassette(path, [exchange()], secrets=[], redactor=Redactor())
    before = Path(path).read_bytes()

    with pytest.raises(UnredactedSecretError):
        change_cassette(path, lambda held: [*held, exchange(b"sk-proj-0123456789abcdefghij")])

    assert Path(path).read_bytes() == before


def test_file_that_cannot_be_written_is_told(tmp_path, monkeypatch):
    path = str(tmp_path / "session.yaml")

    def full(descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(CassetteError) as caught:
        save_cassette(path, [exchange()], secrets=[], redactor=Redactor())

    assert str(caught.value) == f"{path} was not saved: No space left on device"


def test_users_own_words_are_blacked_out(tmp_path):
    path = tmp_path / "session.yaml"

    with (
        provider(lambda exchange: exchange.answer(b'{"name": "Ada Lovelace", "id": "cust-0815"}')) as url,
        use_cassette(path, mode="once", redact=["Ada Lovelace", re.compile(r"cust-\d+")]),
    ):
        httpx.post(f"{url}/v1/chat/completions", json={"user": "cust-4711"})

    (held,) = read_cassette(path)
    assert json.loads(held.response.body) == {"name": "REDACTED", "id": "REDACTED"}
    assert json.loads(held.request.body) == {"user": "REDACTED"}
    with use_cassette(path, redact=["Ada Lovelace", re.compile(r"cust-\d+")]):
        assert httpx.post(held.request.url, json={"user": "cust-9999"}).status_code == 200


def test_credentials_of_requests_are_known():
    headers = {
        "authorization": "Bearer live-key-1",
        "x-api-key": "live-key-2",
        "accept": "*/*",
        "cookie": "a=b; c=live-key-4",
    }
    request = WireRequest("POST", "https://me:live-key-5@host/?key=live-key-3&alt=sse", headers, b"")

    assert credentials([request]) == ("live-key-1", "live-key-2", "live-key-4", "live-key-5", "live-key-3")


def test_chunks_are_counted_anew_where_redacting_moves_them():
    secret = b"sk-proj-0123456789abcdef"
    lines = [b'data: {"a":"' + secret + b'"}\n', b"\n", b"data: two\n", b"\n"]
    trace = Trace("2026-11-20", ((0.1, len(lines[0]) + 1), (0.2, 5), (0.3, 6)))

    (fit,) = fit_for_file([exchange(b"".join(lines), trace=trace)], Redactor())

    assert fit.response.body == b'data: {"a":"REDACTED"}\n\ndata: two\n\n'
    assert fit.trace.chunks == ((0.1, 24), (0.2, 5), (0.3, 6))


def test_chunks_of_json_are_counted_anew_in_proportion():
    (fit,) = fit_for_file([exchange(b'{"a":1}', trace=Trace("", ((0.1, 3), (0.1, 4))))], Redactor())

    assert fit.response.body == b'{\n  "a": 1\n}'
    assert sum(size for _, size in fit.trace.chunks) == len(fit.response.body)


def test_fitting_twice_changes_nothing():
    body = b'{"api_key": "x", "deep": [{"n": 1.10}]}'
    recorded = exchange(body, headers=(("x-request-id", "req_1"),), trace=Trace("", ((0.1, 39),)))
    once = fit_for_file([recorded], Redactor())

    assert fit_for_file(once, Redactor()) == once


def test_same_text_is_not_written_again(tmp_path):
    path = tmp_path / "a" / "session.yaml"

    assert replace_text(path, "one") is True
    before = path.stat()
    assert replace_text(path, "one") is False

    assert (path.stat().st_ino, path.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)
    assert replace_text(path, "two") is True
    assert [file.name for file in path.parent.iterdir()] == ["session.yaml"]


def test_link_stays_a_link(tmp_path):
    real, link = tmp_path / "real.yaml", tmp_path / "link.yaml"
    real.write_text("one")
    link.symlink_to(real)

    replace_text(link, "two")

    assert (link.is_symlink(), real.read_text()) == (True, "two")


@pytest.mark.skipif(os.name == "nt", reason="there are no such modes")
@pytest.mark.parametrize("mode", [0o600, 0o644, 0o664, 0o444])
@pytest.mark.parametrize("is_link", [False, True])
def test_mode_of_the_file_is_kept(tmp_path, mode, is_link):
    real = path = tmp_path / "real.yaml"
    real.write_text("one")
    real.chmod(mode)
    if is_link:
        path = tmp_path / "link.yaml"
        path.symlink_to(real)

    replace_text(path, "two")

    assert (real.read_text(), real.stat().st_mode & 0o777, path.is_symlink()) == ("two", mode, is_link)


@pytest.mark.skipif(os.name == "nt", reason="there are no such modes")
def test_new_file_has_the_mode_that_the_umask_leaves(tmp_path):
    before = os.umask(0o027)
    try:
        replace_text(tmp_path / "a.yaml", "one")
    finally:
        os.umask(before)

    assert (tmp_path / "a.yaml").stat().st_mode & 0o777 == 0o640


@pytest.mark.skipif(os.name == "nt", reason="there are no such modes")
def test_part_of_a_private_file_is_private_while_it_is_written(tmp_path, monkeypatch):
    path, seen = tmp_path / "a.yaml", []
    path.write_text("one")
    path.chmod(0o600)
    monkeypatch.setattr(os, "fsync", lambda descriptor: seen.append(os.fstat(descriptor).st_mode & 0o777))

    replace_text(path, "two")

    assert seen == [0o600]


@pytest.mark.skipif(os.name == "nt" or getattr(os, "getuid", int)() != 0, reason="only root gives files away")
def test_owner_of_the_file_is_kept(tmp_path):
    path = tmp_path / "a.yaml"
    path.write_text("one")
    os.chown(path, 12345, 54321)

    replace_text(path, "two")

    assert (path.stat().st_uid, path.stat().st_gid) == (12345, 54321)


def test_owner_that_cannot_be_kept_does_not_matter(tmp_path, monkeypatch):
    path = tmp_path / "a.yaml"
    path.write_text("one")

    def refuse(path, user, group):
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "chown", refuse, raising=False)
    replace_text(path, "two")

    assert path.read_text() == "two"


def test_write_that_fails_leaves_the_old_file_and_nothing_else(tmp_path, monkeypatch):
    path = tmp_path / "session.yaml"
    path.write_text("old")

    def full(descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        replace_text(path, "new")

    assert (path.read_text(), len(list(tmp_path.iterdir()))) == ("old", 1)


def test_lock_keeps_others_waiting(tmp_path):
    path, order, is_waiting = tmp_path / "session.yaml", [], threading.Event()

    def other():
        is_waiting.set()
        with locked(path):
            order.append("other")

    with locked(path):
        thread = threading.Thread(target=other)
        thread.start()
        is_waiting.wait(10)
        order.append("first")
    thread.join()

    assert order == ["first", "other"]
    assert list(tmp_path.iterdir()) == []


def test_lock_that_is_never_released_is_told(tmp_path, monkeypatch):
    monkeypatch.setattr(cassette_file, "_PATIENCE", 0.01)

    with locked(tmp_path / "x.yaml"), pytest.raises(CassetteError) as caught, locked(tmp_path / "x.yaml"):
        pass

    assert str(caught.value).startswith(f"{tmp_path}/x.yaml was not saved: another process is writing it; lock ")


RECORD_MANY = """
    import sys, httpx, fakellm
    path, url, who = sys.argv[1:]
    with httpx.Client() as client:
        for n in range(25):
            with fakellm.use_cassette(path, mode="new_episodes"):
                client.post(f"{url}/v1/chat/completions", json={"who": who, "n": n}).raise_for_status()
"""


def test_four_processes_keep_all_hundred_recordings(tmp_path):
    path = tmp_path / "shared.yaml"

    with provider(lambda exchange: exchange.answer(exchange.body)) as url:
        command = [sys.executable, "-c", textwrap.dedent(RECORD_MANY), str(path), url]
        processes = [subprocess.Popen([*command, who]) for who in "abcd"]
        assert [process.wait(60) for process in processes] == [0] * 4

    held = [json.loads(interaction.request.body) for interaction in read_cassette(path)]
    assert sorted((body["who"], body["n"]) for body in held) == [(who, n) for who in "abcd" for n in range(25)]
    for who in "abcd":
        assert [body["n"] for body in held if body["who"] == who] == list(range(25))


# Forks instead of starting: 200 interpreters would take a minute.
KILL_MANY = """
    import os, random, signal, sys, time
    from pathlib import Path
    from fakellm._cassette.file import locked, replace_text
    path = Path(sys.argv[1])
    texts = [letter * 300_000 for letter in "ab"]
    path.write_text(texts[0])
    pauses = random.Random(1)
    for _ in range(200):
        child = os.fork()
        if not child:
            while True:
                for text in texts:
                    with locked(path):
                        replace_text(path, text)
        time.sleep(pauses.uniform(0, 0.008))
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        assert path.read_text() in texts, "damaged"
    parts = len(list(path.parent.glob(".*.part")))
    with locked(path):
        replace_text(path, "c")
    print(parts, sorted(file.name for file in path.parent.iterdir()))
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_killed_writer_leaves_the_old_file_or_the_new_one(tmp_path):
    path = tmp_path / "session.yaml"

    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(KILL_MANY), str(path)], capture_output=True, text=True, check=False
    )

    assert done.stderr == ""
    assert done.stdout.endswith("['session.yaml']\n")


REAL = sorted(Path(os.environ.get("FAKELLM_REAL_CASSETTES", "/nonexistent")).glob("*.yaml"))


@pytest.mark.parametrize("path", REAL, ids=lambda path: path.stem)
def test_real_session_is_saved_with_all_that_was_said(path, tmp_path):
    held = read_cassette(path)
    saved = tmp_path / "session.yaml"

    save_cassette(str(saved), held, secrets=[], redactor=Redactor())

    again = read_cassette(saved)
    assert [canonical_body(one.request.body) for one in again] == [canonical_body(one.request.body) for one in held]
    assert [canonical_body(one.response.body) for one in again] == [canonical_body(one.response.body) for one in held]
    assert fit_for_file(again, Redactor()) == again


SECRET = st.sampled_from(
    ["sk-proj-0123456789abcdef", "gsk_0123456789abcdefgh", "Bearer abcdef123456", "https://me:pw@host/", "own secret 1"]
)
TEXT = st.lists(st.text(max_size=6) | SECRET, max_size=5).map("".join)
JSON = st.recursive(TEXT | st.integers(), lambda v: st.lists(v, max_size=3) | st.dictionaries(TEXT, v, max_size=3))
BODY = (
    TEXT.map(lambda text: text.encode("utf-8", "replace"))
    | st.dictionaries(TEXT, JSON, max_size=3).map(lambda value: json.dumps(value).encode())
    | st.lists(st.dictionaries(TEXT, JSON, max_size=2), max_size=4).map(
        lambda events: "".join(f"data: {json.dumps(event)}\n\n" for event in events).encode()
    )
    | st.binary(max_size=20).map(lambda data: data + b"\xff sk-proj-0123456789abcdef")
)


# Pieces whose names are black alike once the names are redacted.
BLACK_ALIKE = (
    b'data: {"sk-proj-0123456789abcdef": {"": [{"gsk_0123456789abcdefghsk-proj-0123456789abcdefBearer abcdef123456": '
    b'"gsk_0123456789abcdefgh"}]}}\n\ndata: {"sk-proj-0123456789abcdefsk-proj-0123456789abcdef": {"": [{'
    b'"gsk_0123456789abcdefghsk-proj-0123456789abcdefBearer abcdef123456": "sk-proj-0123456789abcdef"}]}}\n\n'
)


@given(BODY)
@example(BLACK_ALIKE)
def test_what_is_redacted_passes_the_scan(body):
    redactor = Redactor(["own secret 1"])

    fit = fit_for_file([exchange(body)], redactor)

    check_no_secrets(write_interactions(fit), path="x", secrets=["own secret 1"])
    assert fit_for_file(fit, redactor) == fit


def test_what_a_killed_process_left_behind_is_removed(tmp_path):
    path = tmp_path / "a.yaml"
    left = tmp_path / f".{digest('a.yaml', size=6).hex()}-1.part"
    other = tmp_path / ".other-1.part"
    for file in (left, other):
        file.write_text("half")

    replace_text(path, "interactions: []\n")

    assert sorted(tmp_path.iterdir()) == [other, path]


def test_two_names_of_a_file_have_one_lock(tmp_path, monkeypatch):
    monkeypatch.setattr(cassette_file, "_PATIENCE", 0.0)
    link = tmp_path / "link.yaml"
    link.symlink_to(tmp_path / "a.yaml")

    with locked(tmp_path / "a.yaml"), pytest.raises(CassetteError, match="another process is writing it"), locked(link):
        pass


def test_status_text_is_redacted():
    response = RecordedResponse(401, "sk-abcdefghijklmnop1234 is wrong", (), b"")

    (found,) = fit_for_file([Interaction(1, None, WireRequest("GET", CHAT, {}, b""), response)], Redactor())

    assert found.response.reason == "REDACTED is wrong"


def test_rewriting_adds_to_what_was_written_since(tmp_path):
    path = str(tmp_path / "a.yaml")

    def save(body, before):
        save_cassette(path, [exchange(body)], secrets=(), redactor=Redactor(), replaces_before=before)
        return [one.response.body for one in read_cassette(path)]

    save(b"old", None)
    os.utime(path, (100, 100))
    assert save(b"one", 101) == [b"one"]
    os.utime(path, (101, 101))
    assert save(b"two", 101) == [b"one", b"two"]
    assert save(b"three", float("inf")) == [b"three"]
