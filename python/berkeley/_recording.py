"""Recordings of every call of every socket: what ``berkeley.trace`` is."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Any

from berkeley import _plaintext
from berkeley._berkeley import _native

__all__ = ["Recording", "trace"]

#: The file of a recording, and what of each call is kept. Programs that are started honour them.
FILE, PAYLOAD, SAMPLE = "BERKELEY_TRACE", "BERKELEY_TRACE_PAYLOAD", "BERKELEY_TRACE_SAMPLE"


class Recording:
    """A recording that is going on, or has ended; a context manager.

    It ends when its block does, by close(), or with the process.
    """

    def __init__(self, path: str | bytes | os.PathLike[Any]) -> None:
        #: The file.
        self.path = path
        #: Calls that stand in it, and calls that found no room in memory, once it has ended.
        self.calls: int | None = None
        self.dropped: int | None = None
        self._ended = False

    def close(self) -> None:
        """End it, and wait until all of it stands in the file.

        Raises OSError if the file could not be written, now or before.
        """
        if self._ended:
            return
        self._ended = True
        _leave()
        counts = _native.trace_end()
        if counts is not None:
            self.calls, self.dropped = counts

    def __enter__(self) -> Recording:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        state = "going on" if not self._ended else f"{self.calls} calls, {self.dropped} dropped"
        return f"<recording {os.fsdecode(self.path)!r}: {state}>"


def trace(
    path: str | bytes | os.PathLike[Any],
    *,
    payload: int = 0,
    sample: float | None = None,
    memory: int = 64 << 20,
    append: bool = False,
) -> Recording:
    """Record every call of every socket of this process, in a file of JSON Lines.

    The file is made or emptied, or with `append` gone on with; in its name ``%p`` stands for the
    number of the process. Of what is sent and received, `payload` bytes of each call are kept;
    every `sample` seconds TCP is asked about each connection. At most `memory` bytes hold what has
    yet to be written: nothing waits for the file, and what finds no room is counted.

    Seen are the sockets of ``berkeley.socket``, by whatever uses them, and of ``ssl`` what the
    program reads and writes, at the socket that carries it if that is known, as with asyncio, trio
    and anyio. Copies of the process (``os.fork``) go on in the same file.

    Raises OSError if the file cannot be made, and with EBUSY if a recording is going on.
    """
    _native.trace_begin(os.fsencode(path), payload, sample or 0.0, memory, append)
    _enter()
    return Recording(path)


def from_environment() -> Recording | None:
    """Begins the recording that the environment asks for, once."""
    path = os.environ.get(FILE)
    if not path or _native.trace_is_on():
        return None
    options: dict[str, Any] = {}
    for name, key, kind in ((PAYLOAD, "payload", int), (SAMPLE, "sample", float)):
        try:
            options[key] = kind(os.environ[name])
        except (KeyError, ValueError):
            pass
    try:
        return trace(path, append=True, **options)
    except OSError as error:
        # The program is not to blame, and does its work all the same.
        sys.stderr.write(f"berkeley: nothing is recorded in {path}: {error.strerror}\n")
        return None


# What is replaced while a recording goes on: an object, the name, and what it was.
_replaced: list[tuple[Any, str, Any]] = []


def _replace(owner: Any, name: str, make: Callable[[Any], Any]) -> None:
    before = getattr(owner, name, None)
    if before is not None:
        _replaced.append((owner, name, before))
        setattr(owner, name, make(before))


def _enter() -> None:
    for thread in threading.enumerate():
        if thread.native_id is not None:
            _native.trace_name(thread.native_id, thread.name)
    # A thread has its name in here, and Python has no other place to hear of it.
    _replace(threading.Thread, "_bootstrap_inner", _named)
    # It ends the process without another word.
    _replace(os, "_exit", _flushed)
    _plaintext.watch(_replace)


def _leave() -> None:
    while _replaced:
        owner, name, before = _replaced.pop()
        setattr(owner, name, before)


def _in_copy() -> None:
    if _native.trace_is_on():
        _native.trace_name(threading.get_native_id(), threading.current_thread().name)


os.register_at_fork(after_in_child=_in_copy)


def _named(begin: Callable[[threading.Thread], None]) -> Callable[[threading.Thread], None]:
    def _bootstrap_inner(self: threading.Thread) -> None:
        _native.trace_name(threading.get_native_id(), self.name)
        begin(self)

    return _bootstrap_inner


def _flushed(leave: Callable[[int], None]) -> Callable[[int], None]:
    def _exit(status: int) -> None:
        _native.trace_flush()
        leave(status)

    return _exit
