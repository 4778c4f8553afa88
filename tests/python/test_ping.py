"""Ping, and hosts with a scope: what takes a network of the test's own."""

import contextlib
import errno
import os
import sys
import unittest

import berkeley
from berkeley import socket
from support import LIMIT, output, run


def has_ipv6():
    try:
        with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as sock:
            sock.bind(("::1", 0))
    except OSError:
        return False
    return True


def may_ping(family=socket.AF_INET):
    protocol = socket.IPPROTO_ICMP if family == socket.AF_INET else socket.IPPROTO_ICMPV6
    for kind in (socket.SOCK_DGRAM, socket.SOCK_RAW):
        with contextlib.suppress(OSError):
            socket.socket(family, kind, protocol).close()
            return True
    return False


#: Runs a program in a network of its own, with an interface that has an address of its link.
NAMESPACE = """
import ctypes, fcntl, os, struct, sys, time
from berkeley import socket

def up(name):
    with socket.socket() as control:
        request = struct.pack("16sh22x", name.encode(), 0x1 | 0x40 | 0x1000)
        fcntl.ioctl(control, 0x8914, request)

libc = ctypes.CDLL(None, use_errno=True)
if libc.unshare(0x40000000) != 0:
    print("skipped: no network of its own:", os.strerror(ctypes.get_errno()))
    sys.exit()
up("lo")
"""


class ScopesInHosts(unittest.TestCase):
    """`fe80::1%eth0` in a pair (host, port), as in one of four."""

    def namespace(self, code):
        shown = output(code=NAMESPACE + code)
        if shown.startswith("skipped"):
            self.skipTest(shown)
        self.assertEqual(shown, "ok\n")

    def test_in_every_call_that_takes_an_address(self):
        # An address of the link on the loopback interface: no other interface is needed.
        self.namespace(
            """
# An address: struct in6_ifreq.
with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as control:
    request = socket.inet_pton(socket.AF_INET6, "fe80::77") + struct.pack("=Ii", 64, 1)
    fcntl.ioctl(control, 0x8916, request)
scoped = ("fe80::77%lo", 0)
full = ("fe80::77", 0, 0, 1)


def ready():
    # The address is tentative until nobody else has said that it is theirs.
    for _ in range(1000):
        try:
            with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as sock:
                return sock.bind(full)
        except OSError:
            time.sleep(0.01)


ready()
for host in (scoped, ("fe80::77%1", 0), ("fe80::77%lo", 0, 0, 0), full):
    with socket.socket(socket.AF_INET6) as server:
        server.bind(host)
        server.listen()
        name = server.getsockname()
        assert name[0] == "fe80::77" and name[3] == 1, name
        port = name[1]
        for client in (
            socket.create_connection(("fe80::77%lo", port), 10),
            socket.create_connection(("fe80::77%1", port), 10, source_address=host),
        ):
            client.close()
            server.accept()[0].close()
        with socket.socket(socket.AF_INET6) as client:
            client.connect((host[0], port, *host[2:]))
            assert client.getpeername()[3] == 1
            assert client.connect_ex(("fe80::77%lo", port)) == 106
with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as sock:
    sock.bind(scoped)
    port = sock.getsockname()[1]
    sock.settimeout(10)
    sock.sendto(b"x", ("fe80::77%lo", port))
    sock.sendmsg([b"x"], [], 0, ("fe80::77%lo", port))
    sock.send_batch([b"x", (b"x", ("fe80::77%lo", port))], ("fe80::77%lo", port))
    for _ in range(4):
        assert sock.recvfrom(10)[1] == ("fe80::77", port, 0, 1)
found = socket.getaddrinfo("fe80::77%lo", 80, type=socket.SOCK_STREAM)
assert found[0][4][1:] == (80, 0, 1), found
name = socket.getnameinfo(("fe80::77%lo", 80), socket.NI_NUMERICHOST | socket.NI_NUMERICSERV)
assert name == ("fe80::77%lo", "80"), name
with socket.socket(socket.AF_INET6) as sock:
    try:
        sock.connect(("fe80::77%nonsense", 80))
    except socket.gaierror:
        print("ok")
"""
        )


class Ping(unittest.TestCase):
    """Just below the line: ping without root."""

    def test_it_answers_round_trips(self):
        asked = 0
        for host, family in (("127.0.0.1", socket.AF_INET), ("::1", socket.AF_INET6)):
            if not may_ping(family) or (family == socket.AF_INET6 and not has_ipv6()):
                continue
            report = berkeley.ping(host, 3, LIMIT, interval=0.001, size=100)
            self.assertEqual((report.address, report.sent, report.received), (host, 3, 3))
            self.assertTrue(report)
            self.assertEqual(report.loss, 0.0)
            self.assertTrue(0 < report.min <= report.mean <= report.max < LIMIT)
            for number, reply in enumerate(report.replies, 1):
                self.assertEqual(reply.sequence, number)
                self.assertEqual((reply.address, reply.ttl, reply.size), (host, 64, 108))
                self.assertIsNone(reply.error)
            asked += 1
        if not asked:
            self.skipTest("this user may not ping")

    def test_names_families_and_what_is_wrong(self):
        if not may_ping():
            self.skipTest("this user may not ping")
        report = berkeley.ping("localhost", family=socket.AF_INET)
        self.assertEqual((report.address, report.received), ("127.0.0.1", 1))
        with self.assertRaises(socket.gaierror):
            berkeley.ping("no.such.host.invalid")
        report = berkeley.ping("127.0.0.1", size=65535)
        self.assertFalse(report)
        self.assertEqual(report.replies[0].error.errno, errno.EMSGSIZE)
        self.assertEqual(
            (report.loss, report.min, report.mean, report.max), (1.0, None, None, None)
        )
        for wrong in ({"count": -1}, {"timeout": -1}, {"timeout": None}, {"size": 1 << 20}):
            with self.assertRaises(ValueError):
                berkeley.ping("127.0.0.1", **wrong)

    def test_those_who_audit_are_told(self):
        if not may_ping():
            self.skipTest("this user may not ping")
        shown = output(
            code="""
            import berkeley, sys
            seen = []
            sys.addaudithook(lambda event, args: seen.append((event, args[0])))
            berkeley.ping("127.0.0.1")
            print([pair for pair in seen if pair[0].startswith(("socket.", "berkeley."))])
            """
        )
        expected = [("socket.getaddrinfo", "127.0.0.1"), ("berkeley.ping", "127.0.0.1")]
        self.assertEqual(shown, f"{expected}\n")

    def test_no_answer_is_a_timeout_of_that_question(self):
        if not may_ping():
            self.skipTest("this user may not ping")
        shown = output(
            code=NAMESPACE
            + """
import berkeley
with open("/proc/sys/net/ipv4/icmp_echo_ignore_all", "w") as file:
    file.write("1")
report = berkeley.ping("127.0.0.1", 2, 0.02, interval=0)
assert report.sent == 2 and report.received == 0 and not report, report
print(*(type(reply.error).__name__ for reply in report.replies))
"""
        )
        if shown.startswith("skipped"):
            self.skipTest(shown)
        self.assertEqual(shown, "TimeoutError TimeoutError\n")

    def test_ctrl_c_is_heard(self):
        if not may_ping():
            self.skipTest("this user may not ping")
        done = run(
            code="""
            import berkeley, signal, threading, _thread
            signal.setitimer(signal.ITIMER_REAL, 0.1)
            def stop(*_):
                raise KeyboardInterrupt
            signal.signal(signal.SIGALRM, stop)
            try:
                berkeley.ping("127.0.0.1", 1000, interval=1000)
            except KeyboardInterrupt:
                print("interrupted")
            """
        )
        self.assertEqual((done.stdout, done.stderr), ("interrupted\n", ""))

    def test_without_the_right_it_says_which_setting(self):
        code = (
            NAMESPACE
            + """
from berkeley import ping
# In a network of its own nobody may, and this process gives its right away.
with open("/proc/sys/net/ipv4/ping_group_range", "w") as file:
    file.write("1 0")
libc.prctl(24, 13)  # PR_CAPBSET_DROP, CAP_NET_RAW
os.setresuid(65534, 65534, 65534)
try:
    ping("127.0.0.1")
except PermissionError as reason:
    print(reason.errno, reason)
"""
        )
        if os.getuid() != 0:
            self.skipTest("only root can make a network of its own and give its rights away")
        shown = output(code=code)
        if shown.startswith("skipped"):
            self.skipTest(shown)
        self.assertIn("ping 127.0.0.1: ", shown)
        self.assertIn("net.ipv4.ping_group_range = 1 0 must include", shown)


if __name__ == "__main__":
    sys.exit(unittest.main())
