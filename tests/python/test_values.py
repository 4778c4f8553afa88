"""Values where CPython has bytes. The tests are named by the rows of what users ask for most."""

import contextlib
import errno
import importlib.util
import ipaddress
import os
import pickle
import sys
import tempfile
import time
import unittest

import berkeley
from berkeley import socket, values
from support import LIMIT, output, run

LO = socket.if_nametoindex("lo")


def udp(family=socket.AF_INET):
    """A bound socket that does not wait for ever."""
    sock = socket.socket(family, socket.SOCK_DGRAM)
    sock.settimeout(LIMIT)
    sock.bind(("127.0.0.1" if family == socket.AF_INET else "::1", 0))
    return sock


@contextlib.contextmanager
def connection():
    with socket.create_server(("127.0.0.1", 0)) as server:
        with socket.create_connection(server.getsockname(), timeout=LIMIT) as client:
            peer, _ = server.accept()
            with peer:
                yield client, peer


def has_ipv6():
    try:
        udp(socket.AF_INET6).close()
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


def notes(error):
    return "\n".join(error.__notes__)


class Row15Keepalive(unittest.TestCase):
    def test_it_is_set_at_once_and_switched_off(self):
        with connection() as (client, _):
            client.set_keepalive(idle=59.5, interval=7, count=4)
            self.assertIs(client.get_option("SO_KEEPALIVE"), True)
            self.assertEqual(client.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE), 60)
            self.assertEqual(client.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL), 7)
            self.assertEqual(client.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPCNT), 4)
            # What is not said stays.
            client.set_keepalive(count=9)
            self.assertEqual(client.get_option("TCP_KEEPCNT"), 9)
            self.assertEqual(client.get_option("TCP_KEEPIDLE"), 60.0)
            client.set_keepalive(on=False)
            self.assertIs(client.get_option("SO_KEEPALIVE"), False)

    def test_nothing_is_switched_on_if_a_part_is_refused(self):
        with connection() as (client, _):
            with self.assertRaises(OSError) as caught:
                client.set_keepalive(60, 10, 1000)
            self.assertEqual(caught.exception.errno, errno.EINVAL)
            self.assertIn("TCP_KEEPCNT", notes(caught.exception))
            self.assertIs(client.get_option("SO_KEEPALIVE"), False)
            for wrong in ({"idle": -1}, {"count": -1}, {"interval": float("nan")}):
                with self.assertRaises(ValueError):
                    client.set_keepalive(**wrong)
            with self.assertRaises(TypeError):
                client.set_keepalive(1, 2, 3, False)


class Row19Multicast(unittest.TestCase):
    def member(self, group):
        family = socket.AF_INET if "." in group else socket.AF_INET6
        sock = socket.socket(family, socket.SOCK_DGRAM)
        self.addCleanup(sock.close)
        sock.settimeout(LIMIT)
        try:
            sock.bind(("", 0))
            sock.join_group(group, "lo")
            sock.leave_group(group, "lo")
        except OSError as reason:
            self.skipTest(f"no multicast here: {reason}")
        return sock

    def send(self, group, port, source="127.0.0.1"):
        with socket.socket(type=socket.SOCK_DGRAM) as sender:
            sender.bind((source, 0))
            sender.set_multicast(ttl=0, loop=True, interface="lo")
            sender.sendto(source.encode(), (group, port))

    def test_a_group_is_joined_by_name_number_and_address(self):
        group = "239.66.1.1"
        sock = self.member(group)
        for interface in ("lo", LO, "127.0.0.1", ipaddress.ip_address("127.0.0.1")):
            with self.subTest(interface):
                sock.join_group(ipaddress.ip_address(group), interface=interface)
                self.send(group, sock.getsockname()[1])
                self.assertEqual(sock.recv(100), b"127.0.0.1")
                sock.leave_group(group, interface)

    def test_of_version_6_too(self):
        group = "ff12::66"
        sock = self.member(group)
        for interface in ("lo", LO, "::1"):
            sock.join_group(group, interface)
            with self.assertRaises(OSError) as caught:
                sock.join_group(group, "lo")
            self.assertEqual(caught.exception.errno, errno.EADDRINUSE)
            sock.leave_group(group, interface)
        # The scope behind a host is the interface.
        sock.join_group(f"{group}%lo")
        sock.leave_group(group, LO)
        sock.join_group(group, "lo", source="::1")
        sock.leave_group(group, "lo", "::1")

    def test_one_source_is_joined_blocked_and_unblocked(self):
        group = "232.66.1.2"
        sock = self.member(group)
        sock.set_option("IP_MULTICAST_ALL", False)
        port = sock.getsockname()[1]
        for interface in ("lo", "127.0.0.1"):
            sock.join_group(group, interface, source="127.0.0.2")
            self.send(group, port, "127.0.0.1")
            self.send(group, port, "127.0.0.2")
            self.assertEqual(sock.recv(100), b"127.0.0.2")
            sock.leave_group(group, interface, source="127.0.0.2")
            sock.join_group(group, interface)
            sock.block_source(group, "127.0.0.1", interface)
            self.send(group, port, "127.0.0.1")
            self.send(group, port, "127.0.0.2")
            self.assertEqual(sock.recv(100), b"127.0.0.2")
            sock.unblock_source(group, "127.0.0.1", interface=interface)
            self.send(group, port, "127.0.0.1")
            self.assertEqual(sock.recv(100), b"127.0.0.1")
            sock.leave_group(group, interface)

    def test_how_it_leaves_is_set_for_both_versions(self):
        for family in (socket.AF_INET, socket.AF_INET6):
            if family == socket.AF_INET6 and not has_ipv6():
                continue
            ours = "127.0.0.1" if family == socket.AF_INET else "::1"
            with socket.socket(family, socket.SOCK_DGRAM) as sock:
                for interface in ("lo", LO, ours):
                    sock.set_multicast(ttl=3, loop=False, interface=interface)
                v6 = family == socket.AF_INET6
                ttl = "IPV6_MULTICAST_HOPS" if v6 else "IP_MULTICAST_TTL"
                loop = "IPV6_MULTICAST_LOOP" if v6 else "IP_MULTICAST_LOOP"
                self.assertEqual(sock.get_option(ttl), 3)
                self.assertIs(sock.get_option(loop), False)
                sock.set_multicast(loop=True)
                self.assertEqual(sock.get_option(ttl), 3)
                with self.assertRaises(ValueError):
                    sock.set_multicast(ttl=256)

    def test_too_many_groups_name_the_setting(self):
        sock = self.member("239.66.2.0")
        with open("/proc/sys/net/ipv4/igmp_max_memberships", encoding="ascii") as file:
            most = int(file.read())
        for last in range(most):
            sock.join_group(f"239.66.2.{last}", "lo")
        with self.assertRaises(OSError) as caught:
            sock.join_group("239.66.3.1", "lo")
        self.assertEqual(caught.exception.errno, errno.ENOBUFS)
        self.assertEqual(str(caught.exception), "[Errno 105] No buffer space available")
        self.assertIn("join_group 239.66.3.1 on lo", notes(caught.exception))
        self.assertIn(f"net.ipv4.igmp_max_memberships = {most}", notes(caught.exception))

    def test_what_cannot_work_is_said(self):
        sock = self.member("239.66.4.1")
        for arguments in (("groups",), ("239.66.4.1", -1), ("239.66.4.1", None, "nobody")):
            with self.assertRaises(ValueError):
                sock.join_group(*arguments)
        for arguments, number in (
            (("239.66.4.1", "no-such-if"), errno.ENODEV),
            (("192.0.2.1", "lo"), errno.EINVAL),
            (("239.66.4.1", "192.0.2.1"), errno.ENODEV),
        ):
            with self.assertRaises(OSError) as caught:
                sock.join_group(*arguments)
            self.assertEqual(caught.exception.errno, number, arguments)
            self.assertEqual(len(caught.exception.__notes__), 2)
        with self.assertRaisesRegex(ValueError, "different versions"):
            sock.join_group("239.66.4.1", "lo", "::1")


class Row20TcpInfo(unittest.TestCase):
    def test_it_has_names_and_seconds(self):
        with connection() as (client, peer):
            client.sendall(bytes(5000))
            while len(peer.recv(5000, socket.MSG_PEEK)) < 5000:
                pass
            info = peer.tcp_info()
            self.assertIs(type(info), values.TcpInfo)
            self.assertEqual(info.state.name, "established")
            self.assertEqual(info.state, 1)
            self.assertEqual(f"{info.state}", "established")
            self.assertIn("SACK", info.options)
            self.assertEqual(info.bytes_received, 5000)
            self.assertIsInstance(info.rtt, float)
            self.assertTrue(0 < client.tcp_info().rtt < LIMIT)
            self.assertEqual(info._asdict()["window_scales"], info.window_scales)
            self.assertEqual(pickle.loads(pickle.dumps(info)), info)

    def test_the_types_name_what_rust_does(self):
        # A field that one side does not know would make a type of its own.
        with socket.socket() as sock:
            self.assertIs(type(sock.get_option("TCP_INFO")), values.TcpInfo)
            self.assertIs(type(sock.get_option("SO_MEMINFO")), values.MemInfo)
        first, second = socket.socketpair()
        with first, second:
            self.assertIs(type(first.get_option("SO_PEERCRED")), values.Credentials)
        record = values.record("Odd", ["ty", "class"], [1, 2])
        self.assertEqual(record._asdict(), {"type": 1, "class_": 2})

    def test_of_multipath_tcp(self):
        try:
            sock = socket.socket(proto=socket.IPPROTO_MPTCP)
        except OSError as reason:
            self.skipTest(f"no Multipath TCP here: {reason}")
        with sock:
            info = sock.mptcp_info()
            self.assertIs(type(info), values.MptcpInfo)
            self.assertEqual(info.subflows, 0)

    def test_what_has_none_says_so(self):
        with udp() as sock:
            with self.assertRaises(OSError) as caught:
                sock.tcp_info()
            self.assertIn("TCP_INFO", notes(caught.exception))


class Row20Options(unittest.TestCase):
    def test_they_are_read_and_set_by_name(self):
        with socket.socket() as sock:
            for name, value, wanted in (
                ("SO_KEEPALIVE", True, True),
                ("SO_KEEPALIVE", 0, False),
                ("so_rcvbuf", "64K", 131072),
                ("SO_RCVBUF", b"\x00\x00\x01\x00", 131072),
                ("TCP_USER_TIMEOUT", 2.5, 2.5),
                ("TCP_USER_TIMEOUT", "1500ms", 1.5),
                ("TCP_KEEPIDLE", 40, 40.0),
                ("SO_LINGER", 5, 5.0),
                ("SO_LINGER", None, None),
                ("SO_LINGER", "off", None),
                ("IP_TOS", 16, 16),
                ("IP_MTU_DISCOVER", "do", 2),
                ("SO_MAX_PACING_RATE", 10**6, 10**6),
                ("SO_MAX_PACING_RATE", None, None),
                # A structure, by its fields in order.
                ("SO_TXTIME", ["monotonic", "REPORT_ERRORS"], (time.CLOCK_MONOTONIC, 2)),
                ("SO_TXTIME", (time.CLOCK_MONOTONIC, 0), (time.CLOCK_MONOTONIC, 0)),
                ((socket.IPPROTO_TCP, socket.TCP_NODELAY), 1, True),
                ((socket.SOL_SOCKET, socket.SO_REUSEADDR), True, True),
            ):
                with self.subTest(name, value=value):
                    self.assertIsNone(sock.set_option(name, value))
                    got = sock.get_option(name)
                    self.assertEqual(got, wanted)
                    self.assertIn(type(got).__mro__[-2], (type(wanted).__mro__[-2],))
            self.assertEqual(sock.get_option("SO_TYPE").name, "SOCK_STREAM")
            self.assertEqual(sock.get_option("SO_DOMAIN"), socket.AF_INET)
            self.assertIsInstance(sock.get_option("TCP_CONGESTION"), str)

    def test_every_one_that_there_is_has_a_value(self):
        read = 0
        with connection() as (client, _), udp() as datagrams:
            for sock in (client, datagrams):
                for name in dir(socket):
                    if name.startswith(("SO_", "TCP_", "IP_", "IPV6_", "UDP_")):
                        with contextlib.suppress(OSError, ValueError):
                            sock.get_option(name)
                            read += 1
        self.assertGreater(read, 60)

    def test_what_cannot_work_is_said(self):
        with socket.socket() as sock:
            for option, kind in (
                ("SO_NONSENSE", ValueError),
                (3, TypeError),
                ((1,), TypeError),
                ("HCI_FILTER", OSError),
                (None, TypeError),
            ):
                with self.assertRaises(kind):
                    sock.get_option(option)
            for option, value, kind in (
                ("SO_KEEPALIVE", "maybe", ValueError),
                ("SO_KEEPALIVE", {}, TypeError),
                ("SO_RCVBUF", 1 << 40, ValueError),
                ("SO_RCVBUF", 1 << 80, OverflowError),
                ("SO_RCVBUF", -1 << 80, ValueError),
                ("SO_RCVBUF", 1.5, ValueError),
                ("TCP_USER_TIMEOUT", -1, ValueError),
                ("TCP_USER_TIMEOUT", float("nan"), ValueError),
                ("TCP_USER_TIMEOUT", float("inf"), ValueError),
                ("TCP_CONGESTION", "no such algorithm", OSError),
                ((6, 9999), "x", ValueError),
                ((6, 9999), 1, OSError),
            ):
                with self.subTest(option, value=value), self.assertRaises(kind):
                    sock.set_option(option, value)
            with self.assertRaisesRegex(ValueError, "SO_KEEPALIVE, which takes: on or off"):
                sock.set_option("SO_KEEPALIVE", 7)
        with self.assertRaises(OSError) as caught:
            sock.get_option("SO_TYPE")
        self.assertEqual(caught.exception.errno, errno.EBADF)

    def test_a_question_goes_along(self):
        # Python's getsockopt() cannot hand bytes to the kernel.
        group, here = "232.66.5.5", "127.0.0.1"
        with udp() as sock:
            try:
                sock.join_group(group, here, source=here)
            except OSError as reason:
                self.skipTest(f"no multicast here: {reason}")
            question = socket.inet_aton(group) + socket.inet_aton(here)
            question += (1).to_bytes(4, sys.byteorder) + (9).to_bytes(4, sys.byteorder) + bytes(36)
            answer = sock.get_option("IP_MSFILTER", question)
            self.assertIs(answer.include, True)
            self.assertEqual((answer.group, answer.sources), (group, [here]))

    def test_constants_are_there_whatever_the_headers(self):
        # Names that interpreters lack which were built with older headers.
        for name, value in (
            ("AF_VSOCK", 40),
            ("VMADDR_CID_LOCAL", 1),
            ("IPPROTO_MPTCP", 262),
            ("SO_INCOMING_CPU", 49),
            ("SO_BINDTOIFINDEX", 62),
            ("TCP_TX_DELAY", 37),
            ("UDPLITE_SEND_CSCOV", 10),
            ("CAN_ISOTP", 6),
            ("CAN_J1939", 7),
            ("ETHERTYPE_VLAN", 0x8100),
            ("IP_RECVERR", 11),
            ("IPV6_RECVERR", 25),
            ("AF_QIPCRTR", 42),
            ("SOL_ALG", 279),
            ("BT_SECURITY", 4),
        ):
            self.assertEqual(getattr(socket, name), value, name)
        # And every name that this Python has itself.
        stock = importlib.util.find_spec("_socket")
        module = importlib.util.module_from_spec(stock)
        stock.loader.exec_module(module)
        for name, value in vars(module).items():
            if name.isupper() and isinstance(value, int):
                self.assertEqual(getattr(socket, name), value, name)


class Row20Control(unittest.TestCase):
    def test_what_came_along_has_values(self):
        with udp() as sock:
            for option in ("IP_RECVTTL", "IP_PKTINFO", "IP_RECVTOS", "SO_TIMESTAMPNS"):
                sock.set_option(option, True)
            sock.set_option("IP_TTL", 9)
            sock.set_option("IP_TOS", 3)
            before = time.time_ns()
            sock.sendto(b"x", sock.getsockname())
            _, control, _, _ = sock.recvmsg(10, 500)
            decoded = sock.decode_control(control)
            # The bytes are what they were.
            self.assertIn((socket.IPPROTO_IP, socket.IP_TTL, b"\x09\0\0\0"), control)
            self.assertEqual(decoded.get("IP_TTL"), 9)
            self.assertEqual(decoded.get("IP_TOS") & 3, 3)
            info = decoded.get("IP_PKTINFO")
            self.assertEqual((info.interface, info.interface_name), (LO, "lo"))
            self.assertEqual((info.local, info.destination), ("127.0.0.1", "127.0.0.1"))
            stamp = decoded.get("SCM_TIMESTAMPNS")
            self.assertTrue(before <= stamp.ns <= time.time_ns())
            self.assertIsInstance(stamp, float)
            self.assertEqual(float(stamp), stamp.ns / 10**9)
            self.assertEqual(repr(stamp), f"{stamp.ns // 10**9}.{stamp.ns % 10**9:09}")
            self.assertEqual(pickle.loads(pickle.dumps(stamp)).ns, stamp.ns)
            self.assertIsNone(decoded.get("IP_RECVERR"))

    def test_of_version_6(self):
        if not has_ipv6():
            self.skipTest("this machine has no IPv6")
        with udp(socket.AF_INET6) as sock:
            for option in ("IPV6_RECVHOPLIMIT", "IPV6_RECVPKTINFO", "IPV6_RECVTCLASS"):
                sock.set_option(option, True)
            sock.set_option("IPV6_UNICAST_HOPS", 5)
            sock.sendto(b"x", sock.getsockname())
            _, control, _, _ = sock.recvmsg(10, 500)
            decoded = sock.decode_control(control)
            self.assertEqual(decoded.get("IPV6_HOPLIMIT"), 5)
            self.assertEqual(decoded.get("IPV6_TCLASS"), 0)
            self.assertEqual(decoded.get("IPV6_PKTINFO").destination, "::1")

    def test_credentials_and_descriptors(self):
        first, second = socket.socketpair()
        with first, second:
            second.set_option("SO_PASSCRED", True)
            first.sendmsg(
                [b"x"],
                [(socket.SOL_SOCKET, socket.SCM_RIGHTS, first.fileno().to_bytes(4, "little"))],
            )
            _, control, _, _ = second.recvmsg(10, 500)
            decoded = second.decode_control(control)
            self.assertEqual(
                decoded.get("SCM_CREDENTIALS"), (os.getpid(), os.getuid(), os.getgid())
            )
            self.assertIs(type(decoded.get("SCM_CREDENTIALS")), values.Credentials)
            (fd,) = decoded.get("SCM_RIGHTS")
            self.assertTrue(os.path.sameopenfile(fd, first.fileno()))
            os.close(fd)

    def test_dropped_and_joined_datagrams(self):
        with udp() as sock, udp() as sender:
            sock.set_option("SO_RXQ_OVFL", True)
            sock.set_option("SO_RCVBUF", 1)
            for _ in range(100):
                sender.sendto(bytes(1000), sock.getsockname())
            dropped = sock.dropped()
            self.assertGreater(dropped, 0)
            self.assertEqual(sock.get_option("SO_MEMINFO").drops, dropped)
            with contextlib.suppress(BlockingIOError):
                while True:
                    sock.recv(1000, socket.MSG_DONTWAIT)
            sender.sendto(b"x", sock.getsockname())
            _, control, _, _ = sock.recvmsg(10, 500)
            self.assertEqual(sock.decode_control(control).get("SO_RXQ_OVFL"), dropped)

    def test_segments_tell_their_size(self):
        with udp() as sock, udp() as sender:
            if not sock.set_recv_offload(True):
                self.skipTest("no UDP_GRO here")
            sender.connect(sock.getsockname())
            sender.sendmsg([bytes(3000)], [(socket.SOL_UDP, 103, (1000).to_bytes(2, "little"))])
            data, control, _, _ = sock.recvmsg(65535, 500)
            if len(data) == 1000:
                self.skipTest("the kernel has not joined them")
            self.assertEqual(sock.decode_control(control).get("UDP_GRO"), 1000)

    def test_what_is_not_known_stays_bytes(self):
        (item,) = berkeley.decode_control([(1000, 7, b"?")])
        self.assertEqual(item, (None, b"?", 1000, 7))
        # What has not the form of its kind, too.
        (item,) = berkeley.decode_control([(socket.IPPROTO_IP, socket.IP_TTL, b"")])
        self.assertEqual((item.name, item.value), ("IP_TTL", b""))
        # Bluetooth's own levels have the numbers of IP's.
        control = [(0, socket.IP_TTL, b"\x01\0\0\0")]
        self.assertEqual(berkeley.decode_control(control)[0].name, "IP_TTL")
        self.assertIsNone(berkeley.decode_control(control, socket.AF_BLUETOOTH)[0].name)
        for wrong in (3, [3], [(1, 2)], [(1, 2, "x")], None):
            with self.assertRaises(TypeError):
                berkeley.decode_control(wrong)


class Row20Timestamps(unittest.TestCase):
    def test_when_a_datagram_came(self):
        with udp() as sock:
            before = time.time_ns()
            sock.set_timestamps()
            sock.sendto(b"now", sock.getsockname())
            data, stamp, address = sock.recv_timestamped(100)
            self.assertEqual((data, address), (b"now", sock.getsockname()))
            self.assertTrue(before <= stamp.ns <= time.time_ns())
            sock.set_timestamps(False)
            sock.sendto(b"then", sock.getsockname())
            self.assertEqual(sock.recv_timestamped(100), (b"then", None, sock.getsockname()))

    def test_when_a_datagram_went(self):
        with udp() as sock:
            sock.set_timestamps(receive=False, send=True)
            for number in range(3):
                before = time.time_ns()
                sock.sendto(b"x", sock.getsockname())
                told = sock.recv_error(wait=True)
                self.assertEqual((told.kind, told.stage, told.id), ("timestamp", "sent", number))
                self.assertTrue(before <= told.time.ns <= time.time_ns())
                self.assertEqual((told.data, told.error), (b"", None))
            self.assertIsNone(sock.recv_error())

    def test_when_a_stream_was_acknowledged(self):
        with connection() as (client, peer):
            client.set_timestamps(receive=False, send=True, acknowledged=True)
            client.sendall(bytes(1000))
            self.assertEqual(len(peer.recv(1000, socket.MSG_WAITALL)), 1000)
            stages = {}
            while "acknowledged" not in stages:
                told = client.recv_error(wait=True)
                stages[told.stage] = told
            self.assertEqual(stages["acknowledged"].id, 999)
            self.assertGreaterEqual(stages["acknowledged"].time, stages["sent"].time)


class Row20Errors(unittest.TestCase):
    def test_why_a_datagram_failed(self):
        with udp() as gone:
            target = gone.getsockname()
        with udp() as sock:
            sock.set_option("IP_RECVERR", True)
            sock.sendto(b"anybody there?", target)
            told = sock.recv_error(wait=True)
            self.assertEqual((told.kind, told.errno.name), ("icmp", "ECONNREFUSED"))
            self.assertEqual((told.type, told.code), (3, 3))
            self.assertEqual((told.data, told.destination), (b"anybody there?", target))
            self.assertEqual(told.offender[0], "127.0.0.1")
            self.assertIsInstance(told.error, ConnectionRefusedError)
            sock.sendto(b"anybody there?", target)
            cut = sock.recv_error(7, wait=True)
            self.assertEqual((cut.data, cut.truncated), (b"anybody", True))
            self.assertIsNone(sock.recv_error())

    def test_waiting_ends_with_the_timeout(self):
        with udp() as sock:
            sock.settimeout(0.01)
            with self.assertRaises(TimeoutError):
                sock.recv_error(wait=True)
            with self.assertRaises(ValueError):
                sock.recv_error(-1)
        first, second = socket.socketpair()
        with first, second, self.assertRaises(OSError):
            first.recv_error()


class Row20Descriptors(unittest.TestCase):
    def test_files_travel_and_are_not_inherited(self):
        first, second = socket.socketpair()
        with first, second, tempfile.TemporaryFile() as file:
            self.assertEqual(first.send_fds([b"ab", b"c"], [file, first.fileno()]), 3)
            data, fds, flags, _ = second.recv_fds(10, 5)
            self.assertEqual((data, len(fds), flags), (b"abc", 2, 0))
            for fd, ours in zip(fds, (file, first), strict=True):
                self.assertTrue(os.path.sameopenfile(fd, ours.fileno()))
                self.assertFalse(os.get_inheritable(fd))
                os.close(fd)

    def test_flags_and_addresses_are_honoured(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "socket")
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as to:
                to.bind(path)
                with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
                    sender.send_fds([b"x"], [0], socket.MSG_DONTWAIT, path)
                peeked = to.recv_fds(10, 1, socket.MSG_PEEK)
                taken = to.recv_fds(10, 1)
                for data, fds, _, _ in (peeked, taken):
                    self.assertEqual((data, len(fds)), (b"x", 1))
                    os.close(fds[0])
                with self.assertRaises(BlockingIOError):
                    to.recv_fds(10, 1, socket.MSG_DONTWAIT)

    def test_too_many_are_closed_and_told(self):
        before = len(os.listdir("/proc/self/fd"))
        first, second = socket.socketpair()
        with first, second:
            first.send_fds([b"x"], [0, 0, 0])
            _, fds, flags, _ = second.recv_fds(10, 1)
            self.assertEqual(len(fds), 1)
            self.assertTrue(flags & socket.MSG_CTRUNC)
            os.close(fds[0])
        self.assertEqual(len(os.listdir("/proc/self/fd")), before)


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


class Documentation(unittest.TestCase):
    def test_nothing_is_loaded_before_it_is_needed(self):
        shown = output(
            code="""
            import sys
            from berkeley import socket
            print("berkeley.values" in sys.modules)
            """
        )
        self.assertEqual(shown, "False\n")


if __name__ == "__main__":
    sys.exit(unittest.main())
