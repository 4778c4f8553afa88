//! Options, kinds, states and words.

use super::Row;

/// When options help, and what to know of them. What they do stands in the table of options.
pub(super) const OPTIONS: &[(&str, &str, &str)] = &[
    (
        "SO_REUSEADDR",
        "A server that is started again fails with EADDRINUSE for a minute.",
        "Set it before bind(). Two servers cannot listen on one port with it: that is SO_REUSEPORT.",
    ),
    (
        "SO_REUSEPORT",
        "Several processes or threads shall serve one port.",
        "Set it on each socket before bind(); all must belong to the same user.",
    ),
    (
        "SO_BROADCAST",
        "Sending to a broadcast address fails with EACCES without it.",
        "Set it on the sender; receivers bind to 0.0.0.0.",
    ),
    (
        "SO_KEEPALIVE",
        "A peer that vanished without a word keeps the connection open for ever.",
        "With TCP_KEEPIDLE, TCP_KEEPINTVL and TCP_KEEPCNT it is noticed in less than two hours.",
    ),
    (
        "SO_LINGER",
        "close() returns before the data has arrived.",
        "Better: shutdown(SHUT_WR), then read until the end. Zero seconds resets the connection.",
    ),
    (
        "SO_DONTLINGER",
        "A word of Windows; the same as SO_LINGER switched off, which is the default.",
        "",
    ),
    (
        "SO_RCVBUF",
        "Fast senders over long ways fill the buffer.",
        "Usually leave it alone: the kernel adapts it, and setting it stops that.",
    ),
    (
        "SO_SNDBUF",
        "Sending waits for a full buffer.",
        "Usually leave it alone: the kernel adapts it, and setting it stops that.",
    ),
    (
        "TCP_NODELAY",
        "Small answers arrive 40 ms late: Nagle's algorithm waits for a delayed acknowledgement.",
        "Switch it on where questions and answers are small; or write whole messages at once.",
    ),
    (
        "SO_OOBINLINE",
        "Urgent data (MSG_OOB) is kept apart from the stream.",
        "New programs do not use urgent data.",
    ),
    ("SO_DONTROUTE", "Tools of routing daemons.", "Ordinary programs do not need it."),
    ("SO_DEBUG", "Takes the right CAP_NET_ADMIN.", "To watch a connection, use tcpdump or ss -i."),
    (
        "IP_HDRINCL",
        "A raw socket shall send headers of the caller's own.",
        "Takes CAP_NET_RAW; IPPROTO_RAW implies it.",
    ),
    ("IPV6_V6ONLY", "An IPv6 server shall serve IPv4, too, or shall not.", "Set it before bind()."),
];

/// Families.
pub(super) const FAMILIES: &[Row] = &[
    (
        "AF_INET",
        "IPv4: an address is a host and a port, such as 127.0.0.1:80.",
        "",
        "berkeley serve tcp4://:8000.",
    ),
    (
        "AF_INET6",
        "IPv6: an address is a host and a port, such as [::1]:80.",
        "",
        "berkeley serve tcp6://:8000.",
    ),
    (
        "AF_UNIX",
        "Between processes of one machine: an address is a path, or @ and a name.",
        "",
        "berkeley serve unix:@hello.",
    ),
    ("AF_UNSPEC", "Any family: in getaddrinfo(), IPv4 and IPv6.", "", ""),
    (
        "AF_NETLINK",
        "Messages to and from the kernel, about routes, interfaces and sockets.",
        "",
        "",
    ),
    ("AF_PACKET", "Whole frames of a network interface.", "", ""),
    ("AF_VSOCK", "Between virtual machines and their host.", "", ""),
    ("AF_CAN", "The controller area network of cars and machines.", "", ""),
    ("AF_RDS", "Reliable datagrams between the machines of a cluster.", "", ""),
];

/// Types.
pub(super) const TYPES: &[Row] = &[
    (
        "SOCK_STREAM",
        "A stream of bytes both ways, in order, nothing lost: TCP.",
        "One send() may arrive in several recv(), and several in one.",
        "Say in the data where a message ends: by a length or a newline.",
    ),
    (
        "SOCK_DGRAM",
        "Separate messages, each whole or not at all: UDP.",
        "UDP loses, doubles and swaps datagrams.",
        "Set a timeout, and send again.",
    ),
    (
        "SOCK_RAW",
        "A protocol's packets as they are, such as ICMP.",
        "Takes the right CAP_NET_RAW.",
        "berkeley ping needs no right where net.ipv4.ping_group_range allows it.",
    ),
    (
        "SOCK_RDM",
        "Messages that arrive, though perhaps not in order.",
        "Few families have it.",
        "berkeley families.",
    ),
    (
        "SOCK_SEQPACKET",
        "A connection of whole messages, in order.",
        "UNIX sockets and SCTP have it.",
        "berkeley serve unix-seqpacket:@hello.",
    ),
];

/// Protocols.
pub(super) const PROTOCOLS: &[Row] = &[
    ("IPPROTO_TCP", "The transmission control protocol, RFC 9293: streams.", "", ""),
    ("IPPROTO_UDP", "The user datagram protocol, RFC 768: datagrams.", "", ""),
    (
        "IPPROTO_ICMP",
        "Control messages of IPv4, RFC 792: ping and errors.",
        "",
        "berkeley ping HOST.",
    ),
    ("IPPROTO_ICMPV6", "Control messages of IPv6, RFC 4443.", "", "berkeley ping -6 HOST."),
    ("IPPROTO_IGMP", "Group membership of IPv4, RFC 3376: multicast.", "", ""),
    ("IPPROTO_RAW", "The caller builds the IP header.", "", ""),
];

/// The states of a TCP connection, RFC 9293.
pub(super) const STATES: &[Row] = &[
    (
        "LISTEN",
        "The server waits for connections.",
        "listen() was called.",
        "See them: berkeley who.",
    ),
    (
        "SYN_SENT",
        "The client has asked for a connection, and has no answer yet.",
        "If it stays: a firewall drops the request, or the host is off.",
        "Check address and port.",
    ),
    (
        "SYN_RECV",
        "The server has answered a request, and waits for the client's confirmation.",
        "Very many of them: a flood of requests.",
        "net.ipv4.tcp_syncookies keeps the server reachable.",
    ),
    (
        "ESTABLISHED",
        "The connection is there; both sides may send.",
        "connect() and the handshake succeeded.",
        "",
    ),
    (
        "FIN_WAIT1",
        "This side has closed, and the peer has not yet confirmed it.",
        "The peer is slow, or gone.",
        "",
    ),
    (
        "FIN_WAIT2",
        "This side has closed; the peer may still send.",
        "The peer has not closed yet.",
        "Look why the peer keeps its side open.",
    ),
    (
        "CLOSE_WAIT",
        "The peer has closed, and this program has not.",
        "Very many of them: the program forgets to close its sockets.",
        "Close the socket when recv() answers 0 bytes.",
    ),
    ("CLOSING", "Both sides closed at the same moment.", "", ""),
    ("LAST_ACK", "Both have closed; the last confirmation is missing.", "", ""),
    (
        "TIME_WAIT",
        "The connection is over; the side that closed first remembers it for a minute.",
        "Late packets must not reach a new connection with the same addresses.",
        "It is no fault. To start a server again at once, set SO_REUSEADDR before bind().",
    ),
    ("CLOSED", "There is no connection.", "", ""),
];

/// Words of the field.
pub(super) const WORDS: &[Row] = &[
    (
        "backlog",
        "How many connections may wait until the server accepts them: the number of listen().",
        "More than that are made to wait or are refused.",
        "Leave it out: the system's maximum (net.core.somaxconn) is then taken.",
    ),
    (
        "Nagle",
        "TCP collects small pieces while earlier ones are unconfirmed.",
        "With the peer's delayed confirmations a small answer may take 40 ms.",
        "Write whole messages at once, or set TCP_NODELAY.",
    ),
    (
        "half-close",
        "One side has said all it has to say, and still listens: shutdown(SHUT_WR).",
        "close() instead throws away what the peer still sends.",
        "After the last send: shutdown(SHUT_WR), then recv() until it answers 0 bytes.",
    ),
    (
        "handshake",
        "How a TCP connection begins: SYN, SYN+ACK, ACK.",
        "The kernel does it; accept() only fetches what is finished.",
        "Watch it: berkeley demo tcp.",
    ),
    (
        "SYN",
        "The packet that asks for a connection.",
        "connect() sends it.",
        "Watch it: berkeley demo tcp.",
    ),
    (
        "FIN",
        "The packet that ends one direction of a connection.",
        "close() or shutdown(SHUT_WR) sends it; the peer's recv() answers 0 bytes.",
        "Watch it: berkeley demo tcp.",
    ),
    (
        "RST",
        "The packet that cuts a connection off, or refuses it.",
        "Nobody listens there, or a program closed with data unread.",
        "Watch it: berkeley demo refused.",
    ),
    (
        "port",
        "The number, 0 to 65535, that tells the programs of a host apart.",
        "Those below 1024 take a right; 0 lets the kernel choose a free one.",
        "See who has one: berkeley who :8000.",
    ),
    (
        "loopback",
        "The network within this machine: 127.0.0.0/8 and ::1.",
        "A server bound to it cannot be reached from other machines.",
        "To be reached, bind to 0.0.0.0 or ::.",
    ),
    (
        "dual-stack",
        "One IPv6 socket that serves IPv4, too.",
        "IPV6_V6ONLY is off.",
        "berkeley serve :8000.",
    ),
    (
        "broadcast",
        "A datagram to every host of a network, such as 192.168.1.255.",
        "The sender needs SO_BROADCAST; IPv6 has multicast only.",
        "",
    ),
    (
        "multicast",
        "A datagram to the members of a group, 224.0.0.0/4 or ff00::/8.",
        "Receivers join with IP_ADD_MEMBERSHIP or IPV6_ADD_MEMBERSHIP.",
        "",
    ),
    (
        "blocking",
        "A call waits until it can do what it was asked.",
        "Every socket begins so.",
        "settimeout() sets a limit, setblocking(False) none at all.",
    ),
    (
        "non-blocking",
        "A call that would have to wait fails with EAGAIN instead.",
        "setblocking(False), or a timeout of zero.",
        "poll() tells when it is worth calling again.",
    ),
    (
        "timeout",
        "The longest that a call may take.",
        "settimeout() sets it; the peer may be slow, gone, or silent.",
        "Watch it: berkeley demo timeout.",
    ),
    (
        "ephemeral",
        "The port that the kernel gives a socket that has none.",
        "connect() or bind() with port 0 takes one.",
        "The range is net.ipv4.ip_local_port_range.",
    ),
    (
        "abstract",
        "A UNIX address outside the file system, written @name; Linux only.",
        "It goes when its socket goes: no file is left behind.",
        "berkeley serve unix:@hello.",
    ),
    (
        "out-of-band",
        "A byte that overtakes the stream: urgent data, MSG_OOB.",
        "Telnet used it.",
        "New programs use a second connection.",
    ),
    (
        "MTU",
        "The largest packet that a network carries, often 1500 bytes.",
        "Larger datagrams are split, and lost if one piece is.",
        "Keep UDP datagrams below 1200 bytes.",
    ),
];

/// Other words for the same.
pub(super) const ALIASES: &[(&str, &str)] = &[
    ("EWOULDBLOCK", "EAGAIN"),
    ("ENOTSUP", "EOPNOTSUPP"),
    ("AF_LOCAL", "AF_UNIX"),
    ("TCP", "IPPROTO_TCP"),
    ("UDP", "IPPROTO_UDP"),
    ("ICMP", "IPPROTO_ICMP"),
    ("keepalive", "SO_KEEPALIVE"),
    ("linger", "SO_LINGER"),
    ("stream", "SOCK_STREAM"),
    ("datagram", "SOCK_DGRAM"),
    ("raw", "SOCK_RAW"),
    ("connection refused", "ECONNREFUSED"),
    ("connection reset", "ECONNRESET"),
    ("broken pipe", "EPIPE"),
    ("address already in use", "EADDRINUSE"),
];
