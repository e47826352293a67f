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


def test_follower_leaves_the_waiting_to_its_leader():
    clock, leader = MockClock(), MockClock()
    clock.sleep(1)
    leader.sleep(100)

    with clock.follow(leader):
        clock.sleep(2)
        leader.sleep(4)
        asyncio.run(clock.sleep_async(8))
    leader.sleep(100)
    clock.sleep(16)

    assert clock.sleeps == [1, 2, 8, 16]
    assert clock.elapsed == 31
    assert leader.sleeps == [100, 2, 4, 8, 100]


def test_follower_refuses_a_negative_wait_as_well():
    clock = MockClock()

    with clock.follow(MockClock()), pytest.raises(ValueError, match="non-negative"):
        asyncio.run(clock.sleep_async(-1))
