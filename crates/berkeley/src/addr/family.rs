//! What the typed addresses of all families share: the way to and from bytes, and the rows by
//! which their text forms are found.

use std::fmt;
use std::str::FromStr;

use super::{Addr, AddrError, alg, bluetooth, can, netlink, packet, qrtr, tipc, vsock, xdp};
use crate::kind::Family;
use crate::sys::{self, Storage};

/// An address of one family, typed: it is made from the kernel's bytes, and makes them.
///
/// ```
/// use berkeley::{Addr, FamilyAddr, VsockAddr};
///
/// let addr = Addr::from(VsockAddr::new(VsockAddr::LOCAL, 5555));
/// assert_eq!(addr.family(), VsockAddr::FAMILY);
/// assert_eq!(addr.to::<VsockAddr>().map(|vsock| vsock.port), Some(5555));
/// ```
///
/// # Platforms
///
/// The addresses of families beside IPv4, IPv6 and UNIX are Linux's.
pub trait FamilyAddr: Sized {
    /// The family.
    const FAMILY: Family;

    /// Reads the structure in these bytes, which begin with the family; `None` if they are too
    /// short, of another family or of another form.
    fn decode(bytes: &[u8]) -> Option<Self>;

    /// The address as the kernel takes it.
    fn encode(&self) -> Addr;
}

impl Addr {
    /// The address as one of its family's, if it is one.
    ///
    /// ```
    /// use berkeley::{Addr, NetlinkAddr, VsockAddr};
    ///
    /// let addr: Addr = "vsock:host:1024".parse()?;
    /// assert_eq!(addr.to::<VsockAddr>(), Some(VsockAddr::new(VsockAddr::HOST, 1024)));
    /// assert_eq!(addr.to::<NetlinkAddr>(), None);
    /// # Ok::<(), berkeley::AddrError>(())
    /// ```
    pub fn to<T: FamilyAddr>(&self) -> Option<T> {
        if self.family() == T::FAMILY { T::decode(self.as_bytes()) } else { None }
    }

    /// Parses a text like [`str::parse`], but asks this function for the numbers of interfaces,
    /// and the system for nothing.
    ///
    /// # Errors
    ///
    /// Those of parsing; [`AddrError::Interface`] for a name that has no number.
    ///
    /// ```
    /// use berkeley::Addr;
    ///
    /// let index = |name: &str| (name == "vcan0").then_some(7);
    /// assert_eq!(format!("{:#}", Addr::parse_with("can:vcan0", &index)?), "can:7");
    /// # Ok::<(), berkeley::AddrError>(())
    /// ```
    pub fn parse_with(
        text: &str,
        index_of: &dyn Fn(&str) -> Option<u32>,
    ) -> Result<Addr, AddrError> {
        super::parse(text, index_of)
    }
}

/// The text form of a family's addresses: what stands before the colon, and how what follows is
/// written and read.
pub(super) struct Form {
    pub(super) word: &'static str,
    show: fn(&Addr, &mut fmt::Formatter<'_>) -> Option<fmt::Result>,
    read: fn(&str, IndexOf<'_>) -> Result<Addr, AddrError>,
}

/// How interfaces get their numbers.
pub(super) type IndexOf<'a> = &'a dyn Fn(&str) -> Option<u32>;

impl fmt::Debug for Form {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word)
    }
}

/// Every text form. Where two are of one family, the first that tells the whole address shows it.
static FORMS: &[Form] = &[
    form::<packet::PacketAddr>(),
    form::<netlink::NetlinkAddr>(),
    form::<can::CanAddr>(),
    form::<can::IsoTpAddr>(),
    form::<can::J1939Addr>(),
    form::<tipc::TipcAddr>(),
    form::<vsock::VsockAddr>(),
    form::<alg::AlgAddr>(),
    form::<qrtr::QrtrAddr>(),
    form::<bluetooth::L2capAddr>(),
    form::<bluetooth::RfcommAddr>(),
    form::<bluetooth::ScoAddr>(),
    form::<bluetooth::HciAddr>(),
    form::<xdp::XdpAddr>(),
];

const fn form<T: Text>() -> Form {
    Form {
        word: T::WORD,
        show: |addr, f| {
            let typed = addr.to::<T>()?;
            // Only if nothing is lost: what has no place in the text is shown as bytes.
            (typed.encode() == *addr).then(|| {
                write!(f, "{}:", T::WORD)?;
                typed.write(f)
            })
        },
        read: |text, index_of| {
            let fields = Fields::split(text, T::KEYS, T::SYNTAX, index_of)?;
            T::read(&fields).map(|typed| typed.encode())
        },
    }
}

/// The text form of an address: `WORD:PLACE[,KEY=VALUE]…`
pub(super) trait Text: FamilyAddr {
    /// What stands before the colon.
    const WORD: &'static str;
    /// The keys that may follow the place.
    const KEYS: &'static [&'static str];
    /// The whole of it, for those who got it wrong.
    const SYNTAX: &'static str;

    /// Writes what follows the colon.
    fn write(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result;
    /// Reads it.
    fn read(fields: &Fields<'_>) -> Result<Self, AddrError>;
}

/// Writes an address by its family's form, if it has one.
pub(super) fn show(addr: &Addr, f: &mut fmt::Formatter<'_>) -> Option<fmt::Result> {
    FORMS.iter().find_map(|form| (form.show)(addr, f))
}

/// The form of this word.
pub(super) fn by_word(word: &str) -> Option<&'static Form> {
    FORMS.iter().find(|form| form.word == word)
}

/// Reads what follows the colon behind this word.
pub(super) fn read(word: &str, text: &str) -> Result<Addr, AddrError> {
    let form = by_word(word).ok_or_else(|| AddrError::syntax(word, "unknown form of address"))?;
    form.read(text, &index_of)
}

impl Form {
    /// Reads what follows the colon.
    pub(super) fn read(&self, text: &str, index_of: IndexOf<'_>) -> Result<Addr, AddrError> {
        (self.read)(text, index_of)
    }
}

/// The parts of a text form.
pub(super) struct Fields<'a> {
    /// What stands before the first key.
    pub(super) place: &'a str,
    text: &'a str,
    given: Vec<(&'a str, &'a str)>,
    syntax: &'static str,
    index_of: IndexOf<'a>,
}

impl<'a> Fields<'a> {
    /// Splits off the keys, from the end: a place may have commas of its own.
    fn split(
        text: &'a str,
        keys: &[&str],
        syntax: &'static str,
        index_of: IndexOf<'a>,
    ) -> Result<Fields<'a>, AddrError> {
        let mut fields = Fields { place: text, text, given: Vec::new(), syntax, index_of };
        while let Some((before, last)) = fields.place.rsplit_once(',') {
            let Some((key, value)) = last.split_once('=') else { break };
            let twice = fields.given.iter().any(|(given, _)| *given == key);
            if !keys.contains(&key) || twice {
                return Err(fields.wrong());
            }
            fields.given.push((key, value));
            fields.place = before;
        }
        Ok(fields)
    }

    /// The error that says how the whole is written.
    pub(super) fn wrong(&self) -> AddrError {
        AddrError::syntax(self.text, self.syntax)
    }

    /// What is given for a key.
    pub(super) fn get(&self, key: &str) -> Option<&'a str> {
        self.given.iter().find(|(given, _)| *given == key).map(|(_, value)| *value)
    }

    /// The number that is given for a key, or this one.
    pub(super) fn number<T: TryFrom<u64>>(&self, key: &str, otherwise: T) -> Result<T, AddrError> {
        self.get(key).map_or(Ok(otherwise), |text| self.parse_number(text))
    }

    /// A number, decimal or hexadecimal.
    pub(super) fn parse_number<T: TryFrom<u64>>(&self, text: &str) -> Result<T, AddrError> {
        number(text).and_then(|number| T::try_from(number).ok()).ok_or_else(|| self.wrong())
    }

    /// What parses itself.
    pub(super) fn parse<T: FromStr>(&self, text: &str) -> Result<T, AddrError> {
        text.parse().map_err(|_| self.wrong())
    }

    /// The interface that the place is: by name or number, `*` for none.
    pub(super) fn interface(&self) -> Result<u32, AddrError> {
        match self.place {
            "" => Err(self.wrong()),
            name => interface(name, self.index_of),
        }
    }
}

/// A number as people write it: decimal, or hexadecimal behind `0x`.
pub(super) fn number(text: &str) -> Option<u64> {
    let (digits, radix) = match text.strip_prefix("0x") {
        Some(digits) => (digits, 16),
        None => (text, 10),
    };
    // No sign: from_str_radix would take a plus.
    let plain = digits.bytes().all(|digit| digit.is_ascii_hexdigit());
    plain.then(|| u64::from_str_radix(digits, radix).ok()).flatten()
}

/// The number of an interface written by name or number; `*` is none.
pub(super) fn interface(text: &str, index_of: IndexOf<'_>) -> Result<u32, AddrError> {
    if text == "*" {
        return Ok(0);
    }
    if !text.is_empty() && text.bytes().all(|digit| digit.is_ascii_digit()) {
        return text.parse().map_err(|_| AddrError::Interface(text.to_owned()));
    }
    index_of(text).ok_or_else(|| AddrError::Interface(text.to_owned()))
}

/// Writes an interface: its name if it has one that reads back, else its number. In the alternate
/// form (`{:#}`) always the number, which nobody is asked for.
pub(super) fn write_interface(f: &mut fmt::Formatter<'_>, index: u32) -> fmt::Result {
    if index == 0 {
        return f.write_str("*");
    }
    let name = if f.alternate() { None } else { name_of(index) };
    match name {
        Some(name) => f.write_str(&name),
        None => write!(f, "{index}"),
    }
}

/// The name of an interface, if it can stand in a text.
fn name_of(index: u32) -> Option<String> {
    let name = String::from_utf8(sys::interface_name(index).ok()?).ok()?;
    let plain = |char: char| char.is_alphanumeric() || matches!(char, '-' | '_' | '.');
    let is_number = name.bytes().all(|digit| digit.is_ascii_digit());
    (!is_number && name.chars().all(plain)).then_some(name)
}

/// The number of the interface of this name, as the system has it.
pub(super) fn index_of(name: &str) -> Option<u32> {
    sys::interface_index(&std::ffi::CString::new(name).ok()?).ok()
}

/// Something only if these bytes begin with the family of the type.
pub(super) fn only<T: FamilyAddr>(bytes: &[u8]) -> Option<()> {
    let family = u16::from_ne_bytes(*bytes.first_chunk()?);
    (i32::from(family) == T::FAMILY.0).then_some(())
}

/// Makes an address of a structure of this size, whose fields `fill` writes.
pub(super) fn build<const SIZE: usize>(family: Family, fill: impl FnOnce(&mut [u8])) -> Addr {
    let mut bytes = [0; SIZE];
    fill(&mut bytes);
    if let Some(first) = bytes.first_chunk_mut() {
        *first = (family.0 as u16).to_ne_bytes();
    }
    Addr(Storage::from_bytes(&bytes).unwrap_or_else(Storage::empty))
}

/// Gives typed addresses what they all have: the way into an [`Addr`], and its text form.
macro_rules! typed {
    ($($name:ident),+) => {$(
        impl From<$name> for Addr {
            fn from(addr: $name) -> Addr {
                addr.encode()
            }
        }

        /// The text form of [`Addr`].
        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                std::fmt::Display::fmt(&self.encode(), f)
            }
        }
    )+};
}
pub(super) use typed;
