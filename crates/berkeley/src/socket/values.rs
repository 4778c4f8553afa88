//! Options as values of any type, and what takes several options at once: keepalive, drops.

use std::time::Duration;

use super::Socket;
use crate::error::{Call, Cause, Error, Result};
use crate::opt::{self, Row, Value};
use crate::sys::Errno;

/// How an idle connection is probed, and when it ends because nobody answers. What is not said is
/// as the system has it.
///
/// ```
/// use berkeley::Keepalive;
/// use std::time::Duration;
///
/// let soon = Keepalive { idle: Some(Duration::from_secs(30)), ..Keepalive::default() };
/// assert_eq!(soon.count, None);
/// ```
///
/// See `tcp(7)`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
#[doc(alias("TCP_KEEPIDLE", "TCP_KEEPINTVL", "TCP_KEEPCNT", "TCP_KEEPALIVE"))]
pub struct Keepalive {
    /// How long the connection is idle before it is probed: whole seconds, rounded up.
    pub idle: Option<Duration>,
    /// How long between probes: whole seconds, rounded up.
    pub interval: Option<Duration>,
    /// How many probes may go unanswered.
    pub count: Option<u32>,
}

/// Options without a type, and several at once.
impl Socket {
    /// The value of an option of the table, whatever its type is; bytes, if the kernel answers in a
    /// form that the table does not know.
    ///
    /// ```
    /// use berkeley::{Family, Protocol, Socket, Type, opt::{self, Value}};
    ///
    /// let sock = Socket::new(Family::INET, Type::STREAM, Protocol::DEFAULT)?;
    /// let row = opt::by_name("SO_TYPE").unwrap();
    /// assert_eq!(sock.get_value(row)?, Value::Named(1, Some("SOCK_STREAM")));
    /// # Ok::<(), berkeley::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`get`](Socket::get).
    ///
    /// See `getsockopt(2)`.
    #[doc(alias = "getsockopt")]
    pub fn get_value(&self, row: &Row) -> Result<Value> {
        let mut room = vec![0; row.room];
        loop {
            (row.ask)(&mut room);
            match self.ask(row, &mut room) {
                // The answer is longer, as that of lists may be.
                Err(error) if error.errno() == Some(Errno::ERANGE) && room.len() < MOST => {
                    room.resize(room.len() * 4, 0);
                }
                answer => return answer,
            }
        }
    }

    /// [`get_value`](Socket::get_value) of an option that answers a question, which is put into the
    /// memory first: the bytes that the kernel wants to read there.
    ///
    /// ```
    /// use berkeley::{Family, Protocol, Socket, Type, opt::{self, Codec, SourceFilterV4}};
    ///
    /// let sock = Socket::new(Family::INET, Type::DGRAM, Protocol::DEFAULT)?;
    /// let (group, here) = ([232, 1, 1, 1].into(), [127, 0, 0, 1].into());
    /// sock.set(opt::IP_ADD_SOURCE_MEMBERSHIP, opt::SourceV4 { group, source: here, interface: here })?;
    ///
    /// let which = SourceFilterV4 { group, interface: here, include: true, sources: vec![here; 9] };
    /// let row = opt::by_name("IP_MSFILTER").unwrap();
    /// let filter = sock.query_value(row, &SourceFilterV4::encode(which))?;
    /// assert_eq!(filter.field("include"), Some(&true.into()));
    /// # Ok::<(), berkeley::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`query`](Socket::query).
    ///
    /// See `getsockopt(2)`.
    pub fn query_value(&self, row: &Row, question: &[u8]) -> Result<Value> {
        let mut room = question.to_vec();
        room.resize(room.len().max(row.room), 0);
        self.ask(row, &mut room)
    }

    /// Sets an option of the table to a value of any type that makes sense for it: a number, a
    /// text as people write it, seconds for a duration, or bytes as the kernel takes them.
    ///
    /// ```
    /// use berkeley::{Family, Protocol, Socket, Type, opt::{self, Value}};
    ///
    /// let sock = Socket::new(Family::INET, Type::STREAM, Protocol::DEFAULT)?;
    /// let row = opt::by_name("SO_RCVBUF").unwrap();
    /// for value in [Value::Int(65536), "64K".into(), Value::Bytes(65536_i32.to_ne_bytes().to_vec())] {
    ///     sock.set_value(row, &value)?;
    ///     assert_eq!(sock.get(opt::SO_RCVBUF)?, 2 * 65536);
    /// }
    /// # Ok::<(), berkeley::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`Cause::Argument`] for a value of which no bytes can be made; those of
    /// [`set`](Socket::set).
    ///
    /// See `setsockopt(2)`.
    #[doc(alias = "setsockopt")]
    pub fn set_value(&self, row: &Row, value: &Value) -> Result<()> {
        let of_row = |cause: Cause| Error::new(Call::SetSockOpt, cause).at_name(row.name);
        let built;
        let bytes = match value {
            Value::Bytes(bytes) => bytes,
            value => {
                let unfit = || of_row(Cause::Argument("no value of this option"));
                built = (row.build)(value).ok_or_else(unfit)?;
                &built
            }
        };
        if !row.belongs_to(self.family()) {
            return Err(of_row(Errno::ENOPROTOOPT.into()));
        }
        self.setsockopt(row.level, row.number, bytes).map_err(|error| of_row(error.cause()))
    }

    /// From now on an idle connection is probed, or not if it is `None`.
    ///
    /// ```
    /// use berkeley::{Family, Keepalive, Protocol, Socket, Type};
    /// use std::time::Duration;
    ///
    /// let sock = Socket::new(Family::INET, Type::STREAM, Protocol::DEFAULT)?;
    /// sock.set_keepalive(Keepalive {
    ///     idle: Some(Duration::from_secs(60)),
    ///     interval: Some(Duration::from_secs(10)),
    ///     count: Some(3), // a peer that is gone is noticed after 90 seconds
    /// })?;
    /// assert_eq!(sock.keepalive()?.unwrap().count, Some(3));
    /// sock.set_keepalive(None)?;
    /// assert_eq!(sock.keepalive()?, None);
    /// # Ok::<(), berkeley::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// `EINVAL` for what the kernel does not take (an idle time or interval of more than 32,767
    /// seconds, more than 127 probes, or none), `EOPNOTSUPP` for times of what is not TCP. Nothing
    /// is switched on then.
    ///
    /// See `tcp(7)`.
    #[doc(alias("SO_KEEPALIVE", "TCP_KEEPIDLE", "TCP_KEEPINTVL", "TCP_KEEPCNT"))]
    pub fn set_keepalive(&self, keepalive: impl Into<Option<Keepalive>>) -> Result<()> {
        let Some(keepalive) = keepalive.into() else { return self.set(opt::SO_KEEPALIVE, false) };
        if let Some(idle) = keepalive.idle {
            self.set(opt::TCP_KEEPIDLE, idle)?;
        }
        if let Some(interval) = keepalive.interval {
            self.set(opt::TCP_KEEPINTVL, interval)?;
        }
        if let Some(count) = keepalive.count {
            self.set(opt::TCP_KEEPCNT, i32::try_from(count).unwrap_or(i32::MAX))?;
        }
        self.set(opt::SO_KEEPALIVE, true)
    }

    /// How an idle connection is probed; `None` if it is not.
    ///
    /// ```
    /// use berkeley::{Family, Protocol, Socket, Type};
    ///
    /// let sock = Socket::new(Family::INET, Type::STREAM, Protocol::DEFAULT)?;
    /// assert_eq!(sock.keepalive()?, None);
    /// # Ok::<(), berkeley::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// `EBADF` of a socket that is closed.
    ///
    /// See `tcp(7)`.
    #[doc(alias = "SO_KEEPALIVE")]
    pub fn keepalive(&self) -> Result<Option<Keepalive>> {
        if !self.get(opt::SO_KEEPALIVE)? {
            return Ok(None);
        }
        // What is not TCP has the switch alone.
        let count = self.get(opt::TCP_KEEPCNT).ok();
        Ok(Some(Keepalive {
            idle: self.get(opt::TCP_KEEPIDLE).ok(),
            interval: self.get(opt::TCP_KEEPINTVL).ok(),
            count: count.and_then(|count| u32::try_from(count).ok()),
        }))
    }

    /// How many packets the kernel has dropped since the socket was made: datagrams for which
    /// there was no room, or whose checksum was wrong.
    ///
    /// ```
    /// use berkeley::{Family, Protocol, Socket, Type};
    ///
    /// let sock = Socket::new(Family::INET, Type::DGRAM, Protocol::DEFAULT)?;
    /// assert_eq!(sock.drops()?, 0);
    /// # Ok::<(), berkeley::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// `ENOPROTOOPT` if the kernel is older than Linux 4.12.
    ///
    /// To have the number with each datagram, set `SO_RXQ_OVFL`. See `socket(7)`.
    #[doc(alias("sk_drops", "SO_MEMINFO", "SO_RXQ_OVFL"))]
    pub fn drops(&self) -> Result<u32> {
        self.get(opt::SO_MEMINFO).map(|memory| memory.drops)
    }

    fn ask(&self, row: &Row, room: &mut [u8]) -> Result<Value> {
        let of_row = |cause: Cause| Error::new(Call::GetSockOpt, cause).at_name(row.name);
        if !row.belongs_to(self.family()) {
            return Err(of_row(Errno::ENOPROTOOPT.into()));
        }
        let len =
            self.getsockopt(row.level, row.number, room).map_err(|error| of_row(error.cause()))?;
        let bytes = room.get(..len).unwrap_or_default();
        Ok((row.value)(bytes).unwrap_or_else(|| Value::Bytes(bytes.to_vec())))
    }
}

/// More room than this no answer takes.
const MOST: usize = 1 << 20;
