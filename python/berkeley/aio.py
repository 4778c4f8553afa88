"""Datagrams for asyncio, many in one call of the system; and look-ups that hold nothing up.

``create_datagram_endpoint`` takes what the event loop's method of that name takes, and answers the
same: a program changes one line.

    loop.create_datagram_endpoint(Echo, local_addr=("0.0.0.0", 7))
    berkeley.aio.create_datagram_endpoint(Echo, local_addr=("0.0.0.0", 7))

What waits in the socket is received in one call, and what the protocol sends meanwhile goes out in
one. It works with every event loop that has ``add_reader``, uvloop's too.

``getaddrinfo`` looks names up without a thread of the event loop's executor, and
``use_own_lookups`` lets an event loop do so.
"""

from __future__ import annotations

import asyncio
import os
from asyncio import trsock
from collections.abc import Callable
from typing import Any, TypeVar

from berkeley import socket
from berkeley._resolving import getaddrinfo, use_own_lookups

__all__ = ["DatagramTransport", "create_datagram_endpoint", "getaddrinfo", "use_own_lookups"]

_Protocol = TypeVar("_Protocol", bound=asyncio.DatagramProtocol)

#: How many of the kernel's messages one call receives; each may be many datagrams.
_AT_ONCE = 32

#: What a datagram counts beside its bytes in the buffer of what waits to be sent.
_HEADER = 8


async def create_datagram_endpoint(
    protocol_factory: Callable[[], _Protocol],
    local_addr: tuple[str, int] | str | None = None,
    remote_addr: tuple[str, int] | str | None = None,
    *,
    sock: Any = None,
    **options: Any,
) -> tuple[DatagramTransport, _Protocol]:
    """Make a datagram endpoint: the transport and the protocol.

    The arguments are those of ``loop.create_datagram_endpoint``. Raises what it raises.
    """
    loop = asyncio.get_running_loop()
    early: list[tuple[bytes, Any]] = []
    if sock is not None:
        given = {"local_addr": local_addr, "remote_addr": remote_addr, **options}
        wrong = ", ".join(f"{name}={value}" for name, value in given.items() if value)
        if wrong:
            raise ValueError(
                "socket modifier keyword arguments can not be used when sock is specified. "
                f"({wrong})"
            )
        if sock.type == socket.SOCK_STREAM:
            raise ValueError(f"A datagram socket was expected, got {sock!r}")
        sock.setblocking(False)
        if isinstance(sock, socket.socket):
            ours, others = sock, None
        else:
            ours, others = socket.socket(fileno=os.dup(sock.fileno())), sock
        peer = None
    else:
        # The loop looks names up, binds and connects as it does for everybody.
        opened, _ = await loop.create_datagram_endpoint(
            lambda: _Early(early), local_addr, remote_addr, **options
        )
        theirs = opened.get_extra_info("socket")
        peer = opened.get_extra_info("peername") if remote_addr else None
        ours, others = socket.socket(fileno=os.dup(theirs.fileno())), None
        opened.abort()
    ours.setblocking(False)
    protocol = protocol_factory()
    transport = DatagramTransport(loop, ours, protocol, peer, others)
    await transport._start(early)
    return transport, protocol


class _Early(asyncio.DatagramProtocol):
    """Keeps what arrives before the endpoint is ours."""

    def __init__(self, arrived: list[tuple[bytes, Any]]) -> None:
        self._arrived = arrived

    def datagram_received(self, data: bytes, addr: Any) -> None:
        self._arrived.append((data, addr))


class DatagramTransport(asyncio.DatagramTransport):
    """What ``create_datagram_endpoint`` makes: asyncio's interface of a datagram transport.

    ``sendto`` keeps the datagram until the protocol's turn is over; then all go together. An error
    of one of them goes to ``error_received`` of the protocol, and the others are sent.
    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        sock: socket.socket,
        protocol: asyncio.DatagramProtocol,
        peer: Any,
        others: Any,
    ) -> None:
        extra: dict[str, Any] = {
            "socket": trsock.TransportSocket(sock),
            "sockname": sock.getsockname(),
            "peername": None,
        }
        try:
            extra["peername"] = sock.getpeername()
        except OSError:
            pass
        super().__init__(extra)
        self._connected = extra["peername"] is not None
        self._loop, self._sock, self._protocol = loop, sock, protocol
        # A socket that somebody else has made, for the same descriptor.
        self._others = others
        self._fd = sock.fileno()
        self._peer = peer
        self._buffer: list[tuple[bytes, Any]] = []
        self._size = 0
        self._flushing = self._waiting = self._paused = False
        self._closing = self._lost = False
        self.set_write_buffer_limits()
        if sock.family in (socket.AF_INET, socket.AF_INET6):
            sock.set_recv_offload(True)

    async def _start(self, early: list[tuple[bytes, Any]]) -> None:
        started = self._loop.create_future()

        def start() -> None:
            try:
                self._protocol.connection_made(self)
                for data, address in early:
                    self._protocol.datagram_received(data, address)
            except BaseException as error:
                if not started.cancelled():
                    started.set_exception(error)
                return
            if not self._closing:
                self._loop.add_reader(self._fd, self._read_ready)
            if not started.cancelled():
                started.set_result(None)

        self._loop.call_soon(start)
        try:
            await started
        except BaseException:
            self.close()
            raise

    # Receiving.

    def _read_ready(self) -> None:
        try:
            arrived = self._sock.recv_batch(_AT_ONCE)
        except (BlockingIOError, InterruptedError):
            return
        except OSError as error:
            self._protocol.error_received(error)
            return
        # What the protocol sends meanwhile goes at the end of this turn, without one of its own.
        scheduled, self._flushing = self._flushing, True
        try:
            # Taken from the protocol each time, which may set another.
            for data, address in arrived:
                if self._closing:
                    break
                self._protocol.datagram_received(data, address)
        except (SystemExit, KeyboardInterrupt):
            raise
        except BaseException as error:
            self._fatal(error, "Fatal read error on datagram transport")
        finally:
            self._flushing = scheduled
            if self._buffer and not self._waiting:
                self._flush()

    # Sending.

    def sendto(self, data: bytes | bytearray | memoryview, addr: Any = None) -> None:
        """Send a datagram to an address, or to the peer that the endpoint was connected to."""
        if type(data) is not bytes:
            if not isinstance(data, (bytes, bytearray, memoryview)):
                raise TypeError(
                    f"data argument must be a bytes-like object, not {type(data).__name__!r}"
                )
            data = bytes(data)
        if self._peer is not None and addr not in (None, self._peer):
            raise ValueError(f"Invalid address: must be None or {self._peer}")
        if self._lost:
            return
        self._buffer.append((data, None if self._connected else addr))
        self._size += len(data) + _HEADER
        if not self._flushing:
            self._flushing = True
            self._loop.call_soon(self._flush)
        if self._size > self._high and not self._paused:
            # Perhaps the kernel has room at once.
            self._flush()
            if self._size > self._high:
                self._paused = True
                self._protocol.pause_writing()

    def _flush(self) -> None:
        self._flushing = False
        while self._buffer and not self._lost:
            batch = self._buffer
            try:
                sent = self._sock.send_batch(batch)
            except (BlockingIOError, InterruptedError):
                sent = 0
            except OSError as error:
                # Of the first that is left.
                self._forget(getattr(error, "sent", 0) + 1)
                self._protocol.error_received(error)
                continue
            except (SystemExit, KeyboardInterrupt):
                raise
            except BaseException as error:
                self._fatal(error, "Fatal write error on datagram transport")
                return
            self._forget(sent)
            if self._buffer:
                self._wait(True)
                return
        if self._waiting:
            self._wait(False)
        if self._closing and not self._lost:
            self._lose(None)

    def _forget(self, datagrams: int) -> None:
        if datagrams == len(self._buffer):
            self._buffer.clear()
            self._size = 0
        else:
            gone = self._buffer[:datagrams]
            del self._buffer[:datagrams]
            self._size -= sum(len(data) for data, _ in gone) + _HEADER * len(gone)
        if self._paused and self._size <= self._low:
            self._paused = False
            self._protocol.resume_writing()

    def _wait(self, wanted: bool) -> None:
        """Be called when the kernel has room, or no longer."""
        if wanted != self._waiting and not self._lost:
            self._waiting = wanted
            if wanted:
                self._loop.add_writer(self._fd, self._flush)
            else:
                self._loop.remove_writer(self._fd)

    def get_write_buffer_size(self) -> int:
        """How many bytes wait to be sent, a little for each datagram included."""
        return self._size

    def get_write_buffer_limits(self) -> tuple[int, int]:
        """Below and above how many of them the protocol is told to go on, and to pause."""
        return self._low, self._high

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        """Set both; without arguments, to asyncio's."""
        if high is None:
            high = 64 * 1024 if low is None else 4 * low
        if low is None:
            low = high // 4
        if not high >= low >= 0:
            raise ValueError(f"high ({high!r}) must be >= low ({low!r}) must be >= 0")
        self._low, self._high = low, high

    # The end.

    def is_closing(self) -> bool:
        """Whether it is closed, or will be."""
        return self._closing

    def close(self) -> None:
        """Close it, after what waits to be sent has gone."""
        if self._closing:
            return
        self._closing = True
        self._loop.remove_reader(self._fd)
        if not self._buffer:
            self._lose(None)
        elif not self._flushing and not self._waiting:
            self._flushing = True
            self._loop.call_soon(self._flush)

    def abort(self) -> None:
        """Close it now; what waits to be sent is lost."""
        self._lose(None)

    def _fatal(self, error: BaseException, message: str) -> None:
        if not isinstance(error, OSError):
            self._loop.call_exception_handler(
                {
                    "message": message,
                    "exception": error,
                    "transport": self,
                    "protocol": self._protocol,
                }
            )
        self._lose(error)

    def _lose(self, error: BaseException | None) -> None:
        if self._lost:
            return
        self._wait(False)
        self._lost = self._closing = True
        self._loop.remove_reader(self._fd)
        self._buffer.clear()
        self._size = 0
        self._loop.call_soon(self._end, error)

    def _end(self, error: Any) -> None:
        try:
            self._protocol.connection_lost(error)
        finally:
            self._sock.close()
            if self._others is not None:
                self._others.close()

    def get_protocol(self) -> asyncio.BaseProtocol:
        """The protocol."""
        return self._protocol

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        """Let another protocol have what arrives from now on."""
        self._protocol = protocol  # type: ignore[assignment]

    def __repr__(self) -> str:
        state = "closed" if self._lost else "closing" if self._closing else "open"
        return f"<{type(self).__name__} {state} fd={self._fd} size={self._size}>"
