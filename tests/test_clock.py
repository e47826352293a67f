import asyncio

import pytest

from fakellm import MockClock


def test_clock_does_not_go_back():
    with pytest.raises(ValueError, match="sleep length must be non-negative"):
        MockClock().sleep(-1)


def test_new_clock_stands_at_zero():
    clock = MockClock()

    assert (clock.now(), clock.elapsed, clock.sleeps) == (0.0, 0.0, [])


def test_sleep_advances_the_clock():
    clock = MockClock()

    clock.sleep(2.5)
    clock.sleep(86_400)

    assert (clock.now(), clock.elapsed) == (86_402.5, 86_402.5)


def test_sleeps_are_kept_in_order():
    clock = MockClock()

    clock.sleep(2.5)
    asyncio.run(clock.sleep_async(0.5))

    assert clock.sleeps == [2.5, 0.5]


def test_async_sleep_advances_the_clock():
    clock = MockClock()

    asyncio.run(clock.sleep_async(3))

    assert clock.now() == 3
