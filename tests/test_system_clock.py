"""The clock that really waits, here on virtual time."""

import asyncio

import pytest

from fakellm import FakeLLM, SystemClock


def test_sleep_waits():
    with FakeLLM().virtual_time() as virtual:
        SystemClock().sleep(600)

    assert virtual.elapsed == 600


def test_sleep_of_a_task_waits():
    with FakeLLM().virtual_time() as virtual:
        asyncio.run(SystemClock().sleep_async(600))

    assert virtual.elapsed == pytest.approx(600)


def test_time_passes_while_it_waits():
    clock = SystemClock()

    with FakeLLM().virtual_time():
        before = clock.now()
        clock.sleep(5)
        passed = clock.now() - before

    assert passed == pytest.approx(5, abs=0.5)
