import asyncio

from fakellm.models import CancellationToken


def test_callbacks_run_once_in_order() -> None:
    token, seen = CancellationToken(), list[str]()
    token.add_callback(lambda: seen.append("first"))
    token.add_callback(lambda: seen.append("second"))

    token.cancel()
    token.cancel()

    assert seen == ["first", "second"]
    assert token.is_cancelled()


def test_callback_added_late_runs_at_once() -> None:
    token, seen = CancellationToken(), list[str]()
    token.cancel()

    token.add_callback(lambda: seen.append("late"))

    assert seen == ["late"]


def test_callback_may_look_at_its_token() -> None:
    token, seen = CancellationToken(), list[bool]()
    token.add_callback(lambda: seen.append(token.is_cancelled()))

    token.cancel()

    assert seen == [True]


def test_linked_future_is_cancelled_with_the_token() -> None:
    async def body() -> tuple[bool, bool]:
        token = CancellationToken()
        future = asyncio.get_running_loop().create_future()
        linked = token.link_future(future)
        token.cancel()
        return linked is future, future.cancelled()

    assert asyncio.run(body()) == (True, True)


def test_future_linked_late_is_cancelled_at_once() -> None:
    async def body() -> bool:
        token = CancellationToken()
        token.cancel()
        return token.link_future(asyncio.get_running_loop().create_future()).cancelled()

    assert asyncio.run(body())


def test_finished_future_is_left_alone() -> None:
    async def body() -> object:
        token = CancellationToken()
        future = asyncio.get_running_loop().create_future()
        future.set_result("done")
        token.link_future(future)
        token.cancel()
        return future.result()

    assert asyncio.run(body()) == "done"
