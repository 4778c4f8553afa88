//! The kernel's cryptography.

use std::fmt;
use std::io::IoSlice;

use super::Socket;
use crate::cmsg::{self, SendBuffer};
use crate::error::Result;
use crate::kind::{MsgFlags, names, open_number};
use crate::sys::c;

/// What the kernel's cryptography shall do.
///
/// Any number is an operation; those with names are constants.
///
/// ```
/// use berkeley::CipherOp;
///
/// assert_eq!(CipherOp::ENCRYPT.to_string(), "ALG_OP_ENCRYPT");
/// assert_eq!(CipherOp::from(0), CipherOp::DECRYPT);
/// ```
///
/// See the kernel's `Documentation/crypto/userspace-if.rst`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[doc(alias = "ALG_SET_OP")]
pub struct CipherOp(i32);
open_number!(CipherOp);

names! { CipherOp, "ALG_OP_":
    /// Turn ciphertext into plain text.
    #[doc(alias = "ALG_OP_DECRYPT")]
    DECRYPT = c::ALG_OP_DECRYPT;
    /// Turn plain text into ciphertext.
    #[doc(alias = "ALG_OP_ENCRYPT")]
    ENCRYPT = c::ALG_OP_ENCRYPT;
    /// Sign. No kernel of Linux's own takes it.
    #[doc(alias = "ALG_OP_SIGN")]
    SIGN = c::ALG_OP_SIGN;
    /// Check a signature. No kernel of Linux's own takes it.
    #[doc(alias = "ALG_OP_VERIFY")]
    VERIFY = c::ALG_OP_VERIFY;
}

/// The kernel's cryptography.
impl Socket {
    /// Sends data to a cipher of the kernel and says what to do with it; `recv` then answers the
    /// result. `iv` is the initialisation vector, empty for none; `associated` bytes at the front
    /// of the data are authenticated only (AEAD). [`MsgFlags::MORE`] says that more data of the
    /// same operation follows, to be sent by [`send`](Socket::send).
    ///
    /// ```no_run
    /// use berkeley::{AlgAddr, CipherOp, Family, MsgFlags, Protocol, Socket, Type, opt};
    ///
    /// let cipher = Socket::new(Family::ALG, Type::SEQPACKET, Protocol::DEFAULT)?;
    /// cipher.bind(AlgAddr::new("skcipher", "cbc(aes)")?)?;
    /// cipher.set(opt::ALG_SET_KEY, &[7; 16])?;
    /// let (operation, _) = cipher.accept()?;
    /// operation.send_cipher(&[0; 16], CipherOp::ENCRYPT, &[1; 16], 0, MsgFlags::empty())?;
    /// let ciphertext = operation.recv_vec(16)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`send_message`](Socket::send_message); `EINVAL` for an initialisation vector of
    /// the wrong length, or an operation that the kernel does not have.
    ///
    /// # Platforms
    ///
    /// Linux.
    ///
    /// See the kernel's `Documentation/crypto/userspace-if.rst`.
    #[doc(alias = "sendmsg_afalg")]
    pub fn send_cipher(
        &self,
        data: &[u8],
        operation: CipherOp,
        iv: &[u8],
        associated: u32,
        flags: MsgFlags,
    ) -> Result<usize> {
        let iv = (!iv.is_empty()).then_some(iv);
        let associated = (associated > 0).then_some(associated);
        self.send_cipher_vectored(&[IoSlice::new(data)], operation, iv, associated, flags)
    }

    /// [`send_cipher`](Socket::send_cipher) of several pieces of memory as one. What is `None` is
    /// not said to the kernel; an empty vector and zero associated bytes are.
    ///
    /// ```no_run
    /// use berkeley::{AlgAddr, CipherOp, Family, MsgFlags, Protocol, Socket, Type, opt};
    /// use std::io::IoSlice;
    ///
    /// let cipher = Socket::new(Family::ALG, Type::SEQPACKET, Protocol::DEFAULT)?;
    /// cipher.bind(AlgAddr::new("aead", "gcm(aes)")?)?;
    /// cipher.set(opt::ALG_SET_KEY, &[7; 16])?;
    /// let (operation, _) = cipher.accept()?;
    /// let pieces = [IoSlice::new(b"header, in clear"), IoSlice::new(b"the secret")];
    /// let (iv, associated) = (Some(&[1; 12][..]), Some(16));
    /// operation.send_cipher_vectored(
    ///     &pieces, CipherOp::ENCRYPT, iv, associated, MsgFlags::empty(),
    /// )?;
    /// let sealed = operation.recv_vec(16 + 10 + 16)?; // the header, the secret, its tag
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`send_cipher`](Socket::send_cipher); `EMSGSIZE` for more than 1,024 pieces.
    ///
    /// # Platforms
    ///
    /// Linux.
    #[doc(alias = "sendmsg_afalg")]
    pub fn send_cipher_vectored(
        &self,
        data: &[IoSlice<'_>],
        operation: CipherOp,
        iv: Option<&[u8]>,
        associated: Option<u32>,
        flags: MsgFlags,
    ) -> Result<usize> {
        let mut control = SendBuffer::new();
        control.push(cmsg::ALG_SET_OP, operation.0 as u32);
        if let Some(iv) = iv {
            control.push(cmsg::ALG_SET_IV, iv);
        }
        if let Some(associated) = associated {
            control.push(cmsg::ALG_SET_AEAD_ASSOCLEN, associated);
        }
        self.send_message_vectored(data, &control, (), flags)
    }
}
