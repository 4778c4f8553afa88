//! Addresses of UNIX sockets: `sockaddr_un`.

use std::ffi::CStr;
use std::fmt::{self, Write};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use super::{Addr, AddrError};
use crate::kind::Family;

/// The longest path, in bytes: what `sun_path` holds beside the NUL that ends it.
const LONGEST_PATH: usize = 107;

/// The longest abstract name, in bytes.
const LONGEST_NAME: usize = 107;

/// The address of a UNIX socket.
///
/// ```
/// use berkeley::{Addr, UnixAddr};
///
/// let addr = Addr::try_from(UnixAddr::Abstract(b"berkeley"))?;
/// assert_eq!(addr.to_string(), "unix:@berkeley");
/// assert_eq!(addr.to_unix(), Some(UnixAddr::Abstract(b"berkeley")));
/// # Ok::<(), berkeley::AddrError>(())
/// ```
///
/// # Platforms
///
/// Abstract names exist on Linux alone.
///
/// See `unix(7)`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[doc(alias("sockaddr_un", "sun_path", "AF_UNIX"))]
pub enum UnixAddr<'a> {
    /// No name. Binding to it lets the kernel choose an abstract one (autobind).
    #[doc(alias = "autobind")]
    Unnamed,
    /// A file, at most 107 bytes long.
    Path(&'a Path),
    /// A name outside the file system, at most 107 bytes of any value, which goes when its socket
    /// goes.
    Abstract(&'a [u8]),
}

impl Addr {
    /// The UNIX address, if it is one.
    ///
    /// ```
    /// use berkeley::{Addr, UnixAddr};
    ///
    /// let addr: Addr = "unix:/run/x.sock".parse()?;
    /// assert_eq!(addr.to_unix(), Some(UnixAddr::Path("/run/x.sock".as_ref())));
    /// # Ok::<(), berkeley::AddrError>(())
    /// ```
    #[doc(alias("as_unix", "as_pathname", "as_abstract_name"))]
    pub fn to_unix(&self) -> Option<UnixAddr<'_>> {
        if self.family() != Family::UNIX {
            return None;
        }
        Some(match self.0.rest() {
            [] => UnixAddr::Unnamed,
            [0, name @ ..] => UnixAddr::Abstract(name),
            path => {
                let path = CStr::from_bytes_until_nul(path).map_or(path, CStr::to_bytes);
                UnixAddr::Path(Path::new(std::ffi::OsStr::from_bytes(path)))
            }
        })
    }
}

impl TryFrom<UnixAddr<'_>> for Addr {
    type Error = AddrError;

    fn try_from(addr: UnixAddr<'_>) -> Result<Addr, AddrError> {
        match addr {
            UnixAddr::Unnamed => Addr::of_family(Family::UNIX, &[]),
            UnixAddr::Path(path) => {
                let path = path.as_os_str().as_bytes();
                if path.contains(&0) {
                    return Err(AddrError::NulInPath);
                }
                if path.is_empty() {
                    return Err(AddrError::syntax("", "a path has at least one byte"));
                }
                build("path of a UNIX socket", LONGEST_PATH, path, path, &[0])
            }
            UnixAddr::Abstract(name) => {
                build("abstract name of a UNIX socket", LONGEST_NAME, name, &[0], name)
            }
        }
    }
}

impl TryFrom<&Path> for Addr {
    type Error = AddrError;

    fn try_from(path: &Path) -> Result<Addr, AddrError> {
        UnixAddr::Path(path).try_into()
    }
}

impl TryFrom<&PathBuf> for Addr {
    type Error = AddrError;

    fn try_from(path: &PathBuf) -> Result<Addr, AddrError> {
        UnixAddr::Path(path).try_into()
    }
}

/// `unix:` and the path, `@` and the abstract name, or nothing. Bytes that would not survive in a
/// text stand as `%` and two hexadecimal digits.
impl fmt::Display for UnixAddr<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("unix:")?;
        match self {
            UnixAddr::Unnamed => Ok(()),
            UnixAddr::Path(path) => {
                let bytes = path.as_os_str().as_bytes();
                // A path that begins like an abstract name.
                if bytes.first() == Some(&b'@') {
                    f.write_str("./")?;
                }
                // The two that a text may begin with like a URL are not the path's.
                if bytes.starts_with(b"//") {
                    f.write_str("//")?;
                }
                escape(f, bytes, "%?")
            }
            UnixAddr::Abstract(name) => {
                f.write_char('@')?;
                escape(f, name, "%?")
            }
        }
    }
}

/// Reads what stands behind `unix:`.
pub(super) fn parse(text: &str) -> Result<Addr, AddrError> {
    let text = text.strip_prefix("//").unwrap_or(text);
    let bytes = unescape(text)
        .ok_or_else(|| AddrError::syntax(text, "% is followed by two hexadecimal digits"))?;
    match bytes.as_slice() {
        [] => UnixAddr::Unnamed.try_into(),
        [b'@', name @ ..] => UnixAddr::Abstract(name).try_into(),
        path => UnixAddr::Path(Path::new(std::ffi::OsStr::from_bytes(path))).try_into(),
    }
}

fn build(
    what: &'static str,
    most: usize,
    name: &[u8],
    first: &[u8],
    second: &[u8],
) -> Result<Addr, AddrError> {
    if name.len() > most {
        return Err(AddrError::TooLong { what, len: name.len(), most });
    }
    Addr::of_parts(Family::UNIX, [first, second])
}

/// Writes bytes so that they survive in a text: what would not, and these characters, as `%` and
/// two hexadecimal digits.
pub(super) fn escape(f: &mut fmt::Formatter<'_>, bytes: &[u8], special: &str) -> fmt::Result {
    for chunk in bytes.utf8_chunks() {
        for char in chunk.valid().chars() {
            match char {
                char if char.is_control() || special.contains(char) => {
                    let mut utf8 = [0; 4];
                    char.encode_utf8(&mut utf8)
                        .bytes()
                        .try_for_each(|byte| write!(f, "%{byte:02x}"))?;
                }
                char => f.write_char(char)?,
            }
        }
        chunk.invalid().iter().try_for_each(|byte| write!(f, "%{byte:02x}"))?;
    }
    Ok(())
}

/// The bytes of a text that [`escape`] wrote, if it is one.
pub(super) fn unescape(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    let digit = |rest: &mut std::str::Bytes<'_>| char::from(rest.next()?).to_digit(16);
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'%' => u8::try_from(digit(&mut rest)? << 4 | digit(&mut rest)?).ok()?,
            byte => byte,
        });
    }
    Some(bytes)
}
