"""What a call costs in `berkeley.socket`, beside Python's own `socket`.

Each row is timed in turns, ours and theirs, in several processes, and the turn with the middle
ratio counts: a machine is faster at one time than at another, and so for both sides of a turn.
System calls are counted by strace in a run of their own (`--trace ROW ours|stock` is that run).
asyncio runs `echo.py`, unchanged, in fresh processes.

    python benches/python/beside.py            the table
    python benches/python/beside.py --check    fails if a target is missed
    python benches/python/beside.py --json     the same for programs
"""

import argparse
import functools
import importlib.util
import json
import pathlib
import re
import shutil
import socket as stock
import subprocess
import sys
import tempfile
import time

#: How many datagrams a batch has here.
MANY = 54

#: How often a row is timed for each side, and for how long at least.
ROUNDS = 15
SECONDS = 0.02
#: And in how many processes.
PROCESSES = 5


class Row:
    """A row of the table: what is done, once, and what it must reach."""

    def __init__(self, name, prepare, target=None, calls=None, alone=False, each=1):
        self.name, self.prepare, self.target, self.calls = name, prepare, target, calls
        #: How many things are done in one go.
        self.each = each
        #: Whether each side needs a process of its own: what is imported for the other one frees
        #: memory, after which large objects cost less.
        self.alone = alone


def module(side):
    """The module of a side, imported only now."""
    if side == "stock":
        return stock
    from berkeley import socket

    return socket


def pair(module, timeout=None, kind=stock.SOCK_STREAM):
    a, b = module.socketpair(stock.AF_UNIX, kind)
    a.settimeout(timeout)
    b.settimeout(timeout)
    return a, b


def send_recv(module, timeout=None, room=100):
    a, b = pair(module, timeout)
    data = b"x" * 64

    def once(a=a, b=b, data=data, room=room):
        a.send(data)
        b.recv(room)

    return once


def messages(module):
    a, b = pair(module, 5)
    data = [b"x" * 64]

    def once():
        a.sendmsg(data)
        b.recvmsg(100)

    return once


def datagrams(module, timeout=None):
    a, b = (module.socket(stock.AF_INET, stock.SOCK_DGRAM) for _ in range(2))
    for sock in (a, b):
        sock.bind(("127.0.0.1", 0))
        sock.settimeout(timeout)
    to, data = b.getsockname(), b"x" * 64

    def once():
        a.sendto(data, to)
        b.recvfrom(100)

    return once


def many(module, size, cut=False):
    """So many datagrams there and back off the socket, by a loop or by batches."""
    a, b = (module.socket(stock.AF_INET, stock.SOCK_DGRAM) for _ in range(2))
    b.bind(("127.0.0.1", 0))
    to = b.getsockname()
    data = [bytes([number]) * size for number in range(MANY)]
    whole = b"".join(data)
    if module is stock:

        def once():
            for datagram in data:
                a.sendto(datagram, to)
            for _ in range(MANY):
                b.recvfrom(2048)

        return once
    b.set_recv_offload(True)

    def once():
        if cut:
            a.send_batch(whole, to, segment=size)
        else:
            a.send_batch(data, to)
        left = MANY
        while left:
            left -= len(b.recv_batch())

    return once


def accept(module, timeout=None):
    server = module.create_server(("127.0.0.1", 0), backlog=128)
    server.settimeout(timeout)
    addr = server.getsockname()

    def once():
        # The client is stock's on both sides: only accept differs.
        with stock.socket() as client:
            client.connect(addr)
            server.accept()[0].close()

    return once


def accept_alone(module, timeout=None):
    """accept() itself, of connections that are there already."""
    server = module.create_server(("127.0.0.1", 0), backlog=128)
    server.settimeout(timeout)
    addr = server.getsockname()

    def once(clients=None):
        conn, _ = server.accept()
        return conn

    def fill(count):
        clients = []
        for _ in range(count):
            client = stock.socket()
            client.connect(addr)
            clients.append(client)
        return clients

    once.fill = fill
    return once


def getaddrinfo(module):
    return lambda: module.getaddrinfo("127.0.0.1", 80)


def family(module):
    sock = module.socket()
    return lambda: sock.family


def getsockname(module):
    sock = module.socket()
    sock.bind(("127.0.0.1", 0))
    return sock.getsockname


def same_mode(module):
    a, _ = pair(module, 5)
    return lambda: a.settimeout(5)


def socketpair(module):
    def once():
        a, b = module.socketpair()
        a.close()
        b.close()

    return once


def create_connection(module):
    server = stock.create_server(("127.0.0.1", 0), backlog=4096)
    addr = server.getsockname()

    def once():
        module.create_connection(addr).close()
        server.accept()[0].close()

    return once


def unbuffered(module):
    a, b = pair(module)
    out, into = a.makefile("wb", 0), b.makefile("rb", 0)
    room = bytearray(100)

    def once():
        out.write(b"x" * 64)
        into.readinto(room)

    return once


def would_block(module):
    a, b = pair(module, 0)

    def once(a=a, other=b):  # Which must stay open: its end is another answer.
        try:
            a.recv(10)
        except BlockingIOError:
            pass

    return once


def closed_port():
    with stock.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()


def refused_unix(module):
    folder = tempfile.TemporaryDirectory()
    path = f"{folder.name}/closed"
    with stock.socket(stock.AF_UNIX) as probe:
        probe.bind(path)
    sock = module.socket(stock.AF_UNIX)

    def once(folder=folder):
        try:
            sock.connect(path)
        except ConnectionRefusedError:
            pass

    return once


def refused_create(module):
    closed = closed_port()

    def once():
        try:
            module.create_connection(closed)
        except ConnectionRefusedError:
            pass

    return once


def refused(module):
    closed = closed_port()

    def once():
        sock = module.socket()
        try:
            sock.connect(closed)
        except ConnectionRefusedError:
            pass
        sock.close()

    return once


ROWS = [
    Row("send + recv, 64 B", send_recv, 1.1, 2),
    Row("send + recv with timeout", lambda m: send_recv(m, 5), 1.6, 2),
    Row("send + recv without waiting", lambda m: send_recv(m, 0), 1.1, 2),
    Row("sendmsg + recvmsg with timeout", messages, 1.0, 2),
    Row("recv(262144) of 64 B, and send", lambda m: send_recv(m, None, 262144), 5, 2, alone=True),
    Row("UDP sendto + recvfrom", datagrams, 1.2, 2),
    Row("UDP sendto + recvfrom with timeout", lambda m: datagrams(m, 5), 1.2, 2),
    Row("accept", accept_alone, 2, 1),
    Row("accept with timeout", lambda m: accept_alone(m, 5), 2, 1),
    Row("socketpair + close", socketpair, 1.0, 3),
    Row("create_connection to a number", create_connection, 1.0),
    Row("settimeout to the same mode", same_mode, 1.0, 0),
    Row("getaddrinfo of a number", getaddrinfo, 3),
    Row(".family", family, 5, 0),
    Row("getsockname", getsockname, 1.3, 1),
    Row("unbuffered makefile: write + readinto", unbuffered, 1.3, 2),
    Row("an exception: would block", would_block, 1.2, 1),
    Row("an exception: refused, UNIX", refused_unix, 1.2, 1),
    Row("an exception: refused, create_connection", refused_create, 1.2),
    # Nine tenths of what a refused connection of TCP takes are the kernel's.
    Row("the same: socket, connect, close", refused, 1.0, 3),
    # What CPython does in a loop, each of so many datagrams.
    Row("UDP batches, 64 B, a datagram", lambda m: many(m, 64), 10, each=MANY),
    Row("UDP batches, 1,200 B", lambda m: many(m, 1200), 10, each=MANY),
    Row("UDP batches, 1,200 B, from one object", lambda m: many(m, 1200, True), 10, each=MANY),
]


def timed(once, count):
    """Seconds for one, of so many."""
    if hasattr(once, "fill"):
        # Connections wait in a queue: few at a time, and only accept is timed.
        count = min(count, 100)
        clients = once.fill(count)
        start = time.perf_counter()
        accepted = [once() for _ in range(count)]
        taken = time.perf_counter() - start
        for sock in [*accepted, *clients]:
            sock.close()
        return taken / count
    rounds = range(count)
    start = time.perf_counter()
    for _ in rounds:
        once()
    return (time.perf_counter() - start) / count


def measure(row):
    """What each side takes, in processes of their own: memory that one row has freed would make
    another one faster, and where a process has its things makes a tenth of a microsecond."""
    turns = []
    for _ in range(PROCESSES):
        turn = {}
        for sides in [["ours"], ["stock"]] if row.alone else [["ours", "stock"]]:
            command = [sys.executable, __file__, "--measure", row.name, *sides]
            answer = subprocess.run(command, capture_output=True, text=True, check=True).stdout
            turn |= json.loads(answer)
        turns.append(turn)
    return {side: taken / row.each for side, taken in middle(turns).items()}


def measured(row, sides):
    """What each side takes, in turns whose order alternates."""
    prepared = {side: row.prepare(module(side)) for side in sides}
    count = max(1, int(SECONDS / max(timed(prepared[sides[-1]], 20), 1e-9)))
    turns = []
    for turn in range(ROUNDS):
        order = sides if turn % 2 else reversed(sides)
        turns.append({side: timed(prepared[side], count) for side in order})
    return middle(turns)


def middle(turns):
    """The turn whose ratio is the median: the machine is at one time faster than at another, and so
    for both sides of a turn. A side that is alone has its fastest."""
    if len(turns[0]) == 1:
        return min(turns, key=lambda turn: list(turn.values()))
    return sorted(turns, key=lambda turn: turn["stock"] / turn["ours"])[len(turns) // 2]


#: Programs that know of neither side, in processes of their own that do nothing else: (name,
#: program, arguments, which of its numbers, target, whether calls are counted).
BIG = ["--size", "65536"]
MANY_CLIENTS = ["--connections", "1000", "--count", "10000"]
PROGRAMS = [
    ("asyncio streams echo, 64 B", "echo.py", [], "first", 2, True),
    ("the same over 1,000 connections", "echo.py", MANY_CLIENTS, "first", 2, True),
    ("the same after a stream has ended", "echo.py", [], "later", 1.0, True),
    ("asyncio streams echo, 64 KiB", "echo.py", BIG, "first", 1.1, True),
    ("the same over 1,000 connections", "echo.py", BIG + MANY_CLIENTS, "first", 1.1, True),
    ("aiohttp GETs, 64 B", "gets.py", [], "first", 1.1, False),
    ("the same over 100 connections", "gets.py", ["--connections", "100"], "first", 1.1, False),
]
#: How often each side runs one.
TURNS = 12


#: asyncio's datagrams, with one line changed: (name, how many in flight, target).
DATAGRAMS = [
    ("asyncio datagrams echo, 64 B, one line changed", 1, 2),
    ("the same with 64 in flight", 64, 2),
]


def measure_datagrams(in_flight):
    program = str(pathlib.Path(__file__).with_name("datagrams.py"))
    command = [sys.executable, program, "--in-flight", str(in_flight)]
    return alternated(lambda side: command + ["--batches"] * (side == "ours"), "first", 6)


def program_command(side, program, arguments):
    through = ["-m", "berkeley"] if side == "ours" else []
    path = str(pathlib.Path(__file__).with_name(program))
    return [sys.executable, *through, path, *arguments]


def measure_program(program, arguments, which):
    return alternated(lambda side: program_command(side, program, arguments), which, TURNS)


def alternated(command, which, count):
    """What each side's program takes, in turns."""
    turns = []
    for number in range(count):
        turn = {}
        for side in ("ours", "stock") if number % 2 else ("stock", "ours"):
            done = subprocess.run(command(side), capture_output=True, text=True, check=True)
            turn[side] = json.loads(done.stdout)[which] / 1e6
        turns.append(turn)
    return middle(turns)


def program_calls(program, arguments, which, side):
    """How many calls one makes, those for memory included."""
    command = program_command(side, program, arguments)
    count = int(arguments[-1]) if "--count" in arguments else 2000
    return counted(command, count, 1 if which == "first" else 3, True)


def traced(name, side):
    """Does a row a hundred times between two marks that strace shows."""
    row = next(row for row in ROWS if row.name == name)
    once = row.prepare(module(side))
    clients = once.fill(100) if hasattr(once, "fill") else []
    kept = []
    once_or_keep = (lambda: kept.append(once())) if clients else once
    if not clients:
        once()
    import os

    os.getppid()
    for _ in range(100):
        once_or_keep()
    os.getppid()


MEMORY = r"\b(brk|mmap|munmap|mremap|madvise)\("


def system_calls(row, side):
    """How many calls one makes, or None without strace."""
    # Memory is nobody's call in particular.
    command = [sys.executable, __file__, "--trace", row.name, side]
    return counted(command, 100 * row.each, 1, False)


def counted(command, count, part, memory):
    """Calls for one of so many, in a part of what strace shows between its marks."""
    if not shutil.which("strace"):
        return None
    trace = subprocess.run(["strace", "-f", "-qq", *command], capture_output=True, text=True).stderr
    parts = re.split(r"getppid\(\).*\n", trace)
    if len(parts) <= part + 1:
        return None
    lines = [line for line in parts[part].splitlines() if re.search(r"\w+\(", line)]
    if not memory:
        lines = [line for line in lines if not re.search(MEMORY, line)]
    return len(lines) / count


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="fail if a target is missed")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--row", help="only rows with this text in their name")
    parser.add_argument("--trace", nargs=2, help=argparse.SUPPRESS)
    parser.add_argument("--measure", nargs="+", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.trace:
        return traced(*options.trace)
    if options.measure:
        name, *sides = options.measure
        row = next(row for row in ROWS if row.name == name)
        return print(json.dumps(measured(row, sides)))
    results, missed = [], []
    if not options.json:
        print(f"{'':48} {'stock':>9} {'ours':>9} {'ratio':>6} {'target':>6}   calls stock, ours")
    rows = [(row, measure, system_calls) for row in ROWS]
    for name, program, arguments, which, target, counts in PROGRAMS:
        if options.row and options.row not in name:
            continue
        if program == "gets.py" and not importlib.util.find_spec("aiohttp"):
            print(f"{name}: not measured, aiohttp is not installed", file=sys.stderr)
            continue
        best = functools.partial(measure_program, program, arguments, which)
        calls = functools.partial(program_calls, program, arguments, which) if counts else None
        rows.append(
            (
                Row(name, None, target),
                lambda _, best=best: best(),
                lambda _, side, calls=calls: calls(side) if calls else None,
            )
        )
    for name, in_flight, target in DATAGRAMS:
        best = functools.partial(measure_datagrams, in_flight)
        rows.append((Row(name, None, target), lambda _, best=best: best(), lambda *_: None))
    for row, time_it, count_calls in rows:
        if options.row and options.row not in row.name:
            continue
        best = time_it(row)
        ratio = best["stock"] / best["ours"]
        calls = [count_calls(row, side) for side in ("stock", "ours")]
        wrong = row.calls is not None and calls[1] is not None and calls[1] > row.calls + 0.05
        ok = ratio >= (row.target or 0) and not wrong
        if not ok:
            missed.append(row.name)
        results.append(
            {
                "row": row.name,
                "stock_ns": best["stock"] * 1e9,
                "ours_ns": best["ours"] * 1e9,
                "ratio": ratio,
                "target": row.target,
                "calls_stock": calls[0],
                "calls_ours": calls[1],
                "ok": ok,
            }
        )
        if not options.json:
            shown = ["-" if call is None else f"{call:g}" for call in calls]
            print(
                f"{row.name:48} {best['stock'] * 1e9:6.0f} ns {best['ours'] * 1e9:6.0f} ns"
                f" {ratio:6.2f} {row.target or 0:6.1f}   {shown[0]}, {shown[1]}"
                f"{'' if ok else '   missed'}"
            )
    if options.json:
        print(json.dumps({"python": sys.version.split()[0], "rows": results}, indent=2))
    elif missed:
        print(f"missed: {', '.join(missed)}")
    return 1 if options.check and missed else 0


if __name__ == "__main__":
    sys.exit(main())
