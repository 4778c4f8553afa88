//! The value of any option or control message, for those who do not know its type beforehand.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::ops::RangeInclusive;
use std::time::{Duration, SystemTime};

use crate::addr::Addr;
use crate::kind::{Family, Protocol, Type};
use crate::sys::Errno;

/// A value whose type is known only when it is there: what bindings to other languages, and
/// programs that list options, make of a [`Row`](super::Row).
///
/// ```
/// use berkeley::{Family, Protocol, Socket, Type, opt::{self, Value}};
/// use std::time::Duration;
///
/// let sock = Socket::new(Family::INET, Type::STREAM, Protocol::DEFAULT)?;
/// let row = opt::by_name("TCP_USER_TIMEOUT").unwrap();
/// sock.set_value(row, &Value::Int(2))?; // seconds, as of every duration
/// assert_eq!(sock.get_value(row)?, Value::Duration(Duration::from_secs(2)));
///
/// let info = sock.get_value(opt::by_name("TCP_INFO").unwrap())?;
/// assert_eq!(info.field("state"), Some(&Value::Named(7, Some("closed"))));
/// # Ok::<(), berkeley::Error>(())
/// ```
#[derive(Clone, PartialEq, Debug)]
#[non_exhaustive]
pub enum Value {
    /// There is none: no limit, no address, a field that the kernel is too old to tell.
    None,
    /// On or off.
    Bool(bool),
    /// A number.
    Int(i128),
    /// A number that may have a name.
    Named(i64, Option<&'static str>),
    /// Bits, and the names of those that have one.
    Flags(u64, Vec<&'static str>),
    /// How long.
    Duration(Duration),
    /// When.
    Time(SystemTime),
    /// A text.
    Text(String),
    /// Bytes without further meaning.
    Bytes(Vec<u8>),
    /// A host.
    Ip(IpAddr),
    /// An address of any family.
    Addr(Addr),
    /// Several.
    List(Vec<Value>),
    /// The name of a structure, and its fields in order.
    Record(&'static str, Vec<(&'static str, Value)>),
}

impl Value {
    /// The field of a record.
    ///
    /// ```
    /// use berkeley::opt::{self, Codec, Value};
    ///
    /// let root = opt::Credentials { pid: 1, uid: 0, gid: 0 };
    /// let value = opt::Peer::value(&opt::Peer::encode(root)).unwrap();
    /// assert_eq!(value.field("pid"), Some(&Value::Int(1)));
    /// assert_eq!(value.field("cwd"), None);
    /// ```
    pub fn field(&self, name: &str) -> Option<&Value> {
        match self {
            Value::Record(_, fields) => {
                fields.iter().find(|(field, _)| *field == name).map(|(_, value)| value)
            }
            _ => None,
        }
    }

    /// What a person would write for it, if that is a single word: what
    /// [`parse`](super::Codec::parse) reads.
    ///
    /// ```
    /// use berkeley::opt::Value;
    ///
    /// assert_eq!(Value::Bool(true).word().as_deref(), Some("1"));
    /// assert_eq!(Value::List(vec![]).word(), None);
    /// ```
    pub fn word(&self) -> Option<String> {
        Some(match self {
            Value::None => "none".to_owned(),
            // What takes a number does not know "on", and what takes that knows "1".
            Value::Bool(on) => i32::from(*on).to_string(),
            Value::Int(number) => number.to_string(),
            Value::Named(number, _) => number.to_string(),
            Value::Flags(bits, _) => bits.to_string(),
            Value::Text(text) => text.clone(),
            Value::Ip(ip) => ip.to_string(),
            Value::Addr(addr) => addr.to_string(),
            _ => return None,
        })
    }

    /// The fields of a record in order, or the items of a list, which may be those.
    pub(super) fn parts(&self) -> Option<std::vec::IntoIter<&Value>> {
        Some(
            match self {
                Value::Record(_, fields) => {
                    fields.iter().map(|(_, value)| value).collect::<Vec<_>>()
                }
                Value::List(values) => values.iter().collect(),
                _ => return None,
            }
            .into_iter(),
        )
    }

    /// A bare number, whatever it stands for.
    pub(super) fn number(&self) -> Option<i128> {
        match self {
            Value::Bool(on) => Some((*on).into()),
            Value::Int(number) => Some(*number),
            Value::Named(number, _) => Some((*number).into()),
            Value::Flags(bits, _) => Some((*bits).into()),
            _ => None,
        }
    }

    /// A duration: in seconds, if it is a bare number.
    pub(super) fn duration(&self) -> Option<Duration> {
        match self {
            Value::Duration(duration) => Some(*duration),
            Value::Int(seconds) => Some(Duration::from_secs(u64::try_from(*seconds).ok()?)),
            _ => None,
        }
    }

    /// The bytes of a duration, which a bare number is in seconds; of anything else what is read
    /// in it as a person writes it.
    pub(super) fn built(
        &self,
        encode: impl FnOnce(Duration) -> Vec<u8>,
        parse: impl FnOnce(&str) -> Option<Vec<u8>>,
    ) -> Option<Vec<u8>> {
        match self {
            Value::Duration(_) | Value::Int(_) => self.duration().map(encode),
            other => parse(&other.word()?),
        }
    }
}

macro_rules! from {
    ($($kind:ty => |$value:ident| $made:expr;)*) => {$(
        impl From<$kind> for Value {
            fn from($value: $kind) -> Value {
                $made
            }
        }
    )*};
}

from! {
    () => |_nothing| Value::None;
    bool => |on| Value::Bool(on);
    u8 => |number| Value::Int(number.into());
    u16 => |number| Value::Int(number.into());
    u32 => |number| Value::Int(number.into());
    u64 => |number| Value::Int(number.into());
    i32 => |number| Value::Int(number.into());
    usize => |number| Value::Int(number as i128);
    Duration => |duration| Value::Duration(duration);
    SystemTime => |time| Value::Time(time);
    String => |text| Value::Text(text);
    &str => |text| Value::Text(text.to_owned());
    Ipv4Addr => |host| Value::Ip(host.into());
    Ipv6Addr => |host| Value::Ip(host.into());
    IpAddr => |host| Value::Ip(host);
    Addr => |addr| Value::Addr(addr);
    RangeInclusive<u16> => |range| {
        Value::List(vec![(*range.start()).into(), (*range.end()).into()])
    };
    Family => |family| Value::Named(family.number().into(), family.name());
    Type => |ty| Value::Named(ty.number().into(), ty.name());
    Protocol => |protocol| Value::Named(protocol.number().into(), protocol.name());
    Errno => |errno| Value::Named(errno.number().into(), errno.name());
}

impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Value {
        value.map_or(Value::None, Into::into)
    }
}

impl<T: Into<Value>> From<Vec<T>> for Value {
    fn from(values: Vec<T>) -> Value {
        Value::List(values.into_iter().map(Into::into).collect())
    }
}
