"""Drives CPython's `_socket` and berkeley's with the same arguments, and compares what they answer.

    python tests/python/differential.py [--seed N] [--calls N] [--only TEXT]

Most of the arguments are wrong: of the wrong type, out of range, not an address, no memory to
write to. Some meddle when they are looked at: they close the socket, resize the memory, raise. The
kind of the exception, its number and its text must be the same, as must be the value where there is
one, what was told to those who audit, and after each call of a sequence the state of the sockets,
of the memory and of its references. KNOWN lists where they differ, and why.

Everything happens in a network namespace of its own, with a host name of its own.
"""

import argparse
import array
import collections
import ctypes
import fcntl
import os
import random
import re
import resource
import struct
import sys
import zlib

import berkeley._berkeley as ours

# Isolated, Python does not look for modules beside the program.
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from arguments import (
    FAMILIES,
    NAMES,
    Arguments,
    Index,
    Lends,
    Meddles,
    Meddling,
    Raises,
    arguments,
    functions,
    harmless,
    keywords,
    methods,
    short,
    stock,
    talk,
)

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
        "recv.*|send.*",
        "^builtins.TimeoutError: timed out",
        "",
        "what can be said at once is not waited for until the timeout, as are calls with MSG_DONTWAIT",
    ),
    Known(
        "setsockopt",
        "unraisable",
        "unraisable",
        "CPython looks at errno when Python's code for giving memory back has run",
    ),
    Known(
        "bind",
        "^None",
        "Address already in use",
        "the kernel has not freed the netlink number of the other's socket yet",
    ),
    Known(
        "recv|recvfrom|recvmsg|recvmsg_into",
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
    if name in ("recvmsg", "recvmsg_into"):
        value = without_numbers(value)
    if name == "detach" and value >= 0:
        os.close(value)
    if isinstance(value, bytes):
        value = brief(value)
    if name in VARYING:
        return f"a {type(value).__name__}"
    if name.startswith("get") and name.endswith("name"):
        # The kernel chooses ports, and names that begin with a NUL.
        return re.sub(r"\\x00[0-9a-f]{5}'|\d{4,}", "N", repr(value))
    return repr(value)


def without_numbers(value):
    """The answer of recvmsg with its descriptors closed and counted."""
    data, control, *rest = value
    shown = []
    for level, kind, content in control:
        if (level, kind) == (stock.SOL_SOCKET, stock.SCM_RIGHTS):
            fds = array.array("i")
            fds.frombytes(content[: len(content) // fds.itemsize * fds.itemsize])
            content = [os.get_inheritable(fd) for fd in fds]
            for fd in fds:
                os.close(fd)
        shown.append((level, kind, content))
    return data, shown, *rest


def settled(shown):
    """Without addresses of memory and names of the kernel's choice, which are never the same."""
    shown = re.sub(r"\\x00[0-9a-f]{5}'", "N'", shown)
    return re.sub(r"0x[0-9a-f]{6,}", "0x…", shown)


def memory(args):
    """What is in the arguments afterwards."""
    found = []
    for arg in args:
        for part in arg if isinstance(arg, (list, tuple)) else [arg]:
            if isinstance(part, bytearray):
                found.append(brief(bytes(part)) + still_held(part))
            elif isinstance(part, array.array):
                found.append(bytes(part))
            elif isinstance(part, memoryview):
                try:
                    found.append(brief(part.tobytes()))
                except ValueError:
                    found.append("released")
    return found


def brief(data):
    """Many bytes in few."""
    return data if len(data) < 200 else b"%d bytes, %x" % (len(data), zlib.crc32(data))


def still_held(memory):
    """What tells that somebody has not given it back."""
    try:
        memory.append(0)
        memory.pop()
    except BufferError:
        return b", exported"
    return b""


def references(args):
    """How many there are to each argument that is of this call alone."""
    counted = bytearray, memoryview, array.array, Index, Raises, Meddles, Lends
    return [sys.getrefcount(arg) for arg in args if isinstance(arg, counted)]


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


def call_pairs(pairing, seed):
    """What two connected sockets say to each other, and what arguments do to them meanwhile."""
    choose = random.Random(seed)
    kind = choose.choice([stock.SOCK_STREAM, stock.SOCK_DGRAM, stock.SOCK_SEQPACKET])
    ends = [choose.randint(0, 1) for _ in range(choose.randint(4, 14))]
    trail = [f"a pair of {kind}"]
    runs = []
    for module in stock, ours:
        pair = module.socketpair(stock.AF_UNIX, kind)
        for one in pair:
            one.setblocking(False)
        runs.append([say(pair, end, f"{seed} {step}") for step, end in enumerate(ends)])
        for one in pair:
            one.close()
        runs[-1].append(Step("close", "end", "", f"{len(os.listdir('/proc/self/fd'))} open"))
    for first, second in zip(*runs, strict=True):
        trail.append(first.shown)
        if first.answer != second.answer or first.state != second.state:
            both = [f"{step.answer}; {step.state}" for step in (first, second)]
            pairing.compare(first.name, "; ".join(trail), *both)
            break
        pairing.compare(first.name, "", "", "")


def say(pair, end, seed):
    one, other = pair[end], pair[1 - end]
    make = Meddling(seed, one, other)
    name, args = talk(make, null)
    shown = f"{'ab'[end]}.{name}({', '.join(map(short, args))})"
    answer = outcome(getattr(one, name), name, args)
    state = [memory([*args, make.victim]), references(args)]
    for each in pair:
        state.append((each.fileno() >= 0, each.gettimeout(), pending(each)))
        # Nothing may wait.
        if each.fileno() >= 0:
            each.setblocking(False)
    return Step(name, shown, answer, settled(repr(state)))


def pending(one):
    """How much there is to receive."""
    try:
        return struct.unpack("i", fcntl.ioctl(one.fileno(), 0x541B, bytes(4)))[0]  # FIONREAD
    except (OSError, ValueError):
        return None


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
    parser.add_argument("--calls", type=int, default=60000, help="about so many in all")
    parser.add_argument("--only", default="", help="show what has this in its name")
    asked = parser.parse_args()
    if not stay_here():
        print("skipped: no right to make a network namespace")
        print("0 passed, 0 failed, 1 skipped")
        return 0
    sys.addaudithook(audit)
    # What cannot be raised is an answer too.
    sys.unraisablehook = lambda raised: told.append(f"unraisable {raised.exc_value!r}")
    # Enough for everything but a mistake.
    resource.setrlimit(resource.RLIMIT_AS, (1 << 30, 1 << 30))
    pairing = Pairing(asked.only)
    compare_names(pairing)
    turn = 0
    while pairing.calls < asked.calls:
        turn += 1
        seed = f"{asked.seed} {turn}"
        if os.environ.get("DIFFERENTIAL_TRACE"):
            print(seed, file=sys.stderr, flush=True)
        GROUPS[turn % len(GROUPS)](pairing, seed)
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


SOCKETS = stock.socket, ours.socket
null = os.open(os.devnull, os.O_RDONLY)
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
# As often as they stand here.
GROUPS = [call_functions, call_methods, call_constructors, call_pairs, call_methods, call_pairs]

if __name__ == "__main__":
    sys.exit(main())
