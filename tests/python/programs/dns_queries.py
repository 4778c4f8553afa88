"""dnspython's questions to a server of names, by UDP and by TCP, and one that never answers."""

import asyncio
import socket
import threading

import dns.asyncquery
import dns.exception
import dns.message
import dns.query
import dns.resolver

RECORD = "example.test. 60 IN A 192.0.2.7"


def answer(data):
    asked = dns.message.from_wire(data)
    reply = dns.message.make_response(asked)
    reply.answer.append(dns.rrset.from_text("example.test.", 60, "IN", "A", "192.0.2.7"))
    return reply.to_wire()


def by_udp(server):
    while True:
        data, address = server.recvfrom(4096)
        server.sendto(answer(data), address)


def by_tcp(listener):
    while True:
        sock, _ = listener.accept()
        with sock, sock.makefile("rwb") as file:
            wire = answer(file.read(int.from_bytes(file.read(2), "big")))
            file.write(len(wire).to_bytes(2, "big") + wire)


udp = socket.socket(type=socket.SOCK_DGRAM)
udp.bind(("127.0.0.1", 0))
port = udp.getsockname()[1]
tcp = socket.create_server(("127.0.0.1", port))
silent = socket.socket(type=socket.SOCK_DGRAM)
silent.bind(("127.0.0.1", 0))
threading.Thread(target=by_udp, args=(udp,), daemon=True).start()
threading.Thread(target=by_tcp, args=(tcp,), daemon=True).start()

question = dns.message.make_query("example.test", "A")
for ask in (dns.query.udp, dns.query.tcp):
    print(ask(question, "127.0.0.1", port=port, timeout=30).answer[0])
for ask in (dns.asyncquery.udp, dns.asyncquery.tcp):
    print(asyncio.run(ask(question, "127.0.0.1", port=port, timeout=30)).answer[0])
try:
    dns.query.udp(question, "127.0.0.1", port=silent.getsockname()[1], timeout=0.1)
except dns.exception.Timeout as error:
    print(type(error).__name__)
resolver = dns.resolver.Resolver(configure=False)
resolver.nameservers, resolver.port = ["127.0.0.1"], port
dns.resolver.override_system_resolver(resolver)
print(socket.getaddrinfo("example.test", 80, socket.AF_INET, socket.SOCK_STREAM))
dns.resolver.restore_system_resolver()
