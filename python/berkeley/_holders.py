"""Who has the address that is in use."""

from typing import Any

from berkeley._berkeley import _native

_Found = tuple[int | None, str | None, Any, str]


class Holder:
    """The socket that keeps others from an address, and its process: an error's ``holder``.

    An ``OSError`` of ``bind()`` or ``listen()`` with ``errno.EADDRINUSE`` has one. It is looked for
    when it is first asked, not when the call fails, and is false if nobody is found: the holder may
    be gone by then. What the system does not let this process know is None.
    """

    __slots__ = ("_asked", "_found")

    def __init__(self, type: int, proto: int, address: bytes) -> None:
        self._asked = (type, proto, address)
        self._found: _Found | bool | None = False

    def _find(self) -> _Found:
        found = self._found
        if isinstance(found, bool):
            found = self._found = _native.holder(*self._asked)
        return found or (None, None, None, "")

    @property
    def pid(self) -> int | None:
        """The number of the process."""
        return self._find()[0]

    @property
    def program(self) -> str | None:
        """The name of its program."""
        return self._find()[1]

    @property
    def address(self) -> Any:
        """The address that the socket has, which may be that of all interfaces."""
        return self._find()[2]

    @property
    def state(self) -> str:
        """'LISTEN', 'ESTABLISHED' and the like, 'BOUND', or nothing where there are no states."""
        return self._find()[3]

    def __bool__(self) -> bool:
        return self.address is not None

    def __repr__(self) -> str:
        if not self:
            return "<holder: nobody is found>"
        who = "a process that is not to be seen"
        if self.pid is not None:
            who = f"{self.program} (pid {self.pid})"
        return f"<holder: {who}, {self.state or 'bound'} at {self.address!r}>"

    def __reduce__(self) -> tuple[Any, ...]:
        # As it is known here: another machine has other processes.
        self._find()
        return _known, (*self._asked, self._found)


def _known(type: int, proto: int, address: bytes, found: _Found | None) -> Holder:
    holder = Holder(type, proto, address)
    holder._found = found
    return holder
