//! Multicast: groups, their sources and where it leaves, for IPv4 and IPv6 alike.

use std::net::IpAddr;

use super::Socket;
use crate::error::{Call, Cause, Error, Result};
use crate::interfaces::Interface;
use crate::kind::Family;
use crate::opt::{self, Codec, Group, GroupSource, GroupV4, MembershipV4, Opt, SourceV4};

/// How multicast leaves a socket. What is not said stays as it is.
///
/// ```
/// use berkeley::{Interface, Multicast};
///
/// let near = Multicast { hops: Some(1), ..Multicast::default() };
/// let here = Multicast { interface: Some("lo".into()), ..near.clone() };
/// assert_eq!(here.interface, Some(Interface::Name("lo".to_owned())));
/// ```
///
/// See `ip(7)`, `ipv6(7)`.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
#[doc(alias("IP_MULTICAST_TTL", "IPV6_MULTICAST_HOPS", "IP_MULTICAST_LOOP", "IP_MULTICAST_IF"))]
pub struct Multicast {
    /// How many hops it travels: 0 stays on this machine, 1 in this network.
    pub hops: Option<u8>,
    /// Whether this machine's members get it too.
    pub loops: Option<bool>,
    /// The interface that it leaves by.
    pub interface: Option<Interface>,
}

/// What is done with a group or one of its sources, and the options that do it: for IPv4 by an
/// interface's address, and for either version by its number.
struct Deed<A: Codec, B: Codec> {
    call: Call,
    by_address: Opt<A>,
    v4: Opt<B>,
    v6: Opt<B>,
}

const JOIN: Deed<GroupV4, Group> = Deed {
    call: Call::JoinGroup,
    by_address: opt::IP_ADD_MEMBERSHIP,
    v4: opt::MCAST_JOIN_GROUP,
    v6: opt::MCAST_JOIN_GROUP_V6,
};
const LEAVE: Deed<GroupV4, Group> = Deed {
    call: Call::LeaveGroup,
    by_address: opt::IP_DROP_MEMBERSHIP,
    v4: opt::MCAST_LEAVE_GROUP,
    v6: opt::MCAST_LEAVE_GROUP_V6,
};
const JOIN_SOURCE: Deed<SourceV4, GroupSource> = Deed {
    call: Call::JoinGroup,
    by_address: opt::IP_ADD_SOURCE_MEMBERSHIP,
    v4: opt::MCAST_JOIN_SOURCE_GROUP,
    v6: opt::MCAST_JOIN_SOURCE_GROUP_V6,
};
const LEAVE_SOURCE: Deed<SourceV4, GroupSource> = Deed {
    call: Call::LeaveGroup,
    by_address: opt::IP_DROP_SOURCE_MEMBERSHIP,
    v4: opt::MCAST_LEAVE_SOURCE_GROUP,
    v6: opt::MCAST_LEAVE_SOURCE_GROUP_V6,
};
const BLOCK: Deed<SourceV4, GroupSource> = Deed {
    call: Call::BlockSource,
    by_address: opt::IP_BLOCK_SOURCE,
    v4: opt::MCAST_BLOCK_SOURCE,
    v6: opt::MCAST_BLOCK_SOURCE_V6,
};
const UNBLOCK: Deed<SourceV4, GroupSource> = Deed {
    call: Call::UnblockSource,
    by_address: opt::IP_UNBLOCK_SOURCE,
    v4: opt::MCAST_UNBLOCK_SOURCE,
    v6: opt::MCAST_UNBLOCK_SOURCE_V6,
};

/// Multicast.
impl Socket {
    /// Receive what is sent to a group, by this interface: its name, its number, an address of it,
    /// or `()` for the one that the kernel chooses.
    ///
    /// ```
    /// use berkeley::{Family, Protocol, Socket, Type};
    /// use std::net::Ipv4Addr;
    ///
    /// let sock = Socket::new(Family::INET, Type::DGRAM, Protocol::DEFAULT)?;
    /// sock.bind("0.0.0.0:0")?;
    /// sock.join_group([239, 1, 2, 3], "lo")?;
    /// sock.leave_group([239, 1, 2, 3], Ipv4Addr::LOCALHOST)?; // the same interface
    /// # Ok::<(), berkeley::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// `ENODEV` if there is no such interface, `EADDRINUSE` if the socket is a member already,
    /// `ENOBUFS` if it is one of too many groups, `EINVAL` for what is no group;
    /// [`Error::hint`] says more.
    ///
    /// See `ip(7)`, `ipv6(7)`, RFC 3678.
    #[doc(alias("IP_ADD_MEMBERSHIP", "IPV6_JOIN_GROUP", "MCAST_JOIN_GROUP"))]
    pub fn join_group(
        &self,
        group: impl Into<IpAddr>,
        interface: impl Into<Interface>,
    ) -> Result<()> {
        self.with_group(&JOIN, group.into(), &interface.into())
    }

    /// Receive it no longer.
    ///
    /// ```
    /// use berkeley::{Errno, Family, Protocol, Socket, Type};
    ///
    /// let sock = Socket::new(Family::INET, Type::DGRAM, Protocol::DEFAULT)?;
    /// let error = sock.leave_group([239, 1, 2, 3], "lo").unwrap_err();
    /// assert_eq!(error.errno(), Some(Errno::EADDRNOTAVAIL)); // no member
    /// # Ok::<(), berkeley::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// `EADDRNOTAVAIL` if the socket is no member; those of [`join_group`](Socket::join_group).
    ///
    /// See `ip(7)`, `ipv6(7)`.
    #[doc(alias("IP_DROP_MEMBERSHIP", "IPV6_LEAVE_GROUP", "MCAST_LEAVE_GROUP"))]
    pub fn leave_group(
        &self,
        group: impl Into<IpAddr>,
        interface: impl Into<Interface>,
    ) -> Result<()> {
        self.with_group(&LEAVE, group.into(), &interface.into())
    }

    /// Receive what this source sends to a group; once for each source.
    ///
    /// ```
    /// use berkeley::{Family, Protocol, Socket, Type};
    ///
    /// let sock = Socket::new(Family::INET, Type::DGRAM, Protocol::DEFAULT)?;
    /// sock.join_source([232, 1, 2, 3], [127, 0, 0, 1], "lo")?;
    /// sock.leave_source([232, 1, 2, 3], [127, 0, 0, 1], "lo")?;
    /// # Ok::<(), berkeley::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`Cause::Argument`] if group and source are not of the same version of IP; those of
    /// [`join_group`](Socket::join_group).
    ///
    /// See `ip(7)`, `ipv6(7)`, RFC 4607.
    #[doc(alias("IP_ADD_SOURCE_MEMBERSHIP", "MCAST_JOIN_SOURCE_GROUP"))]
    pub fn join_source(
        &self,
        group: impl Into<IpAddr>,
        source: impl Into<IpAddr>,
        interface: impl Into<Interface>,
    ) -> Result<()> {
        self.with_source(&JOIN_SOURCE, group.into(), source.into(), &interface.into())
    }

    /// Receive it no longer.
    ///
    /// ```
    /// use berkeley::{Family, Protocol, Socket, Type};
    ///
    /// let sock = Socket::new(Family::INET, Type::DGRAM, Protocol::DEFAULT)?;
    /// assert!(sock.leave_source([232, 1, 2, 3], [127, 0, 0, 1], "lo").is_err()); // no member
    /// # Ok::<(), berkeley::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`leave_group`](Socket::leave_group).
    ///
    /// See `ip(7)`, `ipv6(7)`.
    #[doc(alias("IP_DROP_SOURCE_MEMBERSHIP", "MCAST_LEAVE_SOURCE_GROUP"))]
    pub fn leave_source(
        &self,
        group: impl Into<IpAddr>,
        source: impl Into<IpAddr>,
        interface: impl Into<Interface>,
    ) -> Result<()> {
        self.with_source(&LEAVE_SOURCE, group.into(), source.into(), &interface.into())
    }

    /// Receive what is sent to a group, which the socket has joined, but not from this source.
    ///
    /// ```
    /// use berkeley::{Family, Protocol, Socket, Type};
    ///
    /// let sock = Socket::new(Family::INET, Type::DGRAM, Protocol::DEFAULT)?;
    /// sock.join_group([239, 1, 2, 3], "lo")?;
    /// sock.block_source([239, 1, 2, 3], [127, 0, 0, 1], "lo")?;
    /// # Ok::<(), berkeley::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// `EINVAL` if the socket is no member of the group, or of single sources of it;
    /// `EADDRNOTAVAIL` if the source is blocked already; those of
    /// [`join_source`](Socket::join_source).
    ///
    /// See `ip(7)`, `ipv6(7)`.
    #[doc(alias("IP_BLOCK_SOURCE", "MCAST_BLOCK_SOURCE"))]
    pub fn block_source(
        &self,
        group: impl Into<IpAddr>,
        source: impl Into<IpAddr>,
        interface: impl Into<Interface>,
    ) -> Result<()> {
        self.with_source(&BLOCK, group.into(), source.into(), &interface.into())
    }

    /// Receive it from this source again.
    ///
    /// ```
    /// use berkeley::{Family, Protocol, Socket, Type};
    ///
    /// let sock = Socket::new(Family::INET, Type::DGRAM, Protocol::DEFAULT)?;
    /// sock.join_group([239, 1, 2, 3], "lo")?;
    /// sock.block_source([239, 1, 2, 3], [127, 0, 0, 1], "lo")?;
    /// sock.unblock_source([239, 1, 2, 3], [127, 0, 0, 1], "lo")?;
    /// # Ok::<(), berkeley::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// `EADDRNOTAVAIL` if the source is not blocked; those of
    /// [`block_source`](Socket::block_source).
    ///
    /// See `ip(7)`, `ipv6(7)`.
    #[doc(alias("IP_UNBLOCK_SOURCE", "MCAST_UNBLOCK_SOURCE"))]
    pub fn unblock_source(
        &self,
        group: impl Into<IpAddr>,
        source: impl Into<IpAddr>,
        interface: impl Into<Interface>,
    ) -> Result<()> {
        self.with_source(&UNBLOCK, group.into(), source.into(), &interface.into())
    }

    /// Decides how multicast leaves: an IPv4 socket's by IPv4, an IPv6 socket's by IPv6.
    ///
    /// ```
    /// use berkeley::{Family, Multicast, Protocol, Socket, Type, opt};
    ///
    /// let sock = Socket::new(Family::INET, Type::DGRAM, Protocol::DEFAULT)?;
    /// sock.set_multicast(&Multicast {
    ///     hops: Some(4),
    ///     loops: Some(false),
    ///     interface: Some("lo".into()),
    /// })?;
    /// assert_eq!(sock.get(opt::IP_MULTICAST_TTL)?, 4);
    /// # Ok::<(), berkeley::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// `ENODEV` or `EADDRNOTAVAIL` if there is no such interface, `ENOPROTOOPT` of a socket that
    /// is neither IPv4 nor IPv6.
    ///
    /// See `ip(7)`, `ipv6(7)`.
    #[doc(alias("IP_MULTICAST_TTL", "IP_MULTICAST_LOOP", "IP_MULTICAST_IF", "IPV6_MULTICAST_IF"))]
    pub fn set_multicast(&self, how: &Multicast) -> Result<()> {
        let v6 = self.family() == Family::INET6;
        if let Some(interface) = &how.interface {
            match interface {
                Interface::Addr(IpAddr::V4(addr)) if !v6 => {
                    self.set(opt::IP_MULTICAST_IF, *addr)?
                }
                other if v6 => self.set(opt::IPV6_MULTICAST_IF, other.index()?)?,
                other => self.set(opt::IP_MULTICAST_IF, other.index()?)?,
            }
        }
        if let Some(hops) = how.hops {
            let opt = if v6 { opt::IPV6_MULTICAST_HOPS } else { opt::IP_MULTICAST_TTL };
            self.set(opt, i32::from(hops))?;
        }
        if let Some(loops) = how.loops {
            let opt = if v6 { opt::IPV6_MULTICAST_LOOP } else { opt::IP_MULTICAST_LOOP };
            self.set(opt, loops)?;
        }
        Ok(())
    }

    fn with_group(
        &self,
        deed: &Deed<GroupV4, Group>,
        group: IpAddr,
        interface: &Interface,
    ) -> Result<()> {
        let done = match (group, interface) {
            // The kernel knows better than a list of addresses which one belongs to what.
            (IpAddr::V4(group), Interface::Addr(IpAddr::V4(addr))) => {
                self.set(deed.by_address, MembershipV4 { group, interface: (*addr).into() })
            }
            (group, interface) => interface.index().and_then(|interface| {
                let opt = if group.is_ipv4() { deed.v4 } else { deed.v6 };
                self.set(opt, Group { group, interface })
            }),
        };
        done.map_err(|error| told(&error, deed.call, &format!("{group} on {interface}")))
    }

    fn with_source(
        &self,
        deed: &Deed<SourceV4, GroupSource>,
        group: IpAddr,
        source: IpAddr,
        interface: &Interface,
    ) -> Result<()> {
        let done = match (group, source, interface) {
            (IpAddr::V4(group), IpAddr::V4(source), Interface::Addr(IpAddr::V4(addr))) => {
                self.set(deed.by_address, SourceV4 { group, source, interface: *addr })
            }
            (group, source, _) if group.is_ipv4() != source.is_ipv4() => {
                let cause = Cause::Argument("group and source are of different versions of IP");
                Err(Error::new(deed.call, cause))
            }
            (group, source, interface) => interface.index().and_then(|interface| {
                let opt = if group.is_ipv4() { deed.v4 } else { deed.v6 };
                self.set(opt, GroupSource { group, source, interface })
            }),
        };
        let place = || format!("{group} from {source} on {interface}");
        done.map_err(|error| told(&error, deed.call, &place()))
    }
}

/// The same cause, told of what was meant.
fn told(error: &Error, call: Call, place: &str) -> Error {
    Error::new(call, error.cause()).at_name(place)
}
