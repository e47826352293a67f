from __future__ import annotations

import asyncio
import contextlib
import gc
import os
import socket
import sys
import threading
import time
import types
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from time import monotonic as real_monotonic
from time import perf_counter
from time import sleep as real_sleep

import anyio
import anyio.from_thread
import anyio.to_thread
import httpx
import pytest
from asking import KEY

from fakellm import FakeLLM, MockClock, UsageError
from fakellm._time import bystanders, timeline
from fakellm._time.virtual_time import VirtualTime, outside_virtual_time, virtual_time
from fakellm._wire.events import Wait

CHAT = "https://api.openai.com/v1/chat/completions"
QUESTION = {"model": "gpt-4o", "messages": [{"role": "user", "content": "hi"}]}
LONG = 5.0  # s, real: far above what any test here takes, far below what it waits for


@pytest.fixture
def clock():
    """Virtual time, on until the test ends; the test must not wait for real."""
    began = perf_counter()
    with FakeLLM().virtual_time() as clock:
        yield clock
    assert perf_counter() - began < LONG


# Programs whose course must be the same in real time, with a small unit, and in virtual time, with a large one. Each
# says what it does through ``say``.


async def in_order_of_delay(say, unit):
    async def worker(delay):
        await asyncio.sleep(delay * unit)
        say(delay)

    await asyncio.gather(*(worker(delay) for delay in (3, 1, 4, 2)))


async def equal_delays_in_order_of_asking(say, unit):
    async def worker(name):
        await asyncio.sleep(2 * unit)
        say(name)

    await asyncio.gather(*(worker(name) for name in "abcdefgh"))


async def wait_for_gives_up(say, unit):
    try:
        await asyncio.wait_for(asyncio.sleep(1000 * unit), unit)
    except TimeoutError:
        say("gave up")


async def wait_for_gets_it(say, unit):
    say(await asyncio.wait_for(asyncio.sleep(unit, "got it"), 1000 * unit))


async def timeout_scopes(say, unit):
    try:
        async with asyncio.timeout(1000 * unit) as outer:
            async with asyncio.timeout(2 * unit) as inner:
                await asyncio.sleep(500 * unit)
    except TimeoutError:
        say([outer.expired(), inner.expired()])


async def timeout_rescheduled(say, unit):
    loop = asyncio.get_running_loop()
    async with asyncio.timeout(unit) as scope:
        scope.reschedule(loop.time() + 1000 * unit)
        await asyncio.sleep(2 * unit)
        say("in time")


async def cancelled_sleeper(say, unit):
    async def sleeper():
        try:
            await asyncio.sleep(1000 * unit)
        except asyncio.CancelledError:
            say("cancelled")
            raise
        finally:
            say("cleaned up")

    task = asyncio.create_task(sleeper())
    await asyncio.sleep(unit)
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
    say("over")


async def poller(say, unit):
    done = False

    async def finish():
        nonlocal done
        await asyncio.sleep(2.5 * unit)
        done = True

    task = asyncio.create_task(finish())
    while not done:
        say("not yet")
        await asyncio.sleep(unit)
    await task
    say("done")


async def first_completed(say, unit):
    tasks = [asyncio.create_task(asyncio.sleep(n * unit, n)) for n in (4, 1, 1000)]
    done, pending = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    say([task.result() for task in done])
    done, pending = await asyncio.wait(pending, timeout=2 * unit)
    say([len(done), len(pending)])
    for task in tasks:
        task.cancel()
    say([type(result).__name__ for result in await asyncio.gather(*tasks, return_exceptions=True)])


async def as_completed(say, unit):
    for future in asyncio.as_completed([asyncio.sleep(n * unit, n) for n in (3, 1, 2)]):
        say(await future)


async def task_group_fails(say, unit):
    async def fail():
        await asyncio.sleep(unit)
        raise ValueError("no")

    async def other():
        try:
            await asyncio.sleep(1000 * unit)
        finally:
            say("other ends")

    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(other())
            group.create_task(fail())
    except* ValueError:
        say("group failed")


async def producer_and_consumer(say, unit):
    queue = asyncio.Queue(maxsize=1)

    async def produce():
        for n in range(3):
            await asyncio.sleep(unit)
            await queue.put(n)
            say(f"put {n}")

    async def consume():
        for _ in range(3):
            say(f"got {await queue.get()}")
            await asyncio.sleep(3 * unit)

    await asyncio.gather(produce(), consume())


async def anyio_scopes(say, unit):
    with anyio.move_on_after(unit) as moved:
        await anyio.sleep(1000 * unit)
    say(moved.cancelled_caught)
    try:
        with anyio.fail_after(unit):
            await anyio.sleep(1000 * unit)
    except TimeoutError:
        say("failed")
    with anyio.move_on_after(unit) as scope:
        scope.deadline += 1000 * unit
        await anyio.sleep(2 * unit)
    say(scope.cancelled_caught)


async def anyio_task_group(say, unit):
    async def worker(name, delay):
        try:
            await anyio.sleep(delay * unit)
            say(name)
        except anyio.get_cancelled_exc_class():
            say(f"{name} cancelled")
            raise

    with anyio.move_on_after(3 * unit):
        async with anyio.create_task_group() as group:
            group.start_soon(worker, "late", 1000)
            group.start_soon(worker, "second", 2)
            group.start_soon(worker, "first", 1)


async def threads_beside_tasks(say, unit):
    async def worker(name, delay):
        await asyncio.sleep(delay * unit)
        say(name)

    async def in_thread(name, delay):
        await asyncio.to_thread(time.sleep, delay * unit)
        say(name)

    await asyncio.gather(worker("task 1", 1), in_thread("thread 3", 3), worker("task 5", 5), in_thread("thread 2", 2))


async def thread_that_asks_the_loop(say, unit):
    def work():
        say("working")
        anyio.from_thread.run(anyio.sleep, 2 * unit)
        say("slept")

    await asyncio.gather(anyio.to_thread.run_sync(work), asyncio.sleep(unit))


async def blocking_call_holds_up_the_loop(say, unit):
    async def worker():
        await asyncio.sleep(unit)
        say("worker")

    task = asyncio.create_task(worker())
    await asyncio.sleep(0)
    time.sleep(3 * unit)  # noqa: ASYNC251 - the mistake that people make
    say("blocked")
    await task


PROGRAMS = [
    in_order_of_delay,
    equal_delays_in_order_of_asking,
    wait_for_gives_up,
    wait_for_gets_it,
    timeout_scopes,
    timeout_rescheduled,
    cancelled_sleeper,
    poller,
    first_completed,
    as_completed,
    task_group_fails,
    producer_and_consumer,
    anyio_scopes,
    anyio_task_group,
    threads_beside_tasks,
    thread_that_asks_the_loop,
    blocking_call_holds_up_the_loop,
]


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program.__name__)
def test_course_of_a_program_is_that_of_real_time(program):
    virtual = []
    began = perf_counter()
    with virtual_time():
        asyncio.run(program(virtual.append, 5.0))
    took = perf_counter() - began

    for unit in (0.005, 0.01, 0.02, 0.05, 0.2):  # real time stumbles on a crowded machine
        real = []
        asyncio.run(program(real.append, unit))
        if real == virtual:
            break

    assert virtual == real
    assert took < LONG


# The clock


def test_elapsed_and_sleeps_are_what_was_waited_for(clock):
    async def main():
        await asyncio.gather(asyncio.sleep(2), asyncio.sleep(5))
        await asyncio.sleep(0.1)
        await asyncio.sleep(0)

    asyncio.run(main())
    time.sleep(0.3)

    assert clock.sleeps == [2, 3, 0.1, 0.3]
    assert clock.elapsed == 5.4
    assert repr(clock) == "<VirtualTime, 5.4 s elapsed in 4 waits>"


def test_what_nobody_waited_for_is_not_in_elapsed(clock):
    async def main():
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(asyncio.sleep(100), 1)
        await asyncio.wait_for(asyncio.sleep(2), 1000)

    asyncio.run(main())

    assert clock.sleeps == [1, 2]


def test_computing_takes_no_time(clock):
    async def main():
        async with asyncio.timeout(0.001):
            until = perf_counter() + 0.01
            while perf_counter() < until:  # noqa: ASYNC110 - the spinning is the point
                await asyncio.sleep(0)

    asyncio.run(main())

    assert clock.elapsed == 0


def test_many_short_waits_add_up(clock):
    async def main():
        for _ in range(300):
            await asyncio.sleep(1 / 30)

    asyncio.run(main())

    assert clock.elapsed == 10


def test_clocks_of_the_process_advance_and_perf_counter_does_not(clock):
    names = ("time", "monotonic", "perf_counter")
    before = [getattr(time, name)() for name in names]
    before_ns = [getattr(time, name + "_ns")() for name in names]

    time.sleep(600)

    assert [getattr(time, n)() - b for n, b in zip(names, before, strict=True)] == pytest.approx([600, 600, 0], abs=1)
    passed_ns = [getattr(time, n + "_ns")() - b for n, b in zip(names, before_ns, strict=True)]
    assert [passed / 1e9 for passed in passed_ns] == pytest.approx([600, 600, 0], abs=1)


@pytest.mark.parametrize("name", ["time", "monotonic"])
def test_clock_that_stands_still_can_be_divided_by(clock, name):
    read = getattr(time, name)

    first, second, third = read(), read(), read()

    assert first < second < third


def test_loop_time_advances_by_what_was_slept(clock):
    async def main():
        loop = asyncio.get_running_loop()
        began = loop.time()
        await asyncio.sleep(3600)
        return loop.time() - began

    assert asyncio.run(main()) == pytest.approx(3600)


@pytest.mark.parametrize("seconds", [-1, float("nan"), float("inf"), "1"])
def test_impossible_sleep_fails_as_ever(seconds):
    with pytest.raises(Exception) as real:  # noqa: PT011 - whatever it is
        time.sleep(seconds)

    with virtual_time(), pytest.raises(real.type):
        time.sleep(seconds)


def test_sleep_of_nothing_is_no_wait(clock):
    time.sleep(0)

    assert clock.sleeps == []


def test_retry_storm_takes_no_time(clock):
    def ask_with_back_off():
        for attempt in range(200):
            time.sleep(min(0.5 * 2**attempt, 8))

    ask_with_back_off()

    assert clock.sleeps[:6] == [0.5, 1, 2, 4, 8, 8]
    assert clock.elapsed > 600


def test_tenacity_waits_in_virtual_time(clock):
    tenacity = pytest.importorskip("tenacity")
    tries = []

    @tenacity.retry(wait=tenacity.wait_fixed(60), stop=tenacity.stop_after_delay(600), reraise=True)
    def ask():
        tries.append(time.monotonic())
        raise ValueError("no")

    @tenacity.retry(wait=tenacity.wait_fixed(60), stop=tenacity.stop_after_attempt(3), reraise=True)
    async def ask_async():
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        ask()
    with pytest.raises(ValueError, match="no"):
        asyncio.run(ask_async())

    assert len(tries) == 11
    assert clock.elapsed == 720


def test_deadline_loop_ends(clock):
    polls = 0
    deadline = time.monotonic() + 600
    while time.monotonic() < deadline:
        time.sleep(10)
        polls += 1

    assert polls == 60


def test_code_that_spins_on_the_clock_sees_it_run(clock, monkeypatch):
    monkeypatch.setattr(timeline, "READS", 100)

    deadline = time.monotonic() + 0.01
    while time.monotonic() < deadline:
        pass

    time.sleep(1)
    assert 1 < clock.elapsed < 1 + LONG


def test_task_that_spins_does_not_keep_timers_from_firing(clock, monkeypatch):
    monkeypatch.setattr(timeline, "READS", 100)

    async def main():
        timer = asyncio.create_task(asyncio.sleep(0.01))
        while not timer.done():  # noqa: ASYNC110 - the spinning is the point
            await asyncio.sleep(0)

    asyncio.run(main())


# Beginning and end


def test_everything_is_put_back():
    def state():
        loop = asyncio.BaseEventLoop
        return [
            *(getattr(time, name) for name in ("sleep", "time", "time_ns", "monotonic", "monotonic_ns")),
            *(vars(loop)[name] for name in ("time", "call_at", "run_in_executor")),
            ThreadPoolExecutor.submit,
        ]

    before = state()
    with pytest.raises(KeyError), virtual_time():
        assert not set(before) & set(state())
        raise KeyError("of the test")

    assert state() == before
    assert time.monotonic() == pytest.approx(real_monotonic(), abs=LONG)


def test_function_bound_while_it_is_on_is_real_afterwards():
    with virtual_time():
        from time import monotonic, sleep

    began = perf_counter()
    sleep(0.01)

    assert perf_counter() - began >= 0.009
    assert monotonic() == pytest.approx(real_monotonic(), abs=LONG)


def test_what_somebody_put_on_top_stays(monkeypatch):
    with virtual_time():
        monkeypatch.setattr(time, "sleep", on_top := lambda seconds: None)

    assert time.sleep is on_top


def test_name_bound_before_it_began_waits_no_more(monkeypatch):
    agent = types.ModuleType("some_agent")
    exec("from time import sleep as nap\ndef ask(): nap(600)", vars(agent))
    monkeypatch.setitem(sys.modules, "some_agent", agent)

    with virtual_time() as clock:
        agent.ask()

    assert clock.sleeps == [600]
    assert agent.nap is time.sleep


def test_elapsed_stays_as_it_is_afterwards():
    with virtual_time() as clock:
        time.sleep(5)
    with virtual_time():
        time.sleep(7)

    assert clock.elapsed == 5
    assert clock.sleeps == [5]


def test_nested_blocks_share_one_time():
    with virtual_time() as outer:
        time.sleep(1)
        with virtual_time() as inner:
            time.sleep(2)
        time.sleep(4)

    assert outer.sleeps == [1, 2, 4]
    assert inner.sleeps == [2]


@pytest.mark.asyncio
async def test_loop_that_runs_already_takes_part(clock):
    await asyncio.sleep(600)

    assert clock.elapsed == 600


@pytest.mark.anyio
@pytest.mark.parametrize("anyio_backend", ["asyncio"])
async def test_loop_of_anyios_plugin_takes_part(clock, anyio_backend):
    with anyio.move_on_after(60):
        await anyio.sleep(600)

    assert clock.elapsed == 60


@pytest.mark.asyncio
async def test_it_can_be_switched_on_and_off_in_a_running_loop():
    loop = asyncio.get_running_loop()
    task = asyncio.create_task(asyncio.sleep(100.02))
    await asyncio.sleep(0)
    times = [loop.time()]

    for _ in range(2):
        with virtual_time() as clock:
            await asyncio.sleep(50)
            times.append(loop.time())
        times.append(loop.time())
    await asyncio.wait_for(task, LONG)

    assert sum(clock.sleeps) == pytest.approx(50)  # in two parts where the task ends first, on a slow machine
    assert times == sorted(times)
    assert times[-1] - times[0] == pytest.approx(100, abs=LONG)


@pytest.mark.asyncio
async def test_deadline_of_anyio_holds_across_the_end():
    began = perf_counter()
    with virtual_time():
        scope = anyio.CancelScope(deadline=anyio.current_time() + 600.02)
        await asyncio.sleep(600)
    with scope:
        await anyio.sleep(LONG)

    assert scope.cancelled_caught
    assert perf_counter() - began < LONG


def test_loop_with_timers_that_pauses_meanwhile_takes_part(clock):
    with asyncio.Runner() as runner:
        loop = runner.get_loop()
        loop.call_later(600, loop.stop)
        with virtual_time():
            loop.run_forever()

    assert clock.sleeps == [600]


def test_closed_loop_fails_as_ever(clock):
    loop = asyncio.new_event_loop()
    loop.close()

    assert loop.time() > 0
    with pytest.raises(RuntimeError, match="closed"):
        loop.call_later(1, print)


def test_timer_set_before_it_began_keeps_its_moment():
    with asyncio.Runner() as runner:
        loop = runner.get_loop()
        loop.call_later(600, loop.stop)
        with virtual_time() as clock:
            loop.run_forever()

    assert clock.elapsed == pytest.approx(600, abs=LONG)


# Fakes


def waiting(seconds):
    def wait(events):
        yield Wait(seconds)
        yield from events

    return wait


def test_scripted_pauses_interleave_with_other_timers():
    llm = FakeLLM()
    llm.reply("Rain.", fault=waiting(30))
    said = []

    async def ask():
        async with httpx.AsyncClient(transport=llm.transport(httpx), timeout=None) as client:
            await client.post(CHAT, json=QUESTION, headers=KEY)
        said.append("answer")

    async def worker(delay):
        await asyncio.sleep(delay)
        said.append(delay)

    async def main():
        await asyncio.gather(worker(40), ask(), worker(20))

    with llm.virtual_time() as clock:
        asyncio.run(main())

    assert said == [20, "answer", 40]
    assert clock.sleeps == [20, 10, 10]
    assert llm.clock.sleeps == [30]
    assert llm.clock.now() == 40


def test_timeout_of_the_caller_ends_a_scripted_pause(clock):
    llm = FakeLLM()
    llm.reply("Rain.", fault=waiting(30))

    async def ask():
        async with httpx.AsyncClient(transport=llm.transport(httpx), timeout=None) as client:
            await client.post(CHAT, json=QUESTION, headers=KEY)

    with llm.virtual_time(), pytest.raises(TimeoutError):
        asyncio.run(asyncio.wait_for(ask(), 10))

    assert clock.elapsed == 10


def test_read_timeout_of_a_sync_client_takes_its_virtual_time():
    llm = FakeLLM()
    llm.reply("Rain.", fault=waiting(30))

    with (
        llm.virtual_time() as clock,
        httpx.Client(transport=llm.transport(httpx), timeout=10) as client,
        pytest.raises(httpx.ReadTimeout),
    ):
        client.post(CHAT, json=QUESTION, headers=KEY)

    assert clock.sleeps == [10]


def test_clock_of_the_fake_goes_on_alone_afterwards():
    clock = MockClock()
    llm = FakeLLM(clock=clock)
    clock.sleep(1)
    with llm.virtual_time():
        time.sleep(2)
        with llm.virtual_time():
            clock.sleep(4)
        asyncio.run(clock.sleep_async(8))
    clock.sleep(16)

    assert clock.sleeps == [1, 4, 8, 16]
    assert clock.elapsed == 31


def test_clock_of_the_users_own_stays_as_it_is():
    class Frozen(MockClock):
        __init__ = object.__init__
        follow = None

    class Own:
        def now(self):
            return 7.0

    llm = FakeLLM(clock=Own())
    with llm.virtual_time() as clock:
        time.sleep(5)

    assert llm.clock.now() == 7
    assert clock.now() == 5


def test_clock_waits_where_no_loop_of_asyncio_runs(clock):
    waits = VirtualTime().sleep_async(5)
    with pytest.raises(StopIteration):
        waits.send(None)

    assert clock.sleeps == [5]


# Threads


def test_thread_that_works_is_not_overtaken(clock):
    def work():
        until = perf_counter() + 0.03
        while perf_counter() < until:
            pass
        return "done"

    async def main():
        return await asyncio.wait_for(asyncio.to_thread(work), 600)

    assert asyncio.run(main()) == "done"
    assert clock.elapsed == 0


@pytest.mark.parametrize("run", [asyncio.to_thread, anyio.to_thread.run_sync])
def test_job_after_job_is_not_overtaken(clock, run):
    async def main():
        async with asyncio.timeout(1):
            for _ in range(50):
                await run(sum, range(1000))
        return clock.elapsed

    assert asyncio.run(main()) == 0


def test_job_that_blocks_is_waited_for(clock):
    async def main():
        await asyncio.wait_for(asyncio.to_thread(real_sleep, 0.03), 600)

    asyncio.run(main())

    assert clock.elapsed == 0


def test_idle_workers_hold_nothing_up(clock):
    async def main():
        await asyncio.to_thread(int)
        await anyio.to_thread.run_sync(int)
        began = perf_counter()
        for _ in range(100):
            await asyncio.sleep(10)
        return perf_counter() - began

    assert asyncio.run(main()) < LONG  # 100 times 0.1 s if they did
    assert clock.elapsed == 1000


def test_pool_that_was_there_before_is_not_overtaken():
    async def main(pool):
        loop = asyncio.get_running_loop()
        await loop.run_in_executor(pool, int)
        with virtual_time() as clock:
            await asyncio.wait_for(loop.run_in_executor(pool, real_sleep, 0.03), 600)
            return clock.elapsed

    with ThreadPoolExecutor(1) as pool:
        assert asyncio.run(main(pool)) == 0


def test_job_in_another_process_is_waited_for(clock):
    class Elsewhere(Executor):
        def submit(self, fn, /, *args, **kwargs):
            job = Future()
            wait = threading.Event().wait  # in real time
            threading.Thread(target=lambda: wait(0.03) or job.set_result(fn(*args, **kwargs))).start()
            return job

    async def main():
        return await asyncio.wait_for(asyncio.get_running_loop().run_in_executor(Elsewhere(), int), 2)

    assert asyncio.run(main()) == 0
    assert clock.elapsed == 0


def test_wait_for_a_stuck_job_takes_no_longer_than_in_real_time(clock):
    stuck = threading.Lock()

    def work():
        with stuck:  # to others, a thread in a system call
            pass

    async def main():
        with stuck, pytest.raises(TimeoutError):
            await asyncio.wait_for(asyncio.to_thread(work), 0.02)

    asyncio.run(main())

    assert clock.sleeps == [0.02]


def test_poller_of_jobs_reaches_its_deadline(clock):
    polls = 0

    async def main():
        nonlocal polls
        async with asyncio.timeout(0.02):
            while True:
                await asyncio.to_thread(real_sleep, 0.006)
                polls += 1

    with pytest.raises(TimeoutError):
        asyncio.run(main())

    assert clock.sleeps == [0.02]
    assert polls < 5


def test_threads_sleep_at_the_same_time(clock):
    def ask(seconds):
        for _ in range(3):
            time.sleep(seconds)
        return seconds

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(ask, [1, 2, 3, 4])) == [1, 2, 3, 4]

    assert clock.elapsed == 12


def test_queued_jobs_get_their_turn(clock):
    with ThreadPoolExecutor(1) as pool:
        jobs = [pool.submit(time.sleep, 0.2) for _ in range(3)]
        for job in jobs:
            job.result()

    assert clock.elapsed == pytest.approx(0.6)


def test_main_thread_at_work_is_not_overtaken(clock):
    thread = threading.Thread(target=time.sleep, args=(10,))
    thread.start()

    until = perf_counter() + 0.02
    while perf_counter() < until:
        pass

    assert clock.elapsed == 0
    thread.join()
    assert clock.elapsed == 10


def test_thread_started_by_the_test_is_not_overtaken(clock):
    async def main():
        loop = asyncio.get_running_loop()
        answer = loop.create_future()

        def work():
            real_sleep(0.03)
            loop.call_soon_threadsafe(answer.set_result, "done")

        threading.Thread(target=work).start()
        return await asyncio.wait_for(answer, 600)

    assert asyncio.run(main()) == "done"
    assert clock.elapsed == 0


@pytest.mark.parametrize("collects", [True, False])
def test_no_garbage_is_collected_while_frames_are_taken(monkeypatch, collects):
    during = []
    monkeypatch.setattr(sys, "_current_frames", lambda: during.append(gc.isenabled()) or {})
    was_on = gc.isenabled()
    (gc.enable if collects else gc.disable)()
    try:
        bystanders.innermost_frames()
        after = gc.isenabled()
    finally:
        (gc.enable if was_on else gc.disable)()

    assert during == [False]
    assert after == collects


def test_thread_about_to_start_is_at_work():
    assert list(bystanders._needs_of(threading.Thread(), None)) == [bystanders.BUSY]


def test_thread_that_waits_is_given_time_to_wake_up(clock):
    async def main():
        loop = asyncio.get_running_loop()
        asked, answers = threading.Event(), asyncio.Queue()

        def work():
            while asked.wait():
                asked.clear()
                loop.call_soon_threadsafe(answers.put_nowait, time.monotonic())

        threading.Thread(target=work, daemon=True).start()
        for _ in range(20):
            asked.set()
            await asyncio.wait_for(answers.get(), 0.5)
        assert clock.elapsed == 0
        await asyncio.sleep(1)

    asyncio.run(main())


def test_loops_of_several_threads_share_one_time(clock):
    said = []

    def run(*delays):
        async def main():
            async def worker(delay):
                await asyncio.sleep(delay)
                said.append(delay)

            await asyncio.gather(*(worker(delay) for delay in delays))

        asyncio.run(main())

    threads = [threading.Thread(target=run, args=delays) for delays in ((1, 4, 7), (2, 5, 8), (3, 6, 9))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert said == [1, 2, 3, 4, 5, 6, 7, 8, 9]
    assert clock.sleeps == [1] * 9


def test_loop_of_another_thread_that_waits_already_takes_part():
    def run(coroutine):
        return asyncio.run_coroutine_threadsafe(coroutine, loop)

    with asyncio.Runner() as runner:
        loop = runner.get_loop()
        thread = threading.Thread(target=loop.run_forever)
        thread.start()
        before = run(asyncio.sleep(10, "before"))
        run(asyncio.sleep(0)).result()

        with virtual_time() as clock:
            assert run(asyncio.sleep(5, "meanwhile")).result(LONG) == "meanwhile"
            assert before.result(LONG) == "before"
            assert clock.elapsed == pytest.approx(10, abs=LONG)
        run(asyncio.sleep(0.001)).result(LONG)

        loop.call_soon_threadsafe(loop.stop)
        thread.join()


def test_loop_outside_that_runs_already_stays_in_real_time():
    async def main(ready, over):
        loop = asyncio.get_running_loop()
        before = loop.time()
        ready.set()
        while not over.is_set():  # noqa: ASYNC110 - the other side is a thread
            await asyncio.sleep(0.001)
        return loop.time() - before

    def serve():
        with outside_virtual_time():
            return asyncio.run(main(ready, over))

    ready, over = threading.Event(), threading.Event()
    with ThreadPoolExecutor(1) as pool:
        job = pool.submit(serve)
        ready.wait()
        with virtual_time():
            time.sleep(600)
            over.set()
            assert job.result() < LONG


def test_portal_of_another_thread_works(clock):
    with anyio.from_thread.start_blocking_portal() as portal:
        later = portal.start_task_soon(anyio.sleep, 12)
        portal.call(anyio.sleep, 2)
        assert clock.elapsed == 2
        later.result()

    assert clock.elapsed == 12


def test_those_who_still_wait_at_the_end_wait_on_for_real():
    began, times = perf_counter(), []

    def in_loop():
        asyncio.run(asyncio.sleep(0.05))
        times.append(perf_counter() - began)

    def in_thread():
        time.sleep(0.05)
        times.append(perf_counter() - began)

    with virtual_time() as clock:
        threads = [threading.Thread(target=target) for target in (in_loop, in_thread)]
        for thread in threads:
            thread.start()
        real_sleep(0.01)  # at work, as far as anybody can see
    for thread in threads:
        thread.join(LONG)

    assert clock.elapsed == 0
    assert len(times) == 2
    assert min(times) >= 0.04


def test_thread_outside_stays_in_real_time(clock):
    took = []

    async def main():
        began = asyncio.get_running_loop().time()
        await asyncio.sleep(0.01)
        took.append(asyncio.get_running_loop().time() - began)

    def serve():
        with outside_virtual_time():
            began = time.monotonic()
            time.sleep(0.01)
            took.append(time.monotonic() - began)
            asyncio.run(main())
            with ThreadPoolExecutor(1) as pool:
                pool.submit(int)

    thread = threading.Thread(target=serve)
    thread.start()
    time.sleep(600)
    thread.join()

    assert took == pytest.approx([0.01, 0.01], abs=LONG)
    assert clock.sleeps == [600]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_forked_process_is_in_real_time(clock):
    time.sleep(600)
    pid = os.fork()
    if pid == 0:
        os._exit(0 if abs(time.monotonic() - real_monotonic()) < LONG else 1)

    assert os.waitpid(pid, 0)[1] == 0


# Sockets and processes


async def echo(reader, writer):
    async for line in reader:
        await asyncio.sleep(0.5)
        writer.write(line)
    writer.close()


def test_real_server_in_the_loop_works_beside_it(clock):
    async def main():
        server = await asyncio.start_server(echo, "127.0.0.1", 0)
        async with server, asyncio.timeout(600):
            reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
            writer.write(b"hello\n")
            line = await reader.readline()
            writer.close()
            await writer.wait_closed()
        return line

    assert asyncio.run(main()) == b"hello\n"
    assert clock.elapsed == 0.5


def test_answer_of_a_real_server_is_waited_for(clock):
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve():
            with outside_virtual_time():
                peer, _ = listening.accept()
                with peer:
                    data = peer.recv(100)
                    real_sleep(0.03)
                    peer.sendall(data)

        threading.Thread(target=serve).start()

        async def main():
            reader, writer = await asyncio.open_connection(*listening.getsockname())
            writer.write(b"hello\n")
            line = await asyncio.wait_for(reader.readline(), 10)
            writer.close()
            await writer.wait_closed()
            return line

        assert asyncio.run(main()) == b"hello\n"
    assert clock.elapsed == 0


def test_idle_connection_does_not_hold_up_time_for_ever(clock):
    async def main():
        here, there = socket.socketpair()
        with there:
            _, writer = await asyncio.open_connection(sock=here)
            began = perf_counter()
            await asyncio.sleep(2)
            took = perf_counter() - began
            writer.close()
            await writer.wait_closed()
        return took

    assert 0.15 < asyncio.run(main()) < LONG
    assert clock.elapsed == 2


def test_blocking_server_thread_that_waits_for_somebody_is_no_obstacle(clock):
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve():
            listening.accept()[0].close()

        thread = threading.Thread(target=serve)
        thread.start()
        real_sleep(0.01)
        asyncio.run(asyncio.sleep(LONG * 2))
        socket.create_connection(listening.getsockname()).close()
        thread.join()

    assert LONG * 2 in clock.sleeps


def test_child_process_is_waited_for(clock):
    async def main():
        child = await asyncio.create_subprocess_exec(sys.executable, "-S", "-c", "import time; time.sleep(0.03)")
        return await asyncio.wait_for(child.wait(), 600)

    assert asyncio.run(main()) == 0
    assert clock.elapsed == 0


# Loops it cannot reach


class OwnTime(asyncio.SelectorEventLoop):
    def time(self):
        return super().time() * 2


def test_loop_with_a_time_of_its_own_is_refused():
    async def main():
        with pytest.raises(UsageError, match=r"^virtual time works in the event loop of asyncio; <OwnTime .*> keeps a"):
            virtual_time().__enter__()

    with asyncio.Runner(loop_factory=OwnTime) as runner:
        runner.run(main())


def test_loop_with_a_time_of_its_own_is_refused_where_it_sleeps(clock):
    with asyncio.Runner(loop_factory=OwnTime) as runner, pytest.raises(UsageError, match="keeps a time of its own"):
        runner.run(asyncio.sleep(1))


def test_foreign_loop_is_refused_when_it_runs():
    class Foreign(asyncio.AbstractEventLoop):
        def run_forever(self):
            return "ran"

    class Inherits(Foreign):
        pass

    with virtual_time():
        for kind in (Foreign, Inherits):
            with pytest.raises(UsageError, match=r"leave virtual time off$"):
                kind().run_forever()

    assert Inherits().run_forever() == "ran"
    assert "run_forever" not in vars(Inherits)


def test_foreign_loop_outside_runs():
    class Foreign(asyncio.AbstractEventLoop):
        def run_forever(self):
            return "ran"

    with virtual_time(), outside_virtual_time():
        assert Foreign().run_forever() == "ran"


def test_uvloop_is_refused():
    uvloop = pytest.importorskip("uvloop")

    async def main():
        await asyncio.sleep(600)

    async def begin():
        with virtual_time():
            await asyncio.sleep(600)

    never_started = main()
    with virtual_time(), pytest.raises(UsageError, match="without uvloop"):
        uvloop.run(never_started)
    never_started.close()
    with pytest.raises(UsageError, match="without uvloop"):
        uvloop.run(begin())


# Private names of others


def test_private_names_of_asyncio_are_there():
    loop = asyncio.new_event_loop()
    try:
        assert loop._scheduled == []
        assert loop._internal_fds == len(loop._selector.get_map()) == 1
        assert loop._write_to_self() is None
        assert "self" in asyncio.BaseEventLoop._run_once.__code__.co_varnames
    finally:
        loop.close()


def test_private_names_of_threads_are_there():
    assert "waiter" in threading.Condition.wait.__code__.co_varnames
    assert len(bystanders._PARKED) >= 5
    assert len(bystanders._WATCHING) == 1


def test_anyio_keeps_idle_workers_in_a_list_of_their_own():
    async def main():
        worker = await anyio.to_thread.run_sync(threading.current_thread)
        return worker in worker.idle_workers

    assert anyio.run(main)
