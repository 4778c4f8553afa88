"""How many instructions a call takes in `berkeley.socket`, beside Python's own and older packages.

They are counted by valgrind, outside the kernel, the interpreter's included: unlike time, they are
the same each time. A change shows as it is, however much else the machine does. `cargo xtask bench
--instructions [COMMIT]` builds what is to be measured, and runs this:

    python benches/python/instructions.py
    python benches/python/instructions.py --beside FOLDER  # in which an older package is
    python benches/python/instructions.py --check 10       # fails if a row has more than it by that
    python benches/python/instructions.py --places         # with places written down, in a column
"""

import argparse
import importlib.machinery
import os
import pathlib
import re
import subprocess
import sys
import tempfile

#: How often each is done; the first are not counted.
COUNT, FIRST = 400, 50

BYTES = b"x" * 64


def pair(socket, timeout, kind="SOCK_STREAM"):
    a, b = socket.socketpair(socket.AF_UNIX, getattr(socket, kind))
    a.settimeout(timeout)
    b.settimeout(timeout)
    return a, b


def bound(socket, kind="SOCK_DGRAM"):
    sock = socket.socket(socket.AF_INET, getattr(socket, kind))
    sock.bind(("127.0.0.1", 0))
    return sock


def send_recv(socket, timeout=None):
    a, b = pair(socket, timeout)

    def once():
        a.send(BYTES)
        b.recv(100)

    return once


def sendall_recv_into(socket):
    a, b = pair(socket, None)
    room = bytearray(100)

    def once():
        a.sendall(BYTES)
        b.recv_into(room)

    return once


def messages(socket):
    a, b = pair(socket, None)

    def once():
        a.sendmsg([BYTES])
        b.recvmsg(100, 100)

    return once


def datagrams(socket):
    a, b = bound(socket), bound(socket)
    to = b.getsockname()

    def once():
        a.sendto(BYTES, to)
        b.recvfrom(100)

    return once


def accept_close(socket):
    import _socket as client_side  # CPython's, whatever is measured.

    listener = socket.create_server(("127.0.0.1", 0), backlog=COUNT)
    address = listener.getsockname()
    clients = []
    for _ in range(COUNT):
        client = client_side.socket()
        client.connect(address)
        clients.append(client)

    def once(clients=clients):
        listener.accept()[0].close()

    return once


def socket_close(socket):
    return lambda: socket.socket().close()


def socketpair_close(socket):
    def once():
        for sock in socket.socketpair():
            sock.close()

    return once


def connect_close(socket):
    listener = socket.create_server(("127.0.0.1", 0), backlog=COUNT)
    address = listener.getsockname()

    def once(listener=listener):
        sock = socket.socket()
        sock.connect(address)
        sock.close()

    return once


def getsockname(socket):
    return bound(socket).getsockname


def getaddrinfo(socket):
    return lambda: socket.getaddrinfo("127.0.0.1", 80, 0, socket.SOCK_STREAM)


def getsockopt(socket):
    sock = bound(socket)
    return lambda: sock.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF)


def settimeout(socket):
    sock = bound(socket)
    return lambda: sock.settimeout(5)


#: What is done, and of how many calls it is.
ROWS = [
    ("send + recv", send_recv, 2),
    ("send + recv with timeout", lambda socket: send_recv(socket, 5), 2),
    ("send + recv without waiting", lambda socket: send_recv(socket, 0), 2),
    ("sendall + recv_into", sendall_recv_into, 2),
    ("sendmsg + recvmsg", messages, 2),
    ("UDP sendto + recvfrom", datagrams, 2),
    ("accept + close", accept_close, 2),
    ("socket + close", socket_close, 2),
    ("socketpair + 2 close", socketpair_close, 3),
    ("socket + connect + close", connect_close, 3),
    ("getsockname", getsockname, 1),
    ("getsockopt", getsockopt, 1),
    ("settimeout", settimeout, 1),
    ("getaddrinfo of a number", getaddrinfo, 1),
]


def counted(folder, places):
    """In the process that valgrind runs: every row, between marks that valgrind knows."""
    if folder == "stock":
        import socket
    else:
        sys.path.insert(0, folder)
        import berkeley
        from berkeley import socket

        if places:
            berkeley.record_places(True)
    for _, prepare, _ in ROWS:
        once = prepare(socket)
        for _ in range(FIRST):
            once()
        os.getppid()
        for _ in range(COUNT - FIRST):
            once()
        os.getppid()


def instructions(folder, places=False):
    """How many each row takes."""
    with tempfile.TemporaryDirectory() as out:
        file = f"{out}/counts"
        valgrind = ["valgrind", "--tool=callgrind", "--dump-before=getppid"]
        program = [sys.executable, __file__, "--count", folder, *["--places"] * places]
        done = subprocess.run(
            [*valgrind, f"--callgrind-out-file={file}", *program],
            env=os.environ | {"PYTHONHASHSEED": "0"},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        if done.returncode:
            sys.exit(f"valgrind ended with {done.returncode}:\n{done.stderr}")
        # A part ends at each mark, so every second one is a row.
        parts = [pathlib.Path(f"{file}.{2 * row}").read_text() for row in range(1, len(ROWS) + 1)]
    sums = [int(re.search(r"^totals: (\d+)", part, re.M)[1]) for part in parts]
    return [total / (COUNT - FIRST) for total in sums]


def installed():
    """Where `berkeley` is, without its being imported."""
    found = importlib.machinery.PathFinder.find_spec("berkeley")
    if not found:
        sys.exit("berkeley is not installed")
    return str(pathlib.Path(found.origin).parent.parent)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--beside", metavar="FOLDER", help="the folder of an older package")
    parser.add_argument("--places", action="store_true", help="with places written down, too")
    parser.add_argument("--check", type=float, metavar="MOST", help="more for each call than it")
    parser.add_argument("--count", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.count:
        return counted(options.count, options.places)
    sides = {"CPython": instructions("stock")}
    if options.beside:
        sides["older"] = instructions(options.beside)
    sides["ours"] = instructions(installed())
    if options.places:
        sides["places"] = instructions(installed(), True)
    print(f"{'instructions':30}" + "".join(f"{side:>10}" for side in sides))
    missed = []
    for place, (name, _, calls) in enumerate(ROWS):
        counts = {side: row[place] for side, row in sides.items()}
        told = "".join(f"{count:10.1f}" for count in counts.values())
        if options.beside:
            more = (counts["ours"] - counts["older"]) / calls
            told += f"{more:+10.1f} a call"
            if options.check is not None and more > options.check:
                missed.append(name)
        print(f"{name:30}{told}")
    if missed:
        print(f"missed: {', '.join(missed)}")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
