"""One moment by which every call of a socket has to end."""

import contextlib
import io
import os
import sys
import tempfile
import threading
import time
import unittest

from berkeley import socket

SOON, AGES = 0.05, 30


class Timed:
    """How long something has taken."""

    def __enter__(self):
        self.start = time.monotonic()
        return self

    def __exit__(self, *_):
        self.took = time.monotonic() - self.start


class Row3NoTotalDeadline(unittest.TestCase):
    def setUp(self):
        self.pair = socket.socketpair()
        for sock in self.pair:
            self.addCleanup(sock.close)

    def test_every_call_ends_by_then(self):
        ours, _peer = self.pair
        with (
            socket.create_server(("127.0.0.1", 0)) as server,
            socket.socket(type=socket.SOCK_DGRAM) as datagrams,
        ):
            datagrams.bind(("127.0.0.1", 0))
            for sock, call in (
                (ours, lambda: ours.recv(10)),
                (ours, lambda: ours.recv_into(bytearray(10))),
                (ours, lambda: ours.recvfrom(10)),
                (ours, lambda: ours.recvmsg(10)),
                (datagrams, datagrams.recv_batch),
                (ours, lambda: ours.sendall(bytes(10_000_000))),
                (ours, lambda: ours.makefile("rb").read(10)),
                (server, server.accept),
            ):
                with Timed() as timed:
                    sock.set_deadline(SOON)
                    with self.assertRaises(TimeoutError) as caught:
                        call()
                self.assertEqual(str(caught.exception), "timed out")
                self.assertLess(timed.took, AGES / 2)
                self.assertGreaterEqual(timed.took, SOON)
                # And at once from then on.
                with self.assertRaises(TimeoutError):
                    call()
                self.assertEqual(sock.deadline, 0.0)

    def test_a_trickling_peer_does_not_defeat_it(self):
        ours, peer = self.pair
        ours.settimeout(AGES)
        stop = threading.Event()

        def trickle():
            while not stop.wait(SOON / 10):
                with contextlib.suppress(OSError):
                    peer.send(b"x")

        thread = threading.Thread(target=trickle)
        thread.start()
        try:
            with Timed() as timed:
                ours.set_deadline(SOON * 2)
                with self.assertRaises(TimeoutError):
                    while ours.recv(1):
                        pass
        finally:
            stop.set()
            thread.join()
        self.assertLess(timed.took, AGES / 2)

    def test_what_is_ready_is_still_had(self):
        ours, peer = self.pair
        peer.send(b"here")
        ours.set_deadline(0)
        self.assertEqual(ours.recv(10), b"here")
        self.assertEqual(ours.send(b"there"), 5)
        with self.assertRaises(TimeoutError):
            ours.recv(10)

    def test_it_goes_beside_the_timeout(self):
        ours, peer = self.pair
        self.assertIsNone(ours.deadline)
        for timeout in (None, 7.0, 0.0):
            ours.settimeout(timeout)
            ours.set_deadline(60)
            self.assertEqual(ours.gettimeout(), timeout)
            self.assertEqual(ours.getblocking(), timeout != 0)
            self.assertTrue(55 < ours.deadline <= 60)
            self.assertFalse(os.get_blocking(ours.fileno()))
            ours.set_deadline(None)
            self.assertIsNone(ours.deadline)
            self.assertEqual(os.get_blocking(ours.fileno()), timeout is None)
        # A socket that does not wait does not with a deadline either.
        ours.set_deadline(60)
        with self.assertRaises(BlockingIOError):
            ours.recv(10)
        # The one that comes first counts.
        ours.settimeout(SOON)
        with Timed() as timed, self.assertRaises(TimeoutError):
            ours.recv(10)
        self.assertLess(timed.took, AGES)
        ours.settimeout(None)
        threading.Timer(SOON, peer.send, (b"late",)).start()
        self.assertEqual(ours.recv(10), b"late")

    def test_others_do_not_have_it(self):
        ours, peer = self.pair
        ours.set_deadline(60)
        self.assertIsNone(peer.deadline)
        with ours.dup() as second:
            self.assertTrue(55 < second.deadline <= 60)
        with socket.socket(fileno=ours.detach()) as third:
            self.assertIsNone(third.deadline)
            self.assertTrue(os.get_blocking(third.fileno()))
        with socket.create_server(("127.0.0.1", 0)) as server:
            server.set_deadline(60)
            with socket.create_connection(server.getsockname()), server.accept()[0] as accepted:
                self.assertIsNone(accepted.deadline)
                self.assertTrue(os.get_blocking(accepted.fileno()))

    def test_connect(self):
        with contextlib.ExitStack() as stack:
            server = stack.enter_context(socket.socket(socket.AF_UNIX))
            server.bind("")
            server.listen(0)
            for _ in range(2):
                sock = stack.enter_context(socket.socket(socket.AF_UNIX))
                sock.set_deadline(SOON)
                with Timed() as timed:
                    try:
                        sock.connect(server.getsockname())
                    except TimeoutError as error:
                        self.assertEqual(error.address, server.getsockname())
                        break
            else:
                self.fail("there is always room")
        self.assertLess(timed.took, AGES / 2)

    def test_sendfile(self):
        ours, peer = self.pair
        with tempfile.TemporaryFile() as file:
            file.write(bytes(1 << 20))
            for source in (file, io.BytesIO(bytes(1 << 20))):
                ours.set_deadline(SOON)
                with Timed() as timed, self.assertRaises(TimeoutError):
                    ours.sendfile(source)
                self.assertLess(timed.took, AGES / 2)
                while peer.recv(1 << 20, socket.MSG_DONTWAIT | socket.MSG_PEEK):
                    with contextlib.suppress(BlockingIOError):
                        while peer.recv(1 << 20, socket.MSG_DONTWAIT):
                            pass
                    break
            # In time it is as ever.
            ours.set_deadline(AGES)
            thread = threading.Thread(target=lambda: ours.sendfile(file))
            thread.start()
            got = 0
            while got < 1 << 20:
                got += len(peer.recv(1 << 20))
            thread.join()

    def test_bad_values(self):
        ours, _ = self.pair
        for wrong, error in ((-1, ValueError), (float("nan"), ValueError), ("1", TypeError)):
            with self.subTest(wrong), self.assertRaises(error):
                ours.set_deadline(wrong)
        self.assertIsNone(ours.deadline)
        ours.close()
        with self.assertRaises(OSError):
            ours.set_deadline(1)

    def test_tls_says_that_it_has_none(self):
        import subprocess

        from support import LIMIT

        code = """
import berkeley
berkeley.install()
import socket, ssl, threading
ours, peer = socket.socketpair()
context = ssl.create_default_context()
ours.set_deadline(60)
wrapped = context.wrap_socket(ours, server_hostname="x", do_handshake_on_connect=False)
assert wrapped.deadline is None and wrapped.getblocking()
import os
assert os.get_blocking(wrapped.fileno())
try:
    wrapped.set_deadline(1)
except ValueError as error:
    assert "settimeout" in str(error)
    print("ok")
"""
        done = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, timeout=LIMIT, check=False
        )
        self.assertEqual((done.stdout, done.stderr), ("ok\n", ""))


class Row10HalfSentMessages(unittest.TestCase):
    def test_sendall_says_how_much_has_gone(self):
        ours, peer = socket.socketpair()
        with ours, peer:
            ours.settimeout(SOON)
            data = os.urandom(5_000_000)
            with self.assertRaises(TimeoutError) as caught:
                ours.sendall(data)
            sent = caught.exception.bytes_sent
            self.assertEqual(caught.exception.args, ("timed out",))
            got = b""
            with contextlib.suppress(BlockingIOError):
                while True:
                    got += peer.recv(1 << 20, socket.MSG_DONTWAIT)
            self.assertEqual(got, data[:sent])
            peer.close()
            with self.assertRaises(BrokenPipeError) as broken:
                ours.sendall(b"x")
            self.assertEqual(broken.exception.bytes_sent, 0)
            ours.setblocking(False)

    def test_a_handler_that_raises_is_told_too(self):
        import signal

        ours, peer = socket.socketpair()
        with ours, peer:

            def give_up(*_):
                raise KeyError("enough")

            before = signal.signal(signal.SIGALRM, give_up)
            try:
                signal.setitimer(signal.ITIMER_REAL, SOON)
                with self.assertRaises(KeyError) as caught:
                    ours.sendall(bytes(5_000_000))
            finally:
                signal.setitimer(signal.ITIMER_REAL, 0)
                signal.signal(signal.SIGALRM, before)
            self.assertGreater(caught.exception.bytes_sent, 0)


if __name__ == "__main__":
    sys.exit(unittest.main())
