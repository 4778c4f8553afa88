//! What the calls are: a row each.

/// Which way bytes go in a call.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Way {
    Out,
    In,
    No,
}

/// How a call is coloured.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Group {
    /// Makes a socket or ends it.
    Life,
    /// Makes a connection.
    Link,
    Send,
    Recv,
    /// Waits until something can be done.
    Wait,
    /// Looks up a name.
    Name,
    /// Sets or asks.
    Rest,
}

impl Group {
    /// Its name in the page, which has a colour for each.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Group::Life => "life",
            Group::Link => "link",
            Group::Send => "send",
            Group::Recv => "recv",
            Group::Wait => "wait",
            Group::Name => "name",
            Group::Rest => "rest",
        }
    }
}

/// A call: what it does, and which of its arguments say the most.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Op {
    pub(crate) name: &'static str,
    pub(crate) group: Group,
    pub(crate) way: Way,
    /// Whether it waits for the other side.
    pub(crate) waits: bool,
    /// Whether its bytes are those of a layer above the socket, such as TLS.
    pub(crate) plain: bool,
    /// The arguments that are shown, in this order.
    pub(crate) shown: &'static [&'static str],
}

const fn op(
    name: &'static str,
    group: Group,
    way: Way,
    waits: bool,
    shown: &'static [&'static str],
) -> Op {
    Op { name, group, way, waits, plain: false, shown }
}

const fn plain(name: &'static str, group: Group, way: Way) -> Op {
    Op { name, group, way, waits: matches!(way, Way::In), plain: true, shown: &["len", "room"] }
}

use Group::{Life, Link, Name, Recv, Rest, Send, Wait};
use Way::{In, No, Out};

/// Every call that is known. Others are shown without arguments.
pub(crate) const OPS: &[Op] = &[
    op("socket", Life, No, false, &["family", "type"]),
    op("socketpair", Life, No, false, &["family", "type"]),
    op("dup", Life, No, false, &[]),
    op("shutdown", Life, No, false, &["how"]),
    op("close", Life, No, false, &[]),
    op("bind", Link, No, false, &["addr"]),
    op("listen", Link, No, false, &["backlog"]),
    op("connect", Link, No, true, &["addr"]),
    op("accept", Link, No, true, &[]),
    op("accept4", Link, No, true, &[]),
    op("send", Send, Out, true, &["len"]),
    op("write", Send, Out, true, &["len"]),
    op("writev", Send, Out, true, &["len"]),
    op("sendto", Send, Out, true, &["len", "addr"]),
    op("sendmsg", Send, Out, true, &["len", "addr"]),
    op("sendmmsg", Send, Out, true, &["vlen", "addr"]),
    op("sendfile", Send, Out, true, &["len"]),
    op("splice", Send, Out, true, &["len"]),
    op("recv", Recv, In, true, &["room"]),
    op("read", Recv, In, true, &["room"]),
    op("readv", Recv, In, true, &["room"]),
    op("recvfrom", Recv, In, true, &["room"]),
    op("recvmsg", Recv, In, true, &["room"]),
    op("recvmmsg", Recv, In, true, &["vlen"]),
    op("poll", Wait, No, true, &["for"]),
    op("select", Wait, No, true, &["for"]),
    op("epoll_wait", Wait, No, true, &["for"]),
    op("getaddrinfo", Name, No, true, &["host", "service"]),
    op("getnameinfo", Name, No, true, &["addr"]),
    op("setsockopt", Rest, No, false, &["name", "value"]),
    op("getsockopt", Rest, No, false, &["name"]),
    op("getsockname", Rest, No, false, &[]),
    op("getpeername", Rest, No, false, &[]),
    op("ioctl", Rest, No, false, &["name"]),
    op("fcntl", Rest, No, false, &["name"]),
    plain("ssl_write", Send, Out),
    plain("ssl_read", Recv, In),
];

const UNKNOWN: Op = op("", Rest, No, false, &[]);

/// The row of this name.
pub(crate) fn by_name(name: &str) -> &'static Op {
    OPS.iter().find(|op| op.name == name).unwrap_or(&UNKNOWN)
}
