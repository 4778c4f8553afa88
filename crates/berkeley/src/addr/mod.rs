//! Socket addresses of every family: the kernel's bytes, and values to make them from and to
//! read from them.

mod alg;
mod bluetooth;
mod can;
mod endpoint;
mod family;
mod ip;
mod netlink;
mod packet;
mod qrtr;
mod tipc;
mod unix;
mod vsock;
mod xdp;

use std::fmt;
use std::hash::{Hash, Hasher};
use std::str::FromStr;

pub use alg::AlgAddr;
pub use bluetooth::{BdAddr, HciAddr, L2capAddr, RfcommAddr, ScoAddr};
pub use can::{CanAddr, IsoTpAddr, J1939Addr};
pub use endpoint::{Endpoint, SCHEMES, Scheme, Target};
pub use family::FamilyAddr;
pub use netlink::NetlinkAddr;
pub use packet::{HardwareAddr, PacketAddr};
pub use qrtr::QrtrAddr;
pub use tipc::{TipcAddr, TipcScope};
pub use unix::UnixAddr;
pub use vsock::VsockAddr;
pub use xdp::XdpAddr;

use crate::kind::Family;
use crate::sys::Storage;

/// The address of a socket, of any family, as the kernel's bytes.
///
/// It comes from and turns into [`std::net::SocketAddr`], [`UnixAddr`] and the typed address of
/// each family ([`Addr::to`]); an address of a family that this crate does not know keeps its
/// bytes and can be printed, compared and used.
///
/// Its text form, printed and parsed, is the `berkeley` command's:
///
/// | text | address |
/// |---|---|
/// | `127.0.0.1:80`, `[::1]:80` | IPv4, IPv6; RDS uses these too |
/// | `[fe80::1%eth0]:80`, `[::1]:80,flow=0x12345` | IPv6 with a scope, with a flow label |
/// | `unix:/run/x.sock`, `unix:@name`, `unix:` | UNIX path, abstract name, unnamed |
/// | `packet:eth0,protocol=0x0800` | [`PacketAddr`] |
/// | `netlink:0,groups=0x1` | [`NetlinkAddr`] |
/// | `can:vcan0` | [`CanAddr`]: raw and BCM |
/// | `isotp:vcan0,rx=0x123,tx=0x456` | [`IsoTpAddr`] |
/// | `j1939:vcan0,addr=0x20` | [`J1939Addr`] |
/// | `tipc:1000:5`, `tipc:1000:0-10`, `tipc:123@0x1001001` | [`TipcAddr`]: name, range, socket |
/// | `vsock:host:1024` | [`VsockAddr`] |
/// | `alg:hash:sha256` | [`AlgAddr`] |
/// | `qrtr:1:16384` | [`QrtrAddr`] |
/// | `l2cap:00:11:22:33:44:55,psm=1`, `rfcomm:…,channel=3`, `sco:…`, `hci:0` | Bluetooth: [`L2capAddr`], [`RfcommAddr`], [`ScoAddr`], [`HciAddr`] |
/// | `xdp:eth0,queue=0` | [`XdpAddr`] |
/// | `af16:0000…` | any other: the family's number and the bytes behind it |
///
/// A typed form is printed only if it tells the whole address; else its bytes are. Interfaces
/// stand by their names, or by their numbers in the alternate form (`{:#}`).
///
/// Text is parsed without asking anybody but the system for the numbers of interfaces: host names
/// are for [`getaddrinfo`](crate::getaddrinfo) and
/// [`create_connection`](crate::create_connection).
///
/// ```
/// use berkeley::{Addr, Family};
/// use std::net::SocketAddr;
///
/// let addr: Addr = "127.0.0.1:80".parse()?;
/// assert_eq!(addr.family(), Family::INET);
/// assert_eq!(addr.to_ip(), Some(SocketAddr::from(([127, 0, 0, 1], 80))));
/// assert_eq!(Addr::from(SocketAddr::from(([127, 0, 0, 1], 80))), addr);
/// # Ok::<(), berkeley::AddrError>(())
/// ```
///
/// See `sockaddr(3type)`, `ip(7)`, `ipv6(7)`, `unix(7)`.
#[derive(Clone, Copy)]
#[doc(alias("sockaddr", "sockaddr_storage", "SockAddr", "SocketAddr"))]
pub struct Addr(pub(crate) Storage);

/// To let the kernel write it.
impl AsMut<Storage> for Addr {
    fn as_mut(&mut self) -> &mut Storage {
        &mut self.0
    }
}

impl Addr {
    /// An address with these bytes, which begin with the family as the platform writes it.
    ///
    /// # Errors
    ///
    /// [`AddrError::TooLong`] if no address is as long.
    ///
    /// ```
    /// use berkeley::{Addr, Family};
    ///
    /// let bytes = Addr::unspecified(Family::INET).as_bytes().to_vec();
    /// assert_eq!(Addr::from_bytes(&bytes)?.to_string(), "0.0.0.0:0");
    /// # Ok::<(), berkeley::AddrError>(())
    /// ```
    pub fn from_bytes(bytes: &[u8]) -> Result<Addr, AddrError> {
        Storage::from_bytes(bytes).map(Addr).ok_or(AddrError::TooLong {
            what: "address",
            len: bytes.len(),
            most: Storage::CAPACITY,
        })
    }

    /// An address of this family whose structure goes on with these bytes.
    ///
    /// # Errors
    ///
    /// [`AddrError::TooLong`] if no address is as long, [`AddrError::Family`] if no family has
    /// this number.
    ///
    /// ```
    /// use berkeley::{Addr, Family};
    ///
    /// let port_and_host = [0, 80, 127, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0];
    /// assert_eq!(Addr::of_family(Family::INET, &port_and_host)?.to_string(), "127.0.0.1:80");
    /// # Ok::<(), berkeley::AddrError>(())
    /// ```
    pub fn of_family(family: Family, rest: &[u8]) -> Result<Addr, AddrError> {
        Addr::of_parts(family, [rest, &[]])
    }

    /// [`of_family`](Addr::of_family) with the rest in two parts.
    fn of_parts(family: Family, rest: [&[u8]; 2]) -> Result<Addr, AddrError> {
        if u16::try_from(family.0).is_err() {
            return Err(AddrError::Family(family));
        }
        Storage::of_family(family.0, rest).map(Addr).ok_or(AddrError::TooLong {
            what: "address",
            len: rest.iter().map(|part| part.len()).sum::<usize>().saturating_add(2),
            most: Storage::CAPACITY,
        })
    }

    /// The address that means "any" or "none" in this family: `0.0.0.0:0`, `[::]:0`, the unnamed
    /// UNIX address; in other families nothing but the family, which ends the association of a
    /// datagram socket if [`Family::UNSPEC`] is connected to.
    ///
    /// ```
    /// use berkeley::{Addr, Family};
    ///
    /// assert_eq!(Addr::unspecified(Family::INET6).to_string(), "[::]:0");
    /// ```
    pub fn unspecified(family: Family) -> Addr {
        let rest: &[u8] = match family {
            Family::INET | Family::UNSPEC => &[0; 14],
            Family::INET6 => &[0; 26],
            _ => &[],
        };
        Addr(Storage::of_family(family.0, [rest, &[]]).unwrap_or_else(Storage::empty))
    }

    /// The family; [`Family::UNSPEC`] if there is no address at all, as for the sender of what a
    /// connected stream receives.
    ///
    /// ```
    /// assert_eq!("unix:@name".parse::<berkeley::Addr>()?.family(), berkeley::Family::UNIX);
    /// # Ok::<(), berkeley::AddrError>(())
    /// ```
    #[inline]
    #[doc(alias("sa_family", "ss_family"))]
    pub fn family(&self) -> Family {
        self.0.family().map_or(Family::UNSPEC, Family)
    }

    /// Whether there is no address at all.
    ///
    /// ```
    /// use berkeley::{Family, Protocol, Socket, Type};
    ///
    /// let (a, b) = Socket::pair(Family::UNIX, Type::DGRAM, Protocol::DEFAULT)?;
    /// a.send(b"who am I?")?;
    /// let (_, from) = b.recv_from(&mut [0; 16])?;
    /// assert!(from.is_empty() || from.to_string() == "unix:");
    /// # Ok::<(), berkeley::Error>(())
    /// ```
    pub fn is_empty(&self) -> bool {
        self.0.as_bytes().is_empty()
    }

    /// The bytes, beginning with the family, as the kernel takes them.
    ///
    /// ```
    /// let addr: berkeley::Addr = "127.0.0.1:80".parse()?;
    /// assert_eq!(addr.as_bytes()[2..8], [0, 80, 127, 0, 0, 1]);
    /// # Ok::<(), berkeley::AddrError>(())
    /// ```
    #[inline]
    pub fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }

    /// What two addresses must share to be the same one.
    fn identity(&self) -> (Family, &[u8]) {
        let rest = self.0.rest();
        let rest = match self.family() {
            // What follows the host is padding.
            Family::INET => rest.get(..6).unwrap_or(rest),
            // A path may or may not be followed by NULs; in an abstract name they are part of it.
            Family::UNIX if rest.first() != Some(&0) => {
                rest.split(|byte| *byte == 0).next().unwrap_or(rest)
            }
            Family::INET6 => rest.get(..26).unwrap_or(rest),
            // Kernels leave out what stands at the end and is zero.
            Family::PACKET
            | Family::NETLINK
            | Family::CAN
            | Family::TIPC
            | Family::VSOCK
            | Family::ALG
            | Family::QIPCRTR
            | Family::XDP => {
                let zeros = rest.iter().rev().take_while(|byte| **byte == 0).count();
                rest.get(..rest.len() - zeros).unwrap_or(rest)
            }
            _ => rest,
        };
        (self.family(), rest)
    }
}

/// Why a text or bytes are not an address.
///
/// ```
/// use berkeley::{Addr, AddrError};
///
/// let error = "unix:".to_string() + &"x".repeat(200);
/// assert!(matches!(error.parse::<Addr>(), Err(AddrError::TooLong { most: 107, .. })));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum AddrError {
    /// Longer than the family or the kernel takes.
    #[non_exhaustive]
    TooLong {
        /// What is too long.
        what: &'static str,
        /// How long it is, in bytes.
        len: usize,
        /// How long it may be, in bytes.
        most: usize,
    },
    /// A path with a NUL byte in it.
    NulInPath,
    /// The number of a family that no address can carry.
    Family(Family),
    /// No interface has this name or number.
    Interface(String),
    /// A text that is no address: the part that is wrong, and what would be right.
    #[non_exhaustive]
    Syntax {
        /// The text, or the part of it that is wrong.
        text: String,
        /// What was expected.
        expected: &'static str,
    },
}

impl AddrError {
    pub(crate) fn syntax(text: &str, expected: &'static str) -> AddrError {
        AddrError::Syntax { text: text.to_owned(), expected }
    }
}

impl fmt::Display for AddrError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            AddrError::TooLong { what, len, most } => {
                write!(f, "{what} is too long: {len} bytes, at most {most}")
            }
            AddrError::NulInPath => f.write_str("path has a NUL byte in it"),
            AddrError::Family(family) => write!(f, "no address can be of family {family}"),
            AddrError::Interface(name) => {
                write!(f, "there is no interface {name:?}: if_nameindex lists those there are")
            }
            AddrError::Syntax { text, expected } => write!(f, "bad address {text:?}: {expected}"),
        }
    }
}

impl std::error::Error for AddrError {}

impl PartialEq for Addr {
    fn eq(&self, other: &Addr) -> bool {
        self.identity() == other.identity()
    }
}

impl Eq for Addr {}

impl Hash for Addr {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.identity().hash(state);
    }
}

/// The text form, which [`FromStr`] reads back.
impl fmt::Display for Addr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(ip) = self.to_ip() {
            return ip::write(&ip, f);
        }
        if let Some(unix) = self.to_unix() {
            return fmt::Display::fmt(&unix, f);
        }
        if self.is_empty() {
            return f.write_str("(no address)");
        }
        if let Some(written) = family::show(self, f) {
            return written;
        }
        write!(f, "af{}:", self.family().number())?;
        self.0.rest().iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Addr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Addr {
    type Err = AddrError;

    fn from_str(text: &str) -> Result<Addr, AddrError> {
        parse(text, &family::index_of)
    }
}

/// Whether a text begins with the word of a family's form, and is no host and port.
pub(crate) fn is_typed(text: &str) -> bool {
    let word = text.split_once(':').map_or("", |(word, _)| word);
    word == "unix" || family::by_word(word).is_some()
}

fn parse(text: &str, index_of: family::IndexOf<'_>) -> Result<Addr, AddrError> {
    if let Some(name) = text.strip_prefix("unix:") {
        return unix::parse(name);
    }
    let form = text.split_once(':').and_then(|(word, rest)| Some((family::by_word(word)?, rest)));
    if let Some((form, rest)) = form {
        return form.read(rest, index_of);
    }
    if let Some(raw) = text.strip_prefix("af") {
        return parse_raw(raw).ok_or_else(|| {
            AddrError::syntax(text, "another family is written af NUMBER : HEX DIGITS")
        });
    }
    ip::parse(text, index_of)
}

/// Reads `16:00ff…`, a family's number and the bytes behind it.
fn parse_raw(text: &str) -> Option<Addr> {
    let (family, digits) = text.split_once(':')?;
    let mut rest = Vec::with_capacity(digits.len() / 2);
    let mut digits = digits.chars();
    while let Some(high) = digits.next() {
        let byte = high.to_digit(16)? << 4 | digits.next()?.to_digit(16)?;
        rest.push(u8::try_from(byte).ok()?);
    }
    Addr::of_family(Family(family.parse().ok()?), &rest).ok()
}
