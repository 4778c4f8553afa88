//! Socket options as data: what an option is, and how its value stands in bytes.

mod address;
mod bpf;
mod can;
mod families;
mod ip;
mod mptcp;
mod multicast;
mod numbers;
mod packet;
mod peer;
pub(crate) mod records;
mod sctp;
mod stamps;
mod table;
mod tcp;
mod time;
mod tls;
mod units;
mod value;
mod words;

use std::fmt;
use std::marker::PhantomData;

pub use address::*;
pub use bpf::*;
pub use can::*;
pub use families::*;
pub use ip::*;
pub use mptcp::*;
pub use multicast::*;
pub use numbers::*;
pub use packet::*;
pub use peer::*;
pub use sctp::*;
pub use stamps::*;
pub use table::*;
pub use tcp::*;
pub use time::*;
pub use tls::*;
pub use value::Value;
pub use words::*;

use crate::kind::Family;

/// An option of a socket: a row of the table, and how its value is written in bytes.
///
/// The rows with names are constants of this module; every other option of the platform can be
/// declared in a line, or be got and set as bytes.
///
/// ```
/// use berkeley::{Family, Protocol, Socket, Type};
/// use berkeley::opt::{self, Int, Opt};
///
/// const TCP_MAXSEG: Opt<Int> = Opt::new("TCP_MAXSEG", 6, 2);
///
/// let sock = Socket::new(Family::INET, Type::STREAM, Protocol::DEFAULT)?;
/// sock.set(opt::SO_KEEPALIVE, true)?;
/// assert!(sock.get(opt::SO_KEEPALIVE)?);
/// assert!(sock.get(TCP_MAXSEG)? > 0);
/// # Ok::<(), berkeley::Error>(())
/// ```
///
/// See `getsockopt(2)`.
#[doc(alias("setsockopt", "getsockopt", "sockopt", "SOL_SOCKET"))]
pub struct Opt<C: Codec> {
    name: &'static str,
    level: i32,
    number: i32,
    codec: PhantomData<fn() -> C>,
}

/// How the value of an option stands in bytes.
///
/// The codecs of this module cover the usual forms; an option of another form takes one of these
/// methods each way.
///
/// ```
/// use berkeley::opt::Codec;
///
/// /// Four letters.
/// struct Tag;
///
/// impl Codec for Tag {
///     type Value = [u8; 4];
///     type Bytes = [u8; 4];
///     const FORM: &'static str = "four letters";
///     const ROOM: usize = 4;
///
///     fn encode(value: [u8; 4]) -> [u8; 4] {
///         value
///     }
///
///     fn decode(bytes: &[u8]) -> Option<[u8; 4]> {
///         bytes.try_into().ok()
///     }
/// }
/// assert_eq!(Tag::decode(&Tag::encode(*b"rust")), Some(*b"rust"));
/// ```
pub trait Codec {
    /// The value in Rust.
    type Value;

    /// The bytes that the kernel takes.
    type Bytes: AsRef<[u8]>;

    /// What the value is, for people: `on or off`, `bytes`, `seconds`.
    const FORM: &'static str;

    /// How many bytes to ask the kernel for.
    const ROOM: usize;

    /// The bytes to set.
    fn encode(value: Self::Value) -> Self::Bytes;

    /// Writes into the memory that the kernel will answer into what it wants to read there first.
    /// That is nothing for most options; [`Socket::query`](crate::Socket::query) writes a value.
    fn ask(room: &mut [u8]) {
        let _ = room;
    }

    /// The value of the bytes that the kernel answered, or `None` if they have another form.
    fn decode(bytes: &[u8]) -> Option<Self::Value>;

    /// The value as people read it.
    fn describe(bytes: &[u8]) -> Option<String> {
        let _ = bytes;
        None
    }

    /// The value that people write, as bytes.
    fn parse(text: &str) -> Option<Vec<u8>> {
        let _ = text;
        None
    }

    /// The value for those who do not know its type.
    fn value(bytes: &[u8]) -> Option<Value> {
        let _ = bytes;
        None
    }

    /// The bytes to set, of a value of one of the types that make sense.
    fn build(value: &Value) -> Option<Vec<u8>> {
        Self::parse(&value.word()?)
    }
}

impl<C: Codec> Opt<C> {
    /// An option with this name in C, level and number.
    ///
    /// ```
    /// use berkeley::opt::{Bool, Opt};
    ///
    /// const TCP_CORK: Opt<Bool> = Opt::new("TCP_CORK", 6, 3);
    /// ```
    pub const fn new(name: &'static str, level: i32, number: i32) -> Opt<C> {
        Opt { name, level, number, codec: PhantomData }
    }

    /// The name in C.
    ///
    /// ```
    /// assert_eq!(berkeley::opt::SO_LINGER.name(), "SO_LINGER");
    /// ```
    pub const fn name(self) -> &'static str {
        self.name
    }

    /// The level, such as `SOL_SOCKET`.
    ///
    /// ```
    /// assert_eq!(berkeley::opt::TCP_NODELAY.level(), 6);
    /// ```
    pub const fn level(self) -> i32 {
        self.level
    }

    /// The number within the level.
    ///
    /// ```
    /// assert_eq!(berkeley::opt::TCP_NODELAY.number(), 1);
    /// ```
    pub const fn number(self) -> i32 {
        self.number
    }
}

impl<C: Codec> Clone for Opt<C> {
    fn clone(&self) -> Opt<C> {
        *self
    }
}

impl<C: Codec> Copy for Opt<C> {}

impl<C: Codec> fmt::Debug for Opt<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

/// An option without the type of its value: one row of [`TABLE`], for those who list options.
///
/// ```
/// use berkeley::opt;
///
/// let row = opt::by_name("SO_RCVBUF").unwrap();
/// assert_eq!(row.form, "bytes");
/// assert_eq!((row.describe)(&65536_i32.to_ne_bytes()), Some("65536".to_owned()));
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
    /// The family whose sockets alone have it, where others use the same numbers.
    pub family: Option<Family>,
    /// Whether it can be read, set, or both.
    pub access: Access,
    /// Where there is such an option, and since which version if not for long: `Linux 5.1`.
    pub platforms: &'static str,
    /// What the value is: `on or off`, `bytes`, `seconds`.
    pub form: &'static str,
    /// How many bytes to ask the kernel for.
    pub room: usize,
    /// What it does, in a line.
    pub meaning: &'static str,
    /// Prepares the memory that the kernel answers into.
    pub ask: fn(&mut [u8]),
    /// The value's bytes as people read it.
    pub describe: fn(&[u8]) -> Option<String>,
    /// The value that people write, as bytes.
    pub parse: fn(&str) -> Option<Vec<u8>>,
    /// The bytes as a value; none if only bytes can be said of them.
    pub value: fn(&[u8]) -> Option<Value>,
    /// A value as bytes.
    pub build: fn(&Value) -> Option<Vec<u8>>,
}

/// Whether an option can be read, set, or both.
///
/// ```
/// use berkeley::opt::{Access, by_name};
///
/// assert_eq!(by_name("SO_TYPE").unwrap().access, Access::Get);
/// assert_eq!(by_name("IP_ADD_MEMBERSHIP").unwrap().access, Access::Set);
/// assert!(Access::Both.reads() && Access::Both.sets());
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Access {
    /// It can be read.
    Get,
    /// It can be set.
    Set,
    /// It can be read and set.
    Both,
}

impl Access {
    /// Whether it can be read.
    ///
    /// ```
    /// assert!(!berkeley::opt::Access::Set.reads());
    /// ```
    pub const fn reads(self) -> bool {
        !matches!(self, Access::Set)
    }

    /// Whether it can be set.
    ///
    /// ```
    /// assert!(!berkeley::opt::Access::Get.sets());
    /// ```
    pub const fn sets(self) -> bool {
        !matches!(self, Access::Get)
    }
}

impl Row {
    /// Whether a socket of this family may have it: the numbers of levels mean something else in
    /// Bluetooth than in IP.
    ///
    /// ```
    /// use berkeley::{Family, opt::by_name};
    ///
    /// assert!(by_name("IP_TOS").unwrap().belongs_to(Family::INET));
    /// assert!(!by_name("HCI_FILTER").unwrap().belongs_to(Family::INET));
    /// ```
    pub fn belongs_to(&self, family: Family) -> bool {
        match self.family {
            Some(own) => own == family,
            // It takes all of them without a word, and answers nothing.
            None if family == Family::TIPC && self.level_name == "IPPROTO_TCP" => false,
            None => !table::OWN_LEVELS.contains(&(family, self.level)),
        }
    }
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

/// The row of the option with this name in C, in any case.
///
/// ```
/// assert_eq!(berkeley::opt::by_name("tcp_nodelay").unwrap().level_name, "IPPROTO_TCP");
/// assert!(berkeley::opt::by_name("SO_NONSENSE").is_none());
/// ```
pub fn by_name(name: &str) -> Option<&'static Row> {
    TABLE.iter().find(|row| row.name.eq_ignore_ascii_case(name))
}

/// The row of the option with this level and number, as a socket of this family has it.
///
/// ```
/// use berkeley::Family;
/// use berkeley::opt::{by_name, by_number};
///
/// assert_eq!(by_number(Family::INET, 6, 1).unwrap().name, "TCP_NODELAY");
/// assert_ne!(by_number(Family::BLUETOOTH, 6, 1).unwrap().name, "TCP_NODELAY");
/// let linger = by_name("SO_LINGER").unwrap();
/// let found = by_number(Family::INET, linger.level, linger.number).unwrap();
/// assert_eq!(found.name, "SO_LINGER");
/// assert!(by_number(Family::INET, 1000, 1).is_none());
/// ```
pub fn by_number(family: Family, level: i32, number: i32) -> Option<&'static Row> {
    let is = |row: &&Row| (row.level, row.number) == (level, number) && row.belongs_to(family);
    TABLE.iter().find(is)
}
