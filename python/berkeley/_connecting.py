"""What create_connection() does beyond CPython's: one time limit for all of it, and several
addresses side by side."""

from __future__ import annotations

import functools
import os
import select
import time
from collections.abc import Callable
from types import ModuleType
from typing import Any

from berkeley._berkeley import _native

_Row = tuple[Any, Any, int, str, Any]


def connect(
    names: ModuleType,
    address: tuple[Any, Any],
    timeout: Any,
    source_address: Any,
    all_errors: bool,
    total_timeout: float | None,
    delay: float | None,
) -> Any:
    """A connected socket, made by what the names of the module ``socket`` mean now.

    ``timeout`` is that of each address and of the socket in the end, ``total_timeout`` that of
    everything together, ``delay`` how long an address has before the next is tried too.
    """
    if timeout is names._GLOBAL_DEFAULT_TIMEOUT:
        timeout = names.getdefaulttimeout()
    clock = _Clock(total_timeout)
    host, port = address
    if names.getaddrinfo is names._OWN_GETADDRINFO:
        rows = names.getaddrinfo(host, port, 0, names.SOCK_STREAM, timeout=clock.left())
    else:
        rows = names.getaddrinfo(host, port, 0, names.SOCK_STREAM)
    errors: list[OSError] = []
    # From one port there is one connection at a time.
    side_by_side = delay is not None and len(rows) > 1 and not (source_address or (0, 0))[1]
    try:
        if side_by_side:
            order = _native.interleave([int(row[0]) for row in rows])
            attempts = [_Attempt(names, rows[place], timeout, source_address) for place in order]
            found = _race(attempts, delay, clock, errors)
        else:
            found = _in_turn(names, rows, timeout, source_address, clock, errors)
        if found is not None:
            return found
        if not errors:
            raise OSError("getaddrinfo returns an empty list")
        if all_errors:
            raise ExceptionGroup("create_connection failed", errors)
        raise _with_earlier(errors)
    finally:
        # An error knows this frame, which must not know the error for ever.
        errors.clear()


def _with_earlier(errors: list[OSError]) -> OSError:
    """The error that counts of those of several addresses, which knows the others.

    It is the last, or one that says that time was up.
    """
    counts = next((error for error in errors if isinstance(error, TimeoutError)), errors[-1])
    others = tuple(error for error in errors if error is not counts)
    if others:
        setattr(counts, "earlier_errors", others)  # noqa: B010 (types forbid it)
    return counts


class _Clock:
    """The time that is left of a limit, or None if there is no limit."""

    def __init__(self, limit: float | None) -> None:
        if limit is not None and limit < 0:
            raise ValueError("Timeout value out of range")
        self.end = None if limit is None else time.monotonic() + limit

    def left(self, limit: float | None = None) -> float | None:
        """What is left, or the limit if that is less."""
        if self.end is None:
            return limit
        left = max(0.0, self.end - time.monotonic())
        return left if limit is None else min(left, limit)


def _timed_out(address: Any) -> TimeoutError:
    error = TimeoutError("timed out")
    setattr(error, "address", address)  # noqa: B010 (types forbid it)
    return error


def _in_turn(
    names: ModuleType,
    rows: list[_Row],
    timeout: float | None,
    source_address: Any,
    clock: _Clock,
    errors: list[OSError],
) -> Any:
    for family, kind, protocol, _, target in rows:
        left = clock.left(timeout)
        if left == 0 and timeout != 0:
            # Those that were not tried have no error.
            if not errors:
                errors.append(_timed_out(target))
            return None
        sock = None
        try:
            sock = names.socket(family, kind, protocol)
            sock.settimeout(left)
            if source_address:
                sock.bind(source_address)
            sock.connect(target)
            sock.settimeout(timeout)
        except OSError as reason:
            errors.append(reason)
            if sock is not None:
                sock.close()
        except BaseException:
            if sock is not None:
                sock.close()
            raise
        else:
            return sock
    return None


class _Attempt:
    """A connection to one address that may be under way."""

    def __init__(
        self, names: ModuleType, row: _Row, timeout: float | None, source_address: Any
    ) -> None:
        self.names, self.row, self.timeout = names, row, timeout
        self.source_address = source_address
        self.target = row[4]
        self.sock: Any = None
        self.clock = _Clock(None)

    def begin(self) -> bool:
        """Begin; whether it has connected already."""
        family, kind, protocol, _, target = self.row
        self.clock = _Clock(self.timeout or None)
        self.sock = self.names.socket(family, kind, protocol)
        self.sock.setblocking(False)
        if self.source_address:
            self.sock.bind(self.source_address)
        try:
            self.sock.connect(target)
        except BlockingIOError:
            return False
        return True

    def end(self, ready: bool) -> None:
        """Raise why it has failed, if it has."""
        if not ready:
            raise _timed_out(self.target)
        number = self.sock.getsockopt(self.names.SOL_SOCKET, self.names.SO_ERROR)
        if number:
            error = OSError(number, os.strerror(number))
            setattr(error, "address", self.target)  # noqa: B010 (types forbid it)
            raise error

    def close(self) -> None:
        if self.sock is not None:
            self.sock.close()
            self.sock = None


def _race(
    attempts: list[_Attempt], delay: float | None, clock: _Clock, errors: list[OSError]
) -> Any:
    race = _native.race(len(attempts), delay, clock.left())
    won = None
    try:
        while True:
            what, value = _native.race_step(race)
            if what == "start":
                _try(race, value, attempts[value], attempts[value].begin, errors)
            elif what == "wait":
                for place, ready in _ended(attempts, value):
                    one = attempts[place]
                    _try(race, place, one, functools.partial(one.end, ready), errors)
            elif what == "won":
                won = attempts[value]
                won.sock.settimeout(won.timeout)
                return won.sock
            else:
                errors += [_timed_out(one.target) for one in attempts if one.sock is not None]
                return None
    finally:
        for attempt in attempts:
            if attempt is not won:
                attempt.close()


def _try(
    race: Any,
    place: int,
    attempt: _Attempt,
    step: Callable[[], bool | None],
    errors: list[OSError],
) -> None:
    """Begin an attempt, or see how it has ended."""
    try:
        if step() is not False:
            _native.race_ended(race, place, True)
    except OSError as reason:
        errors.append(reason)
        attempt.close()
        _native.race_ended(race, place, False)


def _ended(attempts: list[_Attempt], limit: float | None) -> list[tuple[int, bool]]:
    """Wait until attempts have ended, each within its own timeout.

    The answer is which, and whether it was not for the timeout.
    """
    running = {
        one.sock.fileno(): place for place, one in enumerate(attempts) if one.sock is not None
    }
    poll = select.poll()
    for number, place in running.items():
        poll.register(number, select.POLLOUT)
        limit = attempts[place].clock.left(limit)
    # Rounded up: no turn is taken before its time.
    ready = poll.poll(None if limit is None else int(limit * 1000) + 1)
    late = [place for place in running.values() if attempts[place].clock.left() == 0]
    return [(running[number], True) for number, _ in ready] or [(place, False) for place in late]
