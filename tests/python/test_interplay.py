"""With the rest of the standard library: installed or not, in any order of imports."""

import sys
import unittest

from support import Interplaying, certificate


class Interplay(Interplaying):
    def test_ssl(self):
        with certificate() as paths:
            self.each(
                "ssl, threading, sys",
                """
                certificate, key = sys.argv[1:]
                server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
                server.load_cert_chain(certificate, key)
                client = ssl.create_default_context(cafile=certificate)
                listener = socket.create_server(("127.0.0.1", 0))
                address = listener.getsockname()

                def serve():
                    # Once over an accepted socket, once by a listener of TLS.
                    accepted, _ = listener.accept()
                    accepted.settimeout(30)
                    with server.wrap_socket(accepted, server_side=True) as tls:
                        tls.sendall(tls.recv(100))
                    with server.wrap_socket(listener, server_side=True) as secured:
                        tls, _ = secured.accept()
                        with tls:
                            tls.sendall(tls.recv(100))

                thread = threading.Thread(target=serve)
                thread.start()
                for timeout in (None, 30):
                    plain = socket.create_connection(address, timeout)
                    with client.wrap_socket(plain, server_hostname="localhost") as tls:
                        assert tls.gettimeout() == timeout
                        tls.sendall(b"over TLS")
                        assert tls.recv(100) == b"over TLS"
                        if START == "installed":
                            assert isinstance(tls, socket.socket)
                thread.join()

                # A timeout in the middle of the handshake comes from the object's own field.
                with socket.create_server(("127.0.0.1", 0)) as silent:
                    plain = socket.create_connection(silent.getsockname(), 0.1)
                    try:
                        client.wrap_socket(plain, server_hostname="localhost")
                        raise AssertionError
                    except TimeoutError as error:
                        assert "handshake operation timed out" in str(error), error
                print("ok")
                """,
                *paths,
            )

    def test_asyncio(self):
        self.each(
            "asyncio",
            """
            async def main():
                # A busy machine is nothing to log.
                asyncio.get_running_loop().slow_callback_duration = 60

                async def echo(reader, writer):
                    while data := await reader.read(100):
                        writer.write(data)
                        await writer.drain()
                    writer.close()

                # The loop's own socket, ours given to it, and the calls of the loop itself.
                listener = socket.create_server(("127.0.0.1", 0))
                async with await asyncio.start_server(echo, sock=listener) as server:
                    address = server.sockets[0].getsockname()
                    reader, writer = await asyncio.open_connection(*address)
                    writer.write(b"hello")
                    assert await reader.readexactly(5) == b"hello"
                    writer.close()
                    await writer.wait_closed()
                    sock = socket.create_connection(address)
                    reader, writer = await asyncio.open_connection(sock=sock)
                    writer.write(b"again")
                    assert await reader.readexactly(5) == b"again"
                    writer.close()
                    await writer.wait_closed()
                    loop = asyncio.get_running_loop()
                    with socket.socket() as sock:
                        sock.setblocking(False)
                        await loop.sock_connect(sock, address)
                        await loop.sock_sendall(sock, b"by hand")
                        assert await loop.sock_recv(sock, 100) == b"by hand"
                first, second = socket.socketpair(type=socket.SOCK_DGRAM)
                done = loop.create_future()

                class Protocol(asyncio.DatagramProtocol):
                    def datagram_received(self, data, address):
                        done.set_result(data)

                second.setblocking(False)
                transport, _ = await loop.create_datagram_endpoint(Protocol, sock=second)
                first.send(b"datagram")
                assert await done == b"datagram"
                transport.close()
                first.close()
                await asyncio.sleep(0)

            asyncio.run(main())
            print("ok")
            """,
        )

    def test_the_calls_of_asyncio_s_loop(self):
        self.each(
            "asyncio, tempfile, os",
            """
            async def main(folder):
                loop = asyncio.get_running_loop()
                # A busy machine is nothing to log.
                loop.slow_callback_duration = 60

                async def upper(reader, writer):
                    writer.write((await reader.readline()).upper())
                    writer.close()

                with socket.socket() as listener, socket.socket() as sock:
                    listener.bind(("127.0.0.1", 0))
                    listener.listen()
                    listener.setblocking(False)
                    sock.setblocking(False)
                    connecting = loop.create_task(loop.sock_connect(sock, listener.getsockname()))
                    accepted, address = await loop.sock_accept(listener)
                    await connecting
                    with accepted:
                        assert type(accepted) is socket.socket and accepted.gettimeout() == 0
                        assert address == sock.getsockname()
                        large = bytes(range(256)) * 40_000
                        sending = loop.create_task(loop.sock_sendall(sock, large))
                        view = memoryview(bytearray(len(large)))
                        got = 0
                        while got < len(large):
                            got += await loop.sock_recv_into(accepted, view[got:])
                        assert view == large
                        await sending
                        with tempfile.TemporaryFile() as file:
                            file.write(b"a file")
                            file.flush()
                            assert await loop.sock_sendfile(sock, file) == 6
                        assert await loop.sock_recv(accepted, 100) == b"a file"
                        seen = []
                        loop.add_writer(sock, lambda: (seen.append(1), loop.remove_writer(sock)))
                        loop.add_reader(accepted, lambda: seen.append(accepted.recv(10)))
                        await loop.sock_sendall(sock, b"now")
                        while b"now" not in seen:
                            await asyncio.sleep(0)
                        assert loop.remove_reader(accepted)
                        try:
                            async with asyncio.timeout(0.01):
                                await loop.sock_recv(accepted, 1)
                            raise AssertionError
                        except TimeoutError:
                            pass
                kind = {"type": socket.SOCK_DGRAM}
                with socket.socket(**kind) as first, socket.socket(**kind) as second:
                    for sock in (first, second):
                        sock.bind(("127.0.0.1", 0))
                        sock.setblocking(False)
                    await loop.sock_sendto(first, b"datagram", second.getsockname())
                    expected = b"datagram", first.getsockname()
                    assert await loop.sock_recvfrom(second, 100) == expected
                    await loop.sock_sendto(first, b"again", second.getsockname())
                    buffer = bytearray(10)
                    expected = 5, first.getsockname()
                    assert await loop.sock_recvfrom_into(second, buffer) == expected
                path = os.path.join(folder, "socket")
                with socket.socket(socket.AF_UNIX) as sock:
                    sock.bind(path)
                    async with await asyncio.start_unix_server(upper, sock=sock):
                        reader, writer = await asyncio.open_unix_connection(path)
                        writer.write(b"unix\\n")
                        assert await reader.read() == b"UNIX\\n"
                        writer.close()
                        await writer.wait_closed()
                listener = socket.create_server(("127.0.0.1", 0))
                assert (await loop.getaddrinfo("127.0.0.1", 1))[0][4] == ("127.0.0.1", 1)

                class Once(asyncio.Protocol):
                    def __init__(self):
                        self.done = loop.create_future()

                    def data_received(self, data):
                        self.done.set_result(data)

                # A connection that the program has accepted.
                with socket.create_connection(listener.getsockname()) as sock:
                    accepted, _ = listener.accept()
                    transport, protocol = await loop.connect_accepted_socket(Once, accepted)
                    sock.sendall(b"hello")
                    assert await protocol.done == b"hello"
                    transport.close()
                    await asyncio.sleep(0)
                listener.close()

            with tempfile.TemporaryDirectory() as folder:
                asyncio.run(main(folder))
            print("ok")
            """,
        )

    def test_select_and_selectors(self):
        self.each(
            "select, selectors",
            """
            first, second = socket.socketpair()
            with first, second:
                first.send(b"x")
                assert select.select([first, second], [], [], 5)[0] == [second]
                poll = select.poll()
                poll.register(second, select.POLLIN)
                assert poll.poll(5000) == [(second.fileno(), select.POLLIN)]
                with select.epoll() as epoll, selectors.DefaultSelector() as selector:
                    epoll.register(second, select.EPOLLIN)
                    assert epoll.poll(5) == [(second.fileno(), select.EPOLLIN)]
                    selector.register(second, selectors.EVENT_READ)
                    assert selector.select(5)[0][0].fileobj is second
            print("ok")
            """,
        )

    def test_socketserver(self):
        self.each(
            "socketserver, threading",
            """
            class Echo(socketserver.StreamRequestHandler):
                def handle(self):
                    self.wfile.write(self.rfile.readline())

            with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Echo) as server:
                thread = threading.Thread(target=server.serve_forever, args=(0.01,))
                thread.start()
                with socket.create_connection(server.server_address) as sock:
                    sock.sendall(b"line\\n")
                    with sock.makefile("rb") as file:
                        assert file.readline() == b"line\\n"
                server.shutdown()
                thread.join()
            print("ok")
            """,
        )

    def test_multiprocessing(self):
        self.each(
            "multiprocessing, multiprocessing.reduction, pickle",
            MULTIPROCESSING,
        )

    def test_multiprocessing_that_is_loaded_last(self):
        self.each("sys", "import multiprocessing, pickle" + MULTIPROCESSING)

    def test_descriptors_between_processes_and_modules(self):
        self.each(
            "_socket, array, multiprocessing.connection, multiprocessing.reduction, os, sys",
            """
            import socket as either
            first, second = socket.socketpair()
            ours, theirs = multiprocessing.connection.Pipe()
            child = os.fork()
            if child == 0:
                number = multiprocessing.reduction.recv_handle(theirs)
                with socket.socket(fileno=number) as sock:
                    sock.sendall(b"from the child")
                os._exit(0)
            multiprocessing.reduction.send_handle(ours, second.fileno(), child)
            assert first.recv(100) == b"from the child"
            assert os.waitpid(child, 0)[1] == 0
            # A connection of multiprocessing on a socket, and a copy of a socket.
            a, b = (multiprocessing.connection.Connection(x.detach()) for x in socket.socketpair())
            a.send({"key": [1]})
            assert b.recv() == {"key": [1]}
            ours.send(multiprocessing.reduction.DupFd(second.fileno()))
            with socket.socket(fileno=theirs.recv().detach()) as sock:
                sock.send(b"copy")
            assert first.recv(100) == b"copy"
            for one in (a, b, ours, theirs):
                one.close()
            # Each module takes the descriptors of the other.
            for one, other in ((socket, either), (either, socket)):
                sock, peer = one.socketpair()
                with peer:
                    with other.fromfd(sock.fileno(), sock.family, sock.type) as copy:
                        assert type(copy) is other.socket and copy.family == sock.family
                        assert (copy.family, copy.type) == (one.AF_UNIX, one.SOCK_STREAM)
                    number = sock.detach()
                    other.socket(fileno=number).close()
            with first, second:
                either.send_fds(first, [b"x"], [1])
                data, numbers, *_ = socket.recv_fds(second, 10, 1)
                os.close(numbers[0])
                socket.send_fds(first, [b"x"], [1])
                data, numbers, *_ = either.recv_fds(second, 10, 1)
                os.close(numbers[0])
            print("ok")
            """,
        )

    def test_a_socket_s_own_pickle_is_refused(self):
        self.each(
            "pickle, copy",
            """
            with socket.socket() as sock:
                for call in (pickle.dumps, copy.copy, copy.deepcopy):
                    try:
                        call(sock)
                        raise AssertionError
                    except TypeError as error:
                        assert str(error) == "cannot pickle 'socket' object", error
            print("ok")
            """,
        )

    def test_urllib(self):
        self.each(
            "http.server, threading, urllib.request, http.client",
            """
            class Handler(http.server.BaseHTTPRequestHandler):
                def do_GET(self):
                    self.send_response(200)
                    self.end_headers()
                    self.wfile.write(b"page")

                def log_message(self, *args):
                    pass

            with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
                thread = threading.Thread(target=server.serve_forever, args=(0.01,))
                thread.start()
                page = f"http://127.0.0.1:{server.server_port}/"
                opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
                with opener.open(page, timeout=30) as answer:
                    assert answer.read() == b"page"
                server.shutdown()
                thread.join()
            print("ok")
            """,
        )


MULTIPROCESSING = """
def child(connection):
    sock = connection.recv()
    with sock:
        assert type(sock).__mro__[1].__module__ == "_socket"
        sock.sendall(b"from the child, " + type(sock).__qualname__.encode())
    connection.close()

context = multiprocessing.get_context("fork")
ours, theirs = context.Pipe()
first, second = socket.socketpair()
process = context.Process(target=child, args=(theirs,))
process.start()
ours.send(second)
assert first.recv(100) == b"from the child, socket"
process.join()
assert process.exitcode == 0
for one in (first, second, ours, theirs):
    one.close()
try:
    pickle.dumps(first)
    raise AssertionError
except TypeError:
    pass
print("ok")
"""

if __name__ == "__main__":
    sys.exit(unittest.main())
