//! The calls that can fail, each with its name.

use std::fmt;

/// Declares the calls: a variant and a name for each row.
macro_rules! calls {
    ($($(#[$doc:meta])* $call:ident = $name:literal;)*) => {
        /// The call that failed, by the name it has in C.
        ///
        /// ```
        /// assert_eq!(berkeley::Call::SendAll.to_string(), "send_all");
        /// ```
        #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
        #[non_exhaustive]
        pub enum Call {
            $($(#[$doc])* $call,)*
        }

        impl Call {
            /// The name as it is known in C, or here where C has none.
            ///
            /// ```
            /// assert_eq!(berkeley::Call::SendTo.name(), "sendto");
            /// ```
            pub fn name(self) -> &'static str {
                match self {
                    $(Call::$call => $name,)*
                }
            }
        }
    };
}

calls! {
    /// Making a socket.
    Socket = "socket";
    /// Making a connected pair.
    SocketPair = "socketpair";
    /// A second descriptor of a socket.
    Dup = "dup";
    /// Giving a socket an address.
    Bind = "bind";
    /// Connecting.
    Connect = "connect";
    /// Making a socket accept connections.
    Listen = "listen";
    /// Accepting a connection.
    Accept = "accept";
    /// Sending.
    Send = "send";
    /// Sending everything.
    SendAll = "send_all";
    /// Sending a frame behind its length.
    SendFrame = "send_frame";
    /// Sending to an address.
    SendTo = "sendto";
    /// Receiving.
    Recv = "recv";
    /// Receiving so many bytes.
    RecvExactly = "recv_exactly";
    /// Receiving up to a separator.
    RecvUntil = "recv_until";
    /// Receiving a frame behind its length.
    RecvFrame = "recv_frame";
    /// Receiving, with the sender's address.
    RecvFrom = "recvfrom";
    /// Sending with control messages.
    SendMsg = "sendmsg";
    /// Receiving with control messages.
    RecvMsg = "recvmsg";
    /// Sending many messages.
    SendMmsg = "sendmmsg";
    /// Receiving many messages.
    RecvMmsg = "recvmmsg";
    /// Sending a file.
    SendFile = "sendfile";
    /// Moving bytes between a socket and a pipe.
    Splice = "splice";
    /// Duplicating bytes of a pipe.
    Tee = "tee";
    /// Listing the addresses of the interfaces.
    GetIfAddrs = "getifaddrs";
    /// Reading the own address.
    GetSockName = "getsockname";
    /// Reading the peer's address.
    GetPeerName = "getpeername";
    /// Reading an option.
    GetSockOpt = "getsockopt";
    /// Setting an option.
    SetSockOpt = "setsockopt";
    /// Joining a multicast group, or a source of one.
    JoinGroup = "join_group";
    /// Leaving a multicast group, or a source of one.
    LeaveGroup = "leave_group";
    /// Receiving no longer from a source of a multicast group.
    BlockSource = "block_source";
    /// Receiving again from a source of a multicast group.
    UnblockSource = "unblock_source";
    /// Asking a host whether it is there.
    Ping = "ping";
    /// Changing the blocking mode.
    SetTimeout = "set_timeout";
    /// Whether descriptors are inherited.
    Inheritable = "fcntl";
    /// Ending one direction or both.
    Shutdown = "shutdown";
    /// Closing.
    Close = "close";
    /// Making a ring of operations.
    UringSetup = "io_uring_setup";
    /// Handing operations over to the kernel, and waiting for them.
    UringEnter = "io_uring_enter";
    /// Looking up addresses of names.
    GetAddrInfo = "getaddrinfo";
    /// Looking up names of an address.
    GetNameInfo = "getnameinfo";
    /// Looking up a host by its name.
    GetHostByName = "gethostbyname";
    /// Looking up a host by its address.
    GetHostByAddr = "gethostbyaddr";
    /// Asking for this machine's name.
    GetHostName = "gethostname";
    /// Giving this machine a name.
    SetHostName = "sethostname";
    /// Asking where the urgent byte of a stream stands.
    SockAtMark = "sockatmark";
    /// Looking up a service's port.
    GetServByName = "getservbyname";
    /// Looking up a port's service.
    GetServByPort = "getservbyport";
    /// Looking up a protocol's number.
    GetProtoByName = "getprotobyname";
    /// Looking up a protocol's name.
    GetProtoByNumber = "getprotobynumber";
    /// Looking up an interface's number.
    IfNameToIndex = "if_nametoindex";
    /// Looking up an interface's name.
    IfIndexToName = "if_indextoname";
    /// Listing the interfaces.
    IfNameIndex = "if_nameindex";
    /// Reading a numeric address.
    InetPton = "inet_pton";
    /// Printing a packed address.
    InetNtop = "inet_ntop";
    /// Connecting to a name, over all of its addresses.
    CreateConnection = "create_connection";
    /// Serving at a name.
    CreateServer = "create_server";
    /// Sharing memory with the kernel.
    Mmap = "mmap";
    /// Loading or attaching a program of the kernel's.
    Bpf = "bpf";
    /// Beginning or ending to record calls.
    Trace = "trace";
}

impl fmt::Display for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
