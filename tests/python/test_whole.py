"""Whole messages of a stream."""

import errno
import os
import pickle
import sys
import threading
import time
import unittest

import berkeley
from berkeley import socket
from support import certificate, output

SOON = 0.05


class Row10PartialSendsAndReceives(unittest.TestCase):
    def setUp(self):
        self.ours, self.peer = socket.socketpair()
        self.addCleanup(self.ours.close)
        self.addCleanup(self.peer.close)

    def in_pieces(self, data, size):
        """The peer sends this little by little, and closes."""

        def send():
            for start in range(0, len(data), size):
                self.peer.sendall(data[start : start + size])
            self.peer.close()

        thread = threading.Thread(target=send)
        thread.start()
        self.addCleanup(thread.join)

    def test_recv_exactly(self):
        data = os.urandom(300_000)
        self.in_pieces(data, 7_001)
        self.assertEqual(self.ours.recv_exactly(0), b"")
        got = [self.ours.recv_exactly(n) for n in (1, 10_000, 279_999)]
        self.assertEqual(b"".join(got), data[:290_000])
        self.assertEqual([len(one) for one in got], [1, 10_000, 279_999])
        with self.assertRaises(berkeley.IncompleteReadError) as caught:
            self.ours.recv_exactly(20_000)
        self.assertEqual(caught.exception.partial, data[290_000:])
        self.assertEqual(caught.exception.expected, 20_000)
        with self.assertRaises(EOFError) as caught:
            self.ours.recv_exactly(1)
        self.assertEqual(caught.exception.partial, b"")

    def test_recv_until(self):
        self.in_pieces(b"GET / HTTP/1.1\r\nHost: x\r\n\r\nbody;rest;of it", 3)
        self.assertEqual(self.ours.recv_until(b"\r\n"), b"GET / HTTP/1.1\r\n")
        self.assertEqual(self.ours.recv_until(b"\r\n\r\n"), b"Host: x\r\n\r\n")
        # What stands behind the separator is still there.
        self.assertEqual(self.ours.recv_exactly(4), b"body")
        self.assertEqual(self.ours.recv_until(b";"), b";")
        self.assertEqual(self.ours.recv_until(b";", 5), b"rest;")
        with self.assertRaises(berkeley.LimitOverrunError) as caught:
            self.ours.recv_until(b";", 2)
        self.assertEqual((caught.exception.partial, caught.exception.limit), (b"of", 2))
        self.assertIsInstance(caught.exception, ValueError)
        with self.assertRaises(berkeley.IncompleteReadError) as caught:
            self.ours.recv_until(b";")
        self.assertEqual(caught.exception.partial, b" it")
        self.assertIsNone(caught.exception.expected)

    def test_frames(self):
        frames = [b"", b"one", os.urandom(200_000), bytearray(b"two"), memoryview(b"abcd")]
        for size, byteorder in ((1, "big"), (2, "little"), (4, "big"), (4, "little"), (8, "big")):
            with self.subTest(size=size, byteorder=byteorder):
                how = {"size": size, "byteorder": byteorder}
                fit = [frame for frame in frames if len(frame) < 1 << 8 * size]

                def send(fit=fit, how=how):
                    for frame in fit:
                        self.peer.send_frame(frame, **how)

                thread = threading.Thread(target=send)
                thread.start()
                for frame in fit:
                    self.assertEqual(self.ours.recv_frame(**how), bytes(frame))
                thread.join()
        self.peer.send_frame(b"ab", size=2, byteorder="little")
        self.assertEqual(self.ours.recv(10), b"\2\0ab")
        with self.assertRaises(ValueError):
            self.peer.send_frame(bytes(256), size=1)
        self.peer.send_frame(bytes(256), size=2)
        with self.assertRaises(berkeley.LimitOverrunError) as caught:
            self.ours.recv_frame(255, size=2)
        # Only the length has been received.
        self.assertEqual(caught.exception.partial, b"\1\0")
        self.assertEqual(self.ours.recv_exactly(256), bytes(256))
        self.peer.send(b"\0\0\0\5abc")
        self.peer.close()
        with self.assertRaises(EOFError) as caught:
            self.ours.recv_frame()
        self.assertEqual(caught.exception.partial, b"\0\0\0\5abc")
        with self.assertRaises(EOFError) as caught:
            self.ours.recv_frame()
        self.assertEqual(caught.exception.partial, b"")

    def test_nothing_is_lost_when_time_is_up(self):
        for call, whole, wanted in (
            (lambda **more: self.ours.recv_exactly(8, **more), b"12345678", b"12345678"),
            (lambda **more: self.ours.recv_until(b"\r\n", **more), b"12345\r\n", b"12345\r\n"),
            (lambda **more: self.ours.recv_frame(99, size=2, **more), b"\0\5hello", b"hello"),
        ):
            for cut in range(len(whole)):
                for limit in (self.ours.settimeout, self.ours.set_deadline):
                    limit(0.002)
                    self.peer.send(whole[:cut])
                    with self.assertRaises(TimeoutError) as caught:
                        call()
                    self.assertEqual(str(caught.exception), "timed out")
                    self.assertEqual(caught.exception.partial, whole[:cut])
                    limit(None)
                    self.peer.send(whole[cut:])
                    self.assertEqual(call(partial=caught.exception.partial), wanted)
        self.ours.setblocking(False)
        self.peer.send(b"abc")
        with self.assertRaises(BlockingIOError) as caught:
            self.ours.recv_exactly(5)
        self.assertEqual(caught.exception.partial, b"abc")

    def test_a_trickling_peer_does_not_hold_a_message_longer_than_the_timeout(self):
        stop = threading.Event()

        def trickle():
            while not stop.wait(SOON / 10):
                self.peer.send(b"x")

        thread = threading.Thread(target=trickle)
        thread.start()
        self.ours.settimeout(SOON * 2)
        start = time.monotonic()
        try:
            with self.assertRaises(TimeoutError) as caught:
                self.ours.recv_exactly(1_000_000)
        finally:
            stop.set()
            thread.join()
        self.assertLess(time.monotonic() - start, 15)
        self.assertGreater(len(caught.exception.partial), 0)

    def test_a_frame_that_is_not_taken_says_how_much_has_gone(self):
        self.ours.settimeout(SOON)
        data = os.urandom(3_000_000)
        with self.assertRaises(TimeoutError) as caught:
            self.ours.send_frame(data)
        sent = caught.exception.bytes_sent
        self.ours.close()
        got = b""
        while piece := self.peer.recv(1 << 20):
            got += piece
        self.assertEqual(got, (len(data).to_bytes(4, "big") + data)[:sent])

    def test_errors_of_the_system_keep_what_has_come(self):
        with socket.create_server(("127.0.0.1", 0)) as server:
            client = socket.create_connection(server.getsockname())
            accepted, _ = server.accept()
            with client, accepted:
                accepted.send(b"abc")
                self.assertEqual(client.recv(3, socket.MSG_PEEK), b"abc")
                accepted.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
                threading.Timer(SOON, accepted.close).start()
                with self.assertRaises(ConnectionResetError) as caught:
                    client.recv_exactly(10)
                self.assertEqual(caught.exception.partial, b"abc")
                self.assertEqual(caught.exception.args[0], errno.ECONNRESET)

    def test_bad_arguments(self):
        for call, error in (
            (lambda: self.ours.recv_exactly(-1), ValueError),
            (lambda: self.ours.recv_exactly("1"), TypeError),
            (lambda: self.ours.recv_exactly(2, partial=b"abc"), ValueError),
            (lambda: self.ours.recv_until(b""), ValueError),
            (lambda: self.ours.recv_until("x"), TypeError),
            (lambda: self.ours.recv_until(b"x", -1), ValueError),
            (lambda: self.ours.send_frame(b"", size=3), ValueError),
            (lambda: self.ours.send_frame(b"", byteorder="middle"), ValueError),
            (lambda: self.ours.send_frame("x"), TypeError),
            (lambda: self.ours.recv_frame(-1), ValueError),
        ):
            with self.assertRaises(error):
                call()
        with socket.socket(type=socket.SOCK_DGRAM) as datagrams:
            datagrams.bind(("127.0.0.1", 0))
            for call in (lambda: datagrams.recv_exactly(1), lambda: datagrams.recv_until(b"x")):
                with self.assertRaises(ValueError):
                    call()
        self.ours.close()
        with self.assertRaises(OSError) as caught:
            self.ours.recv_exactly(1)
        self.assertEqual(caught.exception.errno, errno.EBADF)

    def test_the_errors_are_pickled(self):
        for error in (
            berkeley.IncompleteReadError(b"ab", 7),
            berkeley.IncompleteReadError(b"", None),
            berkeley.LimitOverrunError(b"abc", 2),
        ):
            again = pickle.loads(pickle.dumps(error))
            self.assertEqual((type(again), again.__dict__), (type(error), error.__dict__))
            self.assertEqual(str(again), str(error))

    def test_over_tls(self):
        with certificate() as (cert, key):
            shown = output(
                cert,
                key,
                code="""
                import berkeley
                berkeley.install()
                import socket, ssl, sys, threading

                server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
                server.load_cert_chain(*sys.argv[1:])
                client = ssl.create_default_context(cafile=sys.argv[1])
                ours, peer = socket.socketpair()

                def serve():
                    with server.wrap_socket(peer, server_side=True) as wrapped:
                        wrapped.sendall(b"GET /\\r\\n\\r\\nbody")
                        for frame in (b"", b"one", bytes(100_000)):
                            wrapped.send_frame(frame)
                        wrapped.sendall(b"\\0\\0\\0\\5hel")

                thread = threading.Thread(target=serve)
                thread.start()
                with client.wrap_socket(ours, server_hostname="localhost") as wrapped:
                    assert wrapped.recv_until(b"\\r\\n\\r\\n") == b"GET /\\r\\n\\r\\n"
                    assert wrapped.recv_exactly(4) == b"body"
                    for frame in (b"", b"one", bytes(100_000)):
                        assert wrapped.recv_frame() == frame
                    try:
                        wrapped.recv_frame()
                    except EOFError as error:
                        assert error.partial == b"\\0\\0\\0\\5hel", error.partial
                    for call in (
                        lambda: wrapped.recv_exactly(1),
                        lambda: wrapped.recv_until(b"x"),
                    ):
                        try:
                            call()
                        except EOFError as error:
                            assert error.partial == b""
                thread.join()
                print("ok")
                """,
            )
        self.assertEqual(shown, "ok\n")


if __name__ == "__main__":
    sys.exit(unittest.main())
