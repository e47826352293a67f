"""The fixture llm_clock: virtual time under every runner."""

from __future__ import annotations

import time

import pytest
from plugin_project import write_ini

PATIENT = """
import asyncio
import time
import httpx
import pytest
from agent import CHAT, KEY
from fakellm import ErrorReply, VirtualTime

BODY = {"model": "gpt-4o", "messages": [{"role": "user", "content": "hi"}]}

async def ask_with_patience():
    async with httpx.AsyncClient() as client:
        for attempt in range(20):
            answer = await client.post(CHAT, json=BODY, headers=KEY)
            if answer.status_code == 200:
                return answer.json()["choices"][0]["message"]["content"]
            await asyncio.sleep(30)

STORM = [ErrorReply.rate_limited()] * 20

async def check(fake_llm, llm_clock: VirtualTime):
    fake_llm.reply(*STORM[:19], "recovered")
    assert await ask_with_patience() == "recovered"
    assert llm_clock.elapsed == 570
    assert llm_clock.sleeps == [30] * 19
"""

RUNNERS = {
    "asyncio.run": ("", "", "def test_storm(fake_llm, llm_clock):\n    asyncio.run(check(fake_llm, llm_clock))\n"),
    "pytest-asyncio": (
        "-p pytest_asyncio.plugin",
        "asyncio_default_fixture_loop_scope = function",
        "@pytest.mark.asyncio\nasync def test_storm(fake_llm, llm_clock):\n    await check(fake_llm, llm_clock)\n",
    ),
    "pytest-asyncio, auto, one loop": (
        "-p pytest_asyncio.plugin",
        "asyncio_mode = auto\nasyncio_default_fixture_loop_scope = session\nasyncio_default_test_loop_scope = session",
        "@pytest.fixture(scope='session')\nasync def loop_is_there():\n    yield\n\n"
        "async def test_storm(loop_is_there, fake_llm, llm_clock):\n    await check(fake_llm, llm_clock)\n",
    ),
    "anyio": (
        "-p anyio.pytest_plugin",
        "",
        "@pytest.fixture\ndef anyio_backend():\n    return 'asyncio'\n\n"
        "@pytest.mark.anyio\nasync def test_storm(fake_llm, llm_clock):\n    await check(fake_llm, llm_clock)\n",
    ),
}


@pytest.mark.parametrize(("addopts", "more", "test"), RUNNERS.values(), ids=RUNNERS)
def test_ten_minutes_of_retries_take_no_time(project, addopts, more, test):
    write_ini(project, addopts=addopts, more=more)
    project.makepyfile(PATIENT + test)
    began = time.perf_counter()

    result = project.runpytest()

    result.assert_outcomes(passed=1)
    assert time.perf_counter() - began < 60


def test_clock_needs_no_script_and_tells_of_plain_sleeps(project):
    project.makepyfile("""
        import time

        def test_sleeps(llm_clock):
            time.sleep(600)
            assert (llm_clock.elapsed, llm_clock.sleeps) == (600, [600])

        def test_time_is_real_again():
            assert time.monotonic.__name__ == "monotonic" and "virtual" not in repr(time.sleep)
    """)

    project.runpytest().assert_outcomes(passed=2)


def test_pauses_of_the_script_are_on_the_clock(project):
    project.makepyfile("""
        from agent import ask
        from fakellm import Pace

        def test_pace(fake_llm, llm_clock):
            fake_llm.reply("Hello!", pace=Pace(ttft=5))
            ask("hi")
            assert llm_clock.elapsed == 5
    """)

    project.runpytest().assert_outcomes(passed=1)


def test_clock_serves_a_recording_too(project):
    project.makepyfile("""
        import time
        import pytest
        from agent import ask

        @pytest.mark.llm_cassette("session.yaml")
        def test_polls(llm_clock, llm_journal):
            time.sleep(60)
            assert ask("hi") == "recorded"
            assert llm_clock.sleeps == [60]
            assert len(llm_journal) == 1
    """)

    project.runpytest().assert_outcomes(passed=1)
