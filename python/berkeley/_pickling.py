"""Sockets between processes, and members of the enums in pickles.

Where berkeley is installed as ``socket``, the standard library does all of this by that name. Where
it is not, ``socket`` is another module, and pickles must name ``berkeley.socket``.
"""

import copyreg
import sys
from collections.abc import Callable, Sequence
from enum import IntEnum, IntFlag
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from types import ModuleType

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from berkeley.socket import socket

_REDUCTION = "multiprocessing.reduction"


def register(module: ModuleType) -> None:
    """Lets multiprocessing send sockets of the module, also if it is loaded later."""
    for enum in (module.AddressFamily, module.SocketKind, module.MsgFlag, module.AddressInfo):
        copyreg.pickle(enum, _reduce_member)
    reduction = sys.modules.get(_REDUCTION)
    if reduction is not None:
        reduction.register(module.socket, _reduce_socket)
    elif not any(isinstance(finder, _Watch) for finder in sys.meta_path):
        sys.meta_path.insert(0, _Watch(module))


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


class _Watch:
    """Registers when multiprocessing is loaded, which costs too much to load it for that."""

    def __init__(self, module: ModuleType) -> None:
        self.module = module

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if name != _REDUCTION:
            return None
        if self in sys.meta_path:
            sys.meta_path.remove(self)
        spec = PathFinder.find_spec(name, path, target)
        if spec is not None and isinstance(spec.loader, SourceFileLoader):
            execute = spec.loader.exec_module

            def exec_module(reduction: ModuleType) -> None:
                execute(reduction)
                reduction.register(self.module.socket, _reduce_socket)

            setattr(spec.loader, "exec_module", exec_module)  # noqa: B010 (types forbid it)
        return spec
