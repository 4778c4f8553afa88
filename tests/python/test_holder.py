""" "Address already in use": by whom (row 17 of what hurts)."""

import errno
import os
import pickle
import subprocess
import sys
import tempfile
import unittest

import berkeley
from berkeley import socket

# Binds and says where, until its input ends.
HOLDING = """
import socket, sys
family, kind, address, listens = eval(sys.argv[1])
sock = socket.socket(family, kind)
sock.bind(address)
if listens:
    sock.listen()
print(repr(sock.getsockname()), flush=True)
sys.stdin.read()
"""


def refused(sock, address):
    """The error of binding an address that is in use."""
    try:
        sock.bind(address)
    except OSError as error:
        assert error.errno == errno.EADDRINUSE, error
        return error
    raise AssertionError("nobody has it")


class AddressInUse(unittest.TestCase):
    def held(self, family, kind, address, listens=False):
        """Another process that has the address, and the address."""
        what = repr((int(family), int(kind), address, listens))
        other = subprocess.Popen(
            [sys.executable, "-c", HOLDING, what],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.addCleanup(other.stdout.close)
        self.addCleanup(other.wait)
        self.addCleanup(other.stdin.close)
        return other, eval(other.stdout.readline())

    def test_the_holder_is_named(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "a socket")
            for family, kind, address, listens in (
                (socket.AF_INET, socket.SOCK_STREAM, ("127.0.0.1", 0), True),
                (socket.AF_INET, socket.SOCK_DGRAM, ("127.0.0.1", 0), False),
                (socket.AF_UNIX, socket.SOCK_STREAM, path, True),
                (socket.AF_UNIX, socket.SOCK_DGRAM, "\0" + path, False),
            ):
                with self.subTest(family=family, kind=kind):
                    other, taken = self.held(family, kind, address, listens)
                    with socket.socket(family, kind) as sock:
                        error = refused(sock, taken)
                        self.assertTrue(error.holder)
                        self.assertEqual(error.holder.pid, other.pid)
                        with open(f"/proc/{other.pid}/comm") as file:
                            self.assertEqual(error.holder.program, file.read().strip())
                        self.assertEqual(error.holder.address, taken)
                        self.assertEqual(error.holder.state, "LISTEN" if listens else "")
                        self.assertIn(f"(pid {other.pid})", repr(error.holder))

    def test_the_error_is_cpython_s(self):
        with socket.create_server(("127.0.0.1", 0)) as listener, socket.socket() as sock:
            error = refused(sock, listener.getsockname())
            self.assertIs(type(error), OSError)
            self.assertEqual(str(error), "[Errno 98] Address already in use")
            self.assertEqual(error.args, (98, "Address already in use"))
            self.assertIsInstance(error.holder, berkeley.Holder)
            self.assertEqual(error.address, listener.getsockname())

    def test_a_socket_of_this_process(self):
        # Bound without listening: older kernels do not tell of those.
        with socket.socket() as first, socket.socket() as second:
            first.bind(("127.0.0.1", 0))
            holder = refused(second, first.getsockname()).holder
            if holder:
                self.assertEqual((holder.pid, holder.state), (os.getpid(), "BOUND"))

    def test_all_interfaces(self):
        with socket.create_server(("", 0)) as listener, socket.socket() as sock:
            port = listener.getsockname()[1]
            holder = refused(sock, ("127.0.0.1", port)).holder
            self.assertEqual(holder.address, ("0.0.0.0", port))

    def test_create_server(self):
        with socket.create_server(("127.0.0.1", 0)) as listener:
            with self.assertRaises(OSError) as raised:
                socket.create_server(listener.getsockname())
            self.assertEqual(raised.exception.holder.pid, os.getpid())

    def test_listen(self):
        with socket.socket() as first, socket.socket() as second:
            for sock in (first, second):
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            first.bind(("127.0.0.1", 0))
            second.bind(first.getsockname())
            first.listen()
            with self.assertRaises(OSError) as raised:
                second.listen()
            self.assertEqual(raised.exception.errno, errno.EADDRINUSE)
            self.assertEqual(raised.exception.holder.pid, os.getpid())

    def test_it_is_looked_for_when_it_is_asked_for(self):
        with socket.socket() as sock:
            with socket.create_server(("127.0.0.1", 0)) as listener:
                first = refused(sock, listener.getsockname())
                second = refused(sock, listener.getsockname())
                self.assertTrue(first.holder)
            # What was found stays; what was not asked for in time is gone.
            self.assertEqual(first.holder.pid, os.getpid())
            self.assertFalse(second.holder)
            self.assertIsNone(second.holder.pid)
            self.assertIsNone(second.holder.program)
            self.assertEqual(repr(second.holder), "<holder: nobody is found>")

    def test_a_file_that_nobody_has(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "left behind")
            socket.create_server(path, family=socket.AF_UNIX).close()
            with socket.socket(socket.AF_UNIX) as sock:
                self.assertFalse(refused(sock, path).holder)

    def test_pickles(self):
        with socket.create_server(("127.0.0.1", 0)) as listener, socket.socket() as sock:
            error = pickle.loads(pickle.dumps(refused(sock, listener.getsockname())))
        self.assertEqual(error.args, (98, "Address already in use"))
        self.assertEqual(error.holder.pid, os.getpid())

    def test_other_errors_have_none(self):
        with socket.socket() as sock:
            with self.assertRaises(OSError) as raised:
                sock.bind(("192.0.2.1", 1))
            self.assertFalse(hasattr(raised.exception, "holder"))


if __name__ == "__main__":
    sys.exit(unittest.main())
