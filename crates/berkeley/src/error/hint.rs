//! What stands behind an error that says little: a setting of the system, or what was overlooked.

use super::{Call, Error};
use crate::sys::{self, Errno};

/// What an error of a call means; a setting in brackets is told with its value.
const HINTS: &[(Call, Errno, &str)] = &[
    (
        Call::JoinGroup,
        Errno::ENOBUFS,
        "a socket may be a member of so many groups: [net.ipv4.igmp_max_memberships], \
         and have so many sources of each: [net.ipv4.igmp_max_msf]",
    ),
    (
        Call::JoinGroup,
        Errno::ENOMEM,
        "a socket may use so much memory for options: [net.core.optmem_max]",
    ),
    (
        Call::JoinGroup,
        Errno::ENODEV,
        "there is no such interface or, if none was named, no route that says which one groups are on",
    ),
    (
        Call::JoinGroup,
        Errno::EADDRINUSE,
        "this socket is a member of the group on that interface already",
    ),
    (
        Call::JoinGroup,
        Errno::EADDRNOTAVAIL,
        "no interface has that address, or the socket has joined that source already",
    ),
    (
        Call::JoinGroup,
        Errno::EINVAL,
        "it is no multicast address, or the socket has joined the whole group, not single sources",
    ),
    (Call::JoinGroup, Errno::EPROTO, "a stream has no groups: that is for datagrams"),
    (
        Call::LeaveGroup,
        Errno::EADDRNOTAVAIL,
        "this socket is no member of the group on that interface",
    ),
    (
        Call::LeaveGroup,
        Errno::EINVAL,
        "it is no multicast address, or the socket is no member of the group",
    ),
    (
        Call::BlockSource,
        Errno::EINVAL,
        "the socket is no member of the group, or of single sources of it",
    ),
    (Call::BlockSource, Errno::EADDRNOTAVAIL, "that source is blocked already"),
    (
        Call::BlockSource,
        Errno::ENOBUFS,
        "a socket may name so many sources of a group: [net.ipv4.igmp_max_msf]",
    ),
    (Call::UnblockSource, Errno::EADDRNOTAVAIL, "that source is not blocked"),
    (
        Call::UnblockSource,
        Errno::EINVAL,
        "the socket is no member of the group, or of single sources of it",
    ),
    (Call::Ping, Errno::EACCES, PING),
    (Call::Ping, Errno::EPERM, PING),
];

const PING: &str = "[net.ipv4.ping_group_range] must include one of this process's groups, or the \
                    process needs CAP_NET_RAW";

impl Error {
    /// What stands behind it, where the system's words say little: what was overlooked, or the
    /// setting that forbids it, with its value now.
    ///
    /// ```
    /// use berkeley::{Family, Protocol, Socket, Type};
    ///
    /// let sock = Socket::new(Family::INET, Type::DGRAM, Protocol::DEFAULT)?;
    /// let error = (1..=255).find_map(|last| sock.join_group([239, 9, 9, last], "lo").err());
    /// if let Some(hint) = error.and_then(|error| error.hint()) {
    ///     assert!(hint.contains("net.ipv4.igmp_max_memberships = "), "{hint}");
    /// }
    /// # Ok::<(), berkeley::Error>(())
    /// ```
    #[doc(alias("sysctl", "igmp_max_memberships", "ping_group_range"))]
    pub fn hint(&self) -> Option<String> {
        let (call, errno) = (self.call(), self.errno()?);
        let (_, _, text) = HINTS.iter().find(|(of, number, _)| (*of, *number) == (call, errno))?;
        let mut parts = text.split(['[', ']']);
        // What stands between brackets is every other part.
        let mut hint = parts.next().unwrap_or_default().to_owned();
        while let (Some(setting), rest) = (parts.next(), parts.next()) {
            hint.push_str(setting);
            if let Some(value) = sys::setting(setting) {
                hint = format!("{hint} = {value}");
            }
            hint.push_str(rest.unwrap_or_default());
        }
        Some(hint)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_are_told_with_their_values() {
        let error = Error::new(Call::Ping, Errno::EACCES);
        let hint = error.hint().unwrap();
        assert!(hint.starts_with("net.ipv4.ping_group_range"), "{hint}");
        assert!(hint.ends_with(
            " must include one of this process's groups, or the process needs CAP_NET_RAW"
        ));
        assert_eq!(Error::new(Call::Bind, Errno::EACCES).hint(), None);
        for (call, errno, text) in HINTS {
            let hint = Error::new(*call, *errno).hint().unwrap();
            assert!(!hint.contains(['[', ']']), "{hint}");
            assert_eq!(text.matches('[').count(), text.matches(']').count());
        }
    }
}
