"""With the rest of the standard library: installed or not, in any order of imports."""

import sys
import textwrap
import unittest

from support import certificate, output

# How a program may come to its sockets. `socket` is ours in each.
STARTS = {
    "installed": "import berkeley; berkeley.install(); import socket, {}",
    "alone": "from berkeley import socket; import {}",
    "before": "from berkeley import socket as ours; import socket, {}; socket = ours",
    "after": "import socket, {}; from berkeley import socket",
}


class Interplay(unittest.TestCase):
    def each(self, modules, code, *arguments, starts=tuple(STARTS)):
        for start in starts:
            with self.subTest(start):
                program = f"START = {start!r}\n" + STARTS[start].format(modules) + "\n"
                shown = output(*arguments, code=program + textwrap.dedent(code))
                self.assertEqual(shown, "ok\n")

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
