"""What it costs to know of open sockets and where they were opened: accept and close of TCP.

`none` is a module without the list, if its folder is given; the turns of all go by turns, and the
fastest counts.

    python benches/python/registry.py [FOLDER OF AN OLDER PACKAGE]
"""

import subprocess
import sys

ROUNDS, CONNECTIONS = 60, 200

#: Run by each side in a process of its own: `turn` lines on its input, seconds on its output.
SIDE = """
import sys, time
folder, places, count = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
if folder:
    sys.path.insert(0, folder)
import berkeley
from berkeley import socket
if places:
    berkeley.record_places(True)
listener = socket.create_server(("127.0.0.1", 0), backlog=1024)
address = listener.getsockname()
import _socket
for _ in sys.stdin:
    clients = []
    for _ in range(count):
        client = _socket.socket()
        client.connect(address)
        clients.append(client)
    begin = time.perf_counter()
    for _ in range(count):
        listener.accept()[0].close()
    print((time.perf_counter() - begin) / count, flush=True)
    for client in clients:
        client.close()
"""


def main():
    older = sys.argv[1] if len(sys.argv) > 1 else None
    sides = {"list": ("", "0"), "list and places": ("", "1")}
    if older:
        sides = {"none": (older, "0"), **sides}
    processes = {
        name: subprocess.Popen(
            [sys.executable, "-c", SIDE, *arguments, str(CONNECTIONS)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for name, arguments in sides.items()
    }
    best = dict.fromkeys(sides, float("inf"))
    for _ in range(ROUNDS):
        for name, process in processes.items():
            print("turn", file=process.stdin, flush=True)
            best[name] = min(best[name], float(process.stdout.readline()))
    first = next(iter(best.values()))
    for name, seconds in best.items():
        print(f"{name:16} {seconds * 1e6:6.2f} us  {seconds / first - 1:+.1%}")
    for process in processes.values():
        process.stdin.close()
        process.wait()


if __name__ == "__main__":
    main()
