"""Look-ups of names that end: what ``berkeley`` has of them beside ``socket.getaddrinfo``."""

from __future__ import annotations

from berkeley._berkeley import _native

__all__ = ["abandoned_lookups", "get_lookup_timeout", "set_lookup_timeout"]


def abandoned_lookups() -> int:
    """How many look-ups still go on though nobody waits for them any more, 32 at most.

    The C library's look-up cannot be ended: the thread that makes it is left alone with it when
    its timeout passes, or Ctrl-C ends the waiting. Further look-ups that need a thread wait for
    their turn, as long as they may.
    """
    count: int = _native.abandoned_lookups()
    return count


def get_lookup_timeout() -> float | None:
    """How many seconds a look-up may take that has no timeout of its own; None is for ever."""
    seconds: float | None = _native.get_lookup_timeout()
    return seconds


def set_lookup_timeout(seconds: float | None) -> None:
    """Decide how many seconds a look-up may take that has no timeout of its own.

    That goes for getaddrinfo(), gethostbyname(), gethostbyname_ex(), gethostbyaddr(),
    getnameinfo() and getfqdn(), and for names in the addresses of connect() and its like, in the
    whole process. A look-up that takes longer ends with TimeoutError; getfqdn() answers the name
    that it was given. None, as at first, is for ever.
    """
    _native.set_lookup_timeout(seconds)
