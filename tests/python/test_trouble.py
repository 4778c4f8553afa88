"""Signals, fork, threads and the end of the interpreter, in the middle of calls."""

import sys
import unittest

from support import output, run

# What takes a while, as the first lines of a program: `call()` waits for ever.
CALLS = {
    "recv": "call = lambda: first.recv(1)",
    "recv with a timeout": "first.settimeout(60); call = lambda: first.recv(1)",
    "recv_into": "call = lambda: first.recv_into(bytearray(10))",
    "large recv": "call = lambda: first.recv(1 << 18)",
    "recvmsg": "call = lambda: first.recvmsg(10, 100)",
    "recvfrom": "call = lambda: first.recvfrom(10)",
    "sendall": "call = lambda: first.sendall(bytes(1 << 26))",
    "accept": "listener = socket.create_server(('127.0.0.1', 0)); call = listener.accept",
    "accept with a timeout": "listener = socket.create_server(('127.0.0.1', 0));"
    "listener.settimeout(60); call = listener.accept",
    "recvfrom_into": "call = lambda: first.recvfrom_into(bytearray(10))",
    "recvmsg_into": "call = lambda: first.recvmsg_into([bytearray(10)])",
    "recv_fds": "call = lambda: socket.recv_fds(first, 10, 1)",
    "send": "call = lambda: [first.send(bytes(1 << 20)) for _ in range(1000)]",
    "sendmsg": "call = lambda: [first.sendmsg([bytes(1 << 20)] * 2) for _ in range(1000)]",
    "send of datagrams": "first.close(); second.close();"
    "first, second = socket.socketpair(type=socket.SOCK_DGRAM);"
    "call = lambda: [first.send(b'x') for _ in range(100_000)]",
    "sendall with a timeout": "first.settimeout(60); call = lambda: first.sendall(bytes(1 << 26))",
    "sendfile": "import tempfile; file = tempfile.TemporaryFile(); file.truncate(1 << 26);"
    "call = lambda: first.sendfile(file)",
    "connect": "listener = socket.socket(socket.AF_UNIX); listener.bind('\\0' + str(os.getpid()));"
    "listener.listen(0); kept = [];"
    "\ndef call():"
    "\n    while True:"
    "\n        kept.append(socket.socket(socket.AF_UNIX))"
    "\n        kept[-1].connect(listener.getsockname())",
    "makefile that writes": "call = lambda: first.makefile('wb').write(bytes(1 << 26))",
    "makefile": "call = first.makefile('rb').readline",
    "makefile without a buffer": "call = lambda: first.makefile('rb', 0).read(5)",
}
HEAD = """
import os, signal, sys, threading, time
from berkeley import socket
first, second = socket.socketpair()
{}
"""


class Signals(unittest.TestCase):
    def test_a_handler_that_raises_ends_the_call(self):
        for name, call in CALLS.items():
            with self.subTest(name):
                output(
                    dev=False,
                    code=HEAD.format(call)
                    + """
class Stop(Exception): pass
def handler(number, frame): raise Stop
signal.signal(signal.SIGALRM, handler)
# Once: a second one could come while the first is handled.
signal.setitimer(signal.ITIMER_REAL, 0.2)
try:
    call()
    raise AssertionError
except Stop:
    pass
os._exit(0)
""",
                )

    def test_a_handler_that_returns_does_not(self):
        output(
            code=HEAD.format("first.settimeout(60)")
            + """
seen = []
def handler(number, frame):
    seen.append(number)
    if len(seen) == 5:
        second.send(b"at last")
signal.signal(signal.SIGALRM, handler)
signal.setitimer(signal.ITIMER_REAL, 0.01, 0.01)
assert first.recv(100) == b"at last"
signal.setitimer(signal.ITIMER_REAL, 0)
assert len(seen) >= 5
first.close(); second.close()
"""
        )

    def test_a_handler_may_use_the_same_socket(self):
        # It runs in the middle of a call that has memory of its thread in use.
        output(
            code=HEAD.format("third, fourth = socket.socketpair()")
            + """
got = []
def handler(number, frame):
    if not got:
        third.send(b"inner")
        got.append(fourth.recv(1 << 18))
        second.send(b"outer")
signal.signal(signal.SIGALRM, handler)
signal.setitimer(signal.ITIMER_REAL, 0.05, 0.05)
got.append(first.recv(1 << 18))
signal.setitimer(signal.ITIMER_REAL, 0)
assert got == [b"inner", b"outer"], got
for sock in (first, second, third, fourth): sock.close()
"""
        )

    def test_keyboard_interrupt(self):
        done = run(
            dev=False,
            code=HEAD.format("")
            + """
threading.Timer(0.1, os.kill, (os.getpid(), signal.SIGINT)).start()
first.recv(1)
""",
        )
        self.assertIn("KeyboardInterrupt", done.stderr)


class Processes(unittest.TestCase):
    def test_a_child_of_fork_has_the_sockets(self):
        output(
            code=HEAD.format("")
            + """
child = os.fork()
if child == 0:
    code = 1
    try:
        second.sendall(b"child " + second.recv(100))
        a, b = socket.socketpair()
        a.send(b"x")
        code = 0 if b.recv(1) == b"x" else 2
    finally:
        os._exit(code)
first.sendall(b"parent")
assert first.recv(100) == b"child parent"
assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
first.close(); second.close()
"""
        )

    def test_fork_in_the_middle_of_other_threads_calls(self):
        # What the threads of the parent hold, the child must be able to do without.
        output(
            code=HEAD.format("")
            + """
stop = threading.Event()
def work(timeout):
    while not stop.is_set():
        a, b = socket.socketpair()
        with a, b:
            a.settimeout(timeout)
            b.sendall(b"x" * 100_000)
            while len(a.recv(1 << 18)) == 0:
                pass
            with a.makefile("rb") as file:
                b.close()
                file.read()
            socket.getaddrinfo("127.0.0.1", 80)
threads = [threading.Thread(target=work, args=(timeout,)) for timeout in (None, 30)]
waiting = threading.Thread(target=lambda: second.recv(1))
for thread in (*threads, waiting): thread.start()
import warnings
warnings.simplefilter("ignore", DeprecationWarning)  # of fork beside threads, since 3.12
for _ in range(30):
    child = os.fork()
    if child == 0:
        code = 1
        try:
            a, b = socket.socketpair()
            b.settimeout(30)
            a.sendall(b"y" * 50_000)
            got = b.recv(1 << 18)
            listener = socket.create_server(("127.0.0.1", 0))
            client = socket.create_connection(listener.getsockname(), 30)
            accepted, _ = listener.accept()
            accepted.sendall(got[:1000])
            code = 0 if client.recv(1 << 18) == b"y" * 1000 else 2
        finally:
            os._exit(code)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
stop.set()
first.send(b"x")
for thread in (*threads, waiting): thread.join()
first.close(); second.close()
""",
        )

    def test_the_interpreter_ends_in_the_middle_of_many_short_calls(self):
        # Threads that come back from a call are ended where they want the interpreter again.
        for _ in range(5):
            done = run(
                dev=False,
                code=HEAD.format("")
                + """
def work(timeout):
    a, b = socket.socketpair()
    a.settimeout(timeout)
    b.settimeout(timeout)
    buffer = bytearray(100)
    while True:
        a.send(b"x"); b.recv(10)
        a.sendall(b"x"); b.recv_into(buffer)
        a.sendmsg([b"x"]); b.recvmsg(10)
        with socket.create_server(("127.0.0.1", 0)) as listener:
            with socket.create_connection(listener.getsockname()), listener.accept()[0]:
                socket.getaddrinfo("127.0.0.1", 80)
for timeout in (None, 30, None, 30):
    threading.Thread(target=work, args=(timeout,), daemon=True).start()
time.sleep(0.05)
print("end", flush=True)
""",
            )
            self.assertEqual((done.returncode, done.stdout, done.stderr), (0, "end\n", ""))

    def test_the_interpreter_ends_while_a_thread_waits(self):
        for name, call in CALLS.items():
            with self.subTest(name):
                done = run(
                    dev=False,
                    code=HEAD.format(call)
                    + """
thread = threading.Thread(target=call, daemon=True)
thread.start()
time.sleep(0.05)
print("end", flush=True)
""",
                )
                self.assertEqual((done.returncode, done.stdout), (0, "end\n"), done.stderr)

    def test_sockets_that_are_open_at_the_end_are_no_trouble(self):
        done = run(
            dev=True,
            environment={"PYTHONMALLOC": "debug", "PYTHONWARNINGS": ""},
            code="""
            import atexit, berkeley
            berkeley.install()
            import socket
            class Keeper:
                def __del__(self):
                    self.file.close()
                    self.sock.close()
            keeper = Keeper()
            keeper.sock, keeper.other = socket.socketpair()
            keeper.file = keeper.sock.makefile("rwb")
            keeper.self = keeper
            atexit.register(keeper.other.close)
            """,
        )
        self.assertEqual((done.returncode, done.stderr), (0, ""))


class Threads(unittest.TestCase):
    def test_closing_from_many_threads_closes_once(self):
        output(
            code=HEAD.format("")
            + """
for _ in range(200):
    a, b = socket.socketpair()
    number = a.detach()
    sock = socket.socket(socket.AF_UNIX, fileno=number)
    threads = [threading.Thread(target=sock.close) for _ in range(4)]
    for thread in threads: thread.start()
    for thread in threads: thread.join()
    b.close()
first.close(); second.close()
"""
        )

    def test_many_threads_accept_from_one_listener(self):
        output(
            code=HEAD.format("listener = socket.create_server(('127.0.0.1', 0))")
            + """
accepted = []
def serve():
    for _ in range(50):
        sock, address = listener.accept()
        accepted.append(address)
        sock.close()
threads = [threading.Thread(target=serve) for _ in range(4)]
for thread in threads: thread.start()
clients = [socket.create_connection(listener.getsockname()) for _ in range(200)]
for thread in threads: thread.join()
assert sorted(accepted) == sorted(client.getsockname() for client in clients)
for sock in (*clients, listener, first, second): sock.close()
"""
        )

    def test_another_thread_runs_while_one_waits(self):
        output(
            code=HEAD.format("")
            + """
thread = threading.Thread(target=lambda: second.send(b"from another"))
threading.Timer(0.05, thread.start).start()
assert first.recv(100) == b"from another"
thread.join()
first.close(); second.close()
"""
        )


if __name__ == "__main__":
    sys.exit(unittest.main())
