"""A network, hosts file and name server of a test process's own: it talks to nobody else."""

import ctypes
import fcntl
import os
import struct
import sys
import tempfile
import textwrap

from support import output, run

# What a process ends with that has no right to a network of its own.
NO_RIGHT = 77


def enter(hosts=""):
    """Moves this process there. Its name server is this process's, and never answers.

    Before anything else: threads stay where they are.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    user, net, mounts = 0x10000000, 0x40000000, 0x00020000
    uid, gid = os.getuid(), os.getgid()
    if libc.unshare(net | mounts):
        if libc.unshare(user | net | mounts):
            sys.exit(NO_RIGHT)
        for name, text in (
            ("setgroups", "deny"),
            ("uid_map", f"0 {uid} 1"),
            ("gid_map", f"0 {gid} 1"),
        ):
            with open(f"/proc/self/{name}", "w") as file:
                file.write(text)
    private_and_all_below, bind = 0x44000, 0x1000
    if libc.mount(b"none", b"/", None, private_and_all_below, None):
        sys.exit(NO_RIGHT)
    for name, text in (
        ("resolv.conf", "nameserver 127.0.0.1\n"),
        ("nsswitch.conf", "hosts: files dns\n"),
        ("hosts", f"127.0.0.1 localhost\n{hosts}"),
    ):
        with tempfile.NamedTemporaryFile("w", delete=False) as file:
            file.write(text)
        os.chmod(file.name, 0o644)
        place = os.path.realpath(f"/etc/{name}").encode()
        if libc.mount(file.name.encode(), place, None, bind, None):
            sys.exit(NO_RIGHT)
        os.unlink(file.name)
    # Whoever runs here decides when Python's own is imported.
    from berkeley import socket

    silent = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    fcntl.ioctl(silent, 0x8914, struct.pack("16sh14x", b"lo", 0x41))  # SIOCSIFFLAGS
    silent.bind(("127.0.0.1", 53))
    # Open as long as the process lives.
    silent.detach()


def alone(test, code, hosts=""):
    """Runs a program there; what it prints must be `ok`. Skips the test without the right."""
    start = f"import alone\nalone.enter({hosts!r})\n"
    program = start + textwrap.dedent(code)
    probe = run(code="import alone; alone.enter()", dev=False)
    if probe.returncode == NO_RIGHT:
        test.skipTest("no right to a network and hosts file of its own")
    test.assertEqual(output(code=program), "ok\n")
