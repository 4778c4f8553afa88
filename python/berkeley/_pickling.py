"""Sockets between processes, and members of the enums in pickles.

Where berkeley is installed as ``socket``, the standard library does all of this by that name. Where
it is not, ``socket`` is another module, and pickles must name ``berkeley.socket``.
"""

import copyreg
import sys
from importlib.machinery import PathFinder, SourceFileLoader

_REDUCTION = "multiprocessing.reduction"


def register(module):
    """Lets multiprocessing send sockets of the module, also if it is loaded later."""
    for enum in (module.AddressFamily, module.SocketKind, module.MsgFlag, module.AddressInfo):
        copyreg.pickle(enum, _reduce_member)
    reduction = sys.modules.get(_REDUCTION)
    if reduction is not None:
        reduction.register(module.socket, _reduce_socket)
    elif not any(isinstance(finder, _Watch) for finder in sys.meta_path):
        sys.meta_path.insert(0, _Watch(module))


def _installed():
    ours = sys.modules.get("berkeley.socket")
    return ours is not None and sys.modules.get("socket") is ours


def _reduce_member(member):
    kind = type(member)
    if _installed():
        return kind, (int(member),)
    return _member, (kind.__name__, int(member))


def _member(kind, value):
    from berkeley import socket

    return getattr(socket, kind)(value)


def _reduce_socket(sock):
    from multiprocessing.reduction import DupFd

    descriptor = DupFd(sock.fileno())
    return _rebuild_socket, (descriptor, int(sock.family), int(sock.type), sock.proto)


def _rebuild_socket(descriptor, family, kind, proto):
    from berkeley import socket

    return socket.socket(family, kind, proto, fileno=descriptor.detach())


class _Watch:
    """Registers when multiprocessing is loaded, which costs too much to load it for that."""

    def __init__(self, module):
        self.module = module

    def find_spec(self, name, path=None, target=None):
        if name != _REDUCTION:
            return None
        if self in sys.meta_path:
            sys.meta_path.remove(self)
        spec = PathFinder.find_spec(name, path, target)
        if spec is not None and isinstance(spec.loader, SourceFileLoader):
            execute = spec.loader.exec_module

            def exec_module(reduction):
                execute(reduction)
                reduction.register(self.module.socket, _reduce_socket)

            spec.loader.exec_module = exec_module
        return spec
