"""Twisted: an echo by TCP, datagrams, and a page."""

import warnings

from twisted.internet import defer, endpoints, protocol, task
from twisted.web import resource, server
from twisted.web.client import Agent, readBody

# Of its own readBody, by its own Agent.
warnings.simplefilter("ignore", DeprecationWarning)


class Echo(protocol.Protocol):
    def dataReceived(self, data):
        self.transport.write(data)


class Client(protocol.Protocol):
    def __init__(self):
        self.done, self.got = defer.Deferred(), b""

    def connectionMade(self):
        self.transport.write(b"x" * 200_000)

    def dataReceived(self, data):
        self.got += data
        if len(self.got) == 200_000:
            self.transport.loseConnection()

    def connectionLost(self, reason):
        self.done.callback((len(self.got), reason.type.__name__))


class Datagrams(protocol.DatagramProtocol):
    def __init__(self):
        self.done = defer.Deferred()

    def datagramReceived(self, data, address):
        self.done.callback(data)


class Page(resource.Resource):
    isLeaf = True

    def render_GET(self, request):
        return b"page " + request.path


async def main(reactor):
    echo = await endpoints.serverFromString(reactor, "tcp:0:interface=127.0.0.1").listen(
        protocol.Factory.forProtocol(Echo)
    )
    target = endpoints.TCP4ClientEndpoint(reactor, "127.0.0.1", echo.getHost().port)
    clients = [await endpoints.connectProtocol(target, Client()) for _ in range(10)]
    print([await client.done for client in clients])
    await echo.stopListening()

    datagrams = Datagrams()
    port = reactor.listenUDP(0, datagrams, "127.0.0.1")
    datagrams.transport.write(b"datagram", ("127.0.0.1", port.getHost().port))
    print(await datagrams.done)
    await port.stopListening()

    web = reactor.listenTCP(0, server.Site(Page()), interface="127.0.0.1")
    url = b"http://127.0.0.1:%d/there" % web.getHost().port
    answer = await Agent(reactor).request(b"GET", url)
    print(answer.code, await readBody(answer))
    await web.stopListening()
    print(await reactor.resolve("localhost"), type(reactor).__name__)


task.react(lambda reactor: defer.ensureDeferred(main(reactor)))
