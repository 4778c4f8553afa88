"""What a recording costs a program in Python: the same calls without and with one, by turns.

    python benches/python/recorder.py [--check] [--turns N] [--calls ROW]

The fastest of all turns counts: a machine with other work makes a turn slower, never faster. With
`--calls` one row's messages are sent with a recording going on, and nothing is timed: what that
takes is for valgrind to count.
"""

import argparse
import os
import sys
import tempfile
import time
from itertools import repeat

import berkeley
from berkeley import socket

#: Messages of a turn, and turns that follow one another on the same side.
MESSAGES, TOGETHER = 500, 5


def tcp():
    with socket.create_server(("127.0.0.1", 0)) as server:
        client = socket.create_connection(server.getsockname())
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return client, server.accept()[0]


#: What is timed: a message there, and received; and how much longer it may take with a recording.
ROWS = {
    "TCP, 64 bytes": (tcp, 64, 0.1),
    "UNIX pair, 64 bytes": (socket.socketpair, 64, 0.1),
    "TCP, 64 KiB": (tcp, 64 << 10, 0.1),
}


def turn(ends, data, room):
    a, b = ends
    start = time.perf_counter()
    for _ in repeat(None, MESSAGES):
        a.sendall(data)
        left = len(data)
        while left:
            left -= b.recv_into(room, left)
    return (time.perf_counter() - start) / MESSAGES


def measure(make, size, turns, folder):
    """Seconds for a message without and with a recording, and calls that found no room in it."""
    ends, data, room = make(), bytes(size), bytearray(size)
    without, recorded, dropped = float("inf"), float("inf"), 0
    turn(ends, data, room)
    for _ in range(turns):
        for _ in range(TOGETHER):
            without = min(without, turn(ends, data, room))
        with berkeley.trace(os.path.join(folder, "run.jsonl")) as recording:
            for _ in range(TOGETHER):
                recorded = min(recorded, turn(ends, data, room))
        dropped += recording.dropped
    for end in ends:
        end.close()
    return without, recorded, dropped


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="fail if a target is missed")
    parser.add_argument("--turns", type=int, default=60)
    parser.add_argument("--calls", choices=ROWS, help="only make calls, of this row")
    parser.add_argument("--without", action="store_true", help="and record none")
    options = parser.parse_args()
    missed = []
    with tempfile.TemporaryDirectory() as folder:
        if options.calls:
            make, size, _ = ROWS[options.calls]
            ends, data, room = make(), bytes(size), bytearray(size)
            if not options.without:
                berkeley.trace(os.path.join(folder, "run.jsonl"))
            for _ in range(options.turns):
                turn(ends, data, room)
            return
        print("A message sent and received in Python, without and with a recording:")
        print(f"{'':26}{'off':>12}{'on':>12}{'more':>9}{'at most':>9}{'dropped':>10}")
        for name, (make, size, most) in ROWS.items():
            without, recorded, dropped = measure(make, size, options.turns, folder)
            more = recorded / without - 1
            if more > most:
                missed.append(name)
            print(
                f"{name:26}{without * 1e9:9.0f} ns{recorded * 1e9:9.0f} ns{more:9.1%}{most:9.0%}"
                f"{dropped:10}"
            )
    if options.check and missed:
        sys.exit("target missed: " + "; ".join(missed))


if __name__ == "__main__":
    main()
