"""Tornado: pages, its own TCP streams, and descriptors of the program's own."""

import asyncio
import socket

import tornado.httpclient
import tornado.httpserver
import tornado.iostream
import tornado.netutil
import tornado.tcpclient
import tornado.tcpserver
import tornado.web


class Page(tornado.web.RequestHandler):
    def get(self, name):
        self.write({"name": name})

    def post(self, name):
        self.write(str(len(self.request.body)))


class Lines(tornado.tcpserver.TCPServer):
    async def handle_stream(self, stream, address):
        try:
            while True:
                await stream.write((await stream.read_until(b"\n")).upper())
        except tornado.iostream.StreamClosedError:
            pass


async def main():
    (listener,) = tornado.netutil.bind_sockets(0, "127.0.0.1")
    web = tornado.httpserver.HTTPServer(tornado.web.Application([("/(.*)", Page)]))
    web.add_socket(listener)
    url = "http://{}:{}/".format(*listener.getsockname())
    client = tornado.httpclient.AsyncHTTPClient()
    answers = await asyncio.gather(*(client.fetch(url + str(number)) for number in range(100)))
    print(len(answers), answers[-1].body)
    print((await client.fetch(url, method="POST", body=b"x" * 1_000_000)).body)
    web.stop()

    lines = Lines()
    lines.add_sockets(sockets := tornado.netutil.bind_sockets(0, "127.0.0.1"))
    stream = await tornado.tcpclient.TCPClient().connect(*sockets[0].getsockname())
    await stream.write(b"a line\n")
    print(await stream.read_until(b"\n"))
    stream.close()
    lines.stop()
    first, second = socket.socketpair()
    left, right = tornado.iostream.IOStream(first), tornado.iostream.IOStream(second)
    left.write(b"y" * 3_000_000)
    print(len(await right.read_bytes(3_000_000)))
    left.close()
    right.close()


asyncio.run(main())
