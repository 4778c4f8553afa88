//! What errors mean, in words: the name, what it says, the usual cause, what to try.

/// A row: the name, what it says, the usual cause, what to try.
pub type Row = (&'static str, &'static str, &'static str, &'static str);

/// The errors of the system that sockets meet. Those that are not here have the system's own words.
pub const ERRORS: &[Row] = &[
    (
        "EPERM",
        "The right to do this is missing, or a firewall rule says no.",
        "A raw socket without CAP_NET_RAW; a packet that the local firewall drops.",
        "Run it with sudo, give it the right (setcap cap_net_raw+ep FILE), or look at the firewall's rules.",
    ),
    (
        "ENOENT",
        "There is no such file.",
        "connect() to a UNIX path that no server has bound, or bind() in a directory that is not there.",
        "Start the server first, and compare both paths letter by letter.",
    ),
    (
        "EINTR",
        "A signal came before anything happened.",
        "A signal handler ran while the call waited.",
        "Call again. berkeley and Python do that by themselves.",
    ),
    (
        "EBADF",
        "This descriptor is not open.",
        "The socket was closed already, here or by another thread.",
        "Look who closes it, and close it once, where its last user is done.",
    ),
    (
        "EAGAIN",
        "It would have to wait, and the socket does not wait. EWOULDBLOCK is the same number.",
        "A non-blocking socket has nothing to read, no room to write, or nobody to accept.",
        "Wait with poll() until it is ready and call again, or set a timeout.",
    ),
    (
        "ENOMEM",
        "The kernel is out of memory.",
        "Very many sockets, or very large buffers.",
        "Close what is not needed; look at net.ipv4.tcp_mem and at SO_RCVBUF and SO_SNDBUF.",
    ),
    (
        "EACCES",
        "Access is denied.",
        "A port below 1024 without the right, sending to a broadcast address without SO_BROADCAST, or a UNIX path without write permission.",
        "Use a port from 1024 up, set SO_BROADCAST, or change the permissions of the file.",
    ),
    (
        "EINVAL",
        "An argument does not fit.",
        "bind() of a socket that has an address already, accept() without listen(), an address that is too short.",
        "Check the order of the calls: socket, bind, listen, accept.",
    ),
    (
        "EMFILE",
        "This process has too many open files.",
        "Sockets that are never closed, or a limit that is too low for a server.",
        "Close each connection; raise the limit with ulimit -n.",
    ),
    (
        "ENFILE",
        "The system has too many open files.",
        "All programs together hold too many.",
        "Find who holds them, or raise fs.file-max.",
    ),
    (
        "EPIPE",
        "Nobody will read any more what is written here.",
        "send() after the peer has closed, or after shutdown() of the own side.",
        "Take it as the end of the connection, and read what the peer sent before.",
    ),
    (
        "ENOTSOCK",
        "This descriptor is not a socket.",
        "A file, or a number that now belongs to another file.",
        "Look where the number comes from; it may have been closed and given away again.",
    ),
    (
        "EDESTADDRREQ",
        "A destination is needed.",
        "send() on a datagram socket that is not connected.",
        "Use sendto() with an address, or connect() first.",
    ),
    (
        "EMSGSIZE",
        "The message is larger than one may be.",
        "A UDP datagram above 65507 bytes, or above the path's packet size when it may not be split.",
        "Send smaller datagrams, or use TCP, which splits for you.",
    ),
    (
        "EPROTOTYPE",
        "The protocol is not one of this type.",
        "connect() of a UNIX stream to a datagram socket, or the other way round.",
        "Give both ends the same type.",
    ),
    (
        "ENOPROTOOPT",
        "There is no such option.",
        "An option of another level or family, such as a TCP option of a UDP socket.",
        "See which options this socket has: berkeley options.",
    ),
    (
        "EPROTONOSUPPORT",
        "The kernel does not have this protocol.",
        "A protocol that does not fit the family or type.",
        "Leave the protocol at 0, so that the system chooses it.",
    ),
    (
        "ESOCKTNOSUPPORT",
        "The family does not have this type.",
        "Such as SOCK_RDM with AF_INET.",
        "See what this machine has: berkeley families.",
    ),
    (
        "EOPNOTSUPP",
        "This kind of socket cannot do that.",
        "listen() or accept() on a datagram socket.",
        "Datagram sockets receive without accepting: bind(), then recvfrom().",
    ),
    (
        "EAFNOSUPPORT",
        "The kernel does not have this family of addresses, or the socket is of another one.",
        "An IPv6 address for an AF_INET socket, or a machine without IPv6.",
        "Make the socket with the family that getaddrinfo() answers.",
    ),
    (
        "EADDRINUSE",
        "Another socket has this address.",
        "A program has the port, or a server was started again while old connections are in TIME_WAIT.",
        "See who has it (berkeley who :PORT); set SO_REUSEADDR before bind(); or use port 0.",
    ),
    (
        "EADDRNOTAVAIL",
        "This machine does not have this address.",
        "bind() to another machine's address; connect() when all local ports are in use.",
        "Bind to 0.0.0.0 or :: for every interface, or to an address that this machine has.",
    ),
    (
        "ENETDOWN",
        "The network interface is down.",
        "A cable, a switched-off adapter, a stopped interface.",
        "Switch it on (ip link set DEVICE up).",
    ),
    (
        "ENETUNREACH",
        "No route leads to this network.",
        "No connection to the network at all, or IPv6 without an IPv6 connection.",
        "Look at the routes (ip route); try -4.",
    ),
    (
        "ECONNABORTED",
        "The connection was given up before it could be used.",
        "The client left while it waited to be accepted.",
        "Accept the next one.",
    ),
    (
        "ECONNRESET",
        "The peer cut the connection off.",
        "The program at the other end crashed, or closed with received data unread; or a firewall stepped in.",
        "Look at the peer's log. Data sent before may not have been read.",
    ),
    (
        "ENOBUFS",
        "The kernel has no buffer left.",
        "The queue of the network interface is full.",
        "Send more slowly.",
    ),
    (
        "EISCONN",
        "The socket is connected already.",
        "A second connect(), or sendto() with an address on a connected socket.",
        "Make a new socket for another peer.",
    ),
    (
        "ENOTCONN",
        "The socket is not connected.",
        "send() or recv() before connect(), or on the listening socket instead of the one that accept() answered.",
        "Use the new socket that accept() answers.",
    ),
    (
        "ETIMEDOUT",
        "The peer did not answer in time.",
        "A firewall drops the packets, the host is off, or the network lost the way.",
        "Check address and port; try berkeley ping HOST. An own timeout ends sooner.",
    ),
    (
        "ECONNREFUSED",
        "Nobody listens there: the host answered, and said no.",
        "The server is not running, listens on another port, or on 127.0.0.1 only.",
        "Start the server; see what listens with berkeley who; compare the ports.",
    ),
    (
        "EHOSTDOWN",
        "The host is down.",
        "It does not answer on its own network.",
        "Switch it on; check the address.",
    ),
    (
        "EHOSTUNREACH",
        "No route leads to this host.",
        "It is off, its address is wrong, or a firewall on the way says so.",
        "Try berkeley ping HOST, and look at the routes (ip route).",
    ),
    (
        "EALREADY",
        "An attempt to connect is under way already.",
        "A second connect() on a non-blocking socket.",
        "Wait until the socket is writable, then look at SO_ERROR.",
    ),
    (
        "EINPROGRESS",
        "The attempt to connect has begun and goes on.",
        "connect() on a non-blocking socket; it is no failure.",
        "Wait until the socket is writable, then look at SO_ERROR.",
    ),
    (
        "ENAMETOOLONG",
        "A name is too long.",
        "A UNIX path above 107 bytes.",
        "Use a shorter path, or an abstract name.",
    ),
    (
        "ESHUTDOWN",
        "The socket was shut down for this direction.",
        "Sending after shutdown(SHUT_WR).",
        "Send before shutting down.",
    ),
    (
        "EFAULT",
        "The kernel was given memory that is not there.",
        "A wrong pointer in a C program.",
        "Check the pointer and the length that were passed.",
    ),
];

/// The errors of getaddrinfo, getnameinfo and the older look-ups.
pub const LOOKUPS: &[Row] = &[
    (
        "EAI_NONAME",
        "The name or service is not known.",
        "A typing error, a name of another network, or no host and no service at all.",
        "Spell it again; ask with berkeley resolve NAME; look at /etc/hosts.",
    ),
    (
        "EAI_AGAIN",
        "The name server did not answer; it may later.",
        "No network, or a wrong name server in /etc/resolv.conf.",
        "Try again; see whether the network is there: berkeley ping 1.1.1.1.",
    ),
    (
        "EAI_FAIL",
        "The name server refused for good.",
        "It is set up wrongly, or may not answer you.",
        "Use another name server.",
    ),
    (
        "EAI_NODATA",
        "The name exists but has no address.",
        "It is a name for mail or other services only.",
        "Ask for the other IP version, or for another name, such as www.",
    ),
    (
        "EAI_FAMILY",
        "The family is not supported.",
        "A look-up for a family that has no names.",
        "Ask for AF_UNSPEC, AF_INET or AF_INET6.",
    ),
    (
        "EAI_SOCKTYPE",
        "The type does not fit the protocol.",
        "Such as SOCK_STREAM with UDP.",
        "Leave the protocol at 0.",
    ),
    (
        "EAI_SERVICE",
        "The service is not known for this type.",
        "A name that is not in /etc/services.",
        "Write the port as a number.",
    ),
    (
        "EAI_ADDRFAMILY",
        "The name has no address of this family.",
        "A host with IPv4 alone was asked for IPv6.",
        "Ask without a family.",
    ),
    (
        "EAI_BADFLAGS",
        "The flags contradict each other.",
        "AI_CANONNAME without a name.",
        "Check the flags.",
    ),
    (
        "EAI_SYSTEM",
        "The operating system failed; errno says how.",
        "No descriptors or no memory left.",
        "Look at the errno beside it.",
    ),
];
