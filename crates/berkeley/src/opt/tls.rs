//! Keys for the kernel to encrypt a TLS connection with.

use std::fmt;

use super::records::named;
use super::{Codec, Value};
use crate::sys::c;
use crate::sys::structs::{
    tls12_crypto_info_aes_ccm_128 as aes_ccm_128, tls12_crypto_info_aes_gcm_128 as aes_gcm_128,
    tls12_crypto_info_aes_gcm_256 as aes_gcm_256,
    tls12_crypto_info_chacha20_poly1305 as chacha20_poly1305,
};

named! {
    /// A version of TLS.
    TlsVersion, "version" {
        /// RFC 5246. `TLS_1_2_VERSION`
        V1_2 = 0x0303, "TLS 1.2";
        /// RFC 8446. `TLS_1_3_VERSION`
        V1_3 = 0x0304, "TLS 1.3";
    }
}

/// The keys of one direction of a TLS connection, which a handshake outside the kernel has made.
///
/// `Debug` and every other text show the version and the cipher, never a key.
///
/// ```
/// use berkeley::opt::{TlsKeys, TlsSecrets, TlsVersion};
///
/// let keys = TlsKeys {
///     version: TlsVersion::V1_3,
///     secrets: TlsSecrets::Aes128Gcm {
///         key: [1; 16],
///         salt: [2; 4],
///         iv: [3; 8],
///         sequence: [0; 8],
///     },
/// };
/// assert_eq!(format!("{keys:?}"), "TLS 1.3, AES-128-GCM");
/// ```
///
/// See the kernel's documentation of TLS.
#[derive(Clone, PartialEq, Eq)]
#[doc(alias("tls_crypto_info", "tls12_crypto_info_aes_gcm_128", "kTLS"))]
pub struct TlsKeys {
    /// The version.
    pub version: TlsVersion,
    /// The cipher and its keys.
    pub secrets: TlsSecrets,
}

/// A cipher with its keys.
///
/// ```
/// use berkeley::opt::TlsSecrets;
///
/// let secrets = TlsSecrets::ChaCha20Poly1305 { key: [7; 32], iv: [0; 12], sequence: [0; 8] };
/// assert_eq!(format!("{secrets:?}"), "CHACHA20-POLY1305");
/// ```
#[derive(Clone, PartialEq, Eq)]
#[doc(alias("TLS_CIPHER_AES_GCM_128", "TLS_CIPHER_CHACHA20_POLY1305"))]
#[non_exhaustive]
pub enum TlsSecrets {
    /// AES in Galois counter mode with 128 bits.
    Aes128Gcm {
        /// The key.
        key: [u8; 16],
        /// The part of the nonce that stays.
        salt: [u8; 4],
        /// The rest of the nonce: of TLS 1.2 that of the next record.
        iv: [u8; 8],
        /// The number of the next record.
        sequence: [u8; 8],
    },
    /// AES in Galois counter mode with 256 bits.
    Aes256Gcm {
        /// The key.
        key: [u8; 32],
        /// The part of the nonce that stays.
        salt: [u8; 4],
        /// The rest of the nonce.
        iv: [u8; 8],
        /// The number of the next record.
        sequence: [u8; 8],
    },
    /// AES in counter mode with CBC-MAC, with 128 bits.
    Aes128Ccm {
        /// The key.
        key: [u8; 16],
        /// The part of the nonce that stays.
        salt: [u8; 4],
        /// The rest of the nonce.
        iv: [u8; 8],
        /// The number of the next record.
        sequence: [u8; 8],
    },
    /// ChaCha20 with Poly1305.
    ChaCha20Poly1305 {
        /// The key.
        key: [u8; 32],
        /// The nonce.
        iv: [u8; 12],
        /// The number of the next record.
        sequence: [u8; 8],
    },
    /// A cipher by the kernel's number, without its keys: what getting the option answers, which
    /// never asks for them.
    Hidden(u16),
}

impl TlsSecrets {
    /// The kernel's number of the cipher.
    fn number(&self) -> u16 {
        match self {
            TlsSecrets::Aes128Gcm { .. } => c::TLS_CIPHER_AES_GCM_128,
            TlsSecrets::Aes256Gcm { .. } => c::TLS_CIPHER_AES_GCM_256,
            TlsSecrets::Aes128Ccm { .. } => c::TLS_CIPHER_AES_CCM_128,
            TlsSecrets::ChaCha20Poly1305 { .. } => c::TLS_CIPHER_CHACHA20_POLY1305,
            TlsSecrets::Hidden(number) => *number,
        }
    }
}

impl fmt::Debug for TlsSecrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.number() {
            c::TLS_CIPHER_AES_GCM_128 => "AES-128-GCM",
            c::TLS_CIPHER_AES_GCM_256 => "AES-256-GCM",
            c::TLS_CIPHER_AES_CCM_128 => "AES-128-CCM",
            c::TLS_CIPHER_CHACHA20_POLY1305 => "CHACHA20-POLY1305",
            c::TLS_CIPHER_SM4_GCM => "SM4-GCM",
            c::TLS_CIPHER_SM4_CCM => "SM4-CCM",
            c::TLS_CIPHER_ARIA_GCM_128 => "ARIA-128-GCM",
            c::TLS_CIPHER_ARIA_GCM_256 => "ARIA-256-GCM",
            other => return write!(f, "cipher {other}"),
        })
    }
}

impl fmt::Debug for TlsKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, {:?}", self.version, self.secrets)
    }
}

impl Codec for TlsKeys {
    type Value = TlsKeys;
    type Bytes = Vec<u8>;
    const FORM: &'static str = "version and cipher; keys are never shown";
    /// The version and the cipher alone: with as much as this, the kernel tells no keys.
    const ROOM: usize = 4;

    fn encode(value: TlsKeys) -> Vec<u8> {
        let mut bytes = vec![0; 4];
        let version = u16::try_from(value.version.number()).unwrap_or(u16::MAX);
        aes_gcm_128::version.put(&mut bytes, version);
        aes_gcm_128::cipher_type.put(&mut bytes, value.secrets.number());
        match value.secrets {
            TlsSecrets::Aes128Gcm { key, salt, iv, sequence } => {
                bytes.resize(aes_gcm_128::SIZE, 0);
                aes_gcm_128::key.put(&mut bytes, key);
                aes_gcm_128::salt.put(&mut bytes, salt);
                aes_gcm_128::iv.put(&mut bytes, iv);
                aes_gcm_128::rec_seq.put(&mut bytes, sequence);
            }
            TlsSecrets::Aes256Gcm { key, salt, iv, sequence } => {
                bytes.resize(aes_gcm_256::SIZE, 0);
                aes_gcm_256::key.put(&mut bytes, key);
                aes_gcm_256::salt.put(&mut bytes, salt);
                aes_gcm_256::iv.put(&mut bytes, iv);
                aes_gcm_256::rec_seq.put(&mut bytes, sequence);
            }
            TlsSecrets::Aes128Ccm { key, salt, iv, sequence } => {
                bytes.resize(aes_ccm_128::SIZE, 0);
                aes_ccm_128::key.put(&mut bytes, key);
                aes_ccm_128::salt.put(&mut bytes, salt);
                aes_ccm_128::iv.put(&mut bytes, iv);
                aes_ccm_128::rec_seq.put(&mut bytes, sequence);
            }
            TlsSecrets::ChaCha20Poly1305 { key, iv, sequence } => {
                bytes.resize(chacha20_poly1305::SIZE, 0);
                chacha20_poly1305::key.put(&mut bytes, key);
                chacha20_poly1305::iv.put(&mut bytes, iv);
                chacha20_poly1305::rec_seq.put(&mut bytes, sequence);
            }
            TlsSecrets::Hidden(_) => {}
        }
        bytes
    }

    fn decode(bytes: &[u8]) -> Option<TlsKeys> {
        let version = TlsVersion::from(i32::from(aes_gcm_128::version.get(bytes)?));
        let number = aes_gcm_128::cipher_type.get(bytes)?;
        Some(TlsKeys { version, secrets: TlsSecrets::Hidden(number) })
    }

    fn value(bytes: &[u8]) -> Option<Value> {
        Self::decode(bytes).map(Value::from)
    }

    fn describe(bytes: &[u8]) -> Option<String> {
        Self::decode(bytes).map(|keys| format!("{keys:?}"))
    }
}

impl From<TlsKeys> for Value {
    /// The keys are never told.
    fn from(keys: TlsKeys) -> Value {
        let cipher = Value::Int(keys.secrets.number().into());
        Value::Record("TlsKeys", vec![("version", keys.version.into()), ("cipher", cipher)])
    }
}
