//! The system's sockets: who has which port.

use std::collections::HashMap;
use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::Path;

use crate::addr::{Addr, UnixAddr};
use crate::error::{Call, Error, Result};
use crate::kind::{Family, Protocol, Type};
use crate::sys::{self, Errno};

/// A socket of this machine, of any process in this network namespace.
///
/// ```
/// let server = berkeley::create_server("127.0.0.1:0")?;
/// let addr = server.local_addr()?;
/// let all = berkeley::open_sockets()?;
/// let ours = all.iter().find(|socket| socket.local == addr).unwrap();
/// assert_eq!(ours.state, "LISTEN");
/// assert!(ours.owners.iter().any(|owner| owner.pid == std::process::id()));
/// # Ok::<(), berkeley::Error>(())
/// ```
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct OpenSocket {
    /// The family.
    pub family: Family,
    /// The type.
    pub ty: Type,
    /// The protocol.
    pub protocol: Protocol,
    /// Its own address; the unnamed one if it has none.
    pub local: Addr,
    /// The peer's address, if the table tells.
    pub peer: Option<Addr>,
    /// The state, as `netstat` names it; empty for sockets that have none.
    pub state: &'static str,
    /// The user it belongs to, if the table tells.
    pub uid: Option<u32>,
    /// The kernel's number for it.
    pub inode: u64,
    /// The processes that have it open, as far as this one may see them.
    pub owners: Vec<Owner>,
}

/// A process that has a socket open.
///
/// ```
/// let _server = berkeley::create_server("127.0.0.1:0")?;
/// for socket in berkeley::open_sockets()? {
///     for owner in socket.owners {
///         println!("{} of {owner}", socket.local); // python3 (pid 4321)
///     }
/// }
/// # Ok::<(), berkeley::Error>(())
/// ```
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct Owner {
    /// The number of the process.
    pub pid: u32,
    /// The name of its program.
    pub program: String,
}

impl fmt::Display for Owner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (pid {})", self.program, self.pid)
    }
}

/// Every TCP, UDP, raw and UNIX socket of this network namespace.
///
/// ```
/// for socket in berkeley::open_sockets()? {
///     println!("{} {} {}", socket.ty, socket.local, socket.state);
/// }
/// # Ok::<(), berkeley::Error>(())
/// ```
///
/// # Errors
///
/// The system's own, if the tables cannot be read.
///
/// # Platforms
///
/// Linux, from `/proc/net`, and from `sock_diag` those of TCP that are bound without listening; see
/// `proc_pid_net(5)`, `sock_diag(7)`.
#[doc(alias("ss", "netstat", "lsof"))]
pub fn open_sockets() -> Result<Vec<OpenSocket>> {
    let mut owners: HashMap<u64, Vec<Owner>> = HashMap::new();
    for (inode, found) in sys::socket_owners() {
        let found = found.into_iter().map(|(pid, program)| Owner { pid, program });
        owners.insert(inode, found.collect());
    }
    let mut sockets = Vec::new();
    for (name, read) in TABLES {
        let text = sys::socket_table(name).map_err(Error::of(Call::GetSockName))?;
        sockets.extend(read_all(&text, read));
    }
    for family in [Family::INET, Family::INET6] {
        // Not every system lets one ask.
        let number = u8::try_from(family.number()).unwrap_or_default();
        sockets.extend(read_bound(&sys::bound_sockets(number).unwrap_or_default()));
    }
    for socket in &mut sockets {
        socket.owners = owners.get(&socket.inode).cloned().unwrap_or_default();
    }
    Ok(sockets)
}

/// The sockets that keep others from binding an address: those of the type that are bound to it
/// or, for IP, to every address at its port.
///
/// ```
/// use berkeley::{Type, create_server, holders};
///
/// let server = create_server("127.0.0.1:0")?;
/// let holding = holders(&server.local_addr()?, Type::STREAM)?;
/// assert_eq!(holding[0].owners[0].pid, std::process::id());
/// # Ok::<(), berkeley::Error>(())
/// ```
///
/// # Errors
///
/// Those of [`open_sockets`].
#[doc(alias = "EADDRINUSE")]
pub fn holders(addr: &Addr, ty: Type) -> Result<Vec<OpenSocket>> {
    let mut found = open_sockets()?;
    found.retain(|socket| socket.ty == ty && is_held(addr, socket));
    // The one that listens is the one to name, not its connections.
    found.sort_by_key(|socket| socket.state != "LISTEN");
    Ok(found)
}

impl Error {
    /// Who holds the address, if [`bind`](crate::Socket::bind) or
    /// [`listen`](crate::Socket::listen) failed because it is in use: the first of [`holders`]
    /// whose process can be seen. It is looked for now, not when the call failed; `None` if nobody
    /// is found any more, and for every other error.
    ///
    /// ```
    /// use berkeley::{Family, Protocol, Socket, Type, create_server};
    ///
    /// let server = create_server("127.0.0.1:0")?;
    /// let second = Socket::new(Family::INET, Type::STREAM, Protocol::DEFAULT)?;
    /// let error = second.bind(server.local_addr()?).unwrap_err();
    /// let holder = error.holder().unwrap();
    /// assert_eq!(holder.owners[0].pid, std::process::id());
    /// # Ok::<(), berkeley::Error>(())
    /// ```
    #[doc(alias = "EADDRINUSE")]
    pub fn holder(&self) -> Option<OpenSocket> {
        if self.errno() != Some(Errno::EADDRINUSE) {
            return None;
        }
        let mut found = holders(self.address()?, self.ty()?).ok()?;
        let seen = found.iter().position(|socket| !socket.owners.is_empty());
        (!found.is_empty()).then(|| found.swap_remove(seen.unwrap_or(0)))
    }
}

fn is_held(addr: &Addr, socket: &OpenSocket) -> bool {
    match (addr.to_ip(), socket.local.to_ip()) {
        (Some(wanted), Some(held)) => {
            let any = wanted.ip().is_unspecified() || held.ip().is_unspecified();
            wanted.port() == held.port() && (wanted.ip() == held.ip() || any)
        }
        _ => *addr == socket.local && addr.to_unix() != Some(UnixAddr::Unnamed),
    }
}

/// Reads one line of a table.
pub(crate) type Read = fn(&str) -> Option<OpenSocket>;

/// The tables, and how to read a line of each.
pub(crate) const TABLES: [(&str, Read); 7] = [
    ("tcp", |line| read_ip(line, Type::STREAM, Some(Protocol::TCP))),
    ("tcp6", |line| read_ip(line, Type::STREAM, Some(Protocol::TCP))),
    ("udp", |line| read_ip(line, Type::DGRAM, Some(Protocol::UDP))),
    ("udp6", |line| read_ip(line, Type::DGRAM, Some(Protocol::UDP))),
    ("raw", |line| read_ip(line, Type::RAW, None)),
    ("raw6", |line| read_ip(line, Type::RAW, None)),
    ("unix", read_unix),
];

/// The sockets of a whole table: a line each, below the heading.
pub(crate) fn read_all(text: &str, read: Read) -> Vec<OpenSocket> {
    text.lines().skip(1).filter_map(read).collect()
}

/// Reads `0: 0100007F:1F90 00000000:0000 0A …`; the protocol of a raw socket stands in its port.
fn read_ip(line: &str, ty: Type, protocol: Option<Protocol>) -> Option<OpenSocket> {
    let fields: Vec<&str> = line.split_whitespace().collect();
    let local = read_addr(fields.get(1)?)?;
    let peer = read_addr(fields.get(2)?)?;
    let state = usize::from_str_radix(fields.get(3)?, 16).ok()?;
    let protocol = protocol.unwrap_or(Protocol::from(i32::from(local.port())));
    let connected = peer.port() != 0 || !peer.ip().is_unspecified();
    Some(OpenSocket {
        family: if local.is_ipv4() { Family::INET } else { Family::INET6 },
        ty,
        protocol,
        local: local.into(),
        peer: connected.then(|| peer.into()),
        state: if ty == Type::STREAM { STATES.get(state)? } else { "" },
        uid: fields.get(7)?.parse().ok(),
        inode: fields.get(9)?.parse().ok()?,
        owners: Vec::new(),
    })
}

/// Reads `0100007F:1F90`: words in the machine's order, and the port.
fn read_addr(text: &str) -> Option<SocketAddr> {
    let (host, port) = text.split_once(':')?;
    let port = u16::from_str_radix(port, 16).ok()?;
    let mut octets = [0; 16];
    let words = host.as_bytes().chunks(8);
    let mut count = 0;
    for (word, to) in words.zip(octets.chunks_mut(4)) {
        let word = u32::from_str_radix(std::str::from_utf8(word).ok()?, 16).ok()?;
        to.copy_from_slice(&word.to_ne_bytes());
        count += 1;
    }
    match (count, host.len(), octets) {
        (1, 8, [a, b, c, d, ..]) => Some((Ipv4Addr::new(a, b, c, d), port).into()),
        (4, 32, octets) => Some((Ipv6Addr::from(octets), port).into()),
        _ => None,
    }
}

/// Reads `0000000000000000: 00000002 00000000 00010000 0001 01 16163 /run/x`.
fn read_unix(line: &str) -> Option<OpenSocket> {
    let fields: Vec<&str> = line.split_whitespace().collect();
    let flags = u32::from_str_radix(fields.get(3)?, 16).ok()?;
    let ty = i32::from_str_radix(fields.get(4)?, 16).ok()?;
    let state = u32::from_str_radix(fields.get(5)?, 16).ok()?;
    let inode = fields.get(6)?;
    // A path may have spaces: it is whatever follows the inode.
    let after = line.split_once(&format!(" {inode}")).map_or("", |(_, path)| path);
    let path = after.strip_prefix(' ').unwrap_or_default();
    let name = match path.strip_prefix('@') {
        _ if path.is_empty() => UnixAddr::Unnamed,
        Some(name) => UnixAddr::Abstract(name.as_bytes()),
        None => UnixAddr::Path(Path::new(path)),
    };
    Some(OpenSocket {
        family: Family::UNIX,
        ty: Type::from(ty),
        protocol: Protocol::DEFAULT,
        local: Addr::try_from(name).ok()?,
        peer: None,
        state: match (flags & LISTENING, state) {
            (0, 3) => "ESTABLISHED",
            (0, _) => "",
            _ => "LISTEN",
        },
        uid: None,
        inode: inode.parse().ok()?,
        owners: Vec::new(),
    })
}

/// Reads messages of netlink, each with an `inet_diag_msg`.
pub(crate) fn read_bound(mut answer: &[u8]) -> Vec<OpenSocket> {
    const HEAD: usize = 16;
    let mut found = Vec::new();
    while let Some((len, _)) = answer.split_first_chunk() {
        let len = u32::from_ne_bytes(*len) as usize;
        let Some(message) = answer.get(HEAD..len) else { break };
        found.extend(read_diag(message));
        answer = answer.get(len.next_multiple_of(4)..).unwrap_or_default();
    }
    found
}

/// Reads an `inet_diag_msg`: family, state, ports, addresses, …, user and inode.
fn read_diag(message: &[u8]) -> Option<OpenSocket> {
    let word = |at: usize| message.get(at..at + 4)?.try_into().ok().map(u32::from_ne_bytes);
    let family = Family::from(i32::from(*message.first()?));
    let port = u16::from_be_bytes(message.get(4..6)?.try_into().ok()?);
    let local = match family {
        Family::INET => SocketAddr::from((<[u8; 4]>::try_from(message.get(8..12)?).ok()?, port)),
        Family::INET6 => SocketAddr::from((<[u8; 16]>::try_from(message.get(8..24)?).ok()?, port)),
        _ => return None,
    };
    Some(OpenSocket {
        family,
        ty: Type::STREAM,
        protocol: Protocol::TCP,
        local: local.into(),
        peer: None,
        state: "BOUND",
        uid: word(64),
        inode: word(68)?.into(),
        owners: Vec::new(),
    })
}

/// The flag of a UNIX socket that accepts connections.
const LISTENING: u32 = 0x10000;

/// The states of TCP, by the kernel's numbers.
pub(crate) const STATES: [&str; 13] = [
    "",
    "ESTABLISHED",
    "SYN_SENT",
    "SYN_RECV",
    "FIN_WAIT1",
    "FIN_WAIT2",
    "TIME_WAIT",
    "CLOSE",
    "CLOSE_WAIT",
    "LAST_ACK",
    "LISTEN",
    "CLOSING",
    "NEW_SYN_RECV",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_the_kernel_are_read() {
        let line = "   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 4026 1 0 100 0 0 10 0";
        let socket = read_ip(line, Type::STREAM, Some(Protocol::TCP)).unwrap();
        if cfg!(target_endian = "little") {
            assert_eq!(socket.local.to_string(), "127.0.0.1:8080");
        }
        assert_eq!((socket.state, socket.uid, socket.inode), ("LISTEN", Some(1000), 4026));
        assert_eq!(socket.peer, None);

        let line = "0000000000000000: 00000002 00000000 00010000 0001 01 16163 /run/a b";
        let socket = read_unix(line).unwrap();
        assert_eq!((socket.local.to_string().as_str(), socket.state), ("unix:/run/a b", "LISTEN"));
        let line = "0000000000000000: 00000003 00000000 00000000 0002 01 17";
        assert_eq!(read_unix(line).unwrap().ty, Type::DGRAM);
    }

    #[test]
    fn messages_of_the_kernel_are_read() {
        let mut message = vec![0; 88];
        message[0..4].copy_from_slice(&88u32.to_ne_bytes());
        message[16] = 2;
        message[20..22].copy_from_slice(&8080u16.to_be_bytes());
        message[24..28].copy_from_slice(&[127, 0, 0, 1]);
        message[80..84].copy_from_slice(&1000u32.to_ne_bytes());
        message[84..88].copy_from_slice(&4026u32.to_ne_bytes());
        let found = read_bound(&[message.clone(), message.clone()].concat());
        assert_eq!(found.len(), 2);
        let socket = &found[1];
        assert_eq!((socket.local.to_string().as_str(), socket.inode), ("127.0.0.1:8080", 4026));
        assert_eq!((socket.state, socket.uid), ("BOUND", Some(1000)));
        // Whatever comes instead is passed over, and the walk ends.
        for at in 0..message.len() {
            assert!(read_bound(&message[..at]).is_empty());
        }
        for len in [0u32, 1, 4, 15, 16, 17, u32::MAX] {
            message[0..4].copy_from_slice(&len.to_ne_bytes());
            assert!(read_bound(&message).is_empty(), "{len}");
        }
    }

    #[test]
    fn lines_that_are_none_are_passed_over() {
        let good = "0: 0100007F:1F90 00000000:0000 0A 0:0 0:0 0 1000 0 4026 1";
        for at in 0..good.len() {
            let cut = good.get(..at).unwrap_or_default();
            let _ = read_ip(cut, Type::STREAM, None);
            let _ = read_unix(cut);
        }
        for line in ["", " ", "a b c d e f g h", "0: 0 0 0 0 0", "0: 0 0 zz 0 0 1"] {
            assert!(read_unix(line).is_none(), "{line:?}");
        }
        for line in [
            "",
            " ",
            "a b c d e f g h i j",
            "0: 0100007F 0 0 0",
            "0: ä:1 ö:2 0A",
            "0: 01:1 02:2 FF 0 0 0 0 0 1",
        ] {
            assert!(read_ip(line, Type::STREAM, None).is_none(), "{line:?}");
        }
    }
}
