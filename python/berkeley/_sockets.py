"""The open sockets of this process, and where each was opened."""

import os
import sys
from typing import Any, NamedTuple

from berkeley._berkeley import _native

#: How many frames are written down if nobody says.
_FRAMES = 10

#: What opens sockets for others: a place is the first frame that is not of these.
_LIBRARY = (
    os.path.dirname(__file__),
    os.path.join(os.path.dirname(os.__file__), "asyncio"),
    os.path.join(os.path.dirname(os.__file__), "http"),
    *(
        os.path.join(os.path.dirname(os.__file__), name)
        for name in ("socket.py", "ssl.py", "socketserver.py", "selectors.py", "multiprocessing")
    ),
)


class Frame(NamedTuple):
    """A line of a program."""

    file: str
    line: int
    function: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line} in {self.function}"


class SocketInfo(NamedTuple):
    """What is known of an open socket; see ``berkeley.sockets()``."""

    #: The number of its descriptor.
    fd: int
    family: int
    type: int
    proto: int
    #: Its own address, and the peer's; None without one.
    local: Any
    peer: Any
    #: 'LISTEN', 'ESTABLISHED', 'CLOSE_WAIT' and the like; nothing for sockets that have no states.
    state: str
    timeout: float | None
    #: For how many seconds it is open.
    age: float
    #: How many bytes it has received and sent.
    received: int
    sent: int
    #: For how many seconds nothing has come or gone; None where the kernel does not tell.
    idle: float | None
    #: Where it was opened, innermost first; empty unless places are recorded.
    stack: tuple[Frame, ...]

    @property
    def place(self) -> Frame | None:
        """The line of the program that opened it, without what libraries did for it."""
        return _place(self.stack)

    def __str__(self) -> str:
        family, kind = (getattr(value, "name", value) for value in (self.family, self.type))
        parts = [f"fd {self.fd}", f"{family}/{kind}".replace("AF_", "").replace("SOCK_", "")]
        if self.local:
            parts.append(_shown(self.local))
        if self.peer:
            parts.append("-> " + _shown(self.peer))
        if self.state:
            parts.append(self.state)
        parts.append(f"{_span(self.age)} old")
        if self.idle is not None:
            parts.append(f"idle {_span(self.idle)}")
        parts.append(f"in {self.received}, out {self.sent}")
        if self.stack:
            parts.append(f"opened at {self.place}")
        return "  ".join(parts)


def sockets() -> list[SocketInfo]:
    """The open sockets of this process, oldest first.

    Those of this package, not those that other libraries make by themselves. A ``print`` of each is
    a line. Bytes of TCP are those that the kernel counts, also below TLS; of others those that went
    through the methods of the socket.
    """
    listed = []
    for facts in _native.sockets():
        stack = tuple(Frame(*frame) for frame in facts[-1])
        listed.append(SocketInfo._make((*facts[:-1], stack)))
    return listed


def record_places(frames: int | bool = True) -> int:
    """Write down where sockets are opened from now on, or with False, no longer.

    True is ten frames of the program; a number says how many. Answers how many there were before.

    A ``ResourceWarning`` then has the place as its attribute ``opened_at``, and is shown with it.
    In the environment, BERKELEY_PLACES=1 does the same for ``python -m berkeley``, and lets
    ``python -m berkeley ps`` see the places of that process.
    """
    most = _FRAMES if frames is True else int(frames)
    if most:
        _show_with_warnings()
    before: int = _native.record_places(most)
    return before


def _place(stack: tuple[Frame, ...]) -> Frame | None:
    own = (frame for frame in stack if not frame.file.startswith(_LIBRARY))
    return next(own, stack[0] if stack else None)


def shown(frames: list[tuple[str, int, str]]) -> str:
    """The place of these frames, as a text."""
    return str(_place(tuple(Frame(*frame) for frame in frames)) or "")


def tell(warning: Warning, frames: list[tuple[str, int, str]]) -> None:
    """Put the place beside what a warning says."""
    stack = tuple(Frame(*frame) for frame in frames)
    warning.opened_at = _place(stack)  # type: ignore[attr-defined]
    warning.stack = stack  # type: ignore[attr-defined]


def _show_with_warnings() -> None:
    """Lets Python show a warning's place behind it, as it does with what tracemalloc knows."""
    import warnings

    # In Python 3.14 the function stands elsewhere.
    modules: list[Any] = [warnings, sys.modules.get("_py_warnings")]
    for module in modules:
        show = getattr(module, "_formatwarnmsg_impl", None)
        if show is None or getattr(show, "shows_places", False):
            continue

        def with_place(message: Any, show: Any = show) -> str:
            text: str = show(message)
            place = getattr(message.message, "opened_at", None)
            return text if place is None else f"{text}  opened at {place}\n"

        with_place.shows_places = True  # type: ignore[attr-defined]
        module._formatwarnmsg_impl = with_place


def _shown(address: Any) -> str:
    """An address as people write it."""
    if isinstance(address, tuple) and len(address) in (2, 4) and isinstance(address[0], str):
        host, port = address[:2]
        return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    return repr(address) if isinstance(address, bytes) else str(address)


def _span(seconds: float) -> str:
    """A time as people write it."""
    for unit, length in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds >= length:
            return f"{seconds / length:.1f} {unit}"
    return f"{seconds:.1f} s" if seconds >= 1 else f"{seconds * 1000:.0f} ms"
