"""Drives CPython's `_socket` and berkeley's with the same arguments, and compares what they answer.

    python tests/python/differential.py [--seed N] [--calls N] [--only TEXT]

Most of the arguments are wrong: of the wrong type, out of range, not an address, no memory to
write to. The kind of the exception, its number and its text must be the same, as must be the
value where there is one. KNOWN lists where they differ, and why.

Everything happens in a network namespace of its own, with a host name of its own.
"""

import argparse
import array
import collections
import ctypes
import fcntl
import importlib.machinery
import importlib.util
import os
import pathlib
import random
import re
import resource
import struct
import sys

import berkeley._berkeley as ours

# What differs on purpose: the call, what CPython says, what we say, and why.
Known = collections.namedtuple("Known", "call stock ours why")
KNOWN = [
    Known(
        r"module\.[A-Z0-9_]+",
        "^'missing'$",
        "",
        "constants of newer versions of Python, or that its headers did not have",
    ),
    Known(r"module\._\w+", "^'missing'$", "", "what berkeley.socket is made of"),
    Known(
        "socket|close|dup",
        "Socket operation on non-socket|Bad file descriptor",
        "Bad file descriptor",
        "a number is not cut to 32 bits, which may be somebody else's descriptor",
    ),
    Known(
        "gethostby.*",
        r"herror: \[Errno \d\]",
        r"herror: \[Errno \d\]",
        "CPython tells the thread's number of the call before",
    ),
    Known(
        "if_indextoname",
        "SystemError: error return without exception set",
        "No such device or address",
        "2**64-1 is an index that there is not",
    ),
    Known(
        "bind|connect|connect_ex|sendto|sendmsg",
        "SystemError: new style getargs format but argument is not a tuple",
        "AF_CAN address must be tuple",
        "what is no tuple is a TypeError in this family too",
    ),
    Known(
        "shutdown",
        "Operation not supported",
        "Invalid argument",
        "an unknown direction is never asked of the kernel",
    ),
    Known(
        "recvmsg|recvmsg_into",
        "Invalid argument",
        "temporarily unavailable",
        "MSG_CMSG_CLOEXEC is not passed to a family that has no descriptors to pass",
    ),
    Known(
        "(recv|send|listen|[gs]etsockopt).*",
        r"TypeError: (\w+\(\) takes no keyword)",
        r"TypeError: socket\.(\w+\(\) takes no keyword)",
        "a method that takes no tuple is named with its class, however it was called",
    ),
    Known(
        "bind",
        "^None",
        "Address already in use",
        "the kernel has not freed the netlink number of the other's socket yet",
    ),
    Known(
        "recv|recvfrom|recvmsg",
        "MemoryError|byte string is too large",
        "",
        "memory is asked for when the rest is checked",
    ),
    Known(
        "bind|connect|connect_ex|sendto|sendmsg",
        r"fe80::1%",
        r"fe80::1%",
        "a scope within the host counts if the tuple has none of its own",
    ),
]


def stock_module():
    """CPython's own, whatever has been put into its place."""
    for finder in importlib.machinery.BuiltinImporter, importlib.machinery.PathFinder:
        if spec := finder.find_spec("_socket"):
            module = importlib.util.module_from_spec(spec)
            spec.loader.exec_module(module)
            return module
    raise ImportError("this Python has no _socket")


def stay_here():
    """Moves to a network and a host name of our own; false if that may not be."""
    libc = ctypes.CDLL(None, use_errno=True)
    new_user, new_net, new_uts = 0x10000000, 0x40000000, 0x04000000
    if libc.unshare(new_net | new_uts) and libc.unshare(new_user | new_net | new_uts):
        return False
    with os.fdopen(stock.socket(stock.AF_INET, stock.SOCK_DGRAM).detach(), "rb") as any_socket:
        flags = struct.pack("16sh14x", b"lo", 0x41)
        fcntl.ioctl(any_socket, 0x8914, flags)  # SIOCSIFFLAGS
    return True


# ---- arguments -------------------------------------------------------------------------------


class Index:
    """An integer that is none."""

    def __init__(self, value):
        self.value = value

    def __index__(self):
        return self.value

    def __repr__(self):
        return f"Index({self.value})"


class Raises:
    """Raises whatever it is asked."""

    def __raise(self, *_):
        raise ZeroDivisionError("asked")

    __index__ = __float__ = __bool__ = __len__ = __iter__ = __fspath__ = __raise

    def __repr__(self):
        return "Raises()"


class Float:
    def __float__(self):
        return 0.5

    def __repr__(self):
        return "Float()"


class Text(str):
    pass


class Number(int):
    pass


class Octets(bytes):
    pass


class Pair(tuple):
    pass


INTEGERS = [
    0, 1, -1, 2, 3, 7, 13, 16, 17, 255, 256, 0xFFFF, 0x10000, -0x8000, 0xFFFFF, 0x100000,
    2**31 - 1, 2**31, -(2**31), -(2**31) - 1, 2**32 - 1, 2**32, 2**63 - 1, 2**63, -(2**63),
    -(2**63) - 1, 2**64 - 1, 2**64, 10**30, -(10**30),
]  # fmt: skip
OTHERS = [
    lambda: None,
    lambda: True,
    lambda: False,
    lambda: 0.0,
    lambda: -1.5,
    lambda: 1e300,
    lambda: float("nan"),
    lambda: float("-inf"),
    lambda: 1j,
    lambda: "",
    lambda: "1",
    lambda: "lo",
    lambda: "a\0b",
    lambda: "\udc80",
    lambda: "\ud800",
    lambda: "é",
    lambda: Text("lo"),
    lambda: b"",
    lambda: b"x",
    lambda: b"a\0b",
    lambda: b"abcd",
    lambda: bytes(16),
    lambda: Octets(b"abcd"),
    lambda: bytearray(b"abcd"),
    lambda: bytearray(),
    lambda: memoryview(b"abcd"),
    lambda: memoryview(bytearray(8)),
    lambda: memoryview(bytearray(8))[::2],
    lambda: memoryview(bytearray(16)).cast("I"),
    lambda: memoryview(bytearray(16)).cast("B", (4, 4)),
    lambda: released(),
    lambda: array.array("i", [1, 2]),
    lambda: array.array("B", b"abc"),
    lambda: [],
    lambda: [b"ab", bytearray(2)],
    lambda: [bytearray(4), bytearray(4)],
    lambda: [1],
    lambda: (),
    lambda: (1,),
    lambda: (1, 2),
    lambda: ("127.0.0.1", 0),
    lambda: {},
    lambda: object(),
    lambda: Index(1),
    lambda: Index(2**40),
    lambda: Index("x"),
    lambda: Raises(),
    lambda: Float(),
    lambda: Number(1),
    lambda: pathlib.PurePosixPath("lo"),
    lambda: int,
]
HOSTS = [
    "", "127.0.0.1", "::1", "localhost", "<broadcast>", "255.255.255.255", "0", "1", "127.1",
    "0x7f.1", "256.1.1.1", "1.2.3.4.5", "127.0.0.1 ", "::ffff:1.2.3.4", "fe80::1%lo", "fe80::1%1",
    "::1%nothing", "x" * 64, ".", "a..b", "é.invalid", "\udc80", "a\0b", "::g", "*", "0:0", "1.2.3",
    b"", b"127.0.0.1", b"\xff", b"a\0b", bytearray(b"127.0.0.1"), bytearray(b"\xff"), b"::1",
]  # fmt: skip
PATHS = [
    "", "/nowhere/socket", "a\0b", "x" * 107, "x" * 108, "x" * 109, "\0abstract", "\0" + "x" * 107,
    "\0" + "x" * 108, "é", "\udc80", b"", b"/nowhere", b"\0ab", b"x" * 107, b"x" * 108, b"a\0b",
]  # fmt: skip
FLAGS = [0, 1, 2, 0x20, 0x40, 0x40000000, -1, 0x7FFFFFFF]


def released():
    view = memoryview(b"ab")
    view.release()
    return view


class Arguments:
    """Makes arguments, the same twice for the same seed."""

    def __init__(self, seed):
        self.random = random.Random(seed)

    def one_of(self, *choices):
        return self.random.choice(choices)

    def integer(self):
        value = self.random.choice(INTEGERS)
        return self.one_of(value, value, value, Index(value), Number(value))

    def anything(self):
        if self.random.random() < 0.4:
            return self.integer()
        return self.random.choice(OTHERS)()

    def mostly(self, usual):
        """What is usual there, or anything."""
        return usual() if self.random.random() < 0.75 else self.anything()

    def small(self):
        return self.mostly(lambda: self.random.choice([0, 1, 2, 4, 8, 100, 1024, 1025, 70000]))

    def flags(self):
        return self.mostly(lambda: self.random.choice(FLAGS))

    def host(self):
        return self.mostly(lambda: self.random.choice(HOSTS))

    def port(self):
        return self.mostly(lambda: self.random.choice([0, 1, 80, 65535, 65536, -1, 70000]))

    def family(self):
        return self.mostly(lambda: self.random.choice(FAMILIES))

    def service(self):
        services = [
            0,
            80,
            "80",
            b"80",
            "http",
            b"http",
            None,
            "nothing",
            -1,
            65536,
            2**40,
            "",
            " 1",
        ]
        return self.mostly(lambda: self.random.choice(services))

    def data(self):
        data = [b"", b"x", b"hello", bytearray(b"abc"), memoryview(b"abcdef")[::2], "text"]
        return self.mostly(lambda: self.random.choice(data))

    def room(self):
        rooms = [
            lambda: bytearray(8), lambda: bytearray(), lambda: b"read-only",
            lambda: memoryview(bytearray(8))[2:], lambda: memoryview(bytearray(8))[::2],
            lambda: array.array("i", [0] * 4), lambda: memoryview(b"ro"),
        ]  # fmt: skip
        return self.mostly(self.random.choice(rooms))

    def some(self, least, most, make):
        return [make() for _ in range(self.random.randint(least, most))]

    def pieces(self, make):
        made = self.some(0, 4, make)
        return self.mostly(lambda: self.one_of(made, tuple(made), iter(made)))

    def control(self):
        def item():
            fields = [self.one_of(1, 1, 1, self.integer()), self.one_of(1, 2, self.integer())]
            fields.append(self.data())
            fields = fields[: self.one_of(3, 3, 3, 2)]
            return self.mostly(lambda: self.one_of(tuple(fields), tuple(fields), fields))

        return self.pieces(item)

    def address(self, family):
        """An address of a family, near one, or of another."""
        if self.random.random() < 0.15:
            family = self.random.choice(FAMILIES)
        name = NAMES.get(family, "")
        number = self.integer
        any_of = self.random.choice
        match name:
            case "AF_INET" | "AF_RDS":
                parts = [self.host(), self.port()]
            case "AF_INET6":
                parts = [
                    self.host(),
                    self.port(),
                    self.one_of(0, number()),
                    self.one_of(1, number()),
                ]
                parts = parts[: self.one_of(2, 3, 4, 4)]
            case "AF_UNIX":
                return self.mostly(lambda: any_of(PATHS))
            case "AF_PACKET":
                interface = self.mostly(lambda: any_of(["lo", "", "nothing", "x" * 20]))
                rest = [number(), number(), number(), any_of([b"", b"123456", b"x" * 9, "x"])]
                parts = [interface, self.one_of(0, 2048, -1, 65536), *rest[1:]]
                parts = parts[: self.one_of(2, 3, 4, 5, 5)]
            case "AF_TIPC":
                parts = [
                    self.one_of(1, 2, 3, 4),
                    number(),
                    number(),
                    number(),
                    self.one_of(1, 2, 3),
                ]
                parts = parts[: self.one_of(4, 5)]
            case "AF_CAN":
                interface = self.mostly(lambda: any_of(["lo", "", "nothing", "x" * 16, "x" * 15]))
                parts = [interface, number(), number(), self.one_of(1, 255, 256)]
                parts = parts[: self.one_of(1, 1, 3, 4)]
            case "AF_ALG":
                kind = self.mostly(lambda: any_of(["hash", "x" * 13, "x" * 14, ""]))
                name = self.mostly(lambda: any_of(["sha256", "x" * 63, "x" * 64, ""]))
                parts = [kind, name, number(), number()][: self.one_of(2, 3, 4)]
            case "AF_BLUETOOTH":
                device = any_of(["00:00:00:00:00:00", "1:2:3:4:5:6", "x", "00:00:00:00:00:100"])
                parts = [device, number(), number(), number()][: self.one_of(2, 3, 4)]
            case _:
                parts = [number(), number()]
        draw = self.random.random()
        if draw < 0.05:
            return self.anything()
        if draw < 0.1:
            return parts
        if draw < 0.2:
            return tuple(parts[:-1])
        if draw < 0.3:
            return (*parts, 1)
        return self.one_of(tuple(parts), tuple(parts), Pair(parts))


# ---- calls -----------------------------------------------------------------------------------


def functions(make):
    """The functions of the module, each with arguments."""
    number, anything = make.integer, make.anything
    text = lambda: make.mostly(lambda: make.one_of("tcp", "udp", "http", "nothing", ""))
    fd_or_not = harmless(
        lambda: make.mostly(lambda: make.one_of(-1, 10**6, 2**31, 2**64, "x", 1e6, Index(10**6)))
    )
    family = make.family
    address = lambda: make.mostly(
        lambda: (make.host(), make.port(), number(), number())[: make.one_of(2, 2, 3, 4)]
    )
    packed = lambda: make.mostly(lambda: make.one_of(b"1234", bytes(16), b"x", bytearray(4)))
    rows = {
        "CMSG_LEN": [number],
        "CMSG_SPACE": [number],
        "close": [fd_or_not],
        "dup": [fd_or_not],
        "getaddrinfo": [make.host, make.service, family, make.small, number, make.flags],
        "gethostbyaddr": [make.host],
        "gethostbyname": [make.host],
        "gethostbyname_ex": [make.host],
        "gethostname": [],
        "getdefaulttimeout": [],
        "getnameinfo": [address, make.flags],
        "getprotobyname": [text],
        "getservbyname": [text, text],
        "getservbyport": [make.port, text],
        "htonl": [number],
        "htons": [number],
        "ntohl": [number],
        "ntohs": [number],
        "if_indextoname": [number],
        "if_nameindex": [],
        "if_nametoindex": [
            lambda: make.mostly(lambda: make.one_of("lo", "nothing", b"lo", "x" * 99))
        ],
        "inet_aton": [make.host],
        "inet_ntoa": [packed],
        "inet_ntop": [family, packed],
        "inet_pton": [family, make.host],
        "setdefaulttimeout": [anything],
        "sethostname": [lambda: make.mostly(lambda: make.one_of("a", b"b", "x" * 65, "", "é"))],
        "socketpair": [family, make.small, number],
    }
    name = make.random.choice(list(rows))
    return name, arguments(make, rows[name], least=len(rows[name]) - 4)


def harmless(make):
    """Leaves out whatever could be an open descriptor."""

    def made():
        value = make()
        try:
            # CPython cuts it to 32 bits.
            open_perhaps = 0 <= value.__index__() & 0xFFFFFFFF < 10**6
        except Exception:
            return value
        return 10**6 if open_perhaps else value

    return made


def arguments(make, parts, least=0):
    """So many arguments as there are, or some fewer, or one too many."""
    count = len(parts)
    if make.random.random() < 0.3:
        count = make.random.randint(min(max(0, least), count), count)
    made = [part() for part in parts[:count]]
    if count == len(parts) and make.random.random() < 0.05:
        made.append(make.anything())
    return made


def methods(make, family):
    """The methods of a socket, each with arguments."""
    address = lambda: make.address(family)
    level = lambda: make.mostly(lambda: make.one_of(1, 6, 41, 0, 263, 270))
    option = lambda: make.mostly(lambda: make.one_of(2, 4, 7, 9, 13, 20, 1, 26, 3, 999))
    value = lambda: make.mostly(lambda: make.one_of(0, 1, b"", b"1234", bytes(8), None, -1))
    room, small, flags, data = make.room, make.small, make.flags, make.data
    rows = {
        "_accept": [],
        "bind": [address],
        "connect": [address],
        "connect_ex": [address],
        "getpeername": [],
        "getsockname": [],
        "getsockopt": [level, option, small],
        "setsockopt": [level, option, value, small],
        "settimeout": [make.anything],
        "setblocking": [make.anything],
        "getblocking": [],
        "gettimeout": [],
        "fileno": [],
        "listen": [make.integer],
        "recv": [small, flags],
        "recv_into": [room, small, flags],
        "recvfrom": [small, flags],
        "recvfrom_into": [room, small, flags],
        "recvmsg": [small, small, flags],
        "recvmsg_into": [lambda: make.pieces(room), small, flags],
        "send": [data, flags],
        "sendall": [data, flags],
        "sendto": [data, address] if make.random.random() < 0.5 else [data, flags, address],
        "sendmsg": [lambda: make.pieces(data), make.control, flags, address],
        "sendmsg_afalg": [lambda: make.pieces(data)],
        "shutdown": [make.integer],
        "close": [],
        "detach": [],
        "nothing": [],
    }
    name = make.random.choice(list(rows))
    least = 2 if name in ("setsockopt", "getsockopt") else 1
    return name, arguments(make, rows[name], least)


def keywords(make):
    """Methods with names."""
    name = make.one_of("recv_into", "recvfrom_into", "sendmsg_afalg", "recv")
    names = ["buffer", "nbytes", "flags", "msg", "op", "iv", "assoclen", "size"]
    given = {}
    for word in make.random.sample(names, make.random.randint(0, 4)):
        given[word] = {"buffer": make.room, "nbytes": make.small, "flags": make.flags}.get(
            word, make.anything
        )()
    return name, make.some(0, 1, make.room), given


# ---- outcomes --------------------------------------------------------------------------------

# Their values differ from socket to socket.
VARYING = {"_accept", "detach", "fileno", "dup", "socketpair"}


# What those who audit were told in a call.
told = []


def audit(event, args):
    if event.startswith("socket."):
        # What comes with it is the caller's, or the socket.
        kinds = (type(arg).__name__ if isinstance(arg, SOCKETS) else short(arg) for arg in args)
        told.append(f"{event}({', '.join(kinds)})")


def outcome(call, name, args, kwargs=None):
    """What a call answers, and what it told those who audit."""
    told.clear()
    answer = answer_of(call, name, args, kwargs)
    return settled(f"{answer}, told {told}" if told else answer)


def answer_of(call, name, args, kwargs=None):
    try:
        value = call(*args, **(kwargs or {}))
    except Exception as error:
        kind = type(error)
        shown = f"{kind.__module__}.{kind.__name__}: {error}"
        if isinstance(error, OSError):
            shown += f" [{error.errno}]"
        if error.__cause__ or error.__context__:
            shown += f" after {error.__cause__ or error.__context__!r}"
        return shown
    for part in value if isinstance(value, tuple) else ():
        if isinstance(part, SOCKETS):
            part.close()
    if name in VARYING:
        return f"a {type(value).__name__}"
    if name.startswith("get") and name.endswith("name"):
        # The kernel chooses ports, and names that begin with a NUL.
        return re.sub(r"\\x00[0-9a-f]{5}'|\d{4,}", "N", repr(value))
    return repr(value)


def settled(shown):
    """Without addresses of memory, which are never the same."""
    return re.sub(r"0x[0-9a-f]{6,}", "0x…", shown)


def memory(args):
    """What is in the arguments afterwards."""
    found = []
    for arg in args:
        for part in arg if isinstance(arg, (list, tuple)) else [arg]:
            if isinstance(part, (bytearray, array.array)):
                found.append(bytes(part))
            elif isinstance(part, memoryview):
                try:
                    found.append(part.tobytes())
                except ValueError:
                    found.append("released")
    return found


class Pairing:
    """Runs calls on both sides, and keeps what differs."""

    def __init__(self, only):
        self.calls = 0
        self.known = collections.Counter()
        self.different = []
        self.only = only

    def compare(self, label, shown, first, second):
        self.calls += 1
        if first == second:
            return
        for row in KNOWN:
            if (
                re.fullmatch(row.call, label)
                and re.search(row.stock, first)
                and re.search(row.ours, second)
            ):
                self.known[row] += 1
                return
        if self.only in label:
            self.different.append((label, shown, first, second))


def made_by(module, family, kind, protocol, real):
    """A socket of a family, whether the kernel has it or not."""
    if real:
        one = module.socket(family, kind, protocol)
    else:
        # The kernel's is another; addresses are read by what the object says.
        plain = module.socket(stock.AF_INET, stock.SOCK_DGRAM)
        one = module.socket(family, kind, protocol, plain.detach())
    one.setblocking(False)
    return one


def call_functions(pairing, seed):
    """One function, with the same arguments in both."""
    name, args = functions(Arguments(seed))
    _, again = functions(Arguments(seed))
    shown = f"{name}({', '.join(map(short, args))})"
    first = outcome(getattr(stock, name), name, args)
    second = outcome(getattr(ours, name), name, again)
    stock.setdefaulttimeout(None)
    ours.setdefaulttimeout(None)
    pairing.compare(name, shown, first, second)


def short(value):
    shown = repr(value)
    return shown if len(shown) < 60 else shown[:50] + "…"


def call_methods(pairing, seed):
    """A few methods of a socket, in the same order; the other's turn comes when it is closed."""
    choose = random.Random(seed)
    real = choose.random() < 0.5
    family, kind, protocol = choose.choice(KINDS if real else FAKES)
    steps = choose.randint(1, 6)
    trail = [f"socket({NAMES.get(family, family)}, {kind}, {protocol})"]
    runs = []
    for module in stock, ours:
        try:
            one = made_by(module, family, kind, protocol, real)
        except OSError:
            # The kernel lacks it, or the right to it is missing.
            return
        runs.append([call_method(one, family, f"{seed} {step}") for step in range(steps)])
        one.close()
    for first, second in zip(*runs, strict=True):
        trail.append(first.shown)
        if first.answer != second.answer:
            pairing.compare(first.name, "; ".join(trail), first.answer, second.answer)
            # What follows is about other sockets.
            break
        pairing.compare(first.name, "; ".join(trail), first.state, second.state)


Step = collections.namedtuple("Step", "name shown answer state")


def call_method(one, family, seed):
    make = Arguments(seed)
    kwargs = {}
    if make.random.random() < 0.1:
        name, args, kwargs = keywords(make)
    else:
        name, args = methods(make, family)
    shown = f"{name}({', '.join([*map(short, args), *kwargs])})"
    call = getattr(one, name, None)
    answer = outcome(call, name, args, kwargs) if call else "no such method"
    state = f"timeout {one.gettimeout()}, {one.family}, {one.type}, {one.proto}, {memory(args)}"
    # Nothing may wait.
    if one.fileno() >= 0:
        one.setblocking(False)
    return Step(name, shown, answer, state)


def call_constructors(pairing, seed):
    """Sockets, made with whatever."""
    results = []
    for module in stock, ours:
        make = Arguments(seed)
        fd = harmless(make.anything)
        args = arguments(make, [make.family, make.small, make.integer, fd])
        kwargs = {}
        if make.random.random() < 0.3:
            args, kwargs = args[:1], {make.one_of("fileno", "fd", "type", "family"): fd()}
        shown = f"socket({', '.join([*map(short, args), *(f'{k}={short(v)}' for k, v in kwargs.items())])})"
        made = []

        def call(*args, **kwargs):
            made.append(module.socket(*args, **kwargs))
            one = made[0]
            return one.family, one.type, one.proto, one.gettimeout()

        results.append(outcome(call, "socket", args, kwargs))
        for one in made:
            one.close()
    pairing.compare("socket", shown, *results)


def compare_names(pairing):
    """What there is, by name."""
    for where, first, second in (
        ("module", stock, ours),
        ("type", stock.socket, ours.socket),
    ):
        for name in sorted(set(dir(first)) | set(dir(second))):
            results = []
            for owner in first, second:
                what = getattr(owner, name, "missing")
                if isinstance(what, (int, str)) and not name.startswith("__"):
                    results.append(repr(what))
                else:
                    signature = getattr(what, "__text_signature__", None)
                    module = getattr(what, "__module__", None)
                    results.append(f"{type(what).__name__} of {module} {signature}")
            pairing.compare(f"{where}.{name}", name, *results)


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--calls", type=int, default=20000, help="about so many in all")
    parser.add_argument("--only", default="", help="show what has this in its name")
    asked = parser.parse_args()
    if not stay_here():
        print("skipped: no right to make a network namespace")
        print("0 passed, 0 failed, 1 skipped")
        return 0
    sys.addaudithook(audit)
    # Enough for everything but a mistake.
    resource.setrlimit(resource.RLIMIT_AS, (8 << 30, 8 << 30))
    pairing = Pairing(asked.only)
    compare_names(pairing)
    turn = 0
    while pairing.calls < asked.calls:
        turn += 1
        seed = f"{asked.seed} {turn}"
        if os.environ.get("DIFFERENTIAL_TRACE"):
            print(seed, file=sys.stderr, flush=True)
        (call_functions, call_methods, call_constructors)[turn % 7 % 3](pairing, seed)
    seen = collections.Counter()
    for label, shown, first, second in pairing.different:
        key = (label, re.sub(r"\d+", "N", first), re.sub(r"\d+", "N", second))
        seen[key] += 1
        if seen[key] == 1:
            print(f"{shown}\n    CPython:  {first}\n    berkeley: {second}")
    for row, times in pairing.known.items():
        print(f"known, {times} times: {row.call}: {row.why}")
    failed = len(pairing.different)
    print(f"{pairing.calls - failed} passed, {failed} failed, 0 skipped")
    return min(failed, 1)


stock = stock_module()
SOCKETS = stock.socket, ours.socket
NAMES = {}
for _name in dir(stock):
    if _name.startswith("AF_"):
        NAMES[getattr(stock, _name)] = _name
FAMILIES = sorted(NAMES)
KINDS = [
    (stock.AF_INET, stock.SOCK_STREAM, 0),
    (stock.AF_INET, stock.SOCK_DGRAM, 0),
    (stock.AF_INET6, stock.SOCK_STREAM, 0),
    (stock.AF_INET6, stock.SOCK_DGRAM, 0),
    (stock.AF_UNIX, stock.SOCK_STREAM, 0),
    (stock.AF_UNIX, stock.SOCK_DGRAM, 0),
    (stock.AF_UNIX, stock.SOCK_SEQPACKET, 0),
    (stock.AF_NETLINK, stock.SOCK_RAW, 0),
    (stock.AF_PACKET, stock.SOCK_RAW, 0),
]
FAKES = [(family, 2, 0) for family in FAMILIES if family != 0]
FAKES += [(stock.AF_CAN, 2, protocol) for protocol in (1, 2, 6, 7)]
FAKES += [(31, 2, protocol) for protocol in (0, 1, 2, 3) if 31 in NAMES]

if __name__ == "__main__":
    sys.exit(main())
