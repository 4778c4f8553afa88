//! The kernel's cryptography.

use std::io::IoSlice;

use super::Socket;
use crate::cmsg::{self, SendBuffer};
use crate::error::Result;
use crate::kind::MsgFlags;

/// What the kernel's cryptography shall do.
///
/// ```
/// assert_ne!(berkeley::CipherOp::Encrypt, berkeley::CipherOp::Decrypt);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[doc(alias("ALG_SET_OP", "ALG_OP_ENCRYPT", "ALG_OP_DECRYPT"))]
pub enum CipherOp {
    /// Turn ciphertext into plain text. `ALG_OP_DECRYPT`
    Decrypt,
    /// Turn plain text into ciphertext. `ALG_OP_ENCRYPT`
    Encrypt,
}

/// The kernel's cryptography.
impl Socket {
    /// Sends data to a cipher of the kernel and says what to do with it; `recv` then answers the
    /// result. `associated` bytes at the front of the data are authenticated only (AEAD).
    /// [`MsgFlags::MORE`] says that more data of the same operation follows, to be sent by
    /// [`send`](Socket::send).
    ///
    /// ```no_run
    /// use berkeley::{Addr, CipherOp, Family, MsgFlags, Protocol, Socket, Type};
    ///
    /// let cipher = Socket::new(Family::ALG, Type::SEQPACKET, Protocol::DEFAULT)?;
    /// let mut name = [0; 86];                              // `struct sockaddr_alg`
    /// name[..8].copy_from_slice(b"skcipher");
    /// name[22..30].copy_from_slice(b"cbc(aes)");
    /// cipher.bind(Addr::of_family(Family::ALG, &name)?)?;
    /// cipher.setsockopt(279, 1, &[7; 16])?;                // SOL_ALG, ALG_SET_KEY
    /// let (operation, _) = cipher.accept()?;
    /// operation.send_cipher(&[0; 16], CipherOp::Encrypt, &[1; 16], 0, MsgFlags::empty())?;
    /// let ciphertext = operation.recv_vec(16)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`send_message`](Socket::send_message); `EINVAL` for an initialisation vector of
    /// the wrong length.
    ///
    /// # Platforms
    ///
    /// Linux.
    ///
    /// See the kernel's documentation of its user space interface to cryptography.
    #[doc(alias = "sendmsg_afalg")]
    pub fn send_cipher(
        &self,
        data: &[u8],
        operation: CipherOp,
        iv: &[u8],
        associated: u32,
        flags: MsgFlags,
    ) -> Result<usize> {
        let mut control = SendBuffer::new();
        control.push(cmsg::ALG_SET_OP, u32::from(operation == CipherOp::Encrypt));
        if !iv.is_empty() {
            control.push(cmsg::ALG_SET_IV, iv);
        }
        if associated > 0 {
            control.push(cmsg::ALG_SET_AEAD_ASSOCLEN, associated);
        }
        self.send_message_vectored(&[IoSlice::new(data)], &control, (), flags)
    }
}
