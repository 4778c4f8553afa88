//! Numbers, switches, texts and bytes: the plain forms.

use std::marker::PhantomData;

use super::records::hex;
use super::{Codec, Value};
use crate::sys::c;
use crate::sys::layout::Plain;

/// On or off, an `int` of the kernel.
///
/// ```
/// use berkeley::opt::{Bool, Codec};
/// assert_eq!(Bool::decode(&Bool::encode(true)), Some(true));
/// ```
#[derive(Debug)]
pub enum Bool {}

impl Codec for Bool {
    type Value = bool;
    type Bytes = [u8; 4];
    const FORM: &'static str = "on or off";
    const ROOM: usize = 4;

    fn encode(value: bool) -> [u8; 4] {
        i32::from(value).to_ne_bytes()
    }

    fn decode(bytes: &[u8]) -> Option<bool> {
        Int::decode(bytes).map(|value| value != 0)
    }

    fn value(bytes: &[u8]) -> Option<Value> {
        Self::decode(bytes).map(Value::from)
    }

    fn describe(bytes: &[u8]) -> Option<String> {
        Self::decode(bytes).map(|on| if on { "on" } else { "off" }.to_owned())
    }

    fn parse(text: &str) -> Option<Vec<u8>> {
        let on = match text.to_ascii_lowercase().as_str() {
            "1" | "on" | "yes" | "true" => true,
            "0" | "off" | "no" | "false" => false,
            _ => return None,
        };
        Some(Self::encode(on).to_vec())
    }
}

/// A number, an `int` of the kernel.
///
/// Some options answer a single byte where they were given an `int`; both are read.
///
/// ```
/// use berkeley::opt::{Codec, Int};
/// assert_eq!(Int::decode(&[64]), Some(64));
/// ```
#[derive(Debug)]
pub enum Int {}

impl Codec for Int {
    type Value = i32;
    type Bytes = [u8; 4];
    const FORM: &'static str = "number";
    const ROOM: usize = 4;

    fn encode(value: i32) -> [u8; 4] {
        value.to_ne_bytes()
    }

    fn decode(bytes: &[u8]) -> Option<i32> {
        match bytes {
            [byte] => Some(i32::from(*byte)),
            _ => bytes.first_chunk().map(|value| i32::from_ne_bytes(*value)),
        }
    }

    fn value(bytes: &[u8]) -> Option<Value> {
        Self::decode(bytes).map(Value::from)
    }

    fn describe(bytes: &[u8]) -> Option<String> {
        Self::decode(bytes).map(|value| value.to_string())
    }

    fn parse(text: &str) -> Option<Vec<u8>> {
        let value = match number(text) {
            // A mask such as 0xffffffff has the bits of a negative number.
            Some(value) => i32::try_from(value).or(u32::try_from(value).map(|bits| bits as i32)),
            None => return Some(Self::encode(text.parse().ok()?).to_vec()),
        };
        value.ok().map(|value| Self::encode(value).to_vec())
    }
}

/// A number of bytes. People may write it with `K`, `M` or `G` (times 1,024).
///
/// ```
/// use berkeley::opt::{Codec, Size};
/// assert_eq!(Size::parse("64K"), Some(65536_i32.to_ne_bytes().to_vec()));
/// ```
#[derive(Debug)]
pub enum Size {}

impl Codec for Size {
    type Value = usize;
    type Bytes = [u8; 4];
    const FORM: &'static str = "bytes";
    const ROOM: usize = 4;

    /// Sizes beyond the kernel's `int` are set as the largest there is.
    fn encode(value: usize) -> [u8; 4] {
        i32::try_from(value).unwrap_or(i32::MAX).to_ne_bytes()
    }

    fn decode(bytes: &[u8]) -> Option<usize> {
        usize::try_from(Int::decode(bytes)?).ok()
    }

    fn value(bytes: &[u8]) -> Option<Value> {
        Self::decode(bytes).map(Value::from)
    }

    fn describe(bytes: &[u8]) -> Option<String> {
        Int::describe(bytes)
    }

    fn parse(text: &str) -> Option<Vec<u8>> {
        Some(i32::try_from(size(text)?).ok()?.to_ne_bytes().to_vec())
    }
}
/// Codecs of bare numbers.
macro_rules! bare_numbers {
    ($($(#[$doc:meta])* $name:ident = $number:ty;)*) => {$(
        $(#[$doc])*
        ///
        /// ```
        #[doc = concat!("use berkeley::opt::{Codec, ", stringify!($name), "};")]
        #[doc = concat!("assert_eq!(", stringify!($name), "::decode(&", stringify!($name), "::encode(7)), Some(7));")]
        /// ```
        #[derive(Debug)]
        pub enum $name {}

        impl Codec for $name {
            type Value = $number;
            type Bytes = [u8; size_of::<$number>()];
            const FORM: &'static str = "number";
            const ROOM: usize = size_of::<$number>();

            fn encode(value: $number) -> Self::Bytes {
                value.to_ne_bytes()
            }

            fn decode(bytes: &[u8]) -> Option<$number> {
                <$number>::read(bytes)
            }

        fn value(bytes: &[u8]) -> Option<Value> {
            Self::decode(bytes).map(Value::from)
        }

            fn describe(bytes: &[u8]) -> Option<String> {
                Self::decode(bytes).map(|value| value.to_string())
            }

            fn parse(text: &str) -> Option<Vec<u8>> {
                let value = <$number>::try_from(number(text)?).ok()?;
                Some(Self::encode(value).to_vec())
            }
        }
    )*};
}

bare_numbers! {
    /// A number of 8 bits.
    U8 = u8;
    /// A number of 16 bits.
    U16 = u16;
    /// A number of 32 bits.
    U32 = u32;
    /// A number of 64 bits.
    U64 = u64;
}

/// On or off, in a single byte.
///
/// ```
/// use berkeley::opt::{Codec, Bool8};
/// assert_eq!(Bool8::encode(true), [1]);
/// ```
#[derive(Debug)]
pub enum Bool8 {}

impl Codec for Bool8 {
    type Value = bool;
    type Bytes = [u8; 1];
    const FORM: &'static str = Bool::FORM;
    const ROOM: usize = 1;

    fn encode(value: bool) -> [u8; 1] {
        [value.into()]
    }

    fn decode(bytes: &[u8]) -> Option<bool> {
        Bool::decode(bytes)
    }

    fn value(bytes: &[u8]) -> Option<Value> {
        Self::decode(bytes).map(Value::from)
    }

    fn describe(bytes: &[u8]) -> Option<String> {
        Bool::describe(bytes)
    }

    fn parse(text: &str) -> Option<Vec<u8>> {
        Some(Self::encode(Bool::decode(&Bool::parse(text)?)?).to_vec())
    }
}

/// A number of bytes in 64 bits. People may write it as they do a [`Size`].
///
/// ```
/// use berkeley::opt::{Codec, Size64};
/// assert_eq!(Size64::parse("8G"), Some((8_u64 << 30).to_ne_bytes().to_vec()));
/// ```
#[derive(Debug)]
pub enum Size64 {}

impl Codec for Size64 {
    type Value = u64;
    type Bytes = [u8; 8];
    const FORM: &'static str = Size::FORM;
    const ROOM: usize = 8;

    fn encode(value: u64) -> [u8; 8] {
        value.to_ne_bytes()
    }

    fn decode(bytes: &[u8]) -> Option<u64> {
        u64::read(bytes)
    }

    fn value(bytes: &[u8]) -> Option<Value> {
        Self::decode(bytes).map(Value::from)
    }

    fn describe(bytes: &[u8]) -> Option<String> {
        Self::decode(bytes).map(|value| value.to_string())
    }

    fn parse(text: &str) -> Option<Vec<u8>> {
        size(text).map(|value| Self::encode(value).to_vec())
    }
}

/// A limit in bytes per second, or none.
///
/// ```
/// use berkeley::{Family, Protocol, Socket, Type, opt};
///
/// let sock = Socket::new(Family::INET, Type::STREAM, Protocol::DEFAULT)?;
/// assert_eq!(sock.get(opt::SO_MAX_PACING_RATE)?, None);
/// sock.set(opt::SO_MAX_PACING_RATE, 1_000_000)?;
/// assert_eq!(sock.get(opt::SO_MAX_PACING_RATE)?, Some(1_000_000));
/// # Ok::<(), berkeley::Error>(())
/// ```
#[derive(Debug)]
pub enum Rate {}

impl Codec for Rate {
    type Value = Option<u64>;
    type Bytes = [u8; LONG];
    const FORM: &'static str = "bytes per second, or none";
    const ROOM: usize = LONG;

    /// Rates beyond the kernel's `long` are none.
    fn encode(value: Option<u64>) -> [u8; LONG] {
        let most = c::c_ulong::MAX;
        value.map_or(most, |rate| c::c_ulong::try_from(rate).unwrap_or(most)).to_ne_bytes()
    }

    fn decode(bytes: &[u8]) -> Option<Option<u64>> {
        Some(match bytes.len() {
            0..8 => Some(u32::read(bytes)?).filter(|rate| *rate != u32::MAX).map(u64::from),
            _ => Some(u64::read(bytes)?).filter(|rate| *rate != u64::MAX),
        })
    }

    fn value(bytes: &[u8]) -> Option<Value> {
        Self::decode(bytes).map(Value::from)
    }

    fn describe(bytes: &[u8]) -> Option<String> {
        let rate = Self::decode(bytes)?;
        Some(rate.map_or_else(|| "none".to_owned(), |rate| format!("{rate} B/s")))
    }

    fn parse(text: &str) -> Option<Vec<u8>> {
        let rate = match text {
            "none" => None,
            rate => Some(size(rate.strip_suffix("/s").unwrap_or(rate))?),
        };
        Some(Self::encode(rate).to_vec())
    }
}

/// Nothing: setting the option is all there is to it. People write `1` or `on`.
///
/// ```
/// use berkeley::{Errno, Family, Protocol, Socket, Type, opt};
///
/// let sock = Socket::new(Family::INET, Type::STREAM, Protocol::DEFAULT)?;
/// let error = sock.set(opt::SO_DETACH_FILTER, ()).unwrap_err();
/// assert_eq!(error.errno(), Some(Errno::ENOENT)); // there was no filter
/// # Ok::<(), berkeley::Error>(())
/// ```
#[derive(Debug)]
pub enum Nothing {}

impl Codec for Nothing {
    type Value = ();
    type Bytes = [u8; 4];
    const FORM: &'static str = "nothing";
    const ROOM: usize = 4;

    fn encode((): ()) -> [u8; 4] {
        Bool::encode(true)
    }

    fn decode(_: &[u8]) -> Option<()> {
        Some(())
    }

    fn value(bytes: &[u8]) -> Option<Value> {
        Self::decode(bytes).map(Value::from)
    }

    fn parse(text: &str) -> Option<Vec<u8>> {
        Bool::parse(text).filter(|bytes| Bool::decode(bytes) == Some(true))
    }
}

/// Nothing, in no bytes at all: setting the option is all there is to it. People write `1` or `on`.
///
/// ```
/// use berkeley::opt::{Codec, Empty};
/// assert!(Empty::encode(()).is_empty());
/// ```
#[derive(Debug)]
pub enum Empty {}

impl Codec for Empty {
    type Value = ();
    type Bytes = [u8; 0];
    const FORM: &'static str = Nothing::FORM;
    const ROOM: usize = 1;

    fn encode((): ()) -> [u8; 0] {
        []
    }

    fn decode(_: &[u8]) -> Option<()> {
        Some(())
    }

    fn value(bytes: &[u8]) -> Option<Value> {
        Self::decode(bytes).map(Value::from)
    }

    fn parse(text: &str) -> Option<Vec<u8>> {
        Nothing::parse(text).map(|_| Vec::new())
    }
}

/// A number that the option takes as the length of its value, whose bytes do not matter.
///
/// ```
/// use berkeley::opt::{Codec, Length};
/// assert_eq!(Length::encode(16).len(), 16);
/// ```
#[derive(Debug)]
pub enum Length {}

impl Codec for Length {
    type Value = usize;
    type Bytes = Vec<u8>;
    const FORM: &'static str = Size::FORM;
    const ROOM: usize = 64;

    fn encode(value: usize) -> Vec<u8> {
        vec![0; value]
    }

    fn decode(bytes: &[u8]) -> Option<usize> {
        Some(bytes.len())
    }

    fn value(bytes: &[u8]) -> Option<Value> {
        Self::decode(bytes).map(Value::from)
    }

    fn parse(text: &str) -> Option<Vec<u8>> {
        // A key, at most; nobody gets to ask for gigabytes.
        let len = usize::try_from(size(text)?).ok()?;
        (len <= 65536).then(|| Self::encode(len))
    }
}

/// Bytes as they are. `ROOM` is how many to ask the kernel for.
///
/// ```
/// use berkeley::opt::{Bytes, Codec};
/// assert_eq!(<Bytes>::describe(&[1, 255]).as_deref(), Some("01ff"));
/// ```
#[derive(Debug)]
pub enum Bytes<const ROOM: usize = 64> {}

impl<const ROOM: usize> Codec for Bytes<ROOM> {
    type Value = Vec<u8>;
    type Bytes = Vec<u8>;
    const FORM: &'static str = "hexadecimal";
    const ROOM: usize = ROOM;

    fn encode(value: Vec<u8>) -> Vec<u8> {
        value
    }

    fn decode(bytes: &[u8]) -> Option<Vec<u8>> {
        Some(bytes.to_vec())
    }

    fn value(bytes: &[u8]) -> Option<Value> {
        Self::decode(bytes).map(Value::Bytes)
    }

    /// A number would be read as hexadecimal.
    fn build(value: &Value) -> Option<Vec<u8>> {
        match value {
            Value::Text(text) => Self::parse(text),
            Value::None => Some(Vec::new()),
            _ => None,
        }
    }

    fn describe(bytes: &[u8]) -> Option<String> {
        Some(if bytes.is_empty() { "none".to_owned() } else { hex(bytes) })
    }

    fn parse(text: &str) -> Option<Vec<u8>> {
        if text == "none" {
            return Some(Vec::new());
        }
        let digit = |at: u8| char::from(at).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
        let byte = |pair: &[u8]| match pair {
            [high, low] => Some(digit(*high)? << 4 | digit(*low)?),
            _ => None,
        };
        text.as_bytes().chunks(2).map(byte).collect()
    }
}

/// A secret, such as a key: it can be set, and is never shown.
///
/// ```
/// use berkeley::opt::{Codec, Secret};
/// assert_eq!(Secret::describe(b"swordfish"), None);
/// ```
#[derive(Debug)]
pub enum Secret {}

impl Codec for Secret {
    type Value = Vec<u8>;
    type Bytes = Vec<u8>;
    const FORM: &'static str = "hexadecimal, never shown";
    const ROOM: usize = 64;

    fn encode(value: Vec<u8>) -> Vec<u8> {
        value
    }

    fn decode(bytes: &[u8]) -> Option<Vec<u8>> {
        Some(bytes.to_vec())
    }

    fn value(bytes: &[u8]) -> Option<Value> {
        Self::decode(bytes).map(Value::Bytes)
    }

    /// A number would be read as hexadecimal.
    fn build(value: &Value) -> Option<Vec<u8>> {
        match value {
            Value::Text(text) => Self::parse(text),
            Value::None => Some(Vec::new()),
            _ => None,
        }
    }

    fn parse(text: &str) -> Option<Vec<u8>> {
        <Bytes>::parse(text)
    }
}

/// Several values of one form, one behind the other.
///
/// ```
/// use berkeley::opt::{Codec, Many, U32};
/// let bytes = Many::<U32>::encode(vec![1, 2]);
/// assert_eq!(Many::<U32>::decode(&bytes), Some(vec![1, 2]));
/// ```
#[derive(Debug)]
pub struct Many<C>(PhantomData<C>);

impl<C: Codec> Codec for Many<C> {
    type Value = Vec<C::Value>;
    type Bytes = Vec<u8>;
    const FORM: &'static str = "list";
    const ROOM: usize = 64 * C::ROOM;

    fn encode(value: Vec<C::Value>) -> Vec<u8> {
        value.into_iter().flat_map(|one| C::encode(one).as_ref().to_vec()).collect()
    }

    fn decode(bytes: &[u8]) -> Option<Vec<C::Value>> {
        bytes.chunks(C::ROOM).map(C::decode).collect()
    }

    fn value(bytes: &[u8]) -> Option<Value> {
        bytes.chunks(C::ROOM).map(C::value).collect::<Option<_>>().map(Value::List)
    }

    fn build(value: &Value) -> Option<Vec<u8>> {
        match value {
            Value::List(values) => {
                Some(values.iter().map(C::build).collect::<Option<Vec<_>>>()?.concat())
            }
            value => Self::parse(&value.word()?),
        }
    }

    fn describe(bytes: &[u8]) -> Option<String> {
        let all: Vec<String> = bytes.chunks(C::ROOM).map(C::describe).collect::<Option<_>>()?;
        Some(if all.is_empty() { "none".to_owned() } else { all.join("; ") })
    }

    fn parse(text: &str) -> Option<Vec<u8>> {
        let parts = text.split(';').map(|one| C::parse(one.trim()));
        if text == "none" {
            Some(Vec::new())
        } else {
            Some(parts.collect::<Option<Vec<_>>>()?.concat())
        }
    }
}

/// How wide the kernel's `long` is.
pub(super) const LONG: usize = size_of::<c::c_long>();

/// A number that is not negative, as people write it: decimal or, behind `0x`, hexadecimal.
pub(crate) fn number(text: &str) -> Option<u64> {
    match text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        // `from_str_radix` would take a sign.
        Some(digits) if digits.bytes().all(|byte| byte.is_ascii_hexdigit()) => {
            u64::from_str_radix(digits, 16).ok()
        }
        Some(_) => None,
        None => text.parse().ok(),
    }
}

/// A number of bytes as people write it, with `K`, `M` or `G` (times 1,024).
pub(super) fn size(text: &str) -> Option<u64> {
    let digits = text.trim_end_matches(|unit: char| unit.is_ascii_alphabetic());
    let unit: u32 = match text.strip_prefix(digits)?.to_ascii_lowercase().as_str() {
        "" | "b" => 0,
        "k" | "kb" | "kib" => 10,
        "m" | "mb" | "mib" => 20,
        "g" | "gb" | "gib" => 30,
        _ => return None,
    };
    digits.trim_end().parse::<u64>().ok()?.checked_mul(1 << unit)
}
