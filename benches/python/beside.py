"""What a call costs in `berkeley.socket`, beside Python's own `socket`, in one process.

Each row is timed in turns, ours and theirs, and the fastest of all turns counts: a machine with
other work makes a turn slower, never faster. System calls are counted by strace in a run of their
own (`--trace ROW ours|stock` is that run).

    python benches/python/beside.py            the table
    python benches/python/beside.py --check    fails if a target is missed
    python benches/python/beside.py --json     the same for programs
"""

import argparse
import asyncio
import json
import re
import shutil
import socket as stock
import subprocess
import sys
import time

from berkeley import socket as ours

#: How often a row is timed for each side, and for how long at least.
ROUNDS = 15
SECONDS = 0.02


class Row:
    """A row of the table: what is done, once, and what it must reach."""

    def __init__(self, name, prepare, target=None, calls=None):
        self.name, self.prepare, self.target, self.calls = name, prepare, target, calls


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
    a, b = pair(module, 5)
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


def refused(module):
    with stock.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        closed = probe.getsockname()

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
    Row("sendmsg + recvmsg with timeout", messages, 1.0, 2),
    Row("recv(262144) of 64 B, and send", lambda m: send_recv(m, None, 262144), 5, 2),
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
    Row("an exception: refused", refused, 1.2),
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
    """The fastest of each side, in a process of its own: memory that one row has freed would make
    another one faster."""
    command = [sys.executable, __file__, "--measure", row.name]
    return json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


def measured(row):
    """The fastest of each side, in turns whose order alternates."""
    sides = {"ours": row.prepare(ours), "stock": row.prepare(stock)}
    count = max(1, int(SECONDS / max(timed(sides["stock"], 20), 1e-9)))
    best = dict.fromkeys(sides, float("inf"))
    for turn in range(ROUNDS):
        order = list(sides) if turn % 2 else list(reversed(sides))
        for side in order:
            best[side] = min(best[side], timed(sides[side], count))
    return best


async def echoed(count):
    async def serve(reader, writer):
        while data := await reader.read(1 << 16):
            writer.write(data)
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
    start = time.perf_counter()
    for _ in range(count):
        writer.write(b"x" * 64)
        await reader.readexactly(64)
    taken = time.perf_counter() - start
    writer.close()
    server.close()
    return taken / count


def measure_asyncio():
    """asyncio uses the `socket` of its process: a process for each side, in turns."""
    best = {"ours": float("inf"), "stock": float("inf")}
    for turn in range(6):
        for side in ("ours", "stock") if turn % 2 else ("stock", "ours"):
            command = [sys.executable, __file__, "--echo"]
            if side == "ours":
                command[1:1] = ["-m", "berkeley"]
            taken = float(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
            best[side] = min(best[side], taken)
    return best


def traced(name, side):
    """Does a row a hundred times between two marks that strace shows."""
    row = next(row for row in ROWS if row.name == name)
    once = row.prepare(ours if side == "ours" else stock)
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


def system_calls(row, side):
    """How many calls one makes, or None without strace."""
    if not shutil.which("strace"):
        return None
    command = ["strace", "-f", "-qq", sys.executable, __file__, "--trace", row.name, side]
    trace = subprocess.run(command, capture_output=True, text=True).stderr
    parts = re.split(r"getppid\(\).*\n", trace)
    if len(parts) < 3:
        return None
    lines = [line for line in parts[1].splitlines() if re.search(r"\w+\(", line)]
    # Memory is nobody's system call in particular.
    lines = [line for line in lines if not re.search(r"\b(brk|mmap|munmap|mremap|madvise)\(", line)]
    return len(lines) / 100


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="fail if a target is missed")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--row", help="only rows with this text in their name")
    parser.add_argument("--trace", nargs=2, help=argparse.SUPPRESS)
    parser.add_argument("--measure", help=argparse.SUPPRESS)
    parser.add_argument("--echo", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.trace:
        return traced(*options.trace)
    if options.measure:
        row = next(row for row in ROWS if row.name == options.measure)
        return print(json.dumps(measured(row)))
    if options.echo:
        return print(min(asyncio.run(echoed(2000)) for _ in range(3)))
    results, missed = [], []
    if not options.json:
        print(f"{'':40} {'stock':>9} {'ours':>9} {'ratio':>6} {'target':>6}   calls stock, ours")
    rows = [row for row in ROWS if not options.row or options.row in row.name]
    for row in [*rows, *([Row("asyncio streams echo, 64 B", None, 2)] if not options.row else [])]:
        best = measure(row) if row.prepare else measure_asyncio()
        ratio = best["stock"] / best["ours"]
        calls = [system_calls(row, side) if row.prepare else None for side in ("stock", "ours")]
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
                f"{row.name:40} {best['stock'] * 1e9:6.0f} ns {best['ours'] * 1e9:6.0f} ns"
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
