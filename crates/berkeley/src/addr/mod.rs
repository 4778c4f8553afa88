//! Socket addresses of every family: the kernel's bytes, and values to make them from and to
//! read from them.

mod endpoint;
mod ip;
mod unix;

use std::fmt;
use std::hash::{Hash, Hasher};
use std::str::FromStr;

pub use endpoint::{Endpoint, SCHEMES, Scheme, Target};
pub use unix::UnixAddr;

use crate::kind::Family;
use crate::sys::Storage;

/// The address of a socket, of any family, as the kernel's bytes.
///
/// It comes from and turns into [`std::net::SocketAddr`] and [`UnixAddr`]; an address of a family
/// that this crate does not know keeps its bytes and can be printed, compared and used.
///
/// Its text form, printed and parsed, is the `berkeley` command's:
///
/// | text | address |
/// |---|---|
/// | `127.0.0.1:80`, `[::1]:80`, `[fe80::1%2]:80` | IPv4, IPv6, IPv6 with a scope |
/// | `unix:/run/x.sock`, `unix:@name`, `unix:` | UNIX path, abstract name, unnamed |
/// | `af16:0000…` | any other: the family's number and the bytes behind it |
///
/// Text is parsed without asking anybody: host names are for
/// [`getaddrinfo`](crate::getaddrinfo) and [`create_connection`](crate::create_connection).
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
        if u16::try_from(family.0).is_err() {
            return Err(AddrError::Family(family));
        }
        Storage::of_family(family.0, rest).map(Addr).ok_or(AddrError::TooLong {
            what: "address",
            len: rest.len().saturating_add(2),
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
        Addr(Storage::of_family(family.0, rest).unwrap_or_else(Storage::empty))
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
            return fmt::Display::fmt(&ip, f);
        }
        if let Some(unix) = self.to_unix() {
            return fmt::Display::fmt(&unix, f);
        }
        if self.is_empty() {
            return f.write_str("(no address)");
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
        if let Some(name) = text.strip_prefix("unix:") {
            return unix::parse(name);
        }
        if let Some(raw) = text.strip_prefix("af") {
            return parse_raw(raw).ok_or_else(|| {
                AddrError::syntax(text, "another family is written af NUMBER : HEX DIGITS")
            });
        }
        ip::parse(text)
    }
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
