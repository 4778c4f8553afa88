"""Look-ups for asyncio by threads of berkeley's own: ``berkeley.aio`` has them."""

from __future__ import annotations

import asyncio
from typing import Any

from berkeley import socket
from berkeley._berkeley import _native


async def getaddrinfo(
    host: bytes | str | None,
    port: bytes | str | int | None,
    *,
    family: int = 0,
    type: int = 0,
    proto: int = 0,
    flags: int = 0,
    timeout: float | None = None,
) -> list[tuple[Any, ...]]:
    """What ``loop.getaddrinfo`` answers, within the timeout and without a thread of the executor.

    The event loop gives each look-up a thread of its default executor, which has few: as soon as
    that many name servers are silent, everything else that is run there waits. This one takes a
    thread that does nothing else; an address needs none. A look-up whose time is up, or whose task
    is cancelled, is left alone.

    Raises TimeoutError if the timeout passes.
    """
    if timeout is None:
        timeout = _native.get_lookup_timeout()
    number, look_up = _native.begin_getaddrinfo(host, port, family, type, proto, flags)
    with socket.socket(fileno=number) as end:
        answers: list[tuple[Any, ...]] | None = _native.end_getaddrinfo(look_up)
        if answers is None:
            loop = asyncio.get_running_loop()
            done = loop.create_future()
            loop.add_reader(number, _settle, done)
            try:
                async with asyncio.timeout(timeout):
                    await done
            except BaseException:
                # It is abandoned now, however long somebody keeps the error and this frame.
                del look_up
                raise
            finally:
                loop.remove_reader(number)
            answers = _native.end_getaddrinfo(look_up)
            assert answers is not None, end
    return answers


def _settle(done: asyncio.Future[None]) -> None:
    if not done.done():
        done.set_result(None)


def use_own_lookups(
    loop: asyncio.AbstractEventLoop | None = None, *, timeout: float | None = None
) -> None:
    """Let an event loop look names up by :func:`getaddrinfo`, within the timeout.

    It is the running loop if none is given. All that it looks up goes this way from then on:
    ``create_connection``, ``create_server``, ``create_datagram_endpoint``, ``sock_connect`` and the
    streams. That goes for the loops of asyncio itself; uvloop's has threads of its own.
    """
    loop = asyncio.get_running_loop() if loop is None else loop

    async def look_up(
        host: bytes | str | None,
        port: bytes | str | int | None,
        *,
        family: int = 0,
        type: int = 0,
        proto: int = 0,
        flags: int = 0,
    ) -> list[tuple[Any, ...]]:
        return await getaddrinfo(
            host, port, family=family, type=type, proto=proto, flags=flags, timeout=timeout
        )

    setattr(loop, "getaddrinfo", look_up)  # noqa: B010 (types forbid it)
