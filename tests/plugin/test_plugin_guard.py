"""Connections that no fake can answer: refused, told once, with host, stack and model."""

from __future__ import annotations

from fnmatch import fnmatch

import pytest
from plugin_project import write_ini

ASK = """
import asyncio, json, socket, urllib.request
import uvloop

QUESTION = {"model": "gpt-4o", "messages": [{"role": "user", "content": "hi"}]}
KEY = {"authorization": "Bearer sk-fakellm"}

def by_requests(url):
    import requests
    requests.post(url, json=QUESTION, headers=KEY, timeout=5)

def by_urllib3(url):
    import urllib3
    urllib3.request("POST", url, json=QUESTION, timeout=5, retries=False)

def by_urllib(url):
    urllib.request.urlopen(urllib.request.Request(url, json.dumps(QUESTION).encode()), timeout=5)

def by_aiohttp(url):
    import aiohttp
    async def ask():
        async with aiohttp.ClientSession(headers=KEY) as session, session.post(url, json=QUESTION):
            pass
    asyncio.run(ask())

def by_asyncio(url):
    body = json.dumps(QUESTION)
    async def ask():
        await asyncio.open_connection(url.split("/")[2], 443)
    asyncio.run(ask())

def by_uvloop(url):
    async def ask():
        await asyncio.open_connection(url.split("/")[2], 443)
    uvloop.run(ask())

def by_socket(url):
    with socket.socket() as sock:
        sock.connect((url.split("/")[2], 443))

def swallow(ask, url="https://api.openai.com/v1/chat/completions"):
    try:
        ask(url)
    except Exception as err:
        return err
"""


@pytest.fixture
def asking(project):
    project.makepyfile(ask=ASK)
    return project


@pytest.mark.parametrize("way", ["urllib3", "urllib", "asyncio", "uvloop", "socket"])
def test_provider_is_out_of_reach_while_the_fake_is_active(asking, way):
    asking.makepyfile(f"""
        from ask import by_{way}, swallow

        def test_agent(fake_llm):
            assert "blocked by fakellm" in str(swallow(by_{way}))

        def test_next(fake_llm):
            pass
    """)

    result = asking.runpytest()

    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(
        [
            "BlockedConnectionError: a connection to api.openai.com:443 was blocked: the host belongs to a provider of "
            "models",
            "  fakellm answers clients on httpx, httpx2, requests and aiohttp, while a fake or cassette is active;",
            "*connections: 1 refused",
            "refused: api.openai.com in *::test_agent",
        ]
    )


@pytest.mark.parametrize("way", ["requests", "aiohttp"])
def test_client_that_is_answered_does_not_come_to_the_guard(asking, way):
    asking.makepyfile(f"""
        from ask import by_{way}, swallow

        def test_agent(fake_llm):
            fake_llm.reply("Hello!")
            assert swallow(by_{way}) is None
    """)

    result = asking.runpytest()

    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["1 call, *", "*connections: 0 refused"])


@pytest.mark.parametrize("way", ["requests", "aiohttp"])
def test_client_that_comes_too_early_is_refused(asking, way):
    write_ini(asking, more="llm_guard = true")
    asking.makepyfile(f"""
        from ask import by_{way}, swallow

        def test_agent():
            assert "blocked by fakellm" in str(swallow(by_{way}))
    """)

    result = asking.runpytest()

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["  this one is on something else, or came too early or too late: *"])


@pytest.mark.parametrize(("way", "through"), [("urllib3", "urllib3"), ("urllib", "urllib, http")])
def test_report_names_model_libraries_and_lines(asking, way, through):
    asking.makepyfile(
        test_agent=f"""
        from ask import by_{way}, swallow

        def test_agent(fake_llm):
            swallow(by_{way})
    """
    )

    result = asking.runpytest()

    result.stdout.fnmatch_lines(
        [
            "BlockedConnectionError: a connection to api.openai.com:443 was blocked: *",
            f"  for model 'gpt-4o', through {through}",
            f"  at ask.py:* in by_{way}",
            "  by ask.py:* in swallow",
            "  by test_agent.py:4 in test_agent",
            "  fakellm answers clients on httpx, httpx2, requests and aiohttp, while a fake or cassette is active;",
            "  this one is on something else, or came too early or too late: use one of these, or stand in for it",
        ]
    )


# Code of a library: it lies in no file of the project.
FRAMEWORK = """
def ask():
    import urllib.request
    urllib.request.urlopen("https://api.openai.com/v1/chat/completions", b"{}", timeout=5)
"""


@pytest.mark.parametrize(
    ("framework", "advice"),
    [
        ("dspy", "  in dspy, type: dspy.LM(..., engine='litellm', cache=False)"),
        ("strands", "  in strands, type: OpenAIModel(model_id=...); its default asks Bedrock through botocore"),
    ],
)
def test_report_says_how_a_framework_is_told_to_ask_where_it_is_answered(asking, framework, advice):
    asking.makepyfile(
        test_agent=f"""
        NAMES = {{"__name__": "{framework}.clients"}}
        exec(compile({FRAMEWORK!r}, "<{framework}>", "exec"), NAMES)

        def test_agent(fake_llm):
            try:
                NAMES["ask"]()
            except OSError:
                pass
    """
    )

    result = asking.runpytest()

    result.assert_outcomes(failed=1)
    assert f"\n  through {framework}, urllib, http\n" in result.stdout.str()
    assert f"or stand in for it\n{advice}\n" in result.stdout.str()


def test_report_names_the_lines_of_a_task(asking):
    asking.makepyfile("""
        from ask import by_asyncio, swallow

        def test_agent(fake_llm):
            swallow(by_asyncio)
    """)

    result = asking.runpytest()

    result.stdout.fnmatch_lines(
        ["  for model 'gpt-4o', directly", "  at ask.py:* in ask", "  by ask.py:* in by_asyncio"]
    )


def test_report_names_who_waits_for_the_task_of_a_library(asking):
    write_ini(
        asking,
        addopts="-p pytest_asyncio.plugin",
        more="asyncio_default_fixture_loop_scope = function\nllm_guard = true",
    )
    asking.makepyfile(
        test_agent="""
        import aiohttp
        import pytest
        from ask import QUESTION

        async def ask(session):
            await session.post("https://api.openai.com/v1/chat/completions", json=QUESTION)

        @pytest.mark.asyncio
        async def test_agent():
            async with aiohttp.ClientSession() as session:
                with pytest.raises(aiohttp.ClientConnectionError):
                    await ask(session)
    """
    )

    result = asking.runpytest()

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        ["  for model 'gpt-4o', through aiohttp", "  at test_agent.py:6 in ask", "  by test_agent.py:12 in test_agent"]
    )


def test_variable_that_cannot_be_looked_at_is_passed_over(asking):
    asking.makepyfile("""
        import pytest
        from ask import by_urllib, swallow

        class Proxy:
            @property
            def __dict__(self):
                raise RuntimeError("working outside of a request")

        def test_agent(fake_llm):
            proxy = Proxy()
            assert "blocked by fakellm" in str(swallow(by_urllib))
    """)

    result = asking.runpytest()

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["  for model 'gpt-4o', through urllib, http"])


def test_error_that_nobody_caught_is_told_with_the_traceback_and_the_explanation(asking):
    asking.makepyfile("""
        from ask import by_socket

        def test_agent(fake_llm):
            by_socket("https://api.openai.com/")
    """)

    result = asking.runpytest()

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        ["E*BlockedConnectionError: blocked by fakellm: a connection to api.openai.com:443*", "*fakellm check*"]
    )


def test_other_hosts_and_the_time_after_the_test_are_free(asking):
    asking.makepyfile("""
        import socket

        def test_other(fake_llm):
            try:
                socket.getaddrinfo("nobody.invalid", 443)
            except socket.gaierror:
                pass

        def test_provider_after_the_fake(request):
            from pytest_fakellm.state import guard_of
            guard_of(request.config).check("api.openai.com", 443)
    """)

    asking.runpytest().assert_outcomes(passed=2)


def test_connections_of_fixtures_that_end_are_an_error(asking):
    asking.makepyfile("""
        import pytest
        from ask import by_socket, swallow

        @pytest.fixture
        def agent(fake_llm):
            yield
            swallow(by_socket)

        def test_agent(agent):
            pass
    """)

    result = asking.runpytest()

    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines(["BlockedConnectionError: a connection to api.openai.com:443*"])


def test_connection_of_a_fixture_fails_the_test_once(asking):
    asking.makepyfile("""
        import pytest
        from ask import by_socket, swallow

        @pytest.fixture
        def agent(fake_llm):
            swallow(by_socket)

        def test_agent(agent):
            pass
    """)

    asking.runpytest().assert_outcomes(failed=1)


def test_block_network_fails_whatever_leads_beyond_loopback(asking):
    asking.makepyfile("""
        import httpx, socket
        from ask import by_requests, swallow

        def test_name():
            swallow(by_requests, "https://example.com/")

        def test_address():
            swallow(by_requests, "http://93.184.216.34:8080/")

        def test_httpx(fake_llm):
            swallow(httpx.get, "https://example.com/")

        def test_loopback():
            with socket.create_server(("127.0.0.1", 0)) as server:
                socket.create_connection(server.getsockname()).close()
                socket.create_connection(("localhost", server.getsockname()[1])).close()

        def test_own_name():
            socket.getaddrinfo(None, 80)
            swallow(lambda _: socket.gethostbyname(socket.gethostname()))
    """)

    result = asking.runpytest("--llm-block-network")

    result.assert_outcomes(passed=2, failed=3)
    result.stdout.fnmatch_lines(
        [
            "BlockedConnectionError: a connection to example.com:443 was blocked: it leads beyond loopback",
            "  if the test means it, let this host through: ini llm_allowed_hosts = example.com",
            "  or run it without --llm-block-network (ini llm_block_network)",
            "BlockedConnectionError: a connection to 93.184.216.34:8080 was blocked: it leads beyond loopback",
            "*through httpx, httpcore*",
        ]
    )


NAMES = """
import socket, sys

import pytest

def look_up(host, port, *args, **kwargs):
    sys.audit("socket.getaddrinfo", host, port, 0, 0, 0)
    return [(socket.AF_INET, socket.SOCK_DGRAM, 0, "", ("192.0.2.7" if host == "db.test" else "192.0.2.8", port))]

@pytest.fixture(autouse=True)
def names(monkeypatch):
    monkeypatch.setattr(socket, "getaddrinfo", look_up)

def connect(name):
    # No packet leaves for that, so there may well be no route.
    (found,) = socket.getaddrinfo(name, 9)
    with socket.socket(*found[:2]) as sock:
        sock.connect(found[4])
"""


@pytest.mark.parametrize(
    ("arguments", "ini"),
    [(["--llm-block-network"], ""), ([], "llm_block_network = true")],
    ids=["option", "ini"],
)
def test_allowed_host_is_reached_by_its_address_although_the_network_is_blocked(asking, arguments, ini):
    write_ini(asking, more=f"{ini}\nllm_allowed_hosts = db.*")
    asking.makeconftest(NAMES)
    asking.makepyfile("""
        from ask import swallow
        from conftest import connect

        def test_allowed():
            assert type(swallow(connect, "db.test")).__name__ != "BlockedConnectionError"

        def test_other():
            swallow(connect, "mail.test")
    """)

    result = asking.runpytest(*arguments)

    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(["BlockedConnectionError: a connection to mail.test:9 was blocked: *"])


def test_allowed_provider_is_reached_while_a_fake_is_active(asking):
    asking.makeconftest(NAMES)
    asking.makepyfile("""
        import pytest
        from ask import swallow
        from conftest import connect

        class TestAllowed:
            @pytest.fixture
            def llm_config(self):
                return {"allowed_hosts": ["api.groq.com"]}

            def test_allowed(self, fake_llm):
                assert type(swallow(connect, "api.groq.com")).__name__ != "BlockedConnectionError"

        def test_after(fake_llm):
            swallow(connect, "api.groq.com")
    """)

    asking.runpytest().assert_outcomes(passed=1, failed=1)


def test_wrong_host_of_the_ini_is_told_before_anything_runs(asking):
    write_ini(asking, more="llm_guard = true\nllm_allowed_hosts = https://a.test/")
    asking.makepyfile("def test_plain():\n    pass\n")

    result = asking.runpytest()

    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(
        [
            "ERROR: *tox.ini: llm_allowed_hosts: allowed_hosts= takes names of hosts *; got 'https://a.test/'",
            "*type: 'a.test'",
        ]
    )


def test_block_network_by_config_holds_while_a_fake_is_active(asking):
    asking.makepyfile("""
        import pytest
        from ask import by_socket, swallow

        @pytest.fixture
        def llm_config():
            return {"block_network": True}

        def test_blocked(fake_llm):
            swallow(by_socket, "https://example.com/")
    """)

    asking.runpytest().assert_outcomes(failed=1)


def test_names_bound_before_and_datagrams_are_seen(asking):
    asking.makepyfile("""
        import socket
        from socket import getaddrinfo
        from ask import swallow

        def test_name():
            swallow(lambda _: getaddrinfo("example.com", 80))

        def test_datagram():
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
                swallow(lambda _: sock.sendto(b"", ("93.184.216.34", 8125)))

        def test_message():
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
                swallow(lambda _: sock.sendmsg([b""], [], 0, ("93.184.216.34", 8125)))
    """)

    asking.runpytest("--llm-block-network").assert_outcomes(failed=3)


def test_message_of_a_connected_socket_is_free(asking):
    asking.makepyfile("""
        import socket

        def test_message():
            there, here = (socket.socket(type=socket.SOCK_DGRAM) for _ in range(2))
            with there, here:
                there.bind(("127.0.0.1", 0))
                here.connect(there.getsockname())
                assert here.sendmsg([b"hi"]) == 2
    """)

    asking.runpytest("--llm-block-network").assert_outcomes(passed=1)


def test_loop_that_is_imported_late_is_guarded(asking):
    asking.makepyfile("""
        import asyncio, sys

        async def ask():
            await asyncio.open_connection("api.openai.com", 443)

        def test_agent(fake_llm):
            assert "uvloop" not in sys.modules
            import uvloop
            try:
                uvloop.run(ask())
            except OSError as err:
                assert "blocked by fakellm" in str(err)
    """)

    result = asking.runpytest_subprocess()

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["BlockedConnectionError: a connection to api.openai.com:443 was blocked*"])


def test_unix_sockets_are_free(asking):
    asking.makepyfile("""
        import socket

        def test_unix(tmp_path, monkeypatch):
            monkeypatch.chdir(tmp_path)
            with socket.socket(socket.AF_UNIX) as server, socket.socket(socket.AF_UNIX) as client:
                server.bind("sock")
                server.listen()
                client.connect("sock")
    """)

    asking.runpytest("--llm-block-network").assert_outcomes(passed=1)


@pytest.mark.parametrize("line", ["llm_guard = true", "llm_block_network = true"])
def test_guard_holds_for_imports(asking, line):
    write_ini(asking, more=line)
    asking.makepyfile(
        prices="from ask import by_socket, swallow\nswallow(by_socket)\n",
        test_agent="import prices\n\ndef test_agent():\n    pass\n",
    )

    result = asking.runpytest()

    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(
        [
            "*ERROR collecting test_agent.py*",
            "BlockedConnectionError: a connection to api.openai.com:443*",
            "  by prices.py:2 in <module>",
        ]
    )


def test_guard_holds_for_session_fixtures_and_tests_without_a_fake(asking):
    write_ini(asking, more="llm_guard = true")
    asking.makepyfile("""
        import pytest
        from ask import by_socket, swallow

        @pytest.fixture(scope="session")
        def agent():
            swallow(by_socket)

        def test_agent(agent):
            pass

        def test_alone():
            swallow(by_socket, "https://eu.api.openai.com/")
    """)

    result = asking.runpytest()

    result.assert_outcomes(failed=2)
    result.stdout.fnmatch_lines(["*connection to eu.api.openai.com:443*", "*connections: 2 refused"])


def test_guard_holds_for_the_first_conftest(asking):
    write_ini(asking, more="llm_guard = true")
    asking.makeconftest("from ask import by_socket, swallow\nswallow(by_socket)\n")
    asking.makepyfile("def test_agent():\n    pass\n")

    result = asking.runpytest_subprocess()

    assert result.ret != 0
    result.stdout.fnmatch_lines(
        ["*BlockedConnectionError: a connection to api.openai.com:443*", "*by conftest.py:2 in <module>"]
    )


def test_guard_that_a_conftest_brings_holds_from_then_on(asking, monkeypatch):
    asking.makeini("[pytest]\naddopts = -p no:cacheprovider\nllm_guard = true\n")
    asking.makeconftest("pytest_plugins = ['pytest_fakellm.plugin']")
    asking.makepyfile("from ask import by_socket, swallow\n\ndef test_agent():\n    swallow(by_socket)\n")

    asking.runpytest().assert_outcomes(failed=1)


AT_EXIT = """
import atexit, pathlib, socket
from ask import by_socket, swallow

def send():
    socket.socket.connect = lambda *args: None  # what comes through here has passed
    pathlib.Path("told").write_text(str(swallow(by_socket)))

def send_guarded():
    pathlib.Path("told").write_text(str(swallow(by_socket)))

atexit.register({send})

def test_agent({fixture}):
    pass
"""


@pytest.mark.parametrize(
    ("fixture", "send", "told"), [("fake_llm", "send_guarded", "blocked by fakellm*"), ("tmp_path", "send", "None")]
)
def test_providers_are_out_of_reach_when_the_process_ends(asking, fixture, send, told):
    asking.makepyfile(AT_EXIT.format(fixture=fixture, send=send))

    asking.runpytest_subprocess().assert_outcomes(passed=1)

    assert fnmatch((asking.path / "told").read_text(), told)


QUIET = {
    "LITELLM_LOCAL_MODEL_COST_MAP": "True",
    "CREWAI_DISABLE_TELEMETRY": "true",
    "AGNO_TELEMETRY": "false",
    "HAYSTACK_TELEMETRY_ENABLED": "false",
}


@pytest.mark.parametrize(
    ("ini", "given", "seen"),
    [
        ("", {}, QUIET),
        ("", dict.fromkeys(QUIET, "mine"), dict.fromkeys(QUIET, "mine")),
        ("llm_quiet = false", {}, dict.fromkeys(QUIET)),
    ],
    ids=["unset", "set", "off"],
)
def test_frameworks_are_kept_from_asking_for_other_things_than_models(asking, monkeypatch, ini, given, seen):
    for name in QUIET:
        monkeypatch.delenv(name, raising=False)
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    write_ini(asking, more=ini)
    asking.makepyfile(
        f"""
        import os
        SEEN = {{name: os.environ.get(name) for name in {list(seen)}}}

        def test_it():
            assert SEEN == {seen}
    """
    )

    asking.runpytest_subprocess().assert_outcomes(passed=1)
