//! Control messages, also called ancillary data: what travels beside the bytes.
//!
//! A message is a level, a number and data. The kinds that are known have a constant here, with
//! their names in C and the type of their value; every other kind is kept as it is, and one more
//! is declared in a line.
//!
//! | to | use |
//! |---|---|
//! | receive them | a [`RecvBuffer`] for [`Socket::recv_message`](crate::Socket::recv_message) |
//! | send them | a [`SendBuffer`] for [`Socket::send_message`](crate::Socket::send_message) |
//! | read them from any bytes | [`messages`] |
//! | pass descriptors | [`Socket::send_fds`](crate::Socket::send_fds), [`Socket::recv_fds`](crate::Socket::recv_fds) |
//! | know why a datagram failed | [`Socket::recv_error`](crate::Socket::recv_error) |
//!
//! ```
//! use berkeley::{Family, Protocol, Socket, Type, cmsg, opt};
//!
//! let sock = Socket::new(Family::INET, Type::DGRAM, Protocol::DEFAULT)?;
//! sock.bind("127.0.0.1:0")?;
//! sock.set(opt::Opt::<opt::Bool>::new("IP_RECVTTL", 0, 12), true)?;
//!
//! let mut with = cmsg::SendBuffer::new();
//! with.push(cmsg::IP_TTL, 3);
//! sock.send_message(b"three hops", &with, sock.local_addr()?)?;
//!
//! let mut control = cmsg::RecvBuffer::with_room(cmsg::IP_TTL.space());
//! let mut buf = [0; 100];
//! let got = sock.recv_message(&mut buf, &mut control)?;
//! assert_eq!(&buf[..got.data], b"three hops");
//! assert_eq!(control.get(cmsg::IP_TTL), Some(3));
//! # Ok::<(), berkeley::Error>(())
//! ```
//!
//! See `cmsg(3)`, RFC 3542.

mod buffer;
mod table;
mod value;

use std::fmt;
use std::marker::PhantomData;

pub use buffer::{RecvBuffer, SendBuffer};
pub use table::*;
pub use value::*;

/// Forms that options have, too.
pub use crate::opt::{
    Address, Bytes, PacketInfo, PacketInfoV4, PacketInfoV6, PathMtu, SctpInit, SctpSend,
    SctpSendReceive, U8, U16, U32, U64,
};

use crate::opt::{Codec, Value};
use crate::sys::control::{self, Walk};

/// A kind of control message: its name, its place and how its value stands in bytes.
///
/// The kinds with names are constants of this module. Any other is declared in a line:
///
/// ```
/// use berkeley::cmsg::Kind;
/// use berkeley::opt::Int;
///
/// const IP_TTL: Kind<Int> = Kind::new("IP_TTL", 0, 2);
/// assert_eq!(IP_TTL.name(), "IP_TTL");
/// ```
#[doc(alias("cmsg_type", "cmsg_level"))]
pub struct Kind<C: Codec> {
    name: &'static str,
    level: i32,
    number: i32,
    codec: PhantomData<fn() -> C>,
}

impl<C: Codec> Kind<C> {
    /// A kind with this name in C, level and number.
    ///
    /// ```
    /// use berkeley::{cmsg::Kind, opt::Int};
    ///
    /// const IPV6_HOPLIMIT: Kind<Int> = Kind::new("IPV6_HOPLIMIT", 41, 52);
    /// ```
    pub const fn new(name: &'static str, level: i32, number: i32) -> Kind<C> {
        Kind { name, level, number, codec: PhantomData }
    }

    /// The name in C.
    ///
    /// ```
    /// assert_eq!(berkeley::cmsg::SCM_CREDENTIALS.name(), "SCM_CREDENTIALS");
    /// ```
    pub const fn name(self) -> &'static str {
        self.name
    }

    /// The level, such as `SOL_SOCKET`.
    ///
    /// ```
    /// assert_eq!(berkeley::cmsg::SCM_CREDENTIALS.level(), 1);
    /// ```
    pub const fn level(self) -> i32 {
        self.level
    }

    /// The number within the level.
    ///
    /// ```
    /// assert_eq!(berkeley::cmsg::SCM_CREDENTIALS.number(), 2);
    /// ```
    pub const fn number(self) -> i32 {
        self.number
    }

    /// How much room one message of this kind takes, in bytes, with its header and padding; the
    /// most that is usual where its length varies.
    ///
    /// ```
    /// use berkeley::cmsg;
    ///
    /// let room = cmsg::IP_PKTINFO.space() + cmsg::IP_TTL.space();
    /// let control = cmsg::RecvBuffer::with_room(room);
    /// ```
    #[doc(alias = "CMSG_SPACE")]
    pub const fn space(self) -> usize {
        control::space(C::ROOM)
    }
}

impl<C: Codec> Clone for Kind<C> {
    fn clone(&self) -> Kind<C> {
        *self
    }
}

impl<C: Codec> Copy for Kind<C> {}

impl<C: Codec> fmt::Debug for Kind<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

/// How much room a message with so many bytes of data takes, with its header and padding.
///
/// ```
/// assert_eq!(berkeley::cmsg::space(4) % size_of::<usize>(), 0);
/// ```
#[doc(alias = "CMSG_SPACE")]
pub const fn space(data: usize) -> usize {
    control::space(data)
}

/// How long the header of a message with so many bytes of data says it is.
///
/// ```
/// assert_eq!(berkeley::cmsg::len(4) - berkeley::cmsg::len(0), 4);
/// ```
#[doc(alias = "CMSG_LEN")]
pub const fn len(data: usize) -> usize {
    control::len(data)
}

/// The messages in any bytes of control data, in order.
///
/// No length in the bytes is believed further than there are bytes: the iteration ends where a
/// header is not whole or cannot be, and [`rest`](Messages::rest) is what it has left.
///
/// ```
/// use berkeley::cmsg::{self, SendBuffer};
///
/// let mut buffer = SendBuffer::new();
/// buffer.push(cmsg::IP_TTL, 64).push_raw(1000, 7, b"unknown");
/// let found: Vec<_> = cmsg::messages(buffer.as_bytes()).collect();
/// assert_eq!(found[0].get(cmsg::IP_TTL), Some(64));
/// assert_eq!(found[1].data(), b"unknown");
/// assert_eq!(format!("{:?}", found[0]), "IP_TTL: 64");
/// ```
#[doc(alias("CMSG_FIRSTHDR", "CMSG_NXTHDR", "CMSG_DATA"))]
pub fn messages(control: &[u8]) -> Messages<'_> {
    Messages(Walk::new(control))
}

/// The messages in some bytes; made by [`messages`].
///
/// ```
/// assert_eq!(berkeley::cmsg::messages(&[]).count(), 0);
/// ```
#[derive(Clone, Debug)]
pub struct Messages<'a>(Walk<'a>);

impl<'a> Messages<'a> {
    /// The bytes that have not been read as messages. After the last one there are none, unless
    /// what follows is not a message.
    ///
    /// ```
    /// let mut messages = berkeley::cmsg::messages(&[255; 20]);
    /// assert!(messages.next().is_none());
    /// assert_eq!(messages.rest().len(), 20);
    /// ```
    pub fn rest(&self) -> &'a [u8] {
        self.0.rest()
    }
}

impl<'a> Iterator for Messages<'a> {
    type Item = Cmsg<'a>;

    fn next(&mut self) -> Option<Cmsg<'a>> {
        self.0.next().map(|(level, number, data)| Cmsg { level, number, data })
    }
}

/// One control message.
///
/// ```
/// use berkeley::cmsg::{self, SendBuffer};
///
/// let mut buffer = SendBuffer::new();
/// buffer.push(cmsg::SO_MARK, 7_u32);
/// let message = cmsg::messages(buffer.as_bytes()).next().unwrap();
/// assert_eq!((message.level(), message.number(), message.name()), (1, 36, Some("SO_MARK")));
/// ```
#[derive(Clone, Copy, PartialEq, Eq)]
#[doc(alias("cmsghdr", "ancdata"))]
pub struct Cmsg<'a> {
    level: i32,
    number: i32,
    data: &'a [u8],
}

impl<'a> Cmsg<'a> {
    /// The level, such as `SOL_SOCKET`.
    ///
    /// ```
    /// # use berkeley::cmsg::{self, SendBuffer};
    /// let mut buffer = SendBuffer::new();
    /// buffer.push_raw(41, 52, &64_i32.to_ne_bytes());
    /// assert_eq!(cmsg::messages(buffer.as_bytes()).next().unwrap().level(), 41);
    /// ```
    #[doc(alias = "cmsg_level")]
    pub fn level(&self) -> i32 {
        self.level
    }

    /// The number within the level.
    ///
    /// ```
    /// # use berkeley::cmsg::{self, SendBuffer};
    /// let mut buffer = SendBuffer::new();
    /// buffer.push_raw(41, 52, &64_i32.to_ne_bytes());
    /// assert_eq!(cmsg::messages(buffer.as_bytes()).next().unwrap().number(), 52);
    /// ```
    #[doc(alias = "cmsg_type")]
    pub fn number(&self) -> i32 {
        self.number
    }

    /// The data as it came.
    ///
    /// ```
    /// # use berkeley::cmsg::{self, SendBuffer};
    /// let mut buffer = SendBuffer::new();
    /// buffer.push_raw(41, 52, &64_i32.to_ne_bytes());
    /// assert_eq!(cmsg::messages(buffer.as_bytes()).next().unwrap().data().len(), 4);
    /// ```
    #[doc(alias = "CMSG_DATA")]
    pub fn data(&self) -> &'a [u8] {
        self.data
    }

    /// The value, if the message is of this kind and its data has the kind's form.
    ///
    /// ```
    /// # use berkeley::cmsg::{self, SendBuffer};
    /// let mut buffer = SendBuffer::new();
    /// buffer.push_raw(41, 52, &64_i32.to_ne_bytes());
    /// let message = cmsg::messages(buffer.as_bytes()).next().unwrap();
    /// assert_eq!(message.get(cmsg::IPV6_HOPLIMIT), Some(64));
    /// assert_eq!(message.get(cmsg::IP_TTL), None);
    /// ```
    pub fn get<C: Codec>(&self, kind: Kind<C>) -> Option<C::Value> {
        let is = (kind.level, kind.number) == (self.level, self.number);
        if is { C::decode(self.data) } else { None }
    }

    /// The name in C, if the kind is one of [`TABLE`].
    ///
    /// ```
    /// # use berkeley::cmsg::{self, SendBuffer};
    /// let mut buffer = SendBuffer::new();
    /// buffer.push_raw(41, 52, &64_i32.to_ne_bytes()).push_raw(1000, 1, b"");
    /// let names: Vec<_> = cmsg::messages(buffer.as_bytes()).map(|m| m.name()).collect();
    /// assert_eq!(names, [Some("IPV6_HOPLIMIT"), None]);
    /// ```
    pub fn name(&self) -> Option<&'static str> {
        self.row().map(|row| row.name)
    }

    /// The value, if the kind is one of [`TABLE`], for those who do not know its type beforehand;
    /// the bytes themselves of any other.
    ///
    /// ```
    /// # use berkeley::{cmsg::{self, SendBuffer}, opt::Value};
    /// let mut buffer = SendBuffer::new();
    /// buffer.push_raw(41, 52, &64_i32.to_ne_bytes()).push_raw(1000, 1, b"?");
    /// let values: Vec<_> = cmsg::messages(buffer.as_bytes()).map(|m| m.value()).collect();
    /// assert_eq!(values, [Value::Int(64), Value::Bytes(b"?".to_vec())]);
    /// ```
    pub fn value(&self) -> Value {
        let known = self.row().and_then(|row| (row.value)(self.data));
        known.unwrap_or_else(|| Value::Bytes(self.data.to_vec()))
    }

    fn row(&self) -> Option<&'static Row> {
        by_number(self.level, self.number)
    }
}

/// The name and the value, as far as the kind is known, as in `IP_TTL: 64`.
impl fmt::Display for Cmsg<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let row = self.row();
        match row {
            Some(row) => write!(f, "{}: ", row.name)?,
            None => write!(f, "({}, {}): ", self.level, self.number)?,
        }
        match row.and_then(|row| (row.describe)(self.data)) {
            Some(value) => f.write_str(&value),
            None => self.data.iter().try_for_each(|byte| write!(f, "{byte:02x}")),
        }
    }
}

impl fmt::Debug for Cmsg<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The row of the kind with this level and number.
///
/// ```
/// assert_eq!(berkeley::cmsg::by_number(41, 52).unwrap().name, "IPV6_HOPLIMIT");
/// assert!(berkeley::cmsg::by_number(1000, 1).is_none());
/// ```
pub fn by_number(level: i32, number: i32) -> Option<&'static Row> {
    TABLE.iter().find(|row| (row.level, row.number) == (level, number))
}

/// A kind without the type of its value: one row of [`TABLE`], for those who list kinds.
///
/// ```
/// use berkeley::cmsg;
///
/// let row = cmsg::TABLE.iter().find(|row| row.name == "IP_TTL").unwrap();
/// assert_eq!((row.describe)(&64_i32.to_ne_bytes()).as_deref(), Some("64"));
/// ```
#[derive(Clone, Copy)]
#[non_exhaustive]
pub struct Row {
    /// The name in C.
    pub name: &'static str,
    /// The name of the level in C.
    pub level_name: &'static str,
    /// The level.
    pub level: i32,
    /// The number within the level.
    pub number: i32,
    /// What the value is.
    pub form: &'static str,
    /// What it tells or asks for, in a line.
    pub meaning: &'static str,
    /// The value's bytes as people read it.
    pub describe: fn(&[u8]) -> Option<String>,
    /// The bytes as a value; none if only bytes can be said of them.
    pub value: fn(&[u8]) -> Option<Value>,
}

impl fmt::Debug for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Row")
            .field("name", &self.name)
            .field("level", &self.level_name)
            .field("form", &self.form)
            .finish_non_exhaustive()
    }
}
