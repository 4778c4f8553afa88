//! Options of the socket: typed ones, and any as bytes.

use std::os::fd::{AsFd, OwnedFd};
use std::sync::atomic::Ordering;

use super::Socket;
use crate::error::{Call, Cause, Error, Result};
use crate::opt::{self, Codec, Opt};
use crate::seam;
use crate::sys::Errno;

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
        let mut small = [0; 64];
        if let Some(room) = small.get_mut(..C::ROOM) {
            C::ask(room);
            let len = self.getsockopt_named(opt, room).map_err(|errno| failed(opt, errno))?;
            return decoded(opt, room, len);
        }
        let mut len = C::ROOM;
        loop {
            let mut room = vec![0; len];
            C::ask(&mut room);
            match self.getsockopt_named(opt, &mut room) {
                // The answer is longer, as that of lists may be.
                Err(Errno(RANGE)) if len < MOST => len *= 4,
                Err(errno) => return Err(failed(opt, errno)),
                Ok(len) => return decoded(opt, &room, len),
            }
        }
    }

    /// The value of an option that answers a question, which is put into the memory first: the
    /// association that is meant, a group, a limit.
    ///
    /// ```
    /// use berkeley::{Family, Protocol, Socket, Type, opt};
    /// use std::net::Ipv4Addr;
    ///
    /// let sock = Socket::new(Family::INET, Type::DGRAM, Protocol::DEFAULT)?;
    /// let group = Ipv4Addr::new(232, 1, 1, 1);
    /// let here = Ipv4Addr::LOCALHOST;
    /// let source = opt::SourceV4 { group, source: here, interface: here };
    /// sock.set(opt::IP_ADD_SOURCE_MEMBERSHIP, source)?;
    ///
    /// let which =
    ///     opt::SourceFilterV4 { group, interface: here, include: true, sources: vec![here; 9] };
    /// assert_eq!(sock.query(opt::IP_MSFILTER, which)?.sources, [here]);
    /// # Ok::<(), berkeley::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`get`](Socket::get).
    ///
    /// See `getsockopt(2)`.
    pub fn query<C: Codec>(&self, opt: Opt<C>, question: impl Into<C::Value>) -> Result<C::Value> {
        let mut room = C::encode(question.into()).as_ref().to_vec();
        room.resize(room.len().max(C::ROOM), 0);
        let len = self.getsockopt_named(opt, &mut room).map_err(|errno| failed(opt, errno))?;
        decoded(opt, &room, len)
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
        self.note(opt.level(), opt.number());
        seam::set_option(self.fd.as_fd(), opt.level(), opt.number(), bytes.as_ref())
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
    /// `ENOPROTOOPT` if this socket has no such option, `EINVAL` if the memory is too small, and
    /// for the few options whose value holds addresses that the kernel would write to
    /// (`TCP_ZEROCOPY_RECEIVE`, `MPTCP_FULL_INFO`), unless the memory is all zero.
    ///
    /// See `getsockopt(2)`.
    pub fn getsockopt(&self, level: i32, number: i32, value: &mut [u8]) -> Result<usize> {
        seam::get_option(self.fd.as_fd(), level, number, value).map_err(|errno| {
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
    /// Those of [`set`](Socket::set), and `EINVAL` for the few options whose value holds addresses
    /// that the kernel would write to (`XDP_UMEM_REG`, `RDS_GET_MR`, the rules of `iptables`).
    ///
    /// See `setsockopt(2)`.
    pub fn setsockopt(&self, level: i32, number: i32, value: &[u8]) -> Result<()> {
        self.note(level, number);
        seam::set_option(self.fd.as_fd(), level, number, value).map_err(|errno| {
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
        seam::set_option_len(self.fd.as_fd(), level, number, len).map_err(|errno| {
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

    /// From now on the socket receives what this program lets pass. What has been received before
    /// is not looked at.
    ///
    /// ```
    /// use berkeley::{Family, Protocol, Socket, Type, opt::Instruction};
    ///
    /// let (a, b) = Socket::pair(Family::UNIX, Type::DGRAM, Protocol::DEFAULT)?;
    /// b.attach_filter(&[Instruction::accept(5)])?;
    /// a.send(b"hello, world")?;
    /// assert_eq!(b.recv_vec(100)?, b"hello");
    /// b.detach_filter()?;
    /// # Ok::<(), berkeley::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// `EINVAL` if it is no program, `EPERM` if the filter is locked.
    ///
    /// See the kernel's documentation of filters, `socket(7)`.
    #[doc(alias = "SO_ATTACH_FILTER")]
    pub fn attach_filter(&self, program: &[opt::Instruction]) -> Result<()> {
        self.set(opt::SO_ATTACH_FILTER, program)
    }

    /// The socket receives everything again.
    ///
    /// ```
    /// use berkeley::{Errno, Family, Protocol, Socket, Type};
    ///
    /// let sock = Socket::new(Family::INET, Type::DGRAM, Protocol::DEFAULT)?;
    /// assert_eq!(sock.detach_filter().unwrap_err().errno(), Some(Errno::ENOENT));
    /// # Ok::<(), berkeley::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// `ENOENT` if there is no filter, `EPERM` if it is locked.
    ///
    /// See `socket(7)`.
    #[doc(alias("SO_DETACH_FILTER", "SO_DETACH_BPF"))]
    pub fn detach_filter(&self) -> Result<()> {
        self.set(opt::SO_DETACH_FILTER, ())
    }

    /// From now on this program chooses which of the sockets that share the port gets a datagram
    /// or a connection: its answer is the number of the socket, in the order in which they were
    /// bound. It is set on one of them, and holds for all.
    ///
    /// ```
    /// use berkeley::{Family, Protocol, Socket, Type, opt};
    ///
    /// let first = Socket::new(Family::INET, Type::DGRAM, Protocol::DEFAULT)?;
    /// first.set(opt::SO_REUSEPORT, true)?;
    /// first.bind("127.0.0.1:0")?;
    /// first.attach_reuseport_filter(&[opt::Instruction::accept(0)])?; // all to the first
    /// # Ok::<(), berkeley::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// `EINVAL` if it is no program, or if the socket does not share its port.
    ///
    /// See `socket(7)`.
    #[doc(alias = "SO_ATTACH_REUSEPORT_CBPF")]
    pub fn attach_reuseport_filter(&self, program: &[opt::Instruction]) -> Result<()> {
        self.set(opt::SO_ATTACH_REUSEPORT_CBPF, program)
    }

    /// A new descriptor of the process at the other end of a UNIX socket, which stays that
    /// process's whatever becomes of its number. Linux 6.5
    ///
    /// ```no_run
    /// use berkeley::{Family, Protocol, Socket, Type};
    ///
    /// let (a, _b) = Socket::pair(Family::UNIX, Type::STREAM, Protocol::DEFAULT)?;
    /// let process = a.peer_pidfd()?;
    /// # Ok::<(), berkeley::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// `ENOPROTOOPT` if the kernel has no such option, `ENODATA` if there is no peer, `ESRCH` if
    /// the process has ended.
    ///
    /// See `unix(7)`.
    #[doc(alias = "SO_PEERPIDFD")]
    pub fn peer_pidfd(&self) -> Result<OwnedFd> {
        seam::peer_pidfd(self.fd.as_fd()).map_err(|errno| failed(opt::SO_PEERPIDFD, errno))
    }

    /// Remembers that something stands between the stream and its user, such as TLS, which hands
    /// out records, or that errors come which do not end it.
    fn note(&self, level: i32, number: i32) {
        let is = |of: (i32, i32)| (level, number) == of;
        if is((opt::TCP_ULP.level(), opt::TCP_ULP.number()))
            || is((opt::IP_RECVERR.level(), opt::IP_RECVERR.number()))
            || is((opt::IPV6_RECVERR.level(), opt::IPV6_RECVERR.number()))
        {
            self.layered.store(true, Ordering::Relaxed);
        }
    }

    fn getsockopt_named<C: Codec>(
        &self,
        opt: Opt<C>,
        room: &mut [u8],
    ) -> std::result::Result<usize, Errno> {
        seam::get_option(self.fd.as_fd(), opt.level(), opt.number(), room)
    }
}

/// More room than this no answer takes.
const MOST: usize = 1 << 20;

const RANGE: i32 = Errno::ERANGE.0;

fn failed<C: Codec>(opt: Opt<C>, cause: impl Into<Cause>) -> Error {
    Error::new(Call::GetSockOpt, cause).at_name(opt.name())
}

fn decoded<C: Codec>(opt: Opt<C>, room: &[u8], len: usize) -> Result<C::Value> {
    C::decode(room.get(..len).unwrap_or_default())
        .ok_or_else(|| failed(opt, Cause::Argument("the kernel answered in another form")))
}
