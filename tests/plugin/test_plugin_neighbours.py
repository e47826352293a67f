"""Beside other plugins that touch httpx, sockets, cassettes and event loops."""

from __future__ import annotations

from pathlib import Path

import pytest
from plugin_project import write_cassette, write_ini

NEIGHBOURS = {
    "pytest-httpx": "pytest_httpx",
    "respx": "respx.plugin",
    "pytest-recording": "pytest_recording.plugin",
    "pytest-asyncio": "pytest_asyncio.plugin",
    "anyio": "anyio.pytest_plugin",
    "pytest-xdist": "xdist.plugin",
    "pytest-socket": "pytest_socket",
    "pyfakefs": "pyfakefs.pytest_plugin",
}
ASYNCIO = "asyncio_default_fixture_loop_scope = function"

SUITE = """
import asyncio
import httpx
import pytest
from agent import CHAT, KEY, ask, ask_and_swallow

def test_passes(fake_llm):
    fake_llm.reply("Hello!")
    assert ask("hi") == "Hello!"

def test_unmatched(fake_llm):
    ask_and_swallow("hi")

def test_unused(fake_llm):
    fake_llm.reply("never asked for")

@pytest.mark.llm_cassette("session.yaml")
def test_replays():
    assert ask("hi") == "recorded"

@pytest.mark.llm_cassette("session.yaml")
def test_missed():
    ask_and_swallow("hello")

def test_waits(fake_llm, llm_clock):
    asyncio.run(asyncio.sleep(100))
    assert llm_clock.elapsed == 100

def test_client(fake_llm, llm_client):
    from fakellm.models import UserMessage
    fake_llm.reply("Hello!")
    result = asyncio.run(llm_client.create([UserMessage(content="hi", source="user")]))
    assert result.content == "Hello!"
"""


@pytest.mark.parametrize("neighbour", NEIGHBOURS.values(), ids=NEIGHBOURS)
def test_neighbour_changes_no_result(project, neighbour):
    write_ini(project, addopts=f"-p {neighbour}", more=ASYNCIO if "asyncio" in neighbour else "")
    project.makepyfile(SUITE)

    project.runpytest().assert_outcomes(passed=4, failed=3)


def test_all_neighbours_together_change_no_result(project):
    addopts = " ".join(f"-p {neighbour}" for neighbour in reversed(NEIGHBOURS.values()))
    write_ini(project, addopts=addopts, more=ASYNCIO)
    project.makepyfile(SUITE)

    project.runpytest("-v").assert_outcomes(passed=4, failed=3)


def test_fake_leaves_other_hosts_to_httpx_mock(project):
    write_ini(project, addopts="-p pytest_httpx")
    project.makepyfile("""
        import httpx
        from agent import ask

        def test_both(httpx_mock, fake_llm):
            httpx_mock.add_response(url="https://weather.example/paris", text="rain")
            fake_llm.reply("Take an umbrella.")
            assert httpx.get("https://weather.example/paris").text == "rain"
            assert ask("umbrella?") == "Take an umbrella."

        def test_alone(httpx_mock):
            httpx_mock.add_response(json={"choices": [{"message": {"content": "mocked"}}]})
            assert ask("hi") == "mocked"
    """)

    project.runpytest().assert_outcomes(passed=2)


@pytest.mark.parametrize("fixtures", ["respx_mock, fake_llm", "fake_llm, respx_mock"])
def test_fake_leaves_other_hosts_to_respx(project, fixtures):
    write_ini(project, addopts="-p respx.plugin")
    project.makepyfile(f"""
        import httpx
        from agent import ask

        def test_both({fixtures}):
            respx_mock.get("https://weather.example/paris").respond(text="rain")
            fake_llm.reply("Take an umbrella.")
            assert httpx.get("https://weather.example/paris").text == "rain"
            assert ask("umbrella?") == "Take an umbrella."
    """)

    project.runpytest().assert_outcomes(passed=1)


def test_fake_works_where_sockets_are_disabled(project):
    write_ini(project, addopts="-p pytest_socket --disable-socket")
    project.makepyfile("""
        import socket
        import pytest
        from agent import ask

        def test_fake(fake_llm):
            fake_llm.reply("Hello!")
            assert ask("hi") == "Hello!"

        @pytest.mark.filterwarnings("ignore")
        def test_still_disabled(fake_llm):
            with pytest.raises(RuntimeError):
                socket.socket()
    """)

    project.runpytest().assert_outcomes(passed=2)


def test_tests_of_pytest_recording_run_on(project):
    write_ini(project, addopts="-p pytest_recording.plugin --block-network")
    write_cassette(Path(project.path, "cassettes", "test_old", "test_theirs.yaml"))
    write_cassette(Path(project.path, "cassettes", "test_old", "test_moved.yaml"))
    project.makepyfile(
        test_old="""
        import pytest
        from agent import ask

        @pytest.mark.vcr
        def test_theirs():
            assert ask("hi") == "recorded"

        @pytest.mark.vcr
        @pytest.mark.llm_cassette
        def test_moved(llm_cassette):
            assert ask("hi") == "recorded"
            assert llm_cassette.unplayed == []
    """
    )

    project.runpytest().assert_outcomes(passed=2)


FAKE_FILES = """
import httpx
import pytest
from fakellm import FakeLLM, Reply

client = httpx.Client()  # certificates are files, too

def ask(llm, **more):
    url, body = "https://api.openai.com/v1/chat/completions", {"messages": [{"role": "user", "content": "hi"}], **more}
    answer = client.post(url, json={"model": "gpt-4o", **body}, headers={"authorization": "Bearer k"}).json()
    return answer["choices"][0]["message"]["content"], answer["usage"]["prompt_tokens"]

SCHEMA = {
    "type": "object", "properties": {"x": {"type": "integer"}}, "required": ["x"], "additionalProperties": False
}

def test_fake_first(fake_llm, fs):
    fake_llm.reply("ok")
    assert ask(fake_llm) == ("ok", 8)

def test_files_first(fs, fake_llm):
    fake_llm.reply("ok")
    assert ask(fake_llm) == ("ok", 8)

def test_fake_made_beside_fake_files(fs):
    with FakeLLM() as llm:
        llm.reply("ok 你好")
        assert ask(llm, model="gpt-4") == ("ok 你好", 8)

def test_what_is_imported_late(fs, fake_llm):
    fake_llm.reply(Reply(parsed={"x": 1}))
    wanted = {"type": "json_schema", "json_schema": {"name": "a", "strict": True, "schema": SCHEMA}}
    assert ask(fake_llm, response_format=wanted)[0] == '{"x":1}'

def test_transcript(fs, fake_llm):
    fake_llm.reply("ok")
    ask(fake_llm)
    assert "ok" in fake_llm.transcript()

@pytest.mark.fake_llm(allow_rejected=True)
def test_rejection(fs, fake_llm):
    with pytest.raises(KeyError, match="choices"):
        ask(fake_llm, temperature="hot")
    assert "temperature" in fake_llm.calls[0].explanation

def test_other_hosts(fs, fake_llm):
    fake_llm.reply("ok", "ok")
    body = {"model": "m", "messages": [{"role": "user", "content": "hi"}]}
    for host in ("openrouter.ai/api", "localhost:8000"):
        assert client.post(f"https://{host}/v1/chat/completions", json=body).status_code == 200

def test_long_text(fs, fake_llm):
    fake_llm.reply("a" * 100_000)
    assert ask(fake_llm)[1] == 8

def test_site_packages_among_the_fake_files(fs, fake_llm):
    import fakellm
    fs.add_real_directory(fakellm.__path__[0])
    fake_llm.reply("ok")
    assert ask(fake_llm) == ("ok", 8)

def test_files_of_the_test_stay_fake(fs, fake_llm):
    fs.create_file("/prompt.txt", contents="hi")
    fake_llm.reply("ok")
    assert ask(fake_llm) == ("ok", 8)
    with open("/prompt.txt") as file:
        assert file.read() == "hi"
"""
EACH_ALONE = [line[4:].partition("(")[0] for line in FAKE_FILES.splitlines() if line.startswith("def test_")]


@pytest.mark.parametrize("test", EACH_ALONE)  # in a process of its own, in which nothing was read before
def test_fake_file_system_does_not_hide_the_files_of_the_package(project, test):
    write_ini(project, addopts="-p pyfakefs.pytest_plugin")
    project.makepyfile(FAKE_FILES)

    result = project.runpytest_subprocess("-k", f"{test} or none")

    result.assert_outcomes(passed=1, deselected=len(EACH_ALONE) - 1)


# As most suites have it: nothing is imported of fakellm before the first test that uses it.
IMPORTED_BY_A_TEST = FAKE_FILES.replace(
    "from fakellm import FakeLLM, Reply\n",
    """
def FakeLLM():
    import fakellm
    return fakellm.FakeLLM()

def Reply(**fields):
    from fakellm import Reply
    return Reply(**fields)
""",
)


@pytest.mark.parametrize("test", ["test_files_first", "test_fake_made_beside_fake_files", "test_what_is_imported_late"])
def test_first_import_may_come_beside_fake_files(project, test):
    write_ini(project, addopts="-p pyfakefs.pytest_plugin")
    project.makepyfile(IMPORTED_BY_A_TEST)

    result = project.runpytest_subprocess("-k", test)

    result.assert_outcomes(passed=1, deselected=len(EACH_ALONE) - 1)


def test_failure_beside_fake_files_is_explained_as_any_other(project):
    write_ini(project, addopts="-p pyfakefs.pytest_plugin")
    project.makepyfile(
        """
        from agent import ask
        from fakellm import FakeLLM

        def test_fails(fs, fake_llm):
            fake_llm.when(user="Paris").reply("18 degrees")
            ask("Rome")

        def test_passes(fake_llm):
            fake_llm.reply("ok")
            assert ask("hi") == "ok"
        """
    )

    result = project.runpytest_subprocess()

    result.assert_outcomes(failed=1, passed=1)
    result.stdout.fnmatch_lines(["*fakellm transcript*", "*fakellm check*", "*no rule answers call 1*"])


def test_cassettes_that_were_first_imported_beside_a_fake_file_system_serve_later_tests(project):
    write_ini(project, addopts="-p pyfakefs.pytest_plugin")
    project.makepyfile(
        """
        import os

        import pytest
        from agent import ask

        def test_without_a_cassette(fake_llm):
            fake_llm.reply("ok")
            assert ask("hi") == "ok"

        @pytest.fixture
        def real_folder(fs):
            fs.add_real_directory(os.path.dirname(__file__))

        @pytest.mark.llm_cassette("session.yaml")
        def test_beside_fake_files(real_folder, llm_cassette):
            assert ask("hi") == "recorded"

        @pytest.mark.llm_cassette("session.yaml")
        def test_again(llm_cassette):
            assert ask("hi") == "recorded"
        """
    )

    result = project.runpytest_subprocess()

    result.assert_outcomes(passed=3)


def test_names_do_not_clash():
    """Options, ini options, markers and fixtures of ours begin with llm or fake_llm."""
    from pytest_fakellm import plugin, settings

    assert all(setting.flag.startswith("--llm-") for setting in settings.SETTINGS.values() if setting.flag)
    fixtures = [name for name, value in vars(plugin).items() if type(value).__name__ == "FixtureFunctionDefinition"]
    assert sorted(fixtures) == ["fake_llm", "llm_cassette", "llm_client", "llm_clock", "llm_config", "llm_journal"]
