"""Which sockets are open, and who opened them (row 6 of what hurts)."""

import gc
import os
import subprocess
import sys
import tempfile
import threading
import time
import unittest
import warnings

import berkeley
from berkeley import socket
from support import output, run


def seen(sock):
    """What is known of a socket, or None."""
    return next((info for info in berkeley.sockets() if info.fd == sock.fileno()), None)


class Listed(unittest.TestCase):
    def test_kinds_addresses_and_states(self):
        with socket.create_server(("127.0.0.1", 0)) as listener:
            here = listener.getsockname()
            info = seen(listener)
            self.assertIs(info.family, socket.AF_INET)
            self.assertIs(info.type, socket.SOCK_STREAM)
            self.assertEqual((info.local, info.peer, info.state), (here, None, "LISTEN"))
            with socket.create_connection(here, timeout=3) as client:
                accepted, _ = listener.accept()
                with accepted:
                    info = seen(client)
                    self.assertEqual((info.local, info.peer), (client.getsockname(), here))
                    self.assertEqual((info.state, info.timeout), ("ESTABLISHED", 3.0))
                    client.shutdown(socket.SHUT_WR)
                    accepted.recv(1)
                    self.assertEqual(seen(accepted).state, "CLOSE_WAIT")

    def test_each_way_to_a_socket(self):
        first, second = socket.socketpair()
        third = first.dup()
        fourth = socket.socket(fileno=os.dup(second.fileno()))
        made = [first, second, third, fourth]
        fds = [sock.fileno() for sock in made]
        self.assertLessEqual(set(fds), {info.fd for info in berkeley.sockets()})
        for sock in made:
            sock.close()
        self.assertFalse(set(fds) & {info.fd for info in berkeley.sockets()})

    def test_what_is_detached_or_gone_is_not_listed(self):
        sock = socket.socket()
        number = sock.detach()
        self.assertNotIn(number, {info.fd for info in berkeley.sockets()})
        os.close(number)
        before = len(berkeley.sockets())
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            socket.socket()
            gc.collect()
        self.assertEqual(len(berkeley.sockets()), before)

    def test_it_keeps_no_socket_alive(self):
        with socket.socket() as sock:
            before = sys.getrefcount(sock)
            listed = berkeley.sockets()
            self.assertEqual(sys.getrefcount(sock), before)
            self.assertTrue(listed)

    def test_many_come_and_go(self):
        made = [socket.socket(type=socket.SOCK_DGRAM) for _ in range(200)]
        for number in (0, 199, 100, 57):
            made[number].close()
        numbers = {info.fd for info in berkeley.sockets()}
        for sock in made:
            self.assertEqual(sock.fileno() in numbers, sock.fileno() != -1)
            sock.close()

    def test_threads(self):
        stop = threading.Event()

        def work():
            while not stop.is_set():
                for sock in socket.socketpair():
                    sock.close()

        threads = [threading.Thread(target=work) for _ in range(3)]
        for thread in threads:
            thread.start()
        for _ in range(300):
            berkeley.sockets()
        stop.set()
        for thread in threads:
            thread.join()

    def test_a_line_for_each(self):
        with socket.create_server(("127.0.0.1", 0)) as listener:
            shown = str(seen(listener))
            self.assertRegex(shown, r"^fd \d+  INET/STREAM  127\.0\.0\.1:\d+  LISTEN  .* old")
        left, right = socket.socketpair()
        with left, right:
            self.assertIn("UNIX/STREAM", str(seen(left)))


class Counted(unittest.TestCase):
    def test_bytes_of_each_call(self):
        for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
            a, b = socket.socketpair(type=kind)
            with a, b:
                a.send(b"12")
                a.sendall(b"34")
                a.sendmsg([b"5", b"6"])
                a.sendmsg([b"78"])
                self.assertEqual((seen(a).sent, seen(a).received), (8, 0))
                got = len(b.recv(2))
                self.assertEqual(len(b.recv(2, socket.MSG_PEEK)), 2)
                got += b.recv_into(bytearray(2))
                got += len(b.recvmsg(2)[0])
                got += b.recvmsg_into([bytearray(2)])[0]
                self.assertEqual((got, seen(b).received), (8, 8))

    def test_bytes_of_datagrams(self):
        with socket.socket(type=socket.SOCK_DGRAM) as a, socket.socket(type=2) as b:
            b.bind(("127.0.0.1", 0))
            a.sendto(b"123", b.getsockname())
            a.sendto(b"45", b.getsockname())
            b.recvfrom(10)
            b.recvfrom_into(bytearray(10))
            a.send_batch([b"6", b"78"], b.getsockname())
            a.send_batch(b"9012", b.getsockname(), segment=2)
            while seen(b).received < 12:
                b.recv_batch()
            self.assertEqual((seen(a).sent, seen(b).received), (12, 12))

    def test_bytes_of_tcp_are_the_kernel_s(self):
        # Also of those that went by the number: TLS and sendfile() do so.
        with socket.create_server(("127.0.0.1", 0)) as listener:
            with socket.create_connection(listener.getsockname()) as client:
                with listener.accept()[0] as accepted:
                    os.write(client.fileno(), b"hello")
                    os.read(accepted.fileno(), 10)
                    self.assertEqual((seen(client).sent, seen(accepted).received), (5, 5))
                    self.assertIsNotNone(seen(client).idle)
                    self.assertIsNone(seen(listener).idle)

    def test_age(self):
        with socket.socket() as sock:
            time.sleep(0.02)
            self.assertGreaterEqual(seen(sock).age, 0.02)
            with socket.socket() as younger:
                self.assertLess(seen(younger).age, seen(sock).age)
                fds = [info.fd for info in berkeley.sockets()]
                self.assertLess(fds.index(sock.fileno()), fds.index(younger.fileno()))


class WhoOpenedThis(unittest.TestCase):
    def setUp(self):
        self.addCleanup(berkeley.record_places, berkeley.record_places(True))

    def opened_here(self, sock):
        """The line on which the socket was opened: of this file."""
        with sock:
            place = seen(sock).place
            self.assertEqual(place.file, __file__)
            self.assertIn("WhoOpenedThis", place.function)
            return place.line

    def test_each_way_to_a_socket(self):
        line = sys._getframe().f_lineno
        self.assertEqual(self.opened_here(socket.socket()), line + 1)
        first, second = socket.socketpair()
        second.close()
        self.assertEqual(self.opened_here(first), line + 2)
        listener = socket.create_server(("127.0.0.1", 0))
        client = socket.create_connection(listener.getsockname())
        accepted, _ = listener.accept()
        self.assertEqual(self.opened_here(client), line + 6)
        self.assertEqual(self.opened_here(accepted), line + 7)
        self.assertEqual(self.opened_here(listener), line + 5)

    def test_the_way_there(self):
        def inner():
            return socket.socket()

        with inner() as sock:
            functions = [frame.function for frame in seen(sock).stack]
        self.assertEqual(functions[0], "socket.__init__")
        self.assertTrue(functions[1].endswith("inner"))
        self.assertTrue(functions[2].endswith("test_the_way_there"))

    def test_it_is_bounded(self):
        def deep(levels):
            return deep(levels - 1) if levels else socket.socket()

        with deep(100) as sock:
            self.assertEqual(len(seen(sock).stack), 10)
        self.assertEqual(berkeley.record_places(3), 10)
        with deep(100) as sock:
            self.assertEqual(len(seen(sock).stack), 3)

    def test_off(self):
        self.assertEqual(berkeley.record_places(False), 10)
        with socket.socket() as sock:
            self.assertEqual((seen(sock).stack, seen(sock).place), ((), None))

    def test_frames_are_let_go_of(self):
        class Local:
            pass

        def make():
            local = Local()
            alive.append(__import__("weakref").ref(local))
            return socket.socket()

        alive = []
        with make():
            self.assertIsNone(alive[0]())

    def test_the_warning_keeps_its_text_and_gains_the_place(self):
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            sock = socket.socket()
            line = sys._getframe().f_lineno - 1
            expected = f"unclosed {sock!r}"
            kept = sock.fileno()
            del sock
            gc.collect()
        (warning,) = [one for one in caught if one.category is ResourceWarning]
        self.assertEqual(str(warning.message), expected)
        self.assertEqual(warning.message.args, (expected,))
        self.assertIn(f"fd={kept}", expected)
        self.assertIsNotNone(warning.source)
        place = warning.message.opened_at
        self.assertEqual((place.file, place.line), (__file__, line))

    def test_the_warning_is_shown_with_the_place(self):
        program = """
import berkeley, sys
berkeley.install()
import socket
if len(sys.argv) > 1: berkeley.record_places()
def leaks():
    socket.socket()
leaks()
"""
        plain, told = (self.warned(program, *given) for given in ((), ("places",)))
        self.assertIn("ResourceWarning: unclosed <socket", plain[0])
        # From 3.13 on, the line of the program is shown behind it.
        self.assertLessEqual(len(plain), 2)
        self.assertEqual(told, [*plain, "  opened at <string>:8 in leaks"])

    def warned(self, program, *arguments):
        code = "import warnings; warnings.simplefilter('default')\n" + program
        done = run(*arguments, code=code, dev=False, environment={"PYTHONMALLOC": ""})
        # What Python says of tracemalloc once depends on its version.
        return [line for line in done.stderr.splitlines() if "tracemalloc" not in line]


# Opens sockets, says their numbers, and waits until its input ends.
APP = """
import os, socket, sys
def serve():
    listener = socket.create_server(("127.0.0.1", 0))
    udp = socket.socket(type=socket.SOCK_DGRAM)
    socket.socket().close()
    return listener, udp
kept = serve()
gone = socket.socket()
number = gone.fileno()
gone.close()
if "fork" in sys.argv and os.fork() == 0:
    child = socket.socketpair()
    print(os.getpid(), *(sock.fileno() for sock in (*kept, *child)), flush=True)
else:
    print(os.getpid(), *(sock.fileno() for sock in kept), flush=True)
sys.stdin.read()
"""


class AnotherProcess(unittest.TestCase):
    """`python -m berkeley ps`."""

    def started(self, *arguments, places=True, ours=True):
        with tempfile.NamedTemporaryFile("w", suffix=".py", delete=False) as file:
            file.write(APP)
        self.addCleanup(os.unlink, file.name)
        command = [sys.executable, *(["-m", "berkeley"] if ours else []), file.name, *arguments]
        environment = {**os.environ, "BERKELEY_PLACES": "1" if places else "0"}
        other = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
        )
        self.addCleanup(other.stdout.close)
        self.addCleanup(other.wait)
        self.addCleanup(other.stdin.close)
        pid, *fds = other.stdout.readline().split()
        return file.name, int(pid), [int(fd) for fd in fds], other

    def listed(self, pid):
        lines = output("-m", "berkeley", "ps", str(pid)).splitlines()
        self.assertTrue(lines[0].startswith("FD"))
        return {int(line.split()[0]): line for line in lines[1:]}

    def test_who_opened_this(self):
        name, pid, (listener, udp), _ = self.started()
        lines = self.listed(pid)
        self.assertEqual(sorted(lines), sorted([listener, udp]))
        self.assertRegex(lines[listener], " INET/STREAM ")
        self.assertIn("LISTEN", lines[listener])
        self.assertRegex(lines[listener], "127.0.0.1:[1-9]")
        self.assertTrue(lines[listener].endswith(f" ago at {name}:4 in serve"), lines)
        self.assertTrue(lines[udp].endswith(f" ago at {name}:5 in serve"), lines)

    def test_without_its_help(self):
        for ours in (True, False):
            _, pid, (listener, udp), _ = self.started(places=False, ours=ours)
            lines = self.listed(pid)
            self.assertEqual(sorted(lines), sorted([listener, udp]))
            self.assertIn("LISTEN", lines[listener])
            self.assertNotIn(" ago", lines[listener])

    def test_a_child_of_fork_shows_nothing_of_its_parent_s(self):
        _, _, _, other = self.started("fork")
        first = other.stdout.readline().split()
        self.assertTrue(first)
        # Whichever came first, parent and child differ in what they have.
        for line in (first,):
            lines = self.listed(line[0])
            shows = [fd for fd, text in lines.items() if " ago" in text]
            self.assertIn(len(shows), (0, 2))

    def test_nobody(self):
        for arguments, status in ((["0"], 1), (["x"], 2), ([], 2)):
            done = run("-m", "berkeley", "ps", *arguments)
            self.assertEqual((done.returncode, done.stdout), (status, ""))
        self.assertIn("there is no such process", run("-m", "berkeley", "ps", "0").stderr)
        self.assertIn("usage:", output("-m", "berkeley", "ps", "--help"))


class NothingElse(unittest.TestCase):
    def test_without_places_the_warning_is_cpython_s(self):
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            sock = socket.socket()
            del sock
            gc.collect()
        self.assertFalse(hasattr(caught[0].message, "opened_at"))

    def test_the_end_of_the_interpreter(self):
        output(
            code="""
            import berkeley
            berkeley.install()
            import socket, sys, warnings
            warnings.simplefilter("ignore")
            berkeley.record_places()
            class Keeper: pass
            keeper = Keeper()
            keeper.keeper, keeper.sockets = keeper, socket.socketpair()
            sys.keeper = keeper
            """
        )

    def test_fork(self):
        output(
            code="""
            import berkeley, os
            from berkeley import socket
            berkeley.record_places()
            a, b = socket.socketpair()
            if os.fork() == 0:
                listed = berkeley.sockets()
                os._exit(0 if [info.fd for info in listed] == [a.fileno(), b.fileno()] else 1)
            assert os.waitstatus_to_exitcode(os.wait()[1]) == 0
            a.close(); b.close()
            """
        )


if __name__ == "__main__":
    sys.exit(unittest.main())
