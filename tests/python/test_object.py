"""The object: its layout, its life, and what users may change of it."""

import ctypes
import gc
import os
import sys
import unittest
import warnings
import weakref
from unittest import mock

import support
from berkeley import _berkeley, socket


class Layout(unittest.TestCase):
    """`_ssl` reads the number and the timeout without asking."""

    HEAD = object.__basicsize__

    def number(self, sock):
        return ctypes.c_int.from_address(id(sock) + self.HEAD).value

    def nanoseconds(self, sock):
        return ctypes.c_int64.from_address(id(sock) + self.HEAD + 24).value

    def test_the_number_and_the_timeout_are_where_cpython_has_them(self):
        with socket.socket() as sock:
            self.assertEqual(self.number(sock), sock.fileno())
            self.assertLess(self.nanoseconds(sock), 0)
            sock.settimeout(1.5)
            self.assertEqual(self.nanoseconds(sock), 1_500_000_000)
            sock.setblocking(False)
            self.assertEqual(self.nanoseconds(sock), 0)
        self.assertEqual(self.number(sock), -1)

    def test_kind(self):
        with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK, 17) as sock:
            at = id(sock) + self.HEAD
            kind = [ctypes.c_int.from_address(at + offset).value for offset in (4, 8, 12)]
            self.assertEqual(kind, [10, 2, 17])
            self.assertEqual(self.nanoseconds(sock), 0)

    def test_the_size_is_at_least_cpython_s(self):
        shown = support.output(code="import _socket; print(_socket.socket.__basicsize__)")
        self.assertGreaterEqual(_berkeley.socket.__basicsize__, int(shown))

    def test_capi(self):
        get = ctypes.pythonapi.PyCapsule_GetPointer
        get.restype, get.argtypes = ctypes.c_void_p, [ctypes.py_object, ctypes.c_char_p]
        pointer = get(_berkeley.CAPI, b"_socket.CAPI")
        found = (ctypes.c_void_p * 3).from_address(pointer)
        expected = [id(_berkeley.socket), id(OSError), id(TimeoutError)]
        self.assertEqual(list(found), expected)


class Type(unittest.TestCase):
    def test_the_base_cannot_be_changed_and_the_class_can(self):
        with self.assertRaisesRegex(TypeError, "cannot set 'foo' attribute of immutable type"):
            _berkeley.socket.foo = 1
        socket.socket.foo = 1
        del socket.socket.foo
        self.assertIs(socket.SocketType, _berkeley.socket)

    def test_there_is_no_dictionary(self):
        with socket.socket() as sock, self.assertRaises(AttributeError):
            sock.something = 1

    def test_accepted_and_paired_sockets_are_whole(self):
        with socket.create_server(("127.0.0.1", 0)) as listener:
            with socket.create_connection(listener.getsockname()) as client:
                accepted, address = listener.accept()
                with accepted:
                    self.assertEqual(address, client.getsockname())
                    self.whole(accepted, socket.AF_INET, None)
        for sock in socket.socketpair(type=socket.SOCK_DGRAM | socket.SOCK_NONBLOCK):
            with sock:
                self.whole(sock, socket.AF_UNIX, 0.0)
                self.assertIs(sock.type, socket.SOCK_DGRAM)
                self.assertFalse(os.get_blocking(sock.fileno()))

    def whole(self, sock, family, timeout):
        self.assertIs(type(sock), socket.socket)
        self.assertIs(sock.family, family)
        self.assertEqual(sock.gettimeout(), timeout)
        self.assertFalse(sock.get_inheritable())
        self.assertEqual((sock._io_refs, sock._closed), (0, False))
        self.assertIs(weakref.ref(sock)(), sock)
        with sock.makefile("rb"):
            self.assertEqual(sock._io_refs, 1)

    def test_the_default_timeout_is_that_of_every_new_socket(self):
        self.addCleanup(socket.setdefaulttimeout, None)
        with socket.create_server(("127.0.0.1", 0)) as listener:
            listener.settimeout(30)
            socket.setdefaulttimeout(2.5)
            with socket.create_connection(listener.getsockname()) as client:
                accepted, _ = listener.accept()
                pair = socket.socketpair()
                for sock in (client, accepted, *pair):
                    self.assertEqual(sock.gettimeout(), 2.5)
                    self.assertFalse(os.get_blocking(sock.fileno()))
                    sock.close()

    def test_a_listener_s_timeout_is_not_that_of_a_connection(self):
        with socket.create_server(("127.0.0.1", 0)) as listener:
            for timeout in (30, 0):
                listener.settimeout(timeout)
                with socket.create_connection(listener.getsockname()):
                    while True:
                        try:
                            accepted, _ = listener.accept()
                            break
                        except BlockingIOError:
                            pass
                    with accepted:
                        self.assertIsNone(accepted.gettimeout())
                        self.assertTrue(os.get_blocking(accepted.fileno()))


class Replaced(unittest.TestCase):
    """Users put other things in the place of names, and those must be used."""

    def accepted(self, listener):
        with socket.create_connection(listener.getsockname()):
            accepted, _ = listener.accept()
            accepted.close()
            return accepted

    def test_the_class_of_accepted_sockets_is_the_module_s_socket(self):
        class Other(socket.socket):
            pass

        with socket.create_server(("127.0.0.1", 0)) as listener:
            self.assertIs(type(self.accepted(listener)), socket.socket)
            with mock.patch.object(socket, "socket", Other):
                self.assertIs(type(self.accepted(listener)), Other)
                pair = socket.socketpair()
                self.assertEqual([type(sock) for sock in pair], [Other, Other])
                for sock in pair:
                    sock.close()
            self.assertIs(type(self.accepted(listener)), socket.socket)

    def test_a_subclass_accepts_sockets_of_the_class(self):
        class Other(socket.socket):
            pass

        with Other() as listener:
            listener.bind(("127.0.0.1", 0))
            listener.listen()
            self.assertIs(type(self.accepted(listener)), socket.socket)

    def test_an_init_that_was_replaced_is_called(self):
        calls = []
        original = socket.socket.__init__

        def init(self, *args, **kwargs):
            calls.append((args, kwargs.keys()))
            original(self, *args, **kwargs)

        with socket.create_server(("127.0.0.1", 0)) as listener:
            with mock.patch.object(socket.socket, "__init__", init):
                self.accepted(listener)
                self.assertEqual(len(calls), 2)
                for sock in socket.socketpair():
                    sock.close()
                self.assertEqual(len(calls), 4)

    def test_an_accept_of_a_subclass_is_called(self):
        class Other(socket.socket):
            def _accept(self):
                number, address = super()._accept()
                return number, ("seen", address)

        with Other() as listener:
            listener.bind(("127.0.0.1", 0))
            listener.listen()
            with socket.create_connection(listener.getsockname()):
                accepted, address = listener.accept()
                accepted.close()
                self.assertEqual(address[0], "seen")

    def test_getaddrinfo(self):
        with socket.create_server(("127.0.0.1", 0)) as listener:
            answer = [(2, 1, 6, "", listener.getsockname())]
            with mock.patch.object(socket, "getaddrinfo", return_value=answer) as asked:
                socket.create_connection(("no.such.host.invalid", 1)).close()
        asked.assert_called_once_with("no.such.host.invalid", 1, 0, socket.SOCK_STREAM)


class End(unittest.TestCase):
    def test_an_unclosed_socket_is_named_in_the_warning_and_closed(self):
        sock = socket.socket()
        number, shown = sock.fileno(), repr(sock)
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            del sock
            gc.collect()
        self.assertEqual([str(w.message) for w in caught], [f"unclosed {shown}"])
        self.assertIs(caught[0].category, ResourceWarning)
        with self.assertRaises(OSError):
            os.fstat(number)

    def test_cycles_are_found(self):
        class Holder(socket.socket):
            pass

        sock = Holder()
        sock.self = sock
        dead = weakref.ref(sock)
        sock.close()
        del sock
        gc.collect()
        self.assertIsNone(dead())

    def test_a_socket_that_an_audit_hook_refuses_is_closed(self):
        support.output(
            code="""
            import os, sys
            from berkeley import socket
            refuse = False
            def hook(event, args):
                if refuse and event == "socket.__new__":
                    raise RuntimeError(event, *args[1:])
            sys.addaudithook(hook)
            listener = socket.create_server(("127.0.0.1", 0))
            client = socket.create_connection(listener.getsockname())
            before = len(os.listdir("/proc/self/fd"))
            refuse = True
            for call in (listener.accept, socket.socketpair):
                try:
                    call()
                    raise AssertionError
                except RuntimeError as error:
                    assert error.args[0] == "socket.__new__" and error.args[2] == 1, error.args
            assert len(os.listdir("/proc/self/fd")) == before
            client.close(); listener.close()
            """
        )

    def test_no_object_is_left_over(self):
        def work():
            for sock in socket.socketpair():
                sock.makefile("rwb", 0).close()
                sock.close()
            with socket.create_server(("127.0.0.1", 0)) as listener:
                with socket.create_connection(listener.getsockname()):
                    listener.accept()[0].close()
            socket.getaddrinfo("127.0.0.1", 80)

        def objects():
            gc.collect()
            return len(gc.get_objects()), sys.getrefcount(socket.AF_INET)

        for _ in range(10):
            work()
        before = objects()
        for _ in range(200):
            work()
        after = objects()
        for old, new in zip(before, after, strict=True):
            self.assertLess(new - old, 50)


class Different(unittest.TestCase):
    """What CPython gets wrong, and is right here."""

    def test_send_fds_and_recv_fds_use_their_flags(self):
        first, second = socket.socketpair()
        with first, second, open(os.devnull) as file:
            socket.send_fds(first, [b"x"], [file.fileno()])
            with self.assertRaises(BlockingIOError):
                socket.recv_fds(first, 1, 1, socket.MSG_DONTWAIT)
            data, fds, _, _ = socket.recv_fds(second, 10, 4, socket.MSG_CMSG_CLOEXEC)
            self.assertEqual(data, b"x")
            self.assertFalse(os.get_inheritable(fds[0]))
            os.close(fds[0])


if __name__ == "__main__":
    sys.exit(unittest.main())
