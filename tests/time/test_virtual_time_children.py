"""Virtual time beside child processes, and beside timers of threading."""

from __future__ import annotations

import asyncio
import contextlib
import multiprocessing
import os
import subprocess
import sys
import threading
from concurrent.futures import ProcessPoolExecutor
from time import perf_counter

import pytest

from fakellm import FakeLLM
from fakellm._time import bystanders, timeline
from fakellm._time.bystanders import Quiet

SAYS_DONE = [sys.executable, "-S", "-c", "print('done')"]
ENDS_WITH_ITS_INPUT = [sys.executable, "-S", "-c", "import sys; sys.stdin.read()"]
SPAWN = multiprocessing.get_context("spawn")  # a fork of a process with threads warns


@pytest.fixture
def clock():
    """Virtual time that jumps over all but what must never be overtaken, so that a start of Python is long."""
    at_once = Quiet(0, 0, 0)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bystanders, "WAITING", at_once)
        patch.setattr(bystanders, "LISTENING", at_once)
        patch.setattr(timeline, "LISTENING", at_once)
        with FakeLLM().virtual_time() as clock:
            yield clock


async def communicate():
    child = await asyncio.create_subprocess_exec(*SAYS_DONE, stdout=subprocess.PIPE)
    said, _ = await child.communicate()
    return said.split()


async def wait():
    child = await asyncio.create_subprocess_exec(*SAYS_DONE, stdout=subprocess.DEVNULL)
    return await child.wait()


async def run_in_a_thread():
    return (await asyncio.to_thread(subprocess.run, SAYS_DONE, capture_output=True, check=True)).stdout.split()


async def run_in_a_thread_with_a_limit():
    done = await asyncio.to_thread(subprocess.run, SAYS_DONE, capture_output=True, check=True, timeout=300)
    return done.stdout.split()


async def call_in_a_thread():
    return await asyncio.to_thread(subprocess.call, SAYS_DONE, stdout=subprocess.DEVNULL, timeout=300)


async def waitpid_in_a_thread():
    child = subprocess.Popen(SAYS_DONE, stdout=subprocess.DEVNULL)  # noqa: ASYNC220 - it returns at once
    _, status = await asyncio.to_thread(os.waitpid, child.pid, 0)
    child.returncode = 0
    return status


async def join_in_a_thread():
    process = SPAWN.Process(target=int)
    process.start()
    await asyncio.to_thread(process.join, 300)
    return process.exitcode


async def pool_of_processes():
    with ProcessPoolExecutor(1, mp_context=SPAWN) as pool:
        return await asyncio.wrap_future(pool.submit(int))


@pytest.mark.parametrize(
    ("work", "result"),
    [
        (communicate, [b"done"]),
        (wait, 0),
        (run_in_a_thread, [b"done"]),
        (run_in_a_thread_with_a_limit, [b"done"]),
        (call_in_a_thread, 0),
        (waitpid_in_a_thread, 0),
        (join_in_a_thread, 0),
        (pool_of_processes, 0),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_child_that_is_waited_for_is_not_overtaken(clock, work, result):
    assert asyncio.run(asyncio.wait_for(work(), 600)) == result
    assert clock.elapsed < 600


def test_waiting_for_a_child_takes_no_virtual_time(clock):
    child = subprocess.Popen(SAYS_DONE, stdout=subprocess.DEVNULL)

    assert child.wait(timeout=300) == 0
    assert clock.elapsed == 0


@contextlib.contextmanager
def child_by_subprocess():
    with subprocess.Popen(ENDS_WITH_ITS_INPUT, stdin=subprocess.PIPE) as child:
        yield child.poll


@contextlib.contextmanager
def child_by_multiprocessing():
    ours, theirs = SPAWN.Pipe()
    child = SPAWN.Process(target=theirs.recv)
    child.start()
    yield child.is_alive
    ours.send("end")
    child.join()


@pytest.mark.parametrize("start", [child_by_subprocess, child_by_multiprocessing])
def test_time_is_real_while_somebody_asks_after_a_child(clock, start):
    with start() as ask:
        ask()
        began = perf_counter()
        asyncio.run(asyncio.sleep(0.05))
        took = perf_counter() - began

    assert took >= 0.05
    assert clock.elapsed == pytest.approx(0.05, abs=0.01)


def test_time_jumps_again_once_the_child_has_ended(clock):
    child = subprocess.Popen(ENDS_WITH_ITS_INPUT, stdin=subprocess.PIPE)
    assert child.poll() is None
    child.communicate()
    assert child.poll() == 0

    began = perf_counter()
    asyncio.run(asyncio.sleep(600))

    assert perf_counter() - began < 5


def test_child_that_nobody_waits_for_holds_up_nothing(clock):
    async def work():
        child = await asyncio.create_subprocess_exec(*ENDS_WITH_ITS_INPUT, stdin=subprocess.PIPE)
        began = perf_counter()
        await asyncio.sleep(600)
        took = perf_counter() - began
        await child.communicate(b"")
        return took

    assert asyncio.run(work()) < 5


async def wait_for_timer(make, limit):
    event, loop = asyncio.Event(), asyncio.get_running_loop()
    timer = make(lambda: loop.call_soon_threadsafe(event.set))
    timer.start()
    try:
        await asyncio.wait_for(event.wait(), limit)
    finally:
        timer.cancel()
        timer.join()


@pytest.mark.parametrize("seconds", [0.3, 400])
def test_timer_of_threading_is_not_overtaken(clock, seconds):
    asyncio.run(wait_for_timer(lambda ring: threading.Timer(seconds, ring), seconds + 5))

    assert clock.elapsed == pytest.approx(seconds)


def test_timer_that_comes_too_late_is_cancelled_at_once(clock):
    began = perf_counter()

    with pytest.raises(TimeoutError):
        asyncio.run(wait_for_timer(lambda ring: threading.Timer(400, ring), 5))

    assert clock.elapsed == pytest.approx(5)
    assert perf_counter() - began < 5


class Ticker(threading.Timer):
    """A timer that rings the third time, as those do that repeat themselves."""

    def run(self):
        for _ in range(3):
            self.finished.wait(self.interval)
        self.function()


def test_timer_with_a_run_of_its_own_is_on_virtual_time(clock):
    asyncio.run(wait_for_timer(lambda ring: Ticker(100, ring), 305))

    assert clock.elapsed == pytest.approx(300)


def test_timer_outlives_virtual_time_in_real_time():
    rung = threading.Event()
    with FakeLLM().virtual_time():
        timer = threading.Timer(0.01, rung.set)
        timer.start()

    assert rung.wait(5)
    timer.join()


def test_other_events_wait_for_real(clock):
    began = perf_counter()

    assert not threading.Event().wait(0.02)
    assert perf_counter() - began >= 0.02
