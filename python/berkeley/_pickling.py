"""Sockets between processes, and members of the enums in pickles.

Where berkeley is installed as ``socket``, the standard library does all of this by that name. Where
it is not, ``socket`` is another module, and pickles must name ``berkeley.socket``.
"""

import copyreg
import sys
from collections.abc import Callable
from enum import IntEnum, IntFlag
from types import ModuleType

from berkeley import _loading

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from berkeley.socket import socket


def register(module: ModuleType) -> None:
    """Lets multiprocessing send sockets of the module, also if it is loaded later."""
    for enum in (module.AddressFamily, module.SocketKind, module.MsgFlag, module.AddressInfo):
        copyreg.pickle(enum, _reduce_member)
    _loading.when_loaded(
        "multiprocessing.reduction",
        lambda reduction: reduction.register(module.socket, _reduce_socket),
    )


def _installed() -> bool:
    ours = sys.modules.get("berkeley.socket")
    return ours is not None and sys.modules.get("socket") is ours


def _reduce_member(member: IntEnum | IntFlag) -> tuple[Callable[..., object], tuple[object, ...]]:
    kind = type(member)
    if _installed():
        return kind, (int(member),)
    return _member, (kind.__name__, int(member))


def _member(kind: str, value: int) -> object:
    from berkeley import socket

    return getattr(socket, kind)(value)


def _reduce_socket(sock: "socket") -> tuple[Callable[..., object], tuple[object, ...]]:
    from multiprocessing.reduction import DupFd

    descriptor = DupFd(sock.fileno())
    return _rebuild_socket, (descriptor, int(sock.family), int(sock.type), sock.proto)


def _rebuild_socket(descriptor: "Any", family: int, kind: int, proto: int) -> "socket":
    from berkeley import socket

    return socket.socket(family, kind, proto, fileno=descriptor.detach())
