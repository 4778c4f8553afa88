"""What programs and their tests replace in `socket`: the class, functions, methods, timeouts."""

import http.client
import http.server
import socket
import threading
from unittest import mock

RealSocket, real_getaddrinfo = socket.socket, socket.getaddrinfo
made = []


class Guarded(socket.socket):
    """As pytest-socket and its kind: a class in the place of the class."""

    def __init__(self, *args, **kwargs):
        made.append(self)
        super().__init__(*args, **kwargs)

    def connect(self, address):
        if address[0] != "127.0.0.1":
            raise PermissionError(f"not to {address[0]}")
        super().connect(address)


def lookup(host, *args, **kwargs):
    return real_getaddrinfo("127.0.0.1" if host == "made.up" else host, *args, **kwargs)


class Page(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(204)
        self.end_headers()

    def log_message(self, *args):
        pass


def status(host, port):
    connection = http.client.HTTPConnection(host, port)
    connection.request("GET", "/")
    answer = connection.getresponse().status
    connection.close()
    return answer


with mock.patch("socket.socket", Guarded), mock.patch("socket.getaddrinfo", lookup):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Page)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    print(status("made.up", server.server_port))
    try:
        status("127.0.0.2", server.server_port)
    except PermissionError as error:
        print(error)
    pair = socket.socketpair()
    print(sorted({type(sock).__name__ for sock in (*made, *pair)}))
    print(len(made))
with mock.patch.object(socket.socket, "connect", side_effect=ConnectionRefusedError(111, "mocked")):
    try:
        socket.create_connection(server.server_address)
    except ConnectionRefusedError as error:
        print(error)
with mock.patch("socket.create_connection", return_value=mock.Mock()) as create:
    http.client.HTTPConnection("nowhere.test", 81).connect()
    print(create.call_args.args[0])
socket.setdefaulttimeout(0.01)
with socket.create_server(("127.0.0.1", 0)) as listener:
    try:
        listener.accept()
    except socket.timeout as error:
        print(repr(error), isinstance(error, OSError))
socket.setdefaulttimeout(None)
server.shutdown()
server.server_close()
print(status.__name__, socket.socket is RealSocket)
