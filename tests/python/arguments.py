"""What differential.py gives to both modules: values that are wrong in every way, and calls."""

import array
import importlib.machinery
import importlib.util
import os
import pathlib
import random


def stock_module():
    """CPython's own, whatever has been put into its place."""
    for finder in importlib.machinery.BuiltinImporter, importlib.machinery.PathFinder:
        if spec := finder.find_spec("_socket"):
            module = importlib.util.module_from_spec(spec)
            spec.loader.exec_module(module)
            return module
    raise ImportError("this Python has no _socket")


stock = stock_module()
NAMES = {}
for _name in dir(stock):
    if _name.startswith("AF_"):
        NAMES[getattr(stock, _name)] = _name
FAMILIES = sorted(NAMES)


# ---- values ----------------------------------------------------------------------------------


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


class Meddles:
    """An integer, a number or memory that does something else when it is asked for itself."""

    def __init__(self, deed, value):
        self.deed = deed
        self.value = value

    def __index__(self):
        self.deed()
        return self.value

    def __float__(self):
        self.deed()
        return float(self.value)

    def __bool__(self):
        self.deed()
        return bool(self.value)

    def __repr__(self):
        return f"Meddles({self.deed.__name__}, {self.value})"


class Lends:
    """Memory of Python's own making, which is told of its users; from 3.12 on."""

    def __init__(self, memory, deed=None, after=None):
        self.memory = memory
        self.deed = deed
        self.after = after

    def __buffer__(self, flags):
        if self.deed:
            self.deed()
        return memoryview(self.memory)

    def __release_buffer__(self, view):
        view.release()
        if self.after:
            self.after()

    def __repr__(self):
        deeds = [deed.__name__ if deed else None for deed in (self.deed, self.after)]
        return f"Lends({short(self.memory)}, {deeds})"


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


def short(value):
    """A value for those who read."""
    long = isinstance(value, (bytes, bytearray)) and len(value) > 60
    shown = repr(value[:60] if long else value)
    return shown if len(shown) < 60 else shown[:50] + "…"


def views():
    """Views of eight bytes, of which many cannot be sent or written to."""
    grown = bytearray(8)
    return [
        memoryview(grown),
        memoryview(bytes(8)),
        memoryview(grown).toreadonly(),
        memoryview(grown)[::2],
        memoryview(grown)[::-1],
        memoryview(grown)[4:4],
        memoryview(grown).cast("H"),
        memoryview(grown).cast("c"),
        memoryview(grown).cast("d"),
        memoryview(grown).cast("?"),
        memoryview(grown).cast("B", (2, 4)),
        memoryview(grown).cast("I", (2, 1)),
        memoryview(array.array("h", [1, 2, 3, 4])),
        memoryview(array.array("d", [1.5])).toreadonly(),
    ]


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


class Meddling(Arguments):
    """Arguments for a socket of a pair, many of which do something to it meanwhile."""

    def __init__(self, seed, one, other):
        super().__init__(seed)
        self.one = one
        self.other = other
        self.victim = bytearray(b"victim")

    def deed(self):
        """What is done when somebody asks."""
        one, other, victim = self.one, self.other, self.victim
        kept = []

        def close():
            one.close()

        def close_the_other():
            other.close()

        def detach():
            if (fd := one.detach()) >= 0:
                os.close(fd)

        def grow():
            victim.extend(b"x" * 100)

        def shrink():
            victim.clear()

        def hold():
            kept.append(memoryview(victim))

        def receive():
            one.recv(1)

        def fill():
            other.send(b"meddled")

        def wait_a_little():
            one.settimeout(0.001)

        def fail():
            raise ZeroDivisionError("asked")

        deeds = [close, close_the_other, detach, grow, shrink, hold, receive, fill]
        return self.one_of(*deeds, wait_a_little, fail)

    def number(self, *usual):
        if self.random.random() < 0.2:
            return Meddles(self.deed(), self.one_of(*usual))
        return self.mostly(lambda: self.one_of(*usual))

    def memory(self, size):
        """Something to send or to receive into."""
        draw = self.random.random()
        if draw < 0.3:
            return self.victim
        if draw < 0.4:
            return self.one_of(*views())
        if draw < 0.5:
            after = self.deed() if self.random.random() < 0.3 else None
            return Lends(self.one_of(self.victim, bytes(8)), self.deed(), after)
        if draw < 0.55:
            return self.anything()
        return self.one_of(
            bytes(size), bytearray(size), bytearray(size), memoryview(bytearray(size))
        )

    def size(self):
        return self.one_of(0, 1, 3, 100, 100, 5000, 70000)

    def many(self, make):
        """A sequence, or what makes one and meddles."""
        made = self.some(0, 4, make)
        deed = self.deed()

        def one_by_one():
            for part in made:
                yield part
                deed()

        return self.one_of(made, made, tuple(made), one_by_one(), self.anything())

    def rights(self, descriptor):
        """A control message with descriptors, more or less."""
        count = self.one_of(1, 1, 2, 5)
        data = array.array("i", [descriptor] * count)
        # When memory is given back is not told: after the call, or when it is copied.
        data = self.one_of(data, data.tobytes(), Lends(data.tobytes(), self.deed()), *views())
        return (self.number(1, 1, 1, 41), self.number(1, 1, 2), data)


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


def talk(make, descriptor):
    """The methods of a socket that is one of a pair."""
    size, number, memory, many = make.size, make.number, make.memory, make.many
    data = lambda: memory(size())
    flags = lambda: number(0, 0, 0, 0, 2, 0x20, 0x100, 0x40)
    # With MSG_TRUNC, CPython answers memory that nobody has written.
    receive = lambda: number(0, 0, 0, 0, 2, 0x100, 0x40)
    length = lambda: number(0, 1, 5, 100, 70000)
    address = lambda: make.mostly(lambda: make.one_of("", "\0nobody", b"/nowhere", Text("x"), None))
    rows = {
        "send": [data, flags],
        "sendall": [data, flags],
        "sendto": [data, flags, address],
        "sendmsg": [lambda: many(data), lambda: many(lambda: make.rights(descriptor)), flags, address],
        "recv": [length, receive],
        "recv_into": [data, length, receive],
        "recvfrom": [length, receive],
        "recvfrom_into": [data, length, receive],
        "recvmsg": [length, lambda: number(0, 10, 24, 100), receive],
        "recvmsg_into": [lambda: many(data), lambda: number(0, 24, 100), receive],
        "shutdown": [lambda: number(0, 1, 2)],
        "close": [],
        "detach": [],
        "settimeout": [lambda: number(0, 1)],
        "setblocking": [lambda: number(0, 1)],
        "getpeername": [],
        "getsockname": [],
        "connect": [address],
        "connect_ex": [address],
        "listen": [lambda: number(0, 1)],
        "_accept": [],
        "getsockopt": [lambda: number(1), lambda: number(3, 4, 7, 8, 16, 17), lambda: number(0, 4)],
        "setsockopt": [
            lambda: number(1),
            lambda: number(7, 8, 16, 18, 42),
            lambda: make.one_of(number(0, 1, 5000), data()),
        ],
    }  # fmt: skip
    # A pair that is closed has no more to say.
    rare = {"close", "detach", "shutdown", "listen", "connect", "connect_ex", "_accept"}
    name = make.random.choice(list(rows))
    if name in rare and make.random.random() < 0.7:
        name = make.one_of("send", "recv", "recv_into", "recvmsg", "sendmsg")
    least = {"setsockopt": 3, "getsockopt": 2, "sendto": 3}.get(name, 1)
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
