"""Every kind of test: methods, TestCase, async under any runner, made on the fly."""

from __future__ import annotations

from plugin_project import write_ini


def test_methods_of_classes_and_of_test_cases(project):
    project.makepyfile("""
        import unittest
        import pytest
        from agent import ask

        class TestPlain:
            def test_greets(self, fake_llm):
                fake_llm.reply("Hello!")
                assert ask("hi") == "Hello!"

        class TestOld(unittest.TestCase):
            @pytest.fixture(autouse=True)
            def _fake(self, fake_llm):
                self.llm = fake_llm

            def test_greets(self):
                self.llm.reply("Hello!")
                self.assertEqual(ask("hi"), "Hello!")

            def test_forgets(self):
                self.llm.reply("never asked for")
    """)

    result = project.runpytest()

    result.assert_outcomes(passed=2, failed=1)
    result.stdout.fnmatch_lines(["*UnusedReplyError*"])


def test_async_test_under_pytest_asyncio(project):
    write_ini(project, addopts="-p pytest_asyncio.plugin", more="asyncio_default_fixture_loop_scope = function")
    project.makepyfile("""
        import httpx
        import pytest
        from agent import CHAT, KEY

        @pytest.mark.asyncio
        async def test_greets(fake_llm):
            fake_llm.reply("Hello!")
            async with httpx.AsyncClient() as client:
                body = {"model": "gpt-4o", "messages": [{"role": "user", "content": "hi"}]}
                answer = await client.post(CHAT, json=body, headers=KEY)
            assert answer.json()["choices"][0]["message"]["content"] == "Hello!"

        @pytest.mark.asyncio
        async def test_forgets(fake_llm):
            fake_llm.reply("never asked for")
    """)

    project.runpytest_subprocess().assert_outcomes(passed=1, failed=1)


ASYNC_AGENT = """
        import httpx
        import pytest
        from agent import CHAT, KEY

        async def ask(client):
            body = {"model": "gpt-4o", "messages": [{"role": "user", "content": "hi"}]}
            answer = await client.post(CHAT, json=body, headers=KEY)
            return answer.json()["choices"][0]["message"]["content"]
"""


def test_async_tests_of_pytest_asyncio_in_auto_mode(project):
    write_ini(
        project,
        addopts="-p pytest_asyncio.plugin",
        more="asyncio_mode = auto\n"
        "asyncio_default_fixture_loop_scope = session\nasyncio_default_test_loop_scope = session",
    )
    project.makepyfile(
        ASYNC_AGENT
        + """
        @pytest.fixture(scope="session")
        async def agent():
            async with httpx.AsyncClient() as client:
                yield client

        async def test_greets(fake_llm, agent):
            fake_llm.reply("Hello!")
            assert await ask(agent) == "Hello!"

        async def test_greets_again(agent, fake_llm, llm_journal):
            fake_llm.reply("Hello again!")
            assert await ask(agent) == "Hello again!"
            assert len(llm_journal) == 1

        async def test_forgets(fake_llm):
            fake_llm.reply("never asked for")
    """
    )

    project.runpytest_subprocess().assert_outcomes(passed=2, failed=1)


def test_async_tests_of_anyio(project):
    write_ini(project, addopts="-p anyio.pytest_plugin")
    project.makepyfile(
        ASYNC_AGENT
        + """
        pytestmark = pytest.mark.anyio

        @pytest.fixture(scope="module")
        def anyio_backend():
            return "asyncio"

        @pytest.fixture(scope="module")
        async def agent():
            async with httpx.AsyncClient() as client:
                yield client

        async def test_greets(fake_llm, agent):
            fake_llm.reply("Hello!")
            assert await ask(agent) == "Hello!"

        @pytest.mark.llm_cassette("session.yaml")
        async def test_replays(agent):
            assert await ask(agent) == "recorded"

        async def test_forgets(fake_llm):
            fake_llm.reply("never asked for")
    """
    )

    project.runpytest().assert_outcomes(passed=2, failed=1)


def test_client_of_the_fixture(project):
    project.makepyfile("""
        import asyncio
        import pytest
        from fakellm.models import UserMessage

        def test_plain(fake_llm, llm_client):
            fake_llm.reply("Hello!")
            result = asyncio.run(llm_client.create([UserMessage(content="hi", source="user")]))
            assert result.content == "Hello!"
            assert fake_llm.calls[0].model == "gpt-4o"

        @pytest.mark.fake_llm(model="gpt-4.1-mini")
        def test_with_model(fake_llm, llm_client):
            fake_llm.reply("Hello!")
            asyncio.run(llm_client.create([UserMessage(content="hi", source="user")]))
            assert fake_llm.calls[0].model == "gpt-4.1-mini"
    """)

    project.runpytest().assert_outcomes(passed=2)


def test_journal_is_that_of_what_answers(project):
    project.makepyfile("""
        import pytest
        from agent import ask

        def test_of_the_fake(fake_llm, llm_journal):
            fake_llm.reply("Hello!")
            ask("hi")
            assert [call.last_user for call in llm_journal] == ["hi"]

        @pytest.mark.llm_cassette("session.yaml")
        def test_of_the_cassette(llm_journal):
            ask("hi")
            assert [call.last_user for call in llm_journal] == ["hi"]

        @pytest.mark.llm_cassette("session.yaml")
        def test_of_both(fake_llm, llm_journal):
            fake_llm.when(user="new").reply("Hello!")
            ask("hi")
            ask("new")
            assert [call.last_user for call in llm_journal] == ["hi", "new"]

        @pytest.mark.fake_llm(allow_unmatched=True)
        def test_alone(llm_journal):
            with pytest.raises(KeyError):
                ask("hi")
            assert len(llm_journal) == 1
    """)

    project.runpytest().assert_outcomes(passed=4)


def test_agents_of_a_session_and_a_module_are_built_once_without_a_key(project):
    project.makepyfile("""
        import os
        import httpx
        import pytest
        from agent import CHAT

        BUILT = []

        def build(scope):
            BUILT.append(scope)
            return httpx.Client(headers={"authorization": "Bearer " + os.environ["OPENAI_API_KEY"]})

        @pytest.fixture(scope="session")
        def shared():
            with build("session") as client:
                yield client

        @pytest.fixture(scope="module")
        def local():
            with build("module") as client:
                yield client

        @pytest.mark.parametrize("answer", ["Hello!", "Bye!"])
        def test_greets(shared, local, fake_llm, answer):
            fake_llm.reply(answer, times=2)
            body = {"model": "gpt-4o", "messages": [{"role": "user", "content": "hi"}]}
            for client in (shared, local):
                assert client.post(CHAT, json=body).json()["choices"][0]["message"]["content"] == answer

        def test_built_once():
            assert sorted(BUILT) == ["module", "session"]
            assert "OPENAI_API_KEY" not in os.environ
    """)

    project.runpytest().assert_outcomes(passed=3)


def test_tests_made_on_the_fly(project):
    project.makeconftest("""
        import pytest
        from agent import ask

        class Question(pytest.File):
            def collect(self):
                for question in self.path.read_text().split():
                    yield Item.from_parent(self, name=question)

        class Item(pytest.Item):
            def runtest(self):
                pass

        def pytest_collect_file(parent, file_path):
            if file_path.suffix == ".questions":
                return Question.from_parent(parent, path=file_path)

        def pytest_generate_tests(metafunc):
            if "question" in metafunc.fixturenames:
                metafunc.parametrize("question", ["hi", "bye"])
    """)
    project.makefile(".questions", test_few="one two")
    project.makepyfile("""
        from agent import ask

        def test_generated(fake_llm, question):
            fake_llm.reply("Hello!")
            assert ask(question) == "Hello!"

        def make(n):
            def test(fake_llm):
                fake_llm.reply(str(n))
                assert ask("hi") == str(n)
            return test

        test_made_1, test_made_2 = make(1), make(2)

        def test_late(request):
            llm = request.getfixturevalue("fake_llm")
            llm.reply("Hello!")
            assert ask("hi") == "Hello!"
    """)

    project.runpytest().assert_outcomes(passed=7)


def test_hook_prepares_every_fake(project):
    project.makeconftest("""
        def pytest_fakellm_configure(config, llm):
            llm.when(system="weather").reply(f"Rain in {config.rootpath.name}.", times=None)
    """)
    project.makepyfile("""
        import httpx
        from agent import CHAT, KEY

        def test_prepared(fake_llm, request):
            body = {"model": "gpt-4o", "messages": [{"role": "system", "content": "weather"}]}
            answer = httpx.post(CHAT, json=body, headers=KEY).json()["choices"][0]["message"]["content"]
            assert answer == f"Rain in {request.config.rootpath.name}."
    """)

    project.runpytest().assert_outcomes(passed=1)


def test_fakes_beside_the_fixture(project):
    project.makepyfile("""
        from agent import ask
        from fakellm import FakeLLM

        def test_inner(fake_llm):
            fake_llm.reply("outer")
            with FakeLLM() as llm:
                llm.reply("inner")
                assert ask("hi") == "inner"
            assert ask("hi") == "outer"
    """)

    project.runpytest().assert_outcomes(passed=1)


def test_test_that_runs_again_begins_anew(project):
    project.makeconftest("""
        from _pytest.runner import runtestprotocol

        def pytest_runtest_protocol(item, nextitem):
            runtestprotocol(item, nextitem=None, log=False)
            item._initrequest()
            for report in runtestprotocol(item, nextitem=nextitem, log=False):
                item.ihook.pytest_runtest_logreport(report=report)
            return True
    """)
    project.makepyfile("""
        RUNS = []

        def test_flaky(fake_llm):
            RUNS.append(fake_llm)
            fake_llm.reply("never asked for", times=2 - len(RUNS) or None)
    """)

    project.runpytest().assert_outcomes(passed=1)
