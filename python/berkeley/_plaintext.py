"""What `ssl` reads and writes, for a recording: it goes past the methods of a socket."""

from __future__ import annotations

import errno
import itertools
import time
from collections.abc import Callable
from types import ModuleType
from typing import Any
from weakref import WeakKeyDictionary

from berkeley import _loading
from berkeley._berkeley import _native

#: Replaces an attribute while the recording goes on: the object, the name, what makes the new one.
Replace = Callable[[Any, str, Callable[[Any], Any]], None]

#: TLS in memory, whose bytes somebody carries to a socket and back: a module that does, its class,
#: the method after which both are known, and how they are found. Where these names are others by
#: now, what is read and written is seen all the same, without its socket.
CARRIERS: tuple[tuple[str, str, str, Callable[[Any], tuple[Any, Any]]], ...] = (
    ("asyncio.sslproto", "SSLProtocol", "connection_made", lambda it: _of_asyncio(it)),
    (
        "trio._ssl",
        "SSLStream",
        "__init__",
        lambda it: (it._ssl_object, it.transport_stream.socket),
    ),
    ("anyio.streams.tls", "TLSStream", "__init__", lambda it: _of_anyio(it)),
)

# Whose bytes an object of TLS has: a socket, or its number if that is not known.
_carried: WeakKeyDictionary[Any, Any] = WeakKeyDictionary()
_numbers = itertools.count(1)


def watch(replace: Replace) -> None:
    """Begins, now or when somebody loads what there is to watch."""

    def when_loaded(name: str, action: Callable[[ModuleType], None]) -> None:
        def loaded(module: ModuleType) -> None:
            # The recording may have ended before that.
            if _native.trace_is_on():
                action(module)

        _loading.when_loaded(name, loaded)

    def watch_ssl(ssl: ModuleType) -> None:
        replace(ssl.SSLSocket, "read", lambda read: _reading(ssl, read, _of_socket))
        for name in ("write", "send"):
            replace(ssl.SSLSocket, name, lambda write: _writing(ssl, write, _of_socket))
        replace(ssl.SSLObject, "read", lambda read: _reading(ssl, read, _of_memory))
        replace(ssl.SSLObject, "write", lambda write: _writing(ssl, write, _of_memory))

    when_loaded("ssl", watch_ssl)
    for module, owner, method, both in CARRIERS:

        def watch_carrier(
            module: ModuleType, owner: str = owner, method: str = method, both: Any = both
        ) -> None:
            if hasattr(module, owner):
                replace(getattr(module, owner), method, lambda begin: _beginning(begin, both))

        when_loaded(module, watch_carrier)


def _beginning(begin: Callable[..., Any], both: Callable[[Any], tuple[Any, Any]]) -> Any:
    def watched(self: Any, *arguments: Any, **named: Any) -> Any:
        answer = begin(self, *arguments, **named)
        try:
            tls, sock = both(self)
            if sock is not None:
                _carried[tls] = sock
        except (AttributeError, TypeError):
            # Of another version, or over something that is no socket.
            pass
        return answer

    return watched


def _of_asyncio(protocol: Any) -> tuple[Any, Any]:
    # TLS within TLS has the outer one's socket, whose plain bytes are others.
    transport = protocol._transport
    is_within = transport.get_extra_info("sslcontext") is not None
    return protocol._sslobj, None if is_within else transport.get_extra_info("socket")


def _of_anyio(stream: Any) -> tuple[Any, Any]:
    from anyio.abc import SocketAttribute  # type: ignore[import-not-found, unused-ignore]
    from anyio.streams.tls import (  # type: ignore[import-not-found, unused-ignore]
        TLSAttribute,
    )

    below = stream.transport_stream
    is_within = below.extra(TLSAttribute.ssl_object, None) is not None
    return stream._ssl_object, None if is_within else below.extra(SocketAttribute.raw_socket, None)


def _of_socket(sock: Any) -> tuple[int, int] | None:
    """The descriptor, and the number of what has none. Before the handshake ssl has no part."""
    return None if sock._sslobj is None else (sock.fileno(), 0)


def _of_memory(tls: Any) -> tuple[int, int]:
    found = _carried.get(tls)
    if found is None:
        found = _carried[tls] = next(_numbers)
    if isinstance(found, int):
        return -1, found
    return found.fileno(), 0


Whose = Callable[[Any], tuple[int, int] | None]


def _reading(ssl: ModuleType, read: Callable[..., Any], whose: Whose) -> Callable[..., Any]:
    now, tell = time.monotonic_ns, _native.trace_ssl

    def watched(self: Any, len: int = 1024, buffer: Any = None) -> Any:
        place = whose(self)
        if place is None:
            return read(self, len, buffer)
        start = now()
        try:
            got = read(self, len, buffer)
        except OSError as error:
            _failed(ssl, self, place, len, start, error)
            raise
        data = got if buffer is None else memoryview(buffer).cast("B")[:got]
        tell(*place, data, len, 0, now() - start)
        return got

    return watched


def _writing(ssl: ModuleType, write: Callable[..., Any], whose: Whose) -> Callable[..., Any]:
    now, tell = time.monotonic_ns, _native.trace_ssl

    def watched(self: Any, data: Any, *flags: Any) -> Any:
        place = whose(self)
        if place is None:
            return write(self, data, *flags)
        start = now()
        try:
            sent = write(self, data, *flags)
        except OSError as error:
            _failed(ssl, self, place, -1, start, error)
            raise
        tell(*place, memoryview(data).cast("B")[:sent], -1, 0, now() - start)
        return sent

    return watched


def _failed(
    ssl: ModuleType, tls: Any, place: tuple[int, int], room: int, start: int, error: OSError
) -> None:
    number = error.errno or errno.EIO
    if isinstance(error, (ssl.SSLWantReadError, ssl.SSLWantWriteError, TimeoutError)):
        if isinstance(tls, ssl.SSLObject):
            # In memory nobody waits: it is how every loop over what has come ends.
            return
        number = errno.EAGAIN
    elif isinstance(error, ssl.SSLError):
        number = errno.EPROTO
    _native.trace_ssl(*place, None, room, number, time.monotonic_ns() - start)
