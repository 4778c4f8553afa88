"""Whole messages over a stream: the methods of ``socket`` that CPython's does not have."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

from berkeley import _berkeley
from berkeley._berkeley import _native

__all__ = ["IncompleteReadError", "LimitOverrunError"]

_Order = Literal["big", "little"]


class IncompleteReadError(EOFError):
    """The stream has ended before the message has, as asyncio's error of this name says.

    ``partial`` is what has come of it, empty if the stream has ended between messages; ``expected``
    how many bytes were asked for, or None if nobody knows.
    """

    def __init__(self, partial: bytes, expected: int | None) -> None:
        whole = "its end" if expected is None else f"{expected}"
        super().__init__(
            f"the stream ended after {len(partial)} bytes of a message, before {whole}"
        )
        self.partial, self.expected = partial, expected

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.partial, self.expected)


class LimitOverrunError(ValueError):
    """A message is longer than it may be, as asyncio's error of this name says.

    ``partial`` is what has been received of it, ``limit`` how many bytes it may have.
    """

    def __init__(self, partial: bytes, limit: int) -> None:
        super().__init__(f"a message is longer than {limit} bytes")
        self.partial, self.limit = partial, limit

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.partial, self.limit)


for _error in (IncompleteReadError, LimitOverrunError):
    _error.__module__ = "berkeley"


def recv_exactly(self: Any, n: int, *, partial: bytes = b"") -> bytes:
    """recv_exactly(n) -> bytes

    Receives so many bytes, within the timeout.

    If the stream ends before, that is IncompleteReadError, an EOFError. What has come is the
    attribute `partial` of this and of every other error: the same call with it goes on.
    """
    receive = _native.recv_exactly if _is_plain(self) else _recv_exactly
    return _whole(receive(self, n, partial), n, 0)


def recv_until(self: Any, separator: bytes, limit: int = 65536, *, partial: bytes = b"") -> bytes:
    """recv_until(separator[, limit]) -> bytes

    Receives up to a separator and no further, within the timeout; it is part of the answer, which
    has so many bytes at most.

    If the stream ends before, that is IncompleteReadError, an EOFError; if so many bytes have come
    without a separator, LimitOverrunError, a ValueError. What has come is the attribute `partial`
    of these and of every other error: the same call with it goes on.
    """
    receive = _native.recv_until if _is_plain(self) else _recv_until
    return _whole(receive(self, limit, partial, separator), None, limit)


def send_frame(self: Any, data: Any, *, size: int = 4, byteorder: _Order = "big") -> None:
    """send_frame(data, *, size=4, byteorder='big')

    Sends how long the data is, as an integer of 1, 2, 4 or 8 bytes, and the data, within the
    timeout. An error says in `bytes_sent` how much has gone, the length counted.
    """
    little = _little(size, byteorder)
    length = memoryview(data).nbytes
    if length >> 8 * size:
        raise ValueError(f"a length of {size} bytes cannot tell of {length} bytes")
    if _is_plain(self):
        _native.send_frame(self, data, size, little)
    else:
        self.sendall(length.to_bytes(size, byteorder) + bytes(data))


def recv_frame(
    self: Any,
    limit: int = 1 << 20,
    *,
    size: int = 4,
    byteorder: _Order = "big",
    partial: bytes = b"",
) -> bytes:
    """recv_frame(limit=1048576, *, size=4, byteorder='big') -> bytes

    Receives what send_frame() has sent, within the timeout: the data alone, of so many bytes at
    most.

    If the stream ends before, that is IncompleteReadError, an EOFError, whose `partial` is empty
    if it has ended between frames; if the frame is longer, LimitOverrunError, a ValueError. What
    has come, the length in front, is the attribute `partial` of these and of every other error:
    the same call with it goes on.
    """
    little = _little(size, byteorder)
    receive = _native.recv_frame if _is_plain(self) else _recv_frame
    return _whole(receive(self, limit, partial, size, little), None, limit)


def _is_plain(sock: Any) -> bool:
    """Whether the bytes are the kernel's: ssl, and others, put something between."""
    return type(sock).recv is _berkeley.socket.recv


def _little(size: int, byteorder: str) -> bool:
    if size not in (1, 2, 4, 8):
        raise ValueError(f"a length takes 1, 2, 4 or 8 bytes, not {size!r}")
    if byteorder not in ("big", "little"):
        raise ValueError("byteorder must be either 'little' or 'big'")
    return byteorder == "little"


def _whole(answer: tuple[bytes, str | None], expected: int | None, limit: int) -> bytes:
    data, problem = answer
    if problem is None:
        return data
    if problem == "end":
        raise IncompleteReadError(data, expected)
    raise LimitOverrunError(data, limit)


# The same for sockets with something between, by their own recv().


def _received(sock: Any, data: bytearray, missing: Callable[[], int]) -> tuple[bytes, str | None]:
    try:
        while (most := missing()) > 0:
            piece = sock.recv(min(most, 65536))
            if not piece:
                return bytes(data), "end"
            data += piece
    except BaseException as error:
        setattr(error, "partial", bytes(data))  # noqa: B010 (types forbid it)
        raise
    return bytes(data), None


def _recv_exactly(sock: Any, n: int, partial: bytes) -> tuple[bytes, str | None]:
    if n < 0:
        raise ValueError("a length is not negative")
    data = bytearray(partial)
    return _received(sock, data, lambda: n - len(data))


def _recv_until(
    sock: Any, limit: int, partial: bytes, separator: bytes
) -> tuple[bytes, str | None]:
    if not separator:
        raise ValueError("a separator is a byte or more")
    data = bytearray(partial)
    # What stands behind the separator cannot be put back: it is byte by byte, of ssl's memory.
    got = _received(sock, data, lambda: 0 if data.endswith(separator) or len(data) >= limit else 1)
    return got if got[1] or data.endswith(separator) else (got[0], "limit")


def _recv_frame(
    sock: Any, limit: int, partial: bytes, size: int, little: bool
) -> tuple[bytes, str | None]:
    data = bytearray(partial)
    head = _received(sock, data, lambda: size - len(data))
    if head[1]:
        return head
    length = int.from_bytes(data[:size], "little" if little else "big")
    if length > limit:
        return bytes(data), "limit"
    body = _received(sock, data, lambda: size + length - len(data))
    return body if body[1] else (body[0][size:], None)
