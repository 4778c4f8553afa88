"""Connections within one time limit, to several addresses; and errors that say where."""

import errno
import inspect
import os
import pickle
import sys
import tempfile
import unittest

from alone import alone
from berkeley import socket
from support import output

# A host with two addresses, of which the first never answers: so many connections wait there that
# the kernel throws every further one away.
TWO = "127.0.0.1 twofold.example\n127.0.0.9 twofold.example\n"
HOLE = """
import contextlib, time
from berkeley import socket

NAME = "twofold.example"

def rows(port):
    return [row[4] for row in socket.getaddrinfo(NAME, port, type=socket.SOCK_STREAM)]

@contextlib.contextmanager
def servers():
    with contextlib.ExitStack() as stack:
        good = stack.enter_context(socket.create_server(("127.0.0.9", 0)))
        port = good.getsockname()[1]
        hole = stack.enter_context(socket.create_server(("127.0.0.1", port), backlog=0))
        while True:
            filler = stack.enter_context(socket.socket())
            filler.settimeout(0.3)
            try:
                filler.connect(hole.getsockname())
            except TimeoutError:
                break
        assert rows(port) == [("127.0.0.1", port), ("127.0.0.9", port)], rows(port)
        yield good, port

"""


class Row3NoTotalDeadline(unittest.TestCase):
    def test_a_black_hole_costs_no_more_than_the_total_timeout(self):
        alone(
            self,
            HOLE
            + """
with servers() as (good, port):
    start = time.monotonic()
    try:
        socket.create_connection((NAME, port), total_timeout=0.3)
        print("connected")
    except TimeoutError as error:
        assert 0.3 <= time.monotonic() - start < 2
        assert error.address == ("127.0.0.1", port), error.address
        assert not hasattr(error, "earlier_errors")

    # The next address is tried when the time of one is over.
    start = time.monotonic()
    with socket.create_connection((NAME, port), 0.2, total_timeout=20) as sock:
        assert 0.2 <= time.monotonic() - start < 5
        assert sock.getpeername() == ("127.0.0.9", port)
        assert sock.gettimeout() == 0.2
    good.accept()[0].close()

    # Four times the timeout of an address is more than all of them may take.
    asked = socket.getaddrinfo
    socket.getaddrinfo = lambda *arguments: asked("127.0.0.1", *arguments[1:]) * 4
    start = time.monotonic()
    try:
        socket.create_connection((NAME, port), 1, total_timeout=1.2, all_errors=True)
    except ExceptionGroup as group:
        assert 1.2 <= time.monotonic() - start < 3
        assert len(group.exceptions) == 2, group.exceptions
        for error in group.exceptions:
            assert isinstance(error, TimeoutError) and error.address == ("127.0.0.1", port)
    socket.getaddrinfo = asked
print("ok")
""",
            hosts=TWO,
        )

    def test_happy_eyeballs(self):
        alone(
            self,
            HOLE
            + """
def connect(port, **options):
    start = time.monotonic()
    with socket.create_connection((NAME, port), happy_eyeballs_delay=0.1, **options) as sock:
        took = time.monotonic() - start
        return took, sock.getpeername(), sock.gettimeout()

with servers() as (good, port):
    for options, timeout in (
        ({}, None),
        ({"total_timeout": 20}, None),
        ({"timeout": 7}, 7.0),
        ({"source_address": ("127.0.0.3", 0)}, None),
    ):
        took, peer, left = connect(port, **options)
        assert 0.1 <= took < 5, took
        assert (peer, left) == (("127.0.0.9", port), timeout), (peer, left)
        accepted, address = good.accept()
        assert options.get("source_address", address)[0] == address[0]
        accepted.close()
    # From one port of one's own only one can be made at a time.
    with socket.socket() as free:
        free.bind(("127.0.0.3", 0))
        own = free.getsockname()
    start = time.monotonic()
    took, peer, left = connect(port, timeout=0.2, source_address=own)
    assert took >= 0.2 and peer == ("127.0.0.9", port)
    good.close()

    # Nobody is left who answers.
    for all_errors in (False, True):
        start = time.monotonic()
        try:
            connect(port, total_timeout=0.5, all_errors=all_errors)
        except TimeoutError as error:
            errors = (*error.earlier_errors, error)
        except ExceptionGroup as group:
            errors = group.exceptions
        assert 0.5 <= time.monotonic() - start < 2
        assert [(type(one), one.address) for one in errors] == [
            (ConnectionRefusedError, ("127.0.0.9", port)),
            (TimeoutError, ("127.0.0.1", port)),
        ], errors
    # The timeout of an address goes for each.
    start = time.monotonic()
    try:
        connect(port, timeout=0.3)
    except TimeoutError as error:
        assert error.address == ("127.0.0.1", port)
    assert 0.3 <= time.monotonic() - start < 2
print("ok")
""",
            hosts=TWO,
        )

    def test_nothing_new_is_asked_of_an_unchanged_call(self):
        signature = inspect.signature(socket.create_connection)
        names = list(signature.parameters)
        self.assertEqual(names[:4], ["address", "timeout", "source_address", "all_errors"])
        for name in names[4:]:
            self.assertIsNone(signature.parameters[name].default)
            self.assertEqual(signature.parameters[name].kind, inspect.Parameter.KEYWORD_ONLY)
        with self.assertRaises(ValueError):
            socket.create_connection(("127.0.0.1", 1), total_timeout=-1)
        with self.assertRaises(ValueError):
            rows = [("127.0.0.1", 1), ("127.0.0.2", 1)]
            with replaced(rows):
                socket.create_connection(("x", 1), happy_eyeballs_delay=-1)

    def test_the_program_is_told_of_every_address(self):
        with replaced([("127.0.0.1", 1), ("127.0.0.2", 1), ("127.0.0.3", 1)]) as rows:
            for options in ({}, {"total_timeout": 9}, {"happy_eyeballs_delay": 0.2}):
                with self.subTest(options), self.assertRaises(ConnectionRefusedError) as caught:
                    socket.create_connection(("x", 1), **options)
                self.assertEqual(str(caught.exception), "[Errno 111] Connection refused")
                told = [*caught.exception.earlier_errors, caught.exception]
                self.assertEqual([error.address for error in told], rows)

    def test_those_who_audit_hear_of_each_attempt(self):
        shown = output(
            code="""
            import sys
            from berkeley import socket

            told = []
            sys.addaudithook(lambda name, args: told.append((name, args[1:])))
            row = socket.getaddrinfo("127.0.0.1", 1, type=socket.SOCK_STREAM)[0]
            socket.getaddrinfo = lambda *_, **__: [row, (*row[:4], ("127.0.0.2", 1))]
            try:
                socket.create_connection(("x", 1), happy_eyeballs_delay=0.1)
            except OSError:
                pass
            told = [args for name, args in told if name == "socket.connect"]
            assert told == [(("127.0.0.1", 1),), (("127.0.0.2", 1),)], told
            print("ok")
            """
        )
        self.assertEqual(shown, "ok\n")


class Text(str):
    """A class of somebody's."""


class Row7RefusedToWhere(unittest.TestCase):
    def fails(self, address, kind, call, *arguments):
        with self.assertRaises(OSError) as caught:
            call(*arguments)
        error = caught.exception
        self.assertEqual(error.address, address)
        # What CPython says of it stays.
        self.assertIs(type(error), kind)
        self.assertEqual(error.args, (error.errno, os.strerror(error.errno)))
        self.assertEqual(str(error), f"[Errno {error.errno}] {os.strerror(error.errno)}")
        again = pickle.loads(pickle.dumps(error))
        self.assertEqual(
            (type(again), again.args, again.address), (kind, error.args, error.address)
        )
        return error

    def test_errors_of_the_system_have_the_address(self):
        nowhere = ("127.0.0.1", 1)
        with socket.create_server(("127.0.0.1", 0)) as server, socket.socket() as sock:
            self.fails(nowhere, ConnectionRefusedError, sock.connect, nowhere)
            self.fails(nowhere, ConnectionRefusedError, sock.connect, ("localhost", 1))
            self.fails(nowhere, ConnectionRefusedError, socket.create_connection, nowhere)
            taken = server.getsockname()
            error = self.fails(taken, OSError, sock.bind, taken)
            self.assertEqual(error.errno, errno.EADDRINUSE)
            with self.assertRaises(OSError) as caught:
                socket.create_server(taken)
            self.assertEqual(caught.exception.address, taken)
        with socket.socket(type=socket.SOCK_DGRAM) as sock:
            to = ("127.0.0.1", 9)
            large = bytes(70_000)
            self.fails(to, OSError, sock.sendto, large, to)
            self.fails(to, OSError, sock.sendto, large, 0, to)
            self.fails(to, OSError, sock.sendmsg, [large], [], 0, to)
        with tempfile.TemporaryDirectory() as folder, socket.socket(socket.AF_UNIX) as sock:
            path = os.path.join(folder, "nobody")
            self.fails(path, FileNotFoundError, sock.connect, path)
            self.fails(path, FileNotFoundError, sock.connect, os.fsencode(path))
            self.fails(path, FileNotFoundError, sock.connect, Text(path))
            # The name ends at a NUL, and one that begins with it is no path.
            self.fails(path, FileNotFoundError, sock.connect, f"{path}\0more")
            for nobody in ("\0nobody", b"\0nobody"):
                self.fails(b"\0nobody", ConnectionRefusedError, sock.connect, nobody)
            odd = os.path.join(folder, "n\xf6body\udcff")
            self.fails(odd, FileNotFoundError, sock.connect, odd)

    def test_an_error_knows_what_was_handled_when_it_was_raised(self):
        with socket.socket(socket.AF_UNIX) as sock, self.assertRaises(OSError) as caught:
            try:
                raise KeyError("first")
            except KeyError:
                sock.connect("/nowhere/at/all")
        self.assertIsInstance(caught.exception.__context__, KeyError)
        self.assertEqual(caught.exception.address, "/nowhere/at/all")

    def test_a_peer_that_was_asked_for_before_is_told_too(self):
        with socket.socket(type=socket.SOCK_DGRAM) as sock:
            with socket.socket(type=socket.SOCK_DGRAM) as gone:
                gone.bind(("127.0.0.1", 0))
                peer = gone.getsockname()
            sock.connect(peer)
            sock.send(b"is anybody there?")
            self.fails(peer, ConnectionRefusedError, sock.send, b"hello?")

    def test_a_timeout_has_the_address(self):
        with socket.socket(socket.AF_UNIX) as server, socket.socket(socket.AF_UNIX) as sock:
            server.bind("")
            server.listen(0)
            with socket.socket(socket.AF_UNIX) as first:
                first.connect(server.getsockname())
                sock.settimeout(0.02)
                with self.assertRaises(TimeoutError) as caught:
                    sock.connect(server.getsockname())
        self.assertEqual(str(caught.exception), "timed out")
        self.assertIsNotNone(caught.exception.address)

    def test_not_yet_is_no_failure(self):
        with socket.create_server(("127.0.0.1", 0)) as server, socket.socket() as sock:
            sock.setblocking(False)
            with self.assertRaises(BlockingIOError) as caught:
                sock.connect(server.getsockname())
            self.assertFalse(hasattr(caught.exception, "address"))

    def test_look_ups_have_what_was_asked(self):
        flags = socket.AI_NUMERICHOST
        with self.assertRaises(socket.gaierror) as caught:
            socket.getaddrinfo("nobody", 80, 0, 0, 0, flags)
        self.assertEqual(caught.exception.address, ("nobody", 80))
        self.assertEqual(caught.exception.args, (socket.EAI_NONAME, "Name or service not known"))
        alone(
            self,
            """
            from berkeley import socket
            import berkeley
            berkeley.set_lookup_timeout(0.01)
            with socket.socket() as sock:
                for call in (sock.connect, sock.bind, sock.connect_ex, socket.create_connection):
                    try:
                        call(("nobody.example", 80))
                        print("found")
                    except OSError as error:
                        assert error.address == ("nobody.example", 80), call
            print("ok")
            """,
        )


class replaced:
    """The addresses of every host, for as long as this lasts."""

    def __init__(self, addresses):
        self.addresses = addresses

    def __enter__(self):
        self.before = socket.getaddrinfo
        socket.getaddrinfo = lambda *_: [
            (socket.AF_INET, socket.SOCK_STREAM, 6, "", address) for address in self.addresses
        ]
        return self.addresses

    def __exit__(self, *_):
        socket.getaddrinfo = self.before


if __name__ == "__main__":
    sys.exit(unittest.main())
