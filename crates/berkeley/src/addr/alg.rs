//! Addresses of the kernel's cryptography: `sockaddr_alg`.

use std::fmt;

use super::family::{Fields, Text, build, only, typed};
use super::{Addr, AddrError, FamilyAddr, unix};
use crate::kind::Family;
use crate::sys::structs::sockaddr_alg as alg;

/// The address of a socket of the kernel's cryptography: a kind of algorithm, and its name.
///
/// Text: `alg:hash:sha256`, `alg:skcipher:cbc(aes)`; also `feat=` and `mask=`.
///
/// ```
/// use berkeley::{Addr, AlgAddr};
///
/// let addr = AlgAddr::new("hash", "sha256")?;
/// assert_eq!(addr.to_string(), "alg:hash:sha256");
/// assert_eq!(Addr::from(addr).to::<AlgAddr>().map(|alg| alg.name().to_vec()), Some(b"sha256".to_vec()));
/// # Ok::<(), berkeley::AddrError>(())
/// ```
///
/// See the kernel's `Documentation/crypto/userspace-if.rst`.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
#[doc(alias("sockaddr_alg", "AF_ALG", "salg_type", "salg_name"))]
pub struct AlgAddr {
    kind: [u8; 14],
    name: [u8; 64],
    /// Features that are asked for.
    #[doc(alias = "salg_feat")]
    pub features: u32,
    /// Which features matter.
    #[doc(alias = "salg_mask")]
    pub mask: u32,
}

impl AlgAddr {
    /// An algorithm by its kind (`hash`, `skcipher`, `aead`, `rng`) and its name, as
    /// `/proc/crypto` has them.
    ///
    /// # Errors
    ///
    /// [`AddrError::TooLong`] for a kind of more than 13 bytes or a name of more than 63;
    /// [`AddrError::NulInPath`] if one has a NUL byte in it.
    ///
    /// ```
    /// assert!(berkeley::AlgAddr::new("hash", &"x".repeat(64)).is_err());
    /// ```
    pub fn new(kind: impl AsRef<[u8]>, name: impl AsRef<[u8]>) -> Result<AlgAddr, AddrError> {
        Ok(AlgAddr {
            kind: fixed("kind of algorithm", kind.as_ref())?,
            name: fixed("name of an algorithm", name.as_ref())?,
            features: 0,
            mask: 0,
        })
    }

    /// The kind: `hash`, `skcipher`, `aead`, `rng`.
    ///
    /// ```
    /// assert_eq!(berkeley::AlgAddr::new("hash", "md5")?.kind(), b"hash");
    /// # Ok::<(), berkeley::AddrError>(())
    /// ```
    pub fn kind(&self) -> &[u8] {
        text(&self.kind)
    }

    /// The name of the algorithm.
    ///
    /// ```
    /// assert_eq!(berkeley::AlgAddr::new("hash", "md5")?.name(), b"md5");
    /// # Ok::<(), berkeley::AddrError>(())
    /// ```
    pub fn name(&self) -> &[u8] {
        text(&self.name)
    }
}

impl fmt::Debug for AlgAddr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Bytes in a field that ends with at least one NUL.
fn fixed<const N: usize>(what: &'static str, bytes: &[u8]) -> Result<[u8; N], AddrError> {
    if bytes.len() >= N {
        return Err(AddrError::TooLong { what, len: bytes.len(), most: N - 1 });
    }
    if bytes.contains(&0) {
        return Err(AddrError::NulInPath);
    }
    let mut field = [0; N];
    field.iter_mut().zip(bytes).for_each(|(to, from)| *to = *from);
    Ok(field)
}

/// What stands before the first NUL.
fn text(field: &[u8]) -> &[u8] {
    field.split(|byte| *byte == 0).next().unwrap_or(field)
}

/// Whether a field has a text that a NUL ends, and nothing behind it.
fn is_text(field: &[u8]) -> bool {
    let behind = field.get(text(field).len()..).unwrap_or_default();
    !behind.is_empty() && behind.iter().all(|byte| *byte == 0)
}

impl FamilyAddr for AlgAddr {
    const FAMILY: Family = Family::ALG;

    fn decode(bytes: &[u8]) -> Option<AlgAddr> {
        only::<Self>(bytes)?;
        // What a text ends before would be lost.
        Some(AlgAddr {
            kind: alg::salg_type.get(bytes).filter(|kind| is_text(kind))?,
            name: alg::salg_name.get(bytes).filter(|name| is_text(name))?,
            features: alg::salg_feat.get(bytes)?,
            mask: alg::salg_mask.get(bytes)?,
        })
    }

    fn encode(&self) -> Addr {
        build::<{ alg::SIZE }>(Family::ALG, |bytes| {
            alg::salg_type.put(bytes, self.kind);
            alg::salg_name.put(bytes, self.name);
            alg::salg_feat.put(bytes, self.features);
            alg::salg_mask.put(bytes, self.mask);
        })
    }
}

impl Text for AlgAddr {
    const WORD: &'static str = "alg";
    const KEYS: &'static [&'static str] = &["feat", "mask"];
    const SYNTAX: &'static str =
        "expected alg:KIND:NAME, such as alg:hash:sha256 or alg:skcipher:cbc(aes)";

    fn write(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        unix::escape(f, self.kind(), "%?=:")?;
        f.write_str(":")?;
        unix::escape(f, self.name(), "%?=")?;
        if self.features != 0 {
            write!(f, ",feat={:#x}", self.features)?;
        }
        if self.mask != 0 {
            write!(f, ",mask={:#x}", self.mask)?;
        }
        Ok(())
    }

    fn read(fields: &Fields<'_>) -> Result<AlgAddr, AddrError> {
        let (kind, name) = fields.place.split_once(':').ok_or_else(|| fields.wrong())?;
        let unescape = |text| unix::unescape(text).ok_or_else(|| fields.wrong());
        Ok(AlgAddr {
            features: fields.number("feat", 0)?,
            mask: fields.number("mask", 0)?,
            ..AlgAddr::new(unescape(kind)?, unescape(name)?)?
        })
    }
}

typed!(AlgAddr);
