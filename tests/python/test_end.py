"""A program may end while its other threads are in calls: the process just ends."""

import unittest

from support import run

# Threads that never end on their own, in calls of every kind: ones that wait, ones that come back
# all the time, and ones in which code of Python's own runs beneath a call.
PROGRAM = """
import berkeley, sys, threading, time
berkeley.install()
import socket

def for_ever(call):
    while True:
        try:
            call()
        except OSError:
            pass

def talk(a, b):
    a.send(b"x" * 64)
    b.recv(64)

def calls():
    a, b = socket.socketpair()
    waiting, _other = pairs = socket.socketpair()
    kept.append(pairs)
    waiting.settimeout(0.001)
    server = socket.create_server(("127.0.0.1", 0))
    yield lambda: talk(a, b)
    yield lambda: waiting.recv(10)
    yield lambda: socket.getaddrinfo("b\\xfccher.localhost", 80)
    yield lambda: socket.getaddrinfo("localhost", 80, timeout=5)
    yield lambda: socket.create_connection(server.getsockname()).close()
    yield lambda: server.accept()[0].close()
    yield lambda: socket.socket().close()

kept = []
for call in [*calls(), *calls()]:
    threading.Thread(target=for_ever, args=(call,), daemon=True).start()
time.sleep(0.05)
"""


class TheEndOfTheProgram(unittest.TestCase):
    def test_threads_in_calls_are_no_matter(self):
        # Where the end meets them is chance: each time elsewhere.
        for _ in range(20):
            done = run(code=PROGRAM, dev=False, environment={"PYTHONMALLOC": ""})
            self.assertEqual((done.returncode, done.stderr), (0, ""))


if __name__ == "__main__":
    unittest.main()
