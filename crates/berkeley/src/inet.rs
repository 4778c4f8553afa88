//! Numeric addresses as text and as bytes, and the network's byte order.

use std::net::Ipv4Addr;

use crate::error::{Call, Cause, Error, Result};
use crate::kind::Family;
use crate::sys::{self, Errno};

/// The address of a text in any of the old forms: `127.0.0.1`, `127.1`, `0x7f.1`, `2130706433`.
///
/// ```
/// assert_eq!(berkeley::inet_aton("127.1").unwrap(), std::net::Ipv4Addr::LOCALHOST);
/// assert!(berkeley::inet_aton("1.2.3.256").is_err());
/// ```
///
/// # Errors
///
/// [`Cause::Argument`] if it is none.
///
/// See `inet_aton(3)`.
pub fn inet_aton(text: &str) -> Result<Ipv4Addr> {
    parse_old_ipv4(text).map(Ipv4Addr::from).ok_or_else(|| {
        Error::new(Call::InetPton, Cause::Argument("expected an IPv4 address such as 127.0.0.1"))
            .at_name(format!("{text:?}"))
    })
}

/// The text of an IPv4 address.
///
/// ```
/// assert_eq!(berkeley::inet_ntoa([127, 0, 0, 1]), "127.0.0.1");
/// ```
///
/// See `inet_ntoa(3)`.
pub fn inet_ntoa(packed: impl Into<Ipv4Addr>) -> String {
    packed.into().to_string()
}

/// The packed bytes of a numeric address: 4 for [`Family::INET`], 16 for [`Family::INET6`].
///
/// ```
/// use berkeley::{Family, inet_pton};
///
/// assert_eq!(inet_pton(Family::INET, "127.0.0.1")?, [127, 0, 0, 1]);
/// assert!(inet_pton(Family::INET, "127.1").is_err());
/// # Ok::<(), berkeley::Error>(())
/// ```
///
/// # Errors
///
/// [`Cause::Argument`] if the text is no address of the family, `EAFNOSUPPORT` for another one.
///
/// See `inet_pton(3)`.
pub fn inet_pton(family: Family, text: &str) -> Result<Vec<u8>> {
    let fail = |cause: Cause| Error::new(Call::InetPton, cause).at_name(format!("{text:?}"));
    let expected = || fail(Cause::Argument("expected a numeric address of this family"));
    let name = sys::c_text(text.as_bytes()).ok_or_else(expected)?;
    let packed = sys::inet_pton(family.number(), &name).map_err(|errno| fail(errno.into()))?;
    packed.ok_or_else(expected)
}

/// The text of a packed address: 4 bytes of [`Family::INET`], 16 of [`Family::INET6`].
///
/// ```
/// use berkeley::{Family, inet_ntop};
///
/// assert_eq!(inet_ntop(Family::INET6, &[0; 16])?, "::");
/// # Ok::<(), berkeley::Error>(())
/// ```
///
/// # Errors
///
/// `EINVAL` if the bytes are too many or too few, `EAFNOSUPPORT` for another family.
///
/// See `inet_ntop(3)`.
pub fn inet_ntop(family: Family, packed: &[u8]) -> Result<String> {
    if !matches!(family, Family::INET | Family::INET6) {
        return Err(Error::new(Call::InetNtop, Errno::EAFNOSUPPORT));
    }
    let text = sys::inet_ntop(family.number(), packed).map_err(Error::of(Call::InetNtop))?;
    Ok(String::from_utf8_lossy(&text).into_owned())
}

/// From this machine's byte order to the network's, 16 bits.
///
/// ```
/// assert_eq!(berkeley::htons(80).to_ne_bytes(), [0, 80]);
/// ```
///
/// See `byteorder(3)`.
pub const fn htons(host: u16) -> u16 {
    host.to_be()
}

/// From the network's byte order to this machine's, 16 bits.
///
/// ```
/// assert_eq!(berkeley::ntohs(berkeley::htons(80)), 80);
/// ```
///
/// See `byteorder(3)`.
pub const fn ntohs(network: u16) -> u16 {
    u16::from_be(network)
}

/// From this machine's byte order to the network's, 32 bits.
///
/// ```
/// assert_eq!(berkeley::htonl(0x7f00_0001).to_ne_bytes(), [127, 0, 0, 1]);
/// ```
///
/// See `byteorder(3)`.
pub const fn htonl(host: u32) -> u32 {
    host.to_be()
}

/// From the network's byte order to this machine's, 32 bits.
///
/// ```
/// assert_eq!(berkeley::ntohl(berkeley::htonl(7)), 7);
/// ```
///
/// See `byteorder(3)`.
pub const fn ntohl(network: u32) -> u32 {
    u32::from_be(network)
}

/// One to four numbers, decimal, octal or hexadecimal, of which the last fills what is left.
fn parse_old_ipv4(text: &str) -> Option<u32> {
    // As the C library does, what follows white space is not looked at.
    let text = text.split([' ', '\t', '\n', '\r', '\x0b', '\x0c']).next()?;
    let parts: Vec<u32> = text.split('.').map(parse_number).collect::<Option<_>>()?;
    let (last, bytes) = parts.split_last()?;
    if bytes.len() > 3 || bytes.iter().any(|byte| *byte > 255) {
        return None;
    }
    let room = 32 - 8 * bytes.len() as u32;
    if room < 32 && *last >= 1 << room {
        return None;
    }
    let high = bytes.iter().fold(0, |high: u64, byte| high << 8 | u64::from(*byte));
    u32::try_from(high << room | u64::from(*last)).ok()
}

fn parse_number(text: &str) -> Option<u32> {
    let (digits, radix) = match text.strip_prefix("0x").or(text.strip_prefix("0X")) {
        Some(digits) => (digits, 16),
        None if text.len() > 1 && text.starts_with('0') => (text, 8),
        None => (text, 10),
    };
    let is_digits = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_digits.then(|| u32::from_str_radix(digits, radix).ok()).flatten()
}
