"""The fake as the side effect of a route of respx, for suites that mock httpx with it already."""

from __future__ import annotations

from typing import Any

import httpx

from fakellm._clock import Clock
from fakellm._errors import UsageError
from fakellm._io.intercept import Activation, Claims
from fakellm._io.sent import sent

__all__ = ["mount"]


def mount(router: Any, engine: Claims, clock: Clock) -> Any:
    """Add a route that answers the model calls of a respx router; return it.

    respx plays the whole head of an answer at once, also for an AsyncClient: a pause before the head blocks.

    Raises:
        UsageError: respx is not installed, or router is none of its routers.
    """
    try:
        import respx
    except ImportError:
        raise UsageError(
            "mount(...) needs respx, which is not installed\n  type: pip install 'fakellm-toolkit[respx]'"
        ) from None
    if not isinstance(router, respx.Router):
        raise UsageError(f"mount(...) takes a router of respx, such as the fixture respx_mock; got {router!r}")
    ours = Activation(engine, clock)

    def answer(request: httpx.Request) -> httpx.Response | None:
        if not ours.answers(request, sent(httpx, request)):
            return None  # not ours: respx asks its next route
        response: httpx.Response = ours.transport(httpx).handle_request(request)
        return response

    return router.route().mock(side_effect=answer)
