//! Durations, each in the unit and structure that its option has.

use std::time::Duration;

use super::numbers::LONG;
use super::{Bool, Codec, Int, U32, Value};
use crate::sys::c;

/// A duration in whole seconds; parts of a second are rounded up.
///
/// ```
/// use berkeley::opt::{Codec, Seconds};
/// use std::time::Duration;
/// assert_eq!(Seconds::encode(Duration::from_millis(1500)), 2_i32.to_ne_bytes());
/// ```
#[derive(Debug)]
pub enum Seconds {}

impl Codec for Seconds {
    type Value = Duration;
    type Bytes = [u8; 4];
    const FORM: &'static str = "seconds";
    const ROOM: usize = 4;

    fn encode(value: Duration) -> [u8; 4] {
        let whole = value.as_secs().saturating_add(u64::from(value.subsec_nanos() > 0));
        i32::try_from(whole).unwrap_or(i32::MAX).to_ne_bytes()
    }

    fn decode(bytes: &[u8]) -> Option<Duration> {
        Some(Duration::from_secs(u64::try_from(Int::decode(bytes)?).ok()?))
    }

    fn value(bytes: &[u8]) -> Option<Value> {
        Self::decode(bytes).map(Value::from)
    }

    fn build(value: &Value) -> Option<Vec<u8>> {
        value.built(|duration| Self::encode(duration).to_vec(), Self::parse)
    }

    fn describe(bytes: &[u8]) -> Option<String> {
        Int::describe(bytes).map(|value| format!("{value} s"))
    }

    fn parse(text: &str) -> Option<Vec<u8>> {
        Int::parse(text.strip_suffix('s').unwrap_or(text).trim_end())
    }
}

/// A duration in whole milliseconds; parts of one are rounded up.
///
/// ```
/// use berkeley::opt::{Codec, Millis};
/// use std::time::Duration;
/// assert_eq!(Millis::encode(Duration::from_nanos(1)), 1_i32.to_ne_bytes());
/// ```
#[derive(Debug)]
pub enum Millis {}

impl Codec for Millis {
    type Value = Duration;
    type Bytes = [u8; 4];
    const FORM: &'static str = "milliseconds";
    const ROOM: usize = 4;

    fn encode(value: Duration) -> [u8; 4] {
        let whole = value.as_nanos().div_ceil(1_000_000);
        i32::try_from(whole).unwrap_or(i32::MAX).to_ne_bytes()
    }

    fn decode(bytes: &[u8]) -> Option<Duration> {
        Some(Duration::from_millis(u64::try_from(Int::decode(bytes)?).ok()?))
    }

    fn value(bytes: &[u8]) -> Option<Value> {
        Self::decode(bytes).map(Value::from)
    }

    fn build(value: &Value) -> Option<Vec<u8>> {
        value.built(|duration| Self::encode(duration).to_vec(), Self::parse)
    }

    fn describe(bytes: &[u8]) -> Option<String> {
        Int::describe(bytes).map(|value| format!("{value} ms"))
    }

    fn parse(text: &str) -> Option<Vec<u8>> {
        Int::parse(text.strip_suffix("ms").unwrap_or(text).trim_end())
    }
}

/// A duration in whole microseconds; parts of one are rounded up.
///
/// ```
/// use berkeley::opt::{Codec, Microseconds};
/// use std::time::Duration;
/// assert_eq!(Microseconds::encode(Duration::from_millis(2)), 2000_i32.to_ne_bytes());
/// ```
#[derive(Debug)]
pub enum Microseconds {}

impl Codec for Microseconds {
    type Value = Duration;
    type Bytes = [u8; 4];
    const FORM: &'static str = "microseconds";
    const ROOM: usize = 4;

    fn encode(value: Duration) -> [u8; 4] {
        let whole = value.as_nanos().div_ceil(1000);
        i32::try_from(whole).unwrap_or(i32::MAX).to_ne_bytes()
    }

    fn decode(bytes: &[u8]) -> Option<Duration> {
        Some(Duration::from_micros(u64::try_from(Int::decode(bytes)?).ok()?))
    }

    fn value(bytes: &[u8]) -> Option<Value> {
        Self::decode(bytes).map(Value::from)
    }

    fn build(value: &Value) -> Option<Vec<u8>> {
        value.built(|duration| Self::encode(duration).to_vec(), Self::parse)
    }

    fn describe(bytes: &[u8]) -> Option<String> {
        Int::describe(bytes).map(|value| format!("{value} µs"))
    }

    fn parse(text: &str) -> Option<Vec<u8>> {
        let number = text.strip_suffix("us").or_else(|| text.strip_suffix("µs")).unwrap_or(text);
        Int::parse(number.trim_end())
    }
}

/// A duration in whole nanoseconds, up to four seconds.
///
/// ```
/// use berkeley::opt::{Codec, Nanoseconds};
/// use std::time::Duration;
/// assert_eq!(Nanoseconds::encode(Duration::from_micros(2)), 2000_u32.to_ne_bytes());
/// ```
#[derive(Debug)]
pub enum Nanoseconds {}

impl Codec for Nanoseconds {
    type Value = Duration;
    type Bytes = [u8; 4];
    const FORM: &'static str = "nanoseconds";
    const ROOM: usize = 4;

    fn encode(value: Duration) -> [u8; 4] {
        u32::try_from(value.as_nanos()).unwrap_or(u32::MAX).to_ne_bytes()
    }

    fn decode(bytes: &[u8]) -> Option<Duration> {
        U32::decode(bytes).map(|value| Duration::from_nanos(value.into()))
    }

    fn value(bytes: &[u8]) -> Option<Value> {
        Self::decode(bytes).map(Value::from)
    }

    fn build(value: &Value) -> Option<Vec<u8>> {
        value.built(|duration| Self::encode(duration).to_vec(), Self::parse)
    }

    fn describe(bytes: &[u8]) -> Option<String> {
        U32::describe(bytes).map(|value| format!("{value} ns"))
    }

    fn parse(text: &str) -> Option<Vec<u8>> {
        U32::parse(text.strip_suffix("ns").unwrap_or(text).trim_end())
    }
}

/// A duration as a `timeval`; none is written as zero, which the kernel takes for "no limit".
/// Parts of a microsecond are rounded up, so that a short limit never becomes none.
///
/// ```
/// use berkeley::opt::{Codec, TimeVal};
/// use std::time::Duration;
/// let microsecond = TimeVal::encode(Some(Duration::from_nanos(500)));
/// assert_eq!(TimeVal::decode(&microsecond), Some(Some(Duration::from_micros(1))));
/// ```
#[derive(Debug)]
pub enum TimeVal {}

impl Codec for TimeVal {
    type Value = Option<Duration>;
    type Bytes = [u8; 2 * LONG];
    const FORM: &'static str = "seconds, or none";
    const ROOM: usize = 2 * LONG;

    fn encode(value: Option<Duration>) -> [u8; 2 * LONG] {
        let micros = value.unwrap_or_default().as_nanos().div_ceil(1000);
        let micros = i64::try_from(micros).unwrap_or(i64::MAX);
        pair(long(micros / 1_000_000), long(micros % 1_000_000))
    }

    fn decode(bytes: &[u8]) -> Option<Option<Duration>> {
        let (seconds, rest) = bytes.split_first_chunk::<LONG>()?;
        let micros = c::c_long::from_ne_bytes(*rest.first_chunk::<LONG>()?);
        let seconds = u64::try_from(c::c_long::from_ne_bytes(*seconds)).ok()?;
        let limit =
            Duration::from_secs(seconds) + Duration::from_micros(u64::try_from(micros).ok()?);
        Some((!limit.is_zero()).then_some(limit))
    }

    fn value(bytes: &[u8]) -> Option<Value> {
        Self::decode(bytes).map(Value::from)
    }

    fn build(value: &Value) -> Option<Vec<u8>> {
        value.built(|limit| Self::encode(Some(limit)).to_vec(), Self::parse)
    }

    fn describe(bytes: &[u8]) -> Option<String> {
        Some(match Self::decode(bytes)? {
            Some(limit) => format!("{limit:?}"),
            None => "none".to_owned(),
        })
    }

    fn parse(text: &str) -> Option<Vec<u8>> {
        let seconds: f64 = text.strip_suffix('s').unwrap_or(text).parse().ok()?;
        let limit = Duration::try_from_secs_f64(seconds).ok()?;
        Some(Self::encode(Some(limit)).to_vec())
    }
}

/// How long closing waits for what has not been sent, in whole seconds: none is "do not wait, send
/// it in the background"; zero throws it away and resets the connection.
///
/// ```
/// use berkeley::opt::{Codec, Linger};
/// assert_eq!(Linger::decode(&Linger::encode(None)), Some(None));
/// ```
#[derive(Debug)]
pub enum Linger {}

impl Codec for Linger {
    type Value = Option<Duration>;
    type Bytes = [u8; 8];
    const FORM: &'static str = "off, or seconds";
    const ROOM: usize = 8;

    fn encode(value: Option<Duration>) -> [u8; 8] {
        pair(Bool::encode(value.is_some()), Seconds::encode(value.unwrap_or_default()))
    }

    fn decode(bytes: &[u8]) -> Option<Option<Duration>> {
        let (on, seconds) = bytes.split_at_checked(4)?;
        Some(if Bool::decode(on)? { Some(Seconds::decode(seconds)?) } else { None })
    }

    fn value(bytes: &[u8]) -> Option<Value> {
        Self::decode(bytes).map(Value::from)
    }

    fn build(value: &Value) -> Option<Vec<u8>> {
        value.built(|limit| Self::encode(Some(limit)).to_vec(), Self::parse)
    }

    fn describe(bytes: &[u8]) -> Option<String> {
        Some(match Self::decode(bytes)? {
            Some(limit) => format!("{} s", limit.as_secs()),
            None => "off".to_owned(),
        })
    }

    fn parse(text: &str) -> Option<Vec<u8>> {
        let limit = match text {
            "off" | "none" => None,
            seconds => Some(Duration::from_secs(
                seconds.strip_suffix('s').unwrap_or(seconds).trim().parse().ok()?,
            )),
        };
        Some(Self::encode(limit).to_vec())
    }
}

/// [`Linger`] the other way round: on is "do not wait when closing".
///
/// Switching it off without saying for how long to wait is lingering for no time at all: set
/// `SO_LINGER` instead.
///
/// ```
/// use berkeley::opt::{Codec, DontLinger, Linger};
/// use std::time::Duration;
/// let waits = Linger::encode(Some(Duration::from_secs(1)));
/// assert_eq!(DontLinger::decode(&waits), Some(false));
/// assert_eq!(Linger::decode(&DontLinger::encode(true)), Some(None));
/// ```
#[derive(Debug)]
pub enum DontLinger {}

impl Codec for DontLinger {
    type Value = bool;
    type Bytes = [u8; 8];
    const FORM: &'static str = "on or off";
    const ROOM: usize = 8;

    fn encode(value: bool) -> [u8; 8] {
        Linger::encode((!value).then_some(Duration::ZERO))
    }

    fn decode(bytes: &[u8]) -> Option<bool> {
        Linger::decode(bytes).map(|limit| limit.is_none())
    }

    fn value(bytes: &[u8]) -> Option<Value> {
        Self::decode(bytes).map(Value::from)
    }

    fn describe(bytes: &[u8]) -> Option<String> {
        Self::decode(bytes).map(|on| if on { "on" } else { "off" }.to_owned())
    }

    fn parse(text: &str) -> Option<Vec<u8>> {
        let on = Bool::decode(&Bool::parse(text)?)?;
        Some(Self::encode(on).to_vec())
    }
}

fn long(value: i64) -> [u8; LONG] {
    c::c_long::try_from(value).unwrap_or(c::c_long::MAX).to_ne_bytes()
}

/// Two fields of a structure, one behind the other.
fn pair<const A: usize, const B: usize, const N: usize>(
    first: [u8; A],
    second: [u8; B],
) -> [u8; N] {
    let mut bytes = [0; N];
    for (to, from) in bytes.iter_mut().zip(first.into_iter().chain(second)) {
        *to = from;
    }
    bytes
}
