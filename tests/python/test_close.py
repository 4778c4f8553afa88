"""Closing a socket while other threads are in the middle of its calls (row 12 of what hurts).

Every such call ends, and none reads or writes a file that has come to the socket's number since.
"""

import re
import sys
import unittest

from support import output

# Rounds for all kinds of calls together: half a minute.
ROUNDS = 100_000

# What the programs below begin with: `closing(kind, rounds)` closes a socket so many times in the
# middle of calls of another thread, while files are opened at every number that becomes free.
HEAD = """
import atexit, errno, faulthandler, os, queue, sys, tempfile, threading
from berkeley import socket
faulthandler.dump_traceback_later(50, exit=True)
sys.setswitchinterval(1e-5)

SECRET = b"for nobody's eyes"
secret = tempfile.NamedTemporaryFile()
secret.write(SECRET)
secret.flush()
atexit.register(secret.close)

def unix(kind=socket.SOCK_STREAM):
    return socket.socketpair(type=kind)

def tcp():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        client = socket.create_connection(listener.getsockname())
        return listener.accept()[0], client

def timed(make):
    def made():
        sock, *others = make()
        sock.settimeout(60)
        return sock, *others
    return made

def listening():
    return (socket.create_server(("127.0.0.1", 0)),)

def listening_unix():
    sock = socket.socket(socket.AF_UNIX)
    sock.bind("")
    sock.listen()
    return (sock,)

def unconnected():
    sock = socket.socket(type=socket.SOCK_DGRAM)
    sock.bind(("127.0.0.1", 0))
    return (sock,)

def netlink():
    return (socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0),)

DATA = bytes(1 << 22)
KINDS = {
    "recv": (unix, lambda sock: sock.recv(100)),
    "recv of TCP": (tcp, lambda sock: sock.recv(100)),
    "recv with a timeout": (timed(unix), lambda sock: sock.recv(100)),
    "recv_into": (unix, lambda sock: sock.recv_into(bytearray(100))),
    "recvmsg": (unix, lambda sock: sock.recvmsg(100, 100)),
    "recvfrom of UDP": (unconnected, lambda sock: sock.recvfrom(100)),
    "recv of netlink": (netlink, lambda sock: sock.recv(100)),
    "recv of datagrams": (
        lambda: unix(socket.SOCK_DGRAM), lambda sock: sock.recv(100),
    ),
    "accept": (listening, lambda sock: sock.accept()),
    "accept with a timeout": (timed(listening), lambda sock: sock.accept()),
    "accept of UNIX": (listening_unix, lambda sock: sock.accept()),
    "send": (unix, lambda sock: [sock.send(DATA) for _ in range(100)]),
    "sendall": (unix, lambda sock: sock.sendall(DATA)),
    "sendall with a timeout": (timed(unix), lambda sock: sock.sendall(DATA)),
    "sendmsg": (unix, lambda sock: [sock.sendmsg([DATA]) for _ in range(100)]),
    "readline": (unix, lambda sock: sock.makefile("rb", 0).readline()),
    "recv_batch": (unconnected, lambda sock: sock.recv_batch()),
}

def closing(kind, rounds, pause=lambda number: number % 3):
    make, call = KINDS[kind]
    asked, answered = queue.SimpleQueue(), queue.SimpleQueue()

    def work():
        while (sock := asked.get()) is not None:
            answered.put("begins")
            try:
                answered.put(call(sock))
            except OSError as error:
                answered.put(error.errno)
            except Exception as error:
                answered.put(error)

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    for number in range(rounds):
        sock, *others = make()
        before = sock.fileno()
        asked.put(sock)
        assert answered.get() == "begins"
        # Some calls have not begun when the socket is closed, others wait in the kernel.
        for _ in range(pause(number)):
            os.sched_yield()
        sock._real_close()
        assert sock.fileno() == -1
        # Somebody else's files, at every number that is free.
        files = [os.open(secret.name, os.O_RDWR) for _ in range(4)]
        answer = answered.get()
        assert answer == errno.EBADF, (kind, number, answer)
        for file in files:
            assert os.lseek(file, 0, os.SEEK_CUR) == 0, (kind, number, "read")
            os.close(file)
        assert os.stat(secret.name).st_size == len(SECRET), (kind, number, "written")
        for other in others:
            other.close()
        # Nothing has kept the number.
        check = os.dup(0)
        os.close(check)
        assert check <= before, (kind, number, "leaked")
    asked.put(None)
    thread.join()
"""


class UnderCalls(unittest.TestCase):
    def test_every_call_ends_and_none_meets_another_file(self):
        kinds = re.findall('^    "(.*?)":', HEAD, re.M)
        for kind in kinds:
            with self.subTest(kind):
                rounds = f"\nclosing({kind!r}, {ROUNDS // len(kinds) + 1})\n"
                output(dev=False, code=HEAD + rounds)

    def test_calls_that_wait_end(self):
        # All of them are in the kernel by then.
        output(
            code=HEAD
            + """
import time
def long(number):
    time.sleep(0.02)
    return 0
for kind in KINDS:
    closing(kind, 3, long)
""",
        )

    def test_many_threads_wait_in_one_socket(self):
        output(
            code=HEAD
            + """
sock, = unconnected()
ended = []
def wait():
    try:
        sock.recv(10)
    except OSError as error:
        ended.append(error.errno)
threads = [threading.Thread(target=wait) for _ in range(20)]
for thread in threads: thread.start()
import time
time.sleep(0.1)
sock.close()
for thread in threads: thread.join()
assert ended == [errno.EBADF] * 20
""",
        )


class Others(unittest.TestCase):
    """Nobody else notices: neither duplicates, nor the peer before its time, nor the program."""

    def test_duplicates_live_on(self):
        output(
            code=HEAD
            + """
import time
a, b = unix()
second = a.dup()
thread = threading.Thread(target=lambda: wait())
def wait():
    try:
        a.recv(10)
    except OSError as error:
        assert error.errno == errno.EBADF
thread.start()
time.sleep(0.05)
a.close()
thread.join()
b.send(b"still here")
assert second.recv(100) == b"still here"
second.send(b"me too")
assert b.recv(100) == b"me too"
for sock in (second, b): sock.close()
""",
        )

    def test_what_the_socket_had_is_free_when_close_returns(self):
        output(
            code=HEAD
            + """
import time
listener, = listening()
address = listener.getsockname()
def wait():
    try:
        listener.accept()
    except OSError as error:
        assert error.errno == errno.EBADF
thread = threading.Thread(target=wait)
thread.start()
time.sleep(0.05)
listener.close()
with socket.socket() as again:
    again.bind(address)
thread.join()
""",
        )

    def test_the_peer_sees_the_end(self):
        output(
            code=HEAD
            + """
import time
a, b = tcp()
def wait():
    try:
        a.recv(10)
    except OSError as error:
        assert error.errno == errno.EBADF
thread = threading.Thread(target=wait)
thread.start()
time.sleep(0.05)
a.close()
assert b.recv(10) == b""
thread.join()
b.close()
""",
        )

    def test_a_program_keeps_its_signals(self):
        # The one that would be taken first has a handler of the program's: another one does.
        output(
            code=HEAD
            + """
import signal, time
seen = []
signal.signal(signal.SIGURG, lambda number, frame: seen.append(number))
for kind in ("recv", "accept", "sendall"):
    closing(kind, 20, lambda number: time.sleep(0.002) or 0)
assert seen == []
os.kill(os.getpid(), signal.SIGURG)
assert seen == [signal.SIGURG]
signal.signal(signal.SIGURG, signal.SIG_DFL)
# Ours again, and harmless where nobody waits.
closing("recv", 5, lambda number: time.sleep(0.002) or 0)
os.kill(os.getpid(), signal.SIGURG)
""",
        )

    def test_a_thread_that_blocks_signals_goes_on_as_with_cpython(self):
        # And its number is not given to anybody meanwhile.
        output(
            code=HEAD
            + """
import signal, time
a, b = unix()
number = a.fileno()
def wait():
    signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
    assert a.recv(10) == b"at last"
thread = threading.Thread(target=wait)
thread.start()
time.sleep(0.05)
a.close()
files = [os.open(secret.name, os.O_RDONLY) for _ in range(4)]
assert number not in files
b.send(b"at last")
thread.join()
assert os.dup(0) == number
b.close()
""",
        )


class InOneThread(unittest.TestCase):
    def test_a_handler_of_signals_closes_the_socket_of_the_call_that_it_interrupts(self):
        for timeout in (None, 60):
            output(
                code=HEAD
                + f"""
import signal
a, b = unix()
a.settimeout({timeout})
number = a.fileno()
def handler(signum, frame):
    a.close()
    files.extend(os.open(secret.name, os.O_RDONLY) for _ in range(3))
files = []
signal.signal(signal.SIGALRM, handler)
signal.setitimer(signal.ITIMER_REAL, 0.05)
try:
    a.recv(10)
    raise AssertionError
except OSError as error:
    assert error.errno == errno.EBADF
assert number not in files
assert os.dup(0) == number
b.close()
""",
            )

    def test_init_again_in_the_middle_of_a_call(self):
        output(
            code=HEAD
            + """
import time
a, b = unix()
def wait():
    try:
        a.recv(10)
    except OSError as error:
        assert error.errno == errno.EBADF, error
thread = threading.Thread(target=wait)
thread.start()
time.sleep(0.05)
a.__init__(socket.AF_INET, socket.SOCK_DGRAM)
thread.join()
assert a.family == socket.AF_INET
a.close()
b.close()
""",
        )

    def test_detach_leaves_the_call_with_the_number(self):
        # Whoever has the number answers for it from then on.
        output(
            code=HEAD
            + """
import time
a, b = unix()
got = []
thread = threading.Thread(target=lambda: got.append(a.recv(10)))
thread.start()
time.sleep(0.05)
number = a.detach()
assert a.fileno() == -1
b.send(b"x")
thread.join()
assert got == [b"x"]
os.close(number)
b.close()
""",
        )


class Forks(unittest.TestCase):
    def test_a_child_closes_what_threads_of_its_parent_wait_in(self):
        output(
            code=HEAD
            + """
import time, warnings
warnings.simplefilter("ignore", DeprecationWarning)  # of fork beside threads, since 3.12
a, b = unix()
got = []
thread = threading.Thread(target=lambda: got.append(a.recv(10)))
thread.start()
time.sleep(0.05)
for _ in range(20):
    child = os.fork()
    if child == 0:
        code = 1
        try:
            # New threads may have the memory of those that stayed behind.
            for kind in ("recv", "accept"):
                closing(kind, 5)
            number = a.fileno()
            ended = []
            def wait():
                try:
                    a.settimeout(60)
                    a.recv(10)
                except OSError as error:
                    ended.append(error.errno)
            waiting = threading.Thread(target=wait)
            waiting.start()
            time.sleep(0.01)
            a.close()
            waiting.join()
            files = os.open(secret.name, os.O_RDONLY)
            code = 0 if ended == [errno.EBADF] and files == number else 2
        finally:
            os._exit(code)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
assert not got
a.settimeout(None)
b.send(b"parent")
thread.join()
assert got == [b"parent"]
a.close()
b.close()
""",
        )

    def test_a_child_that_is_made_in_the_middle_of_its_own_call(self):
        output(
            code=HEAD
            + """
import signal
a, b = unix()
pids = []
def handler(signum, frame):
    pids.append(os.fork())
    if pids == [0]:
        a.close()
        return
    code = os.waitstatus_to_exitcode(os.waitpid(pids[0], 0)[1])
    b.send(b"%d" % code)
signal.signal(signal.SIGALRM, handler)
signal.setitimer(signal.ITIMER_REAL, 0.05)
try:
    got = a.recv(10)
except OSError as error:
    os._exit(0 if pids == [0] and error.errno == errno.EBADF else 3)
assert got == b"0", got
a.close()
b.close()
""",
        )


if __name__ == "__main__":
    sys.exit(unittest.main())
