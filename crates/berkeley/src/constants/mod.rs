//! The constants of CPython's `socket` by name: `AF_INET`, `SO_KEEPALIVE`, `CAN_RAW_FILTER` …
//!
//! These are the names and numbers that CPython 3.15 has on Linux, where it was built with every
//! header that defines one: a CPython built without those of Bluetooth lacks their names, the
//! table has them. They are for those who have a name at run time: a binding, a command, a
//! configuration. Programs in Rust have the typed ones: [`Family`](crate::Family),
//! [`MsgFlags`](crate::MsgFlags), the rows of [`opt`](crate::opt).
//!
//! ```
//! use berkeley::constants;
//!
//! assert_eq!(constants::by_name("AF_INET"), Some(2));
//! assert_eq!(constants::by_name("INADDR_BROADCAST"), Some(0xffff_ffff));
//! assert_eq!(constants::by_name("EAI_NONAME"), Some(-2));
//!
//! // What CPython 3.13 has that 3.12 has not.
//! let new: Vec<_> =
//!     constants::ALL.iter().filter(|row| row.since == (3, 13)).map(|row| row.name).collect();
//! assert_eq!(new, ["NI_IDN", "SO_BINDTOIFINDEX"]);
//! ```
//!
//! `has_ipv6` is not among them: it is a truth value, not a number.
//!
//! See the [documentation of Python's `socket`](https://docs.python.org/3/library/socket.html).

mod table;

pub use table::*;

/// A constant that is a number: a row of [`ALL`].
///
/// ```
/// let row = berkeley::constants::ALL.iter().find(|row| row.name == "AF_QIPCRTR").unwrap();
/// assert_eq!((row.value, row.since), (42, (3, 8)));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct Constant {
    /// The name, as in C and Python.
    pub name: &'static str,
    /// The number. Those of 32 bits without a sign are not negative, as in Python.
    pub value: i64,
    /// The first version of CPython that has the name on Linux. What 3.6 has is not older here.
    pub since: (u8, u8),
}

/// A constant that is a text: a row of [`TEXTS`].
///
/// ```
/// let row = berkeley::constants::TEXTS[0];
/// assert_eq!((row.name, row.value), ("BDADDR_ANY", "00:00:00:00:00:00"));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct Text {
    /// The name, as in Python.
    pub name: &'static str,
    /// The text.
    pub value: &'static str,
    /// The first version of CPython that has the name on Linux. What 3.6 has is not older here.
    pub since: (u8, u8),
}

/// The number with this name, written as in C and Python.
///
/// ```
/// use berkeley::constants::by_name;
///
/// assert_eq!(by_name("SOCK_STREAM"), Some(1));
/// assert_eq!(by_name("sock_stream"), None);
/// assert_eq!(by_name("SO_NONSENSE"), None);
/// ```
pub fn by_name(name: &str) -> Option<i64> {
    let place = ALL.binary_search_by(|row| row.name.cmp(name)).ok()?;
    ALL.get(place).map(|row| row.value)
}
