//! The options that every socket may have.

use super::super::*;
use super::options;
use crate::sys::c;

options! {
    SOL_SOCKET {
        SO_ACCEPTCONN: Bool [get] = c::SO_ACCEPTCONN, "Whether the socket listens.";
        SO_ATTACH_BPF: Int [set] = c::SO_ATTACH_BPF, "An extended BPF program, by its descriptor, that says which packets are received.";
        #[alias("SO_GET_FILTER")]
        SO_ATTACH_FILTER: Filter = c::SO_ATTACH_FILTER, "A classic BPF program that says which packets are received.";
        SO_ATTACH_REUSEPORT_CBPF: Filter [set] = c::SO_ATTACH_REUSEPORT_CBPF, "A classic BPF program that chooses among the sockets that share a port.";
        SO_ATTACH_REUSEPORT_EBPF: Int [set] = c::SO_ATTACH_REUSEPORT_EBPF, "An extended BPF program, by its descriptor, that chooses among the sockets that share a port.";
        SO_BINDTODEVICE: Text = c::SO_BINDTODEVICE, "The interface that all traffic goes by.";
        SO_BINDTOIFINDEX: Interface = c::SO_BINDTOIFINDEX, "The number of the interface that all traffic goes by." since "5.1";
        SO_BPF_EXTENSIONS: Int [get] = c::SO_BPF_EXTENSIONS, "How many extensions classic BPF programs may use.";
        SO_BROADCAST: Bool = c::SO_BROADCAST, "Sending to broadcast addresses is allowed.";
        SO_BUF_LOCK: BufferLocks = c::SO_BUF_LOCK, "Which buffers keep the size that they were given." since "5.15";
        SO_BUSY_POLL: Microseconds = c::SO_BUSY_POLL, "How long to poll the device before sleeping.";
        SO_BUSY_POLL_BUDGET: Int [set] = c::SO_BUSY_POLL_BUDGET, "How many packets to take while polling the device." since "5.11";
        SO_CNX_ADVICE: Int [set] = c::SO_CNX_ADVICE, "1 tells the kernel that the way to the peer does not work.";
        SO_COOKIE: U64 [get] = c::SO_COOKIE, "A number that no other socket of this machine has had.";
        SO_DEBUG: Bool = c::SO_DEBUG, "The kernel records debugging information.";
        #[alias("SO_DETACH_BPF")]
        SO_DETACH_FILTER: Nothing [set] = c::SO_DETACH_FILTER, "Removes the program that says which packets are received.";
        SO_DETACH_REUSEPORT_BPF: Nothing [set] = c::SO_DETACH_REUSEPORT_BPF, "Removes the program that chooses among the sockets that share a port.";
        SO_DEVMEM_DONTNEED: Bytes [set] = c::SO_DEVMEM_DONTNEED, "Gives back memory of the device." since "6.12";
        SO_DOMAIN: FamilyCode [get] = c::SO_DOMAIN, "The socket's family.";
        // Before the other with its number, which is read by this one.
        #[alias("linger")]
        SO_LINGER: Linger = c::SO_LINGER, "How long closing waits for unsent data; zero resets the connection.";
        #[alias("linger")]
        SO_DONTLINGER: DontLinger = c::SO_LINGER, "Closing does not wait for unsent data: SO_LINGER switched off.";
        SO_DONTROUTE: Bool = c::SO_DONTROUTE, "Packets go to directly connected hosts only.";
        SO_ERROR: Pending [get] = c::SO_ERROR, "The pending error, which reading clears.";
        SO_INCOMING_CPU: Int = c::SO_INCOMING_CPU, "The processor that packets are received on.";
        SO_INCOMING_NAPI_ID: U32 [get] = c::SO_INCOMING_NAPI_ID, "The device's queue that packets are received by.";
        SO_INQ: Bool [set] = c::SO_INQ, "How much more there is to receive comes with each message." since "6.17";
        SO_KEEPALIVE: Bool = c::SO_KEEPALIVE, "Idle connections are probed, and end if the peer is gone.";
        SO_LOCK_FILTER: Bool = c::SO_LOCK_FILTER, "The program that says which packets are received can no longer be changed.";
        SO_MARK: U32 = c::SO_MARK, "The mark that routing and firewall rules see.";
        SO_MAX_PACING_RATE: Rate = c::SO_MAX_PACING_RATE, "How fast to send at most.";
        SO_MEMINFO: MemInfo [get] = c::SO_MEMINFO, "How much memory the socket uses." since "4.12";
        SO_NETNS_COOKIE: U64 [get] = c::SO_NETNS_COOKIE, "A number that no other network namespace of this machine has." since "5.14";
        SO_NOFCS: Bool = c::SO_NOFCS, "The last 4 bytes sent are the frame's checksum.";
        SO_NO_CHECK: Bool = c::SO_NO_CHECK, "Datagrams of UDP over IPv4 are sent without a checksum.";
        SO_OOBINLINE: Bool = c::SO_OOBINLINE, "Urgent data stays in the stream's order.";
        SO_PASSCRED: Bool = c::SO_PASSCRED, "The sender's credentials come with each message.";
        SO_PASSPIDFD: Bool = c::SO_PASSPIDFD, "A descriptor of the sending process comes with each message." since "6.5";
        SO_PASSRIGHTS: Bool = c::SO_PASSRIGHTS, "Descriptors may be received." since "6.16";
        SO_PASSSEC: Bool = c::SO_PASSSEC, "The sender's security label comes with each message.";
        SO_PEEK_OFF: Int = c::SO_PEEK_OFF, "Where looking at data without taking it begins; −1 is always the front.";
        SO_PEERCRED: Peer [get] = c::SO_PEERCRED, "Who the peer of a UNIX socket is.";
        SO_PEERGROUPS: Many<U32> [get] = c::SO_PEERGROUPS, "The supplementary groups of the peer of a UNIX socket." since "4.13";
        SO_PEERPIDFD: OpenedFd [get] = c::SO_PEERPIDFD, "A new descriptor of the process at the other end of a UNIX socket." since "6.5";
        SO_PEERSEC: Text [get] = c::SO_PEERSEC, "The security label of the peer.";
        SO_PREFER_BUSY_POLL: Bool = c::SO_PREFER_BUSY_POLL, "Polling the device is preferred to its interrupts." since "5.11";
        SO_PRIORITY: Int = c::SO_PRIORITY, "The queueing priority of sent packets.";
        SO_PROTOCOL: ProtocolCode [get] = c::SO_PROTOCOL, "The socket's protocol.";
        SO_RCVBUF: Size = c::SO_RCVBUF, "The size of the receive buffer; Linux doubles what is set.";
        SO_RCVBUFFORCE: Size [set] = c::SO_RCVBUFFORCE, "The same beyond the system's limit, with the right to.";
        SO_RCVLOWAT: Size = c::SO_RCVLOWAT, "How many bytes make the socket readable.";
        SO_RCVMARK: Bool = c::SO_RCVMARK, "The mark of the packet comes with each message." since "5.19";
        SO_RCVPRIORITY: Bool = c::SO_RCVPRIORITY, "The priority of the packet comes with each message." since "6.14";
        SO_RCVTIMEO: TimeVal = c::SO_RCVTIMEO, "The kernel's own limit on receiving; prefer the socket's timeout.";
        SO_RESERVE_MEM: Size = c::SO_RESERVE_MEM, "How much memory is set aside for the socket." since "5.16";
        SO_REUSEADDR: Bool = c::SO_REUSEADDR, "An address still in TIME_WAIT may be bound.";
        SO_REUSEPORT: Bool = c::SO_REUSEPORT, "Several sockets may bind one address and share its traffic.";
        SO_RXQ_OVFL: Bool = c::SO_RXQ_OVFL, "Datagrams come with the number of those dropped.";
        SO_SELECT_ERR_QUEUE: Bool = c::SO_SELECT_ERR_QUEUE, "The queue of errors wakes those who wait for exceptional conditions.";
        SO_SNDBUF: Size = c::SO_SNDBUF, "The size of the send buffer; Linux doubles what is set.";
        SO_SNDBUFFORCE: Size [set] = c::SO_SNDBUFFORCE, "The same beyond the system's limit, with the right to.";
        SO_SNDLOWAT: Size [get] = c::SO_SNDLOWAT, "How much room makes the socket writable.";
        SO_SNDTIMEO: TimeVal = c::SO_SNDTIMEO, "The kernel's own limit on sending; prefer the socket's timeout.";
        SO_TIMESTAMP: Bool = c::SO_TIMESTAMP, "Datagrams come with the time they arrived.";
        SO_TIMESTAMPING: Timestamping = c::SO_TIMESTAMPING, "Which packets bear timestamps, of the kernel or of the device.";
        SO_TIMESTAMPING_NEW: Timestamping = c::SO_TIMESTAMPING_NEW, "The same, with 64 bits of time on every platform.";
        SO_TIMESTAMPNS: Bool = c::SO_TIMESTAMPNS, "Datagrams come with the time they arrived, in nanoseconds.";
        SO_TIMESTAMPNS_NEW: Bool = c::SO_TIMESTAMPNS_NEW, "The same, with 64 bits of time on every platform.";
        SO_TIMESTAMP_NEW: Bool = c::SO_TIMESTAMP_NEW, "Datagrams come with the time they arrived, in 64 bits on every platform.";
        SO_TXREHASH: Int = c::SO_TXREHASH, "Whether another path is tried after a timeout: 1, 0, or −1 for the system's." since "5.18";
        SO_TXTIME: TxTime = c::SO_TXTIME, "Packets are sent at the time that a control message says." since "4.19";
        SO_TYPE: TypeCode [get] = c::SO_TYPE, "The socket's type.";
        SO_WIFI_STATUS: Bool = c::SO_WIFI_STATUS, "Whether a wireless packet was acknowledged is told in the queue of errors.";
        SO_ZEROCOPY: Bool = c::SO_ZEROCOPY, "Sending without copies is allowed." since "4.14";
    }
}
