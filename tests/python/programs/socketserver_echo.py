"""The servers of `socketserver`: TCP, UDP and UNIX, in threads and in processes."""

import os
import socket
import socketserver
import tempfile
import threading


class Line(socketserver.StreamRequestHandler):
    def handle(self):
        self.wfile.write(self.rfile.readline().swapcase())


class Datagram(socketserver.DatagramRequestHandler):
    def handle(self):
        self.wfile.write(self.rfile.read()[::-1])


class Threads(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True


with tempfile.TemporaryDirectory() as folder:
    for kind, address, handler in (
        (Threads, ("127.0.0.1", 0), Line),
        (socketserver.ForkingTCPServer, ("127.0.0.1", 0), Line),
        (socketserver.UDPServer, ("127.0.0.1", 0), Datagram),
        (socketserver.ThreadingUnixStreamServer, os.path.join(folder, "s"), Line),
    ):
        with kind(address, handler) as server:
            thread = threading.Thread(target=server.serve_forever, args=(0.02,))
            thread.start()
            for number in range(20):
                with socket.socket(server.address_family, server.socket_type) as sock:
                    sock.settimeout(30)
                    sock.connect(server.server_address)
                    sock.sendall(b"Hello %d\n" % number)
                    got = sock.recv(100)
            print(kind.__name__, got)
            server.shutdown()
            thread.join()
