"""What a program does to a socket or a buffer in the middle of a call ends as with CPython's.

Each case is run with CPython's module and with ours, and prints the same. None may crash.
"""

import sys
import textwrap
import unittest

from support import run

HEAD = """
import os, signal, sys, threading, time
if sys.argv[1] == "ours":
    from berkeley import socket
else:
    import socket

def show(call, *args):
    try:
        result = call(*args)
        if isinstance(result, socket.socket):
            result.close()
            result = "a socket"
        result = result[:20] if isinstance(result, (bytes, bytearray)) else result
        text = f"gives {result}"
    except BaseException as error:
        text = f"{type(error).__name__} {error}"
    # At once, for threads print too.
    sys.stdout.write(text + "\n")

def blocked(call, *args):
    # Starts a call in a thread and returns when it waits in the kernel, or has ended.
    thread = threading.Thread(target=show, args=(call, *args))
    thread.start()
    stat = f"/proc/self/task/{thread.native_id}/stat"
    waits = 0
    while thread.is_alive() and waits < 20:
        try:
            with open(stat) as file:
                waits = waits + 1 if file.read().rpartition(")")[2].split()[0] == "S" else 0
        except (OSError, IndexError):
            break
        time.sleep(0.002)
    return thread

first, second = socket.socketpair()

class Index:
    # A number that does something when it is asked for.
    def __init__(self, action, value):
        self.action, self.value = action, value

    def __index__(self):
        self.action()
        return self.value
"""

# Another thread changes the socket.
CLOSED = {
    "close under recv": """
        thread = blocked(first.recv, 10)
        first.close()
        second.sendall(b"late")
        thread.join()
        """,
    "close under recv with a timeout": """
        first.settimeout(30)
        thread = blocked(first.recv, 10)
        first.close()
        second.sendall(b"late")
        thread.join()
        """,
    "close under recv_into": """
        first.settimeout(30)
        buffer = bytearray(10)
        thread = blocked(first.recv_into, buffer)
        first.close()
        second.sendall(b"late")
        thread.join()
        print(buffer)
        """,
    "close under recvmsg": """
        thread = blocked(first.recvmsg, 10, 100)
        first.close()
        second.sendall(b"late")
        thread.join()
        """,
    "close under sendall": """
        thread = blocked(first.sendall, bytes(1 << 24))
        first.close()
        while second.recv(1 << 20):
            pass
        thread.join()
        """,
    "close under sendall with a timeout": """
        first.settimeout(30)
        thread = blocked(first.sendall, bytes(1 << 24))
        first.close()
        while second.recv(1 << 20):
            pass
        thread.join()
        """,
    "close under a file": """
        file = first.makefile("rb", 0)
        thread = blocked(file.readinto, bytearray(10))
        first.close()
        second.sendall(b"late")
        thread.join()
        file.close()
        """,
    "a number that another socket takes under recv": """
        first.settimeout(30)
        thread = blocked(first.recv, 10)
        number = first.fileno()
        first.close()
        third, fourth = socket.socketpair()
        assert third.fileno() == number
        fourth.sendall(b"for another")
        second.sendall(b"late")
        thread.join()
        print(third.recv(100))
        third.close()
        fourth.close()
        """,
    "a number that another socket takes under sendall": """
        first.settimeout(30)
        thread = blocked(first.sendall, bytes(1 << 24))
        number = first.fileno()
        first.close()
        third, fourth = socket.socketpair()
        assert third.fileno() == number
        while second.recv(1 << 20):
            pass
        thread.join()
        fourth.settimeout(0)
        show(fourth.recv, 100)
        third.close()
        fourth.close()
        """,
    "a number that another socket takes in a handler of a signal": """
        taken = []
        def handler(*_):
            number = first.fileno()
            first.close()
            taken.extend(socket.socketpair())
            assert taken[0].fileno() == number
            taken[1].send(b"for another")
        signal.signal(signal.SIGALRM, handler)
        signal.setitimer(signal.ITIMER_REAL, 0.05)
        show(first.recv, 100)
        print(taken[0].recv(100))
        for sock in taken:
            sock.close()
        """,
    "shutdown under recv": """
        thread = blocked(first.recv, 10)
        first.shutdown(socket.SHUT_RD)
        thread.join()
        """,
    "shutdown under accept": """
        listener = socket.create_server(("127.0.0.1", 0))
        thread = blocked(listener.accept)
        listener.shutdown(socket.SHUT_RDWR)
        thread.join()
        listener.close()
        """,
    "detach under recv": """
        first.settimeout(30)
        thread = blocked(first.recv, 10)
        number = first.detach()
        second.sendall(b"late")
        thread.join()
        os.close(number)
        """,
    "timeout changed under recv": """
        first.settimeout(30)
        thread = blocked(first.recv, 10)
        first.settimeout(0)
        second.sendall(b"in time")
        thread.join()
        print(first.gettimeout())
        """,
    "a second recv under recv": """
        one = blocked(first.recv, 1)
        two = blocked(first.recv, 1)
        second.sendall(b"xx")
        one.join()
        two.join()
        """,
    "__init__ again": """
        first.__init__(socket.AF_INET, socket.SOCK_DGRAM)
        print(first.family, first.type, first.gettimeout())
        """,
}

# Another thread, or the caller's own arguments, change the memory of the call.
BUFFERS = {
    "a buffer that is received into cannot be resized": """
        buffer = bytearray(10)
        thread = blocked(first.recv_into, buffer)
        show(buffer.extend, b"more")
        second.send(b"data")
        thread.join()
        buffer.extend(b"more")
        print(buffer)
        """,
    "nor one that is sent": """
        buffer = bytearray(1 << 24)
        thread = blocked(first.sendall, buffer)
        show(buffer.clear)
        got = 0
        while got < 1 << 24:
            got += len(second.recv(1 << 20))
        thread.join()
        buffer.clear()
        """,
    "nor a view of one released": """
        view = memoryview(bytearray(10))
        thread = blocked(first.recv_into, view)
        show(view.release)
        second.send(b"data")
        thread.join()
        view.release()
        """,
    "nor those of recvmsg_into": """
        buffers = [bytearray(2), bytearray(10)]
        thread = blocked(first.recvmsg_into, buffers)
        show(buffers[0].clear)
        held = buffers.pop()
        show(held.clear)
        second.send(b"data")
        thread.join()
        held.clear()
        buffers[0].clear()
        """,
    "nor those of sendmsg": """
        while True:
            try:
                first.send(bytes(1 << 16), socket.MSG_DONTWAIT)
            except BlockingIOError:
                break
        buffers = [bytearray(b"x" * 10), bytearray(1 << 20)]
        thread = blocked(first.sendmsg, buffers)
        show(buffers[0].clear)
        held = buffers.pop()
        show(held.clear)
        first.shutdown(socket.SHUT_WR)
        while second.recv(1 << 20):
            pass
        thread.join()
        held.clear()
        """,
    "after an error they can": """
        buffer = bytearray(10)
        first.settimeout(0)
        show(first.recv_into, buffer)
        show(first.recvfrom_into, buffer)
        show(first.recvmsg_into, [buffer])
        show(first.recv_into, buffer, 11)
        show(first.sendto, buffer, ("127.0.0.1", 1))
        show(first.sendmsg, [buffer, 1])
        show(first.sendall, buffer, "flags")
        buffer.extend(b"more")
        print(len(buffer))
        """,
    "a list that an iteration changes": """
        class Growing(list):
            def __iter__(self):
                for one in list.__iter__(self):
                    self.clear()
                    yield one
                    yield b"y"
        show(first.sendmsg, Growing([b"x", b"z"]))
        print(second.recv(10))
        second.send(b"hello")
        show(first.recvmsg_into, Growing([bytearray(1), bytearray(1)]))
        """,
    "memory that is lost while it is asked for": """
        target = bytearray(100)
        def shrink():
            try:
                target.clear()
            except BufferError as error:
                print(error)
        second.send(b"data")
        show(first.recv_into, target, Index(shrink, 50))
        show(second.send, target, Index(shrink, 0))
        """,
}

# What a call asks for its arguments changes the socket of the call.
REENTRY = {
    "a number that closes": """
        for name, *args in (
            ("recv",), ("recvfrom",), ("recvmsg",), ("listen",), ("shutdown",),
            ("recv_into", bytearray(10)), ("send", b"x"), ("sendall", b"x"), ("recvmsg", 10),
            ("setsockopt", socket.SOL_SOCKET, socket.SO_KEEPALIVE),
            ("getsockopt", socket.SOL_SOCKET),
        ):
            a, b = socket.socketpair()
            b.send(b"data")
            show(getattr(a, name), *args, Index(a.close, 1))
            b.close()
        """,
    "a number that calls the same": """
        def inner():
            show(first.recv, 1)
        second.send(b"data")
        show(first.recv, Index(inner, 2))
        show(first.recv_into, bytearray(10), Index(lambda: second.send(b"more"), 10))
        """,
    "a timeout that closes": """
        class Timeout(float):
            def __float__(self):
                first.close()
                return 1.0
        show(first.settimeout, Timeout(2))
        show(first.settimeout, Index(first.close, 1))
        show(first.setblocking, Index(first.close, 1))
        print(first.gettimeout(), first.fileno())
        """,
    "an address that closes": """
        sock = socket.socket()
        show(sock.bind, ("127.0.0.1", Index(sock.close, 0)))
        sock = socket.socket()
        show(sock.connect, ("127.0.0.1", Index(sock.close, 1)))
        sock = socket.socket(type=socket.SOCK_DGRAM)
        show(sock.sendto, b"x", ("127.0.0.1", Index(sock.close, 1)))
        show(sock.connect_ex, ("127.0.0.1", Index(sock.close, 1)))
        """,
    "an audit hook that closes": """
        target = []
        def hook(event, args):
            if event.startswith("socket.") and target:
                target.pop().close()
        sys.addaudithook(hook)
        for name, *args in (
            ("bind", ("127.0.0.1", 0)), ("connect", ("127.0.0.1", 1)),
            ("connect_ex", ("127.0.0.1", 1)), ("sendto", b"x", ("127.0.0.1", 1)),
            ("sendmsg", [b"x"], [], 0, ("127.0.0.1", 1)),
        ):
            sock = socket.socket(type=socket.SOCK_DGRAM)
            target.append(sock)
            show(getattr(sock, name), *args)
            target.clear()
            sock.close()
        """,
    "an audit hook that raises": """
        def hook(event, args):
            if event.startswith("socket.") and armed:
                raise PermissionError(event)
        armed = []
        sys.addaudithook(hook)
        sock = socket.socket()
        armed.append(1)
        show(sock.bind, ("127.0.0.1", 0))
        show(sock.connect, ("127.0.0.1", 1))
        show(socket.socket)
        show(socket.getaddrinfo, "127.0.0.1", 1)
        show(socket.create_connection, ("127.0.0.1", 1))
        show(socket.gethostname)
        show(socket.getservbyname, "http")
        sock.close()
        """,
    "a number that makes the socket anew": """
        sock = socket.socket()
        again = lambda: sock.__init__(socket.AF_UNIX, socket.SOCK_DGRAM)
        show(sock.setsockopt, socket.SOL_SOCKET, socket.SO_KEEPALIVE, Index(again, 1))
        print(sock.family.name, sock.type.name)
        sock.close()
        """,
    "a finalizer that uses its socket": """
        class Last(socket.socket):
            def __del__(self):
                print(self.fileno() >= 0, self.gettimeout(), self.family.name)
                self.settimeout(1)
                self.close()
                show(self.recv, 1)
        sock = Last()
        del sock
        cycle = Last()
        cycle.me = cycle
        del cycle
        import gc
        gc.collect()
        """,
    "an object without __init__": """
        bare = socket.socket.__new__(socket.socket)
        for name, *args in (
            ("fileno",), ("gettimeout",), ("recv", 1), ("send", b"x"), ("close",), ("__repr__",),
            ("settimeout", 1), ("getsockname",), ("detach",), ("makefile", "rb"),
            ("connect", ("127.0.0.1", 1)), ("dup",), ("__enter__",), ("__exit__",),
        ):
            show(lambda: getattr(bare, name)(*args) and None)
        show(lambda: (bare.family, bare.type, bare.proto, bare.timeout))
        """,
}


class Mischief(unittest.TestCase):
    def check(self, cases):
        for name, code in cases.items():
            with self.subTest(name):
                program = HEAD + textwrap.dedent(code) + "\nfirst.close(); second.close()\n"
                results = []
                for whose in ("stock", "ours"):
                    done = run(whose, code=program)
                    # A warning of what is left open has addresses of this run.
                    errors = [line for line in done.stderr.splitlines() if "unclosed" not in line]
                    results.append((done.returncode, done.stdout, len(errors)))
                self.assertEqual(results[1], results[0], done.stderr)
                self.assertGreaterEqual(results[1][0], 0)

    def test_a_socket_that_another_thread_changes(self):
        self.check(CLOSED)

    def test_memory_that_changes(self):
        self.check(BUFFERS)

    def test_arguments_that_change_the_socket(self):
        self.check(REENTRY)


if __name__ == "__main__":
    sys.exit(unittest.main())
