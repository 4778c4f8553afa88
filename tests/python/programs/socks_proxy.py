"""PySocks: its subclass of `socket.socket`, also in the place of that for a library."""

import http.server
import socket
import socketserver
import threading
import urllib.request

import socks

Direct = socket.socket


class Proxy(socketserver.StreamRequestHandler):
    """SOCKS5 without a password, to addresses of IPv4."""

    def handle(self):
        file = self.rfile
        file.read(file.read(2)[1])
        self.request.sendall(b"\5\0")
        assert file.read(4) == b"\5\1\0\1"
        host, port = socket.inet_ntoa(file.read(4)), int.from_bytes(file.read(2), "big")
        with Direct() as target:
            target.connect((host, port))
            self.request.sendall(b"\5\0\0\1" + socket.inet_aton(host) + port.to_bytes(2, "big"))
            back = threading.Thread(target=copy, args=(target, self.request))
            back.start()
            copy(self.request, target)
            back.join()


def copy(source, target):
    while data := source.recv(65536):
        target.sendall(data)
    try:
        target.shutdown(socket.SHUT_WR)
    except OSError:
        pass


class Page(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"by a proxy")

    def log_message(self, *args):
        pass


proxy = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Proxy)
web = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Page)
for server in (proxy, web):
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()

with socks.socksocket() as sock:
    sock.set_proxy(socks.SOCKS5, *proxy.server_address)
    sock.settimeout(30)
    sock.connect(web.server_address)
    sock.sendall(b"GET / HTTP/1.0\r\n\r\n")
    with sock.makefile("rb") as file:
        print(file.readline(), sock.getpeername() == web.server_address)
socks.set_default_proxy(socks.SOCKS5, *proxy.server_address)
socket.socket = socks.socksocket
try:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(f"http://127.0.0.1:{web.server_port}/", timeout=30) as answer:
        print(answer.read())
finally:
    socket.socket = Direct
for server in (proxy, web):
    server.shutdown()
    server.server_close()
