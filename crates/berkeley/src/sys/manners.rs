//! What flags the sockets of each kind take, for not all of them take all.

use super::c;

/// A bit that no flag has: the kernel does not tell how long a message was that did not fit, only
/// that it did not, and takes none of the flags that others take.
pub(super) const UNTOLD: i32 = i32::MIN;

/// The flags that every sending call of such a socket has.
///
/// Two families refuse any flag they do not know, and raise no `SIGPIPE` either.
pub(crate) fn send_flags(family: i32) -> i32 {
    match family {
        c::AF_RDS | c::AF_QIPCRTR => 0,
        _ => c::MSG_NOSIGNAL,
    }
}

/// The flags that every receiving call of such a socket has: of a message its whole length is
/// asked for, by the flag that on a stream throws data away.
pub(crate) fn recv_flags(family: i32, ty: i32, protocol: i32) -> i32 {
    if ty == c::SOCK_STREAM {
        return 0;
    }
    match family {
        c::AF_INET
        | c::AF_INET6
        | c::AF_UNIX
        | c::AF_NETLINK
        | c::AF_VSOCK
        | c::AF_BLUETOOTH
        | c::AF_RDS
        | c::AF_ALG
        | c::AF_KEY => c::MSG_TRUNC,
        // Any flag it does not know is an error to it.
        c::AF_CAN if protocol == c::CAN_J1939 => UNTOLD,
        // Packets too are of these: they tell the length, but refuse the flag of descriptors.
        _ => c::MSG_TRUNC | UNTOLD,
    }
}

/// The flags to receive a message with control data: descriptors that come are close-on-exec.
///
/// Those come by UNIX sockets alone; what is of a kind that takes no unknown flag has none.
pub(super) fn message_flags(flags: i32) -> i32 {
    match flags & UNTOLD {
        0 => flags | c::MSG_CMSG_CLOEXEC,
        _ => flags & !UNTOLD,
    }
}

/// What the kernel answers of a message, without the flag that was put in by [`message_flags`].
pub(super) fn told_flags(flags: i32) -> i32 {
    flags & !c::MSG_CMSG_CLOEXEC
}

/// Whether descriptors may come with what such a socket receives. Of IP it is known that none do,
/// and looking for them would cost more than looking at what does come.
pub(crate) fn brings_fds(family: i32) -> bool {
    !matches!(family, c::AF_INET | c::AF_INET6)
}

/// Whether one call may send several messages of this family: the kernel then marks all but the
/// last with a flag of its own, and of the other families some refuse any flag they do not know.
pub(crate) fn sends_batches(family: i32) -> bool {
    matches!(
        family,
        c::AF_INET
            | c::AF_INET6
            | c::AF_UNIX
            | c::AF_NETLINK
            | c::AF_PACKET
            | c::AF_CAN
            | c::AF_VSOCK
            | c::AF_TIPC
    )
}

/// Whether the kernel can be asked to split what such a socket sends into datagrams, and to join
/// those it receives: whether it then does is its own to say.
pub(crate) fn has_offload(family: i32, ty: i32, protocol: i32) -> bool {
    matches!(family, c::AF_INET | c::AF_INET6)
        && ty == c::SOCK_DGRAM
        && matches!(protocol, 0 | c::IPPROTO_UDP | c::IPPROTO_UDPLITE)
}
