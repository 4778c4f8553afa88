"""Sockets: connections, datagrams, and the names of hosts and services.

Everything that Python's own module ``socket`` has, under the same names. Sockets are made by
``socket()``, or by what makes them with more comfort:

socketpair() -- two sockets that are connected to each other
create_connection() -- a socket that is connected to a host and port
create_server() -- a socket that listens at an address
fromfd() -- a socket for the descriptor of one that is open
send_fds(), recv_fds() -- open files, through a UNIX socket

getaddrinfo() answers the addresses of a host and a service; getfqdn() the full name of a host.
"""

import array
import errno  # noqa: F401 (others use it as socket.errno)
import io
import os
import selectors
import sys
from enum import IntEnum, IntFlag
from errno import EAGAIN, EBADF, EWOULDBLOCK  # noqa: F401

from berkeley import _berkeley as _socket, _connecting, _pickling, _values, _whole
from berkeley._berkeley import *  # noqa: F403
from berkeley._berkeley import (  # What is used below, by name.
    AF_INET,
    AF_INET6,
    AF_UNIX,
    IPPROTO_IPV6,
    IPV6_V6ONLY,
    SCM_RIGHTS,
    SO_REUSEADDR,
    SO_REUSEPORT,
    SOCK_STREAM,
    SOL_SOCKET,
    dup,
    error,
    getdefaulttimeout,
    gethostbyaddr,
    gethostname,
    has_ipv6,
    timeout,
)

_native = _socket._native

# Here the module is what it stands for: classes, functions and pickles name it so.
__name__ = "socket"
_HOME = "berkeley.socket"

__all__ = [
    "AddressFamily",
    "SocketKind",
    "create_connection",
    "create_server",
    "fromfd",
    "getfqdn",
    "has_dualstack_ipv6",
    "recv_fds",
    "send_fds",
]
__all__ += [name for name in _socket.__dict__ if not name.startswith("_")]

# The numbers become members of enums, which are numbers too.
for _base, _kind, _prefix in (
    (IntEnum, "AddressFamily", "AF_"),
    (IntEnum, "SocketKind", "SOCK_"),
    (IntFlag, "MsgFlag", "MSG_"),
    (IntFlag, "AddressInfo", "AI_"),
):
    _base._convert_(
        _kind,
        _HOME,
        lambda name, _prefix=_prefix: name.isupper() and name.startswith(_prefix),
    ).__module__ = __name__
AddressFamily, SocketKind = globals()["AddressFamily"], globals()["SocketKind"]
MsgFlag, AddressInfo = globals()["MsgFlag"], globals()["AddressInfo"]
AF_INET, AF_INET6, AF_UNIX = AddressFamily(AF_INET), AddressFamily(AF_INET6), AddressFamily(AF_UNIX)
SOCK_STREAM = SocketKind(SOCK_STREAM)
del _base, _kind, _prefix

_LOCALHOST = "127.0.0.1"
_LOCALHOST_V6 = "::1"

_blocking_errnos = {EAGAIN, EWOULDBLOCK}


def _intenum_converter(value, enum_klass):
    """The member of an enum, or the number if there is none."""
    try:
        return enum_klass(value)
    except ValueError:
        return value


class _GiveupOnSendfile(Exception):
    """The kernel cannot send this file by itself."""


#: What socket.recvmsg_batch() answers a list of.
Datagram = _native.Datagram

_open = _socket.socket.__init__


class socket(_socket.socket):
    """A socket: one end of a connection, or a place that datagrams come to and leave from.

    Without arguments, a TCP socket of IPv4. With ``fileno``, the socket of a descriptor that is
    open, whose family, type and protocol are found out if they are not given.
    """

    __slots__ = ["__weakref__", "_closed", "_io_refs"]

    def __init__(self, family=-1, type=-1, proto=-1, fileno=None):
        if fileno is None:
            if family == -1:
                family = AF_INET
            if type == -1:
                type = SOCK_STREAM
            if proto == -1:
                proto = 0
        _open(self, family, type, proto, fileno)
        # Files made by makefile() that are still open; the socket is closed after the last.
        self._io_refs = 0
        self._closed = False

    def __enter__(self):
        return self

    def __exit__(self, *args):
        if not self._closed:
            self.close()

    def __repr__(self):
        kind = self.__class__
        number = self.fileno()
        closed = " [closed]" if getattr(self, "_closed", False) else ""
        parts = [f"<{kind.__module__}.{kind.__qualname__}{closed} fd={number:d}"]
        if number != -1:
            parts.append(f"family={self.family!s}, type={self.type!s}, proto={self.proto:d}")
            for label, ask in (("laddr", "getsockname"), ("raddr", "getpeername")):
                try:
                    address = getattr(self, ask)()
                except (error, AttributeError):
                    continue
                if address:
                    parts.append(f"{label}={address!s}")
        return ", ".join(parts) + ">"

    def __getstate__(self):
        raise TypeError(f"cannot pickle {self.__class__.__name__!r} object")

    # Of CPython's C code: accept() with the class that is the module's `socket` at that time.
    accept = _native.accept
    family = _native.family
    type = _native.type

    # Not of CPython's: many datagrams in one call.
    send_batch = _native.send_batch
    recv_batch = _native.recv_batch
    recvmsg_batch = _native.recvmsg_batch
    set_recv_offload = _native.set_recv_offload
    set_recv_details = _native.set_recv_details

    # Nor these: one moment by which every call has to end.
    set_deadline = _native.set_deadline
    deadline = _native.deadline

    # Nor these: whole messages of a stream.
    recv_exactly = _whole.recv_exactly
    recv_until = _whole.recv_until
    send_frame = _whole.send_frame
    recv_frame = _whole.recv_frame

    # Not of CPython's: values in the place of bytes.
    get_option = _native.get_option
    set_option = _native.set_option
    tcp_info = _values.tcp_info
    mptcp_info = _values.mptcp_info
    set_keepalive = _native.set_keepalive
    join_group = _native.join_group
    leave_group = _native.leave_group
    block_source = _native.block_source
    unblock_source = _native.unblock_source
    set_multicast = _native.set_multicast
    dropped = _native.dropped
    decode_control = _values.decode_control
    recv_error = _native.recv_error
    set_timestamps = _values.set_timestamps
    recv_timestamped = _values.recv_timestamped
    send_fds = _values.send_fds
    recv_fds = _values.recv_fds

    def dup(self):
        """dup() -> socket object

        A second socket object of the same class for the same socket, with the same timeout.
        """
        second = self.__class__(self.family, self.type, self.proto, fileno=dup(self.fileno()))
        second.settimeout(self.gettimeout())
        if self.deadline is not None:
            second.set_deadline(self.deadline)
        return second

    def makefile(self, mode="r", buffering=None, *, encoding=None, errors=None, newline=None):
        """makefile(...) -> an I/O stream connected to the socket

        The arguments are those of open(); the mode is made of 'r', 'w' and 'b' alone. The socket
        stays open until both it and all of its files are closed.
        """
        if not {"r", "w", "b"}.issuperset(mode):
            raise ValueError(f"invalid mode {mode!r} (only r, w, b allowed)")
        writing = "w" in mode
        reading = "r" in mode or not writing
        binary = "b" in mode
        if buffering is None or buffering < 0:
            buffering = io.DEFAULT_BUFFER_SIZE
        if buffering == 0 and not binary:
            raise ValueError("unbuffered streams must be binary")
        raw = SocketIO(self, "r" * reading + "w" * writing)
        self._io_refs += 1
        if buffering == 0:
            return raw
        if reading and writing:
            buffered = io.BufferedRWPair(raw, raw, buffering)
        elif reading:
            buffered = io.BufferedReader(raw, buffering)
        else:
            buffered = io.BufferedWriter(raw, buffering)
        if binary:
            return buffered
        text = io.TextIOWrapper(buffered, io.text_encoding(encoding), errors, newline)
        text.mode = mode
        return text

    def sendfile(self, file, offset=0, count=None):
        """sendfile(file[, offset[, count]]) -> sent

        Sends a file that is open in binary mode, from an offset to its end, or so many bytes of
        it; by the kernel alone where it can. Answers how many bytes were sent, and leaves the
        file's position behind them, also if the call fails. Non-blocking sockets cannot do this.
        """
        try:
            return self._sendfile_use_sendfile(file, offset, count)
        except _GiveupOnSendfile:
            return self._sendfile_use_send(file, offset, count)

    def _sendfile_use_sendfile(self, file, offset=0, count=None):
        self._check_sendfile_params(file, offset, count)
        try:
            source = file.fileno()
            size = os.fstat(source).st_size
        except (AttributeError, OSError) as reason:
            # io.UnsupportedOperation is an OSError.
            raise _GiveupOnSendfile(reason) from reason
        if not size:
            return 0
        limit = self.gettimeout()
        if limit == 0:
            raise ValueError("non-blocking sockets are not supported")
        # More at once would be an OverflowError on some systems.
        most = min(count or size, 1 << 30)
        target, sent = self.fileno(), 0
        selector = selectors.PollSelector()
        selector.register(target, selectors.EVENT_WRITE)
        try:
            while True:
                left = self.deadline
                wait = limit if left is None else min(left, limit or left)
                if wait is not None and not selector.select(wait):
                    raise TimeoutError("timed out")
                if count:
                    most = min(count - sent, most)
                    if most <= 0:
                        return sent
                try:
                    step = os.sendfile(target, source, offset + sent, most)
                except BlockingIOError:
                    if wait is None:
                        selector.select()
                    continue
                except OSError as reason:
                    if sent == 0:
                        raise _GiveupOnSendfile(reason) from reason
                    raise
                if step == 0:
                    return sent
                sent += step
        finally:
            if sent > 0 and hasattr(file, "seek"):
                file.seek(offset + sent)

    def _sendfile_use_send(self, file, offset=0, count=None):
        self._check_sendfile_params(file, offset, count)
        if self.gettimeout() == 0:
            raise ValueError("non-blocking sockets are not supported")
        if offset:
            file.seek(offset)
        sent = 0
        try:
            while count is None or sent < count:
                data = memoryview(file.read(8192 if count is None else min(count - sent, 8192)))
                if not data:
                    break
                while data:
                    try:
                        step = self.send(data)
                    except BlockingIOError:
                        continue
                    sent += step
                    data = data[step:]
            return sent
        finally:
            if sent > 0 and hasattr(file, "seek"):
                file.seek(offset + sent)

    def _check_sendfile_params(self, file, offset, count):
        if "b" not in getattr(file, "mode", "b"):
            raise ValueError("file should be opened in binary mode")
        if not self.type & SOCK_STREAM:
            raise ValueError("only SOCK_STREAM type sockets are supported")
        if count is None:
            return
        problem = f"count must be a positive integer (got {count!r})"
        if not isinstance(count, int):
            raise TypeError(problem)
        if count <= 0:
            raise ValueError(problem)

    def _decref_socketios(self):
        if self._io_refs > 0:
            self._io_refs -= 1
        if self._closed:
            self.close()

    # No name of the module may be used here: at the end of the interpreter there are none.
    def _real_close(self, _ss=_socket.socket):
        _ss.close(self)

    def close(self):
        """close()

        Closes the socket, at once or after the last of its files.
        """
        self._closed = True
        if self._io_refs <= 0:
            self._real_close()

    def detach(self):
        """detach() -> file descriptor

        Gives up the descriptor, which stays open. The object counts as closed.
        """
        self._closed = True
        return super().detach()

    def get_inheritable(self):
        """Whether programs that are started from here have the socket too."""
        return os.get_inheritable(self.fileno())

    def set_inheritable(self, inheritable):
        """Decide whether programs that are started from here have the socket too."""
        os.set_inheritable(self.fileno(), inheritable)


def _accept(sock):
    """What socket.accept() does if somebody has changed the names that it uses."""
    number, address = sock._accept()
    accepted = socket(sock.family, sock.type, sock.proto, fileno=number)
    # Some systems hand the listener's mode on.
    if getdefaulttimeout() is None and sock.gettimeout():
        accepted.setblocking(True)
    return accepted, address


_native.bind(
    globals(), socket, _accept, AddressFamily._value2member_map_, SocketKind._value2member_map_
)


def fromfd(fd, family, type, proto=0):
    """fromfd(fd, family, type[, proto]) -> socket object

    A socket for a second descriptor of what fd is open for.
    """
    return socket(family, type, proto, dup(fd))


def send_fds(sock, buffers, fds, flags=0, address=None):
    """send_fds(sock, buffers, fds[, flags[, address]]) -> integer

    Sends the open files of a list of descriptors through a UNIX socket, along with data.
    """
    control = [(SOL_SOCKET, SCM_RIGHTS, array.array("i", fds))]
    return sock.sendmsg(buffers, control, flags, address)


def recv_fds(sock, bufsize, maxfds, flags=0):
    """recv_fds(sock, bufsize, maxfds[, flags]) -> (data, list of file
    descriptors, msg_flags, address)

    Receives up to maxfds open files, and the data that came along.
    """
    fds = array.array("i")
    room = _socket.CMSG_LEN(maxfds * fds.itemsize)
    data, control, flags, address = sock.recvmsg(bufsize, room, flags)
    for level, kind, content in control:
        if level == SOL_SOCKET and kind == SCM_RIGHTS:
            # Numbers that were cut off are none.
            fds.frombytes(content[: len(content) // fds.itemsize * fds.itemsize])
    return data, list(fds), flags, address


def socketpair(family=None, type=SOCK_STREAM, proto=0):
    """socketpair([family[, type[, proto]]]) -> (socket object, socket object)

    Two sockets that are connected to each other, of the family AF_UNIX if none is given.
    """
    if family is None:
        family = AF_UNIX
    pair = _native.pair(family, type, proto)
    if pair is not None:
        return pair
    first, second = _socket.socketpair(family, type, proto)
    return (
        socket(family, type, proto, first.detach()),
        socket(family, type, proto, second.detach()),
    )


def _fallback_socketpair(family=AF_INET, type=SOCK_STREAM, proto=0):
    """What socketpair() is where the system has none: a connection of TCP with itself."""
    hosts = {AF_INET: _LOCALHOST, AF_INET6: _LOCALHOST_V6}
    if family not in hosts:
        raise ValueError("Only AF_INET and AF_INET6 socket address families are supported")
    if type != SOCK_STREAM:
        raise ValueError("Only SOCK_STREAM socket type is supported")
    if proto != 0:
        raise ValueError("Only protocol zero is supported")
    client = server = None
    try:
        with socket(family, type, proto) as listener:
            listener.bind((hosts[family], 0))
            listener.listen()
            client = socket(family, type, proto)
            client.setblocking(False)
            try:
                client.connect(listener.getsockname()[:2])
            except (BlockingIOError, InterruptedError):
                pass
            client.setblocking(True)
            server, _ = listener.accept()
        # Somebody else may have been faster.
        if (
            server.getsockname() != client.getpeername()
            or client.getsockname() != server.getpeername()
        ):
            raise ConnectionError("Unexpected peer connection")
    except BaseException:
        for sock in (server, client):
            if sock is not None:
                sock.close()
        raise
    return server, client


class SocketIO(io.RawIOBase):
    """The bytes of a stream socket as a file without a buffer. makefile() makes it."""

    def __init__(self, sock, mode):
        if mode not in ("r", "w", "rw", "rb", "wb", "rwb"):
            raise ValueError(f"invalid mode: {mode!r}")
        super().__init__()
        self._sock = sock
        self._mode = mode if "b" in mode else mode + "b"
        self._reading = "r" in mode
        self._writing = "w" in mode
        self._timeout_occurred = False

    def readinto(self, b):
        """Read up to len(b) bytes; 0 is the end, None that a non-blocking socket has none yet.

        After a timeout it is unknown what was read, and every later call is an OSError.
        """
        sock = self._sock
        if sock is None or not self._reading or self._timeout_occurred:
            self._checkClosed()
            self._checkReadable()
            if self._timeout_occurred:
                raise OSError("cannot read from timed out object")
        try:
            return sock.recv_into(b)
        except timeout:
            self._timeout_occurred = True
            raise
        except error as reason:
            if reason.errno in _blocking_errnos:
                return None
            raise

    def write(self, b):
        """Write; the answer is how many bytes, or None if a non-blocking socket takes none now."""
        sock = self._sock
        if sock is None or not self._writing:
            self._checkClosed()
            self._checkWritable()
        try:
            return sock.send(b)
        except error as reason:
            if reason.errno in _blocking_errnos:
                return None
            raise

    def readable(self):
        """Whether the file is for reading."""
        return self._open(self._reading)

    def writable(self):
        """Whether the file is for writing."""
        return self._open(self._writing)

    def seekable(self):
        """Whether the file has positions: never."""
        return self._open(super().seekable)()

    def _open(self, answer):
        if self.closed:
            raise ValueError("I/O operation on closed socket.")
        return answer

    def fileno(self):
        """The descriptor of the socket."""
        self._checkClosed()
        return self._sock.fileno()

    @property
    def name(self):
        return -1 if self.closed else self.fileno()

    @property
    def mode(self):
        return self._mode

    def close(self):
        """Close the file, and the socket if it waits for that."""
        if self.closed:
            return
        super().close()
        self._sock._decref_socketios()
        self._sock = None


def getfqdn(name="", *, timeout=None):
    """The full name of a host: of this one, if none is given.

    It is the first of the host's names with a dot, or its main name; the name that was given, if
    the host is not known.

    timeout, which CPython's does not have, is how many seconds the look-up may take; then the host
    counts as unknown.
    """
    name = name.strip()
    if not name or name in ("0.0.0.0", "::"):
        name = gethostname()
    try:
        if timeout is None:
            main, aliases, _ = gethostbyaddr(name)
        else:
            main, aliases, _ = _native.gethostbyaddr(name, timeout)
    except error:
        return name
    return next((full for full in (main, *aliases) if "." in full), main)


# Not the same as None, which is to wait for ever.
_GLOBAL_DEFAULT_TIMEOUT = object()


def create_connection(
    address,
    timeout=_GLOBAL_DEFAULT_TIMEOUT,
    source_address=None,
    *,
    all_errors=False,
    total_timeout=None,
    happy_eyeballs_delay=None,
):
    """A socket that is connected to (host, port).

    The addresses of the host are tried in turn, each within the timeout. source_address is where
    the connection comes from. If none can be reached, the last error is raised; with all_errors,
    all of them as an ExceptionGroup.

    The rest CPython's does not have. total_timeout is how many seconds the look-up and all
    addresses may take together. happy_eyeballs_delay is how many an address has before the next is
    tried too (RFC 8305; usually 0.25). The error that is raised has those of the other addresses as
    its attribute earlier_errors.
    """
    if total_timeout is not None or happy_eyeballs_delay is not None:
        limits = (total_timeout, happy_eyeballs_delay)
        here = sys.modules[_HOME]
        return _connecting.connect(here, address, timeout, source_address, all_errors, *limits)
    host, port = address
    errors = []
    for family, kind, protocol, _, target in getaddrinfo(host, port, 0, SOCK_STREAM):
        sock = None
        try:
            sock = socket(family, kind, protocol)
            if timeout is not _GLOBAL_DEFAULT_TIMEOUT:
                sock.settimeout(timeout)
            if source_address:
                sock.bind(source_address)
            sock.connect(target)
        except error as reason:
            errors.append(reason)
            if sock is not None:
                sock.close()
        else:
            errors.clear()
            return sock
    # An error knows this frame, which must not know the error for ever.
    try:
        if not errors:
            raise error("getaddrinfo returns an empty list")
        if all_errors:
            raise ExceptionGroup("create_connection failed", errors)
        if len(errors) > 1:
            errors[-1].earlier_errors = tuple(errors[:-1])
        raise errors[-1]
    finally:
        errors.clear()


def has_dualstack_ipv6():
    """Whether one socket of IPv6 can serve IPv4 too."""
    if not has_ipv6:
        return False
    try:
        with socket(AF_INET6, SOCK_STREAM) as sock:
            sock.setsockopt(IPPROTO_IPV6, IPV6_V6ONLY, 0)
    except error:
        return False
    return True


def create_server(address, *, family=AF_INET, backlog=None, reuse_port=False, dualstack_ipv6=False):
    """A TCP socket that listens at (host, port), or at the path of a UNIX socket.

    backlog is how many connections may wait; reuse_port lets other sockets listen there too;
    dualstack_ipv6, of family AF_INET6 alone, takes connections of IPv4 as well.
    """
    if dualstack_ipv6:
        if not has_dualstack_ipv6():
            raise ValueError("dualstack_ipv6 not supported on this platform")
        if family != AF_INET6:
            raise ValueError("dualstack_ipv6 requires AF_INET6 family")
    sock = socket(family, SOCK_STREAM)
    try:
        try:
            sock.setsockopt(SOL_SOCKET, SO_REUSEADDR, 1)
        except error:
            # The system may do without.
            pass
        # Only the families of IP have it, and the others refuse it.
        if reuse_port and family in (AF_INET, AF_INET6):
            sock.setsockopt(SOL_SOCKET, SO_REUSEPORT, 1)
        if has_ipv6 and family == AF_INET6:
            sock.setsockopt(IPPROTO_IPV6, IPV6_V6ONLY, 0 if dualstack_ipv6 else 1)
        try:
            sock.bind(address)
        except error as reason:
            text = f"{reason.strerror} (while attempting to bind on address {address!r})"
            told = error(reason.errno, text)
            # What is known beside the text: the address.
            told.__dict__.update(reason.__dict__)
            raise told from None
        if backlog is None:
            sock.listen()
        else:
            sock.listen(backlog)
    except error:
        sock.close()
        raise
    return sock


def getaddrinfo(host, port, family=0, type=0, proto=0, flags=0, *, timeout=None):
    """The addresses of a host and a service.

    A list of (family, type, proto, canonname, sockaddr): what socket() takes, the host's main name
    if flags ask for it (AI_CANONNAME), and what connect() takes. host is a name, an address or
    None; port a number, the name of a service or None.

    timeout, which CPython's does not have, is how many seconds the look-up may take: then it ends
    with TimeoutError.
    """
    return _native.getaddrinfo(host, port, family, type, proto, flags, timeout)


_OWN_GETADDRINFO = getaddrinfo

_pickling.register(sys.modules[_HOME])
