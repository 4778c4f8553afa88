//! Options of the socket: typed ones, and any as bytes.

use super::Socket;
use crate::error::{Call, Cause, Error, Result};
use crate::opt::{self, Codec, Opt};
use crate::sys::{self, Errno};
use std::os::fd::AsFd;

/// Options.
impl Socket {
    /// The value of an option.
    ///
    /// ```
    /// use berkeley::{Family, Protocol, Socket, Type, opt};
    ///
    /// let sock = Socket::new(Family::INET, Type::STREAM, Protocol::DEFAULT)?;
    /// assert!(!sock.get(opt::SO_REUSEADDR)?);
    /// assert!(sock.get(opt::SO_RCVBUF)? > 0);
    /// # Ok::<(), berkeley::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// `ENOPROTOOPT` if this socket has no such option, with the option's name;
    /// [`Cause::Argument`] if the kernel's answer has another form.
    ///
    /// See `getsockopt(2)`.
    #[doc(alias = "getsockopt")]
    pub fn get<C: Codec>(&self, opt: Opt<C>) -> Result<C::Value> {
        let fail = |cause: Cause| Error::new(Call::GetSockOpt, cause).at_name(opt.name());
        let read = |room: &mut [u8]| {
            let len = sys::get_option(self.fd.as_fd(), opt.level(), opt.number(), room)
                .map_err(|errno| fail(errno.into()))?;
            C::decode(room.get(..len).unwrap_or_default())
                .ok_or_else(|| fail(Cause::Argument("the kernel answered in another form")))
        };
        let mut small = [0; 64];
        match small.get_mut(..C::ROOM) {
            Some(room) => read(room),
            None => read(&mut vec![0; C::ROOM]),
        }
    }

    /// Sets an option.
    ///
    /// ```
    /// use berkeley::{Family, Protocol, Socket, Type, opt};
    /// use std::time::Duration;
    ///
    /// let sock = Socket::new(Family::INET, Type::STREAM, Protocol::DEFAULT)?;
    /// sock.set(opt::TCP_NODELAY, true)?;
    /// sock.set(opt::SO_KEEPALIVE, true)?;
    /// sock.set(opt::TCP_KEEPIDLE, Duration::from_secs(30))?;
    /// # Ok::<(), berkeley::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// `ENOPROTOOPT` if this socket has no such option, `EINVAL` for a value that does not fit,
    /// `EPERM` without the right; with the option's name.
    ///
    /// See `setsockopt(2)`.
    #[doc(alias = "setsockopt")]
    pub fn set<C: Codec>(&self, opt: Opt<C>, value: impl Into<C::Value>) -> Result<()> {
        let bytes = C::encode(value.into());
        sys::set_option(self.fd.as_fd(), opt.level(), opt.number(), bytes.as_ref())
            .map_err(|errno| Error::new(Call::SetSockOpt, errno).at_name(opt.name()))
    }

    /// Reads any option, by level and number, into memory, and says how many bytes it has.
    ///
    /// ```
    /// use berkeley::{Family, Protocol, Socket, Type};
    ///
    /// let sock = Socket::new(Family::INET, Type::STREAM, Protocol::DEFAULT)?;
    /// let mut info = [0; 512];
    /// let len = sock.getsockopt(6, 11, &mut info)?; // IPPROTO_TCP, TCP_INFO
    /// assert!(len > 100);
    /// # Ok::<(), berkeley::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// `ENOPROTOOPT` if this socket has no such option, `EINVAL` if the memory is too small.
    ///
    /// See `getsockopt(2)`.
    pub fn getsockopt(&self, level: i32, number: i32, value: &mut [u8]) -> Result<usize> {
        sys::get_option(self.fd.as_fd(), level, number, value).map_err(|errno| {
            Error::new(Call::GetSockOpt, errno).at_name(format!("({level}, {number})"))
        })
    }

    /// Sets any option, by level and number, to these bytes.
    ///
    /// ```
    /// use berkeley::{Family, Protocol, Socket, Type};
    ///
    /// let sock = Socket::new(Family::INET, Type::STREAM, Protocol::DEFAULT)?;
    /// sock.setsockopt(6, 1, &1_i32.to_ne_bytes())?; // IPPROTO_TCP, TCP_NODELAY
    /// # Ok::<(), berkeley::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`set`](Socket::set).
    ///
    /// See `setsockopt(2)`.
    pub fn setsockopt(&self, level: i32, number: i32, value: &[u8]) -> Result<()> {
        sys::set_option(self.fd.as_fd(), level, number, value).map_err(|errno| {
            Error::new(Call::SetSockOpt, errno).at_name(format!("({level}, {number})"))
        })
    }

    /// Sets any option, by level and number, to nothing of this length, as a few options of the
    /// kernel's cryptography take it.
    ///
    /// ```no_run
    /// # use berkeley::{Family, Protocol, Socket, Type};
    /// let aead = Socket::new(Family::ALG, Type::SEQPACKET, Protocol::DEFAULT)?;
    /// aead.bind("alg:aead:gcm(aes)")?;
    /// aead.setsockopt_len(279, 5, 12)?; // SOL_ALG, ALG_SET_AEAD_AUTHSIZE: a tag of 12 bytes
    /// # Ok::<(), berkeley::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`set`](Socket::set).
    ///
    /// See `setsockopt(2)`.
    pub fn setsockopt_len(&self, level: i32, number: i32, len: u32) -> Result<()> {
        sys::set_option_len(self.fd.as_fd(), level, number, len).map_err(|errno| {
            Error::new(Call::SetSockOpt, errno).at_name(format!("({level}, {number})"))
        })
    }

    /// The pending error of the socket, which is thereby cleared: how a connection attempt of a
    /// socket that does not wait has ended, or what a datagram sent before has met.
    ///
    /// ```
    /// use berkeley::{Errno, Family, Protocol, Socket, Type};
    ///
    /// let sock = Socket::new(Family::INET, Type::STREAM, Protocol::DEFAULT)?;
    /// assert_eq!(sock.take_error()?, Errno::SUCCESS);
    /// # Ok::<(), berkeley::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`get`](Socket::get).
    #[doc(alias = "SO_ERROR")]
    pub fn take_error(&self) -> Result<Errno> {
        self.get(opt::SO_ERROR)
    }
}
