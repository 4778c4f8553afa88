//! The forms that option values have.

use std::net::{Ipv4Addr, Ipv6Addr};
use std::time::Duration;

use super::Codec;
use crate::kind::{Family, Protocol, Type};
use crate::sys::{Errno, c};

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

    fn describe(bytes: &[u8]) -> Option<String> {
        Self::decode(bytes).map(|value| value.to_string())
    }

    fn parse(text: &str) -> Option<Vec<u8>> {
        text.parse().ok().map(|value| Self::encode(value).to_vec())
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

    fn describe(bytes: &[u8]) -> Option<String> {
        Int::describe(bytes)
    }

    fn parse(text: &str) -> Option<Vec<u8>> {
        let digits = text.trim_end_matches(|unit: char| unit.is_ascii_alphabetic());
        let unit: u32 = match text.strip_prefix(digits)?.to_ascii_lowercase().as_str() {
            "" | "b" => 0,
            "k" | "kb" | "kib" => 10,
            "m" | "mb" | "mib" => 20,
            "g" | "gb" | "gib" => 30,
            _ => return None,
        };
        let value = digits.parse::<u32>().ok()?.checked_mul(1 << unit)?;
        Some(i32::try_from(value).ok()?.to_ne_bytes().to_vec())
    }
}

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

    fn describe(bytes: &[u8]) -> Option<String> {
        Int::describe(bytes).map(|value| format!("{value} ms"))
    }

    fn parse(text: &str) -> Option<Vec<u8>> {
        Int::parse(text.strip_suffix("ms").unwrap_or(text).trim_end())
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

    fn describe(bytes: &[u8]) -> Option<String> {
        Self::decode(bytes).map(|on| if on { "on" } else { "off" }.to_owned())
    }

    fn parse(text: &str) -> Option<Vec<u8>> {
        let on = Bool::decode(&Bool::parse(text)?)?;
        Some(Self::encode(on).to_vec())
    }
}

/// A text, such as the name of an interface or of an algorithm.
///
/// ```
/// use berkeley::opt::{Codec, Text};
/// assert_eq!(Text::decode(b"cubic\0\0\0"), Some("cubic".to_owned()));
/// ```
#[derive(Debug)]
pub enum Text {}

impl Codec for Text {
    type Value = String;
    type Bytes = Vec<u8>;
    const FORM: &'static str = "text";
    const ROOM: usize = 64;

    fn encode(value: String) -> Vec<u8> {
        value.into_bytes()
    }

    fn decode(bytes: &[u8]) -> Option<String> {
        let text = bytes.split(|byte| *byte == 0).next().unwrap_or_default();
        Some(String::from_utf8_lossy(text).into_owned())
    }

    fn describe(bytes: &[u8]) -> Option<String> {
        Self::decode(bytes)
    }

    fn parse(text: &str) -> Option<Vec<u8>> {
        Some(text.as_bytes().to_vec())
    }
}

/// A pending error; reading it clears it.
///
/// ```
/// use berkeley::{Errno, opt::{Codec, Pending}};
/// assert_eq!(Pending::decode(&[0; 4]), Some(Errno::SUCCESS));
/// ```
#[derive(Debug)]
pub enum Pending {}

/// Declares the codecs of numbers that have a type of their own here.
macro_rules! number_codecs {
    ($($codec:ident => $value:ident, $form:literal;)*) => {
        $(impl Codec for $codec {
            type Value = $value;
            type Bytes = [u8; 4];
            const FORM: &'static str = $form;
            const ROOM: usize = 4;

            fn encode(value: $value) -> [u8; 4] {
                value.number().to_ne_bytes()
            }

            fn decode(bytes: &[u8]) -> Option<$value> {
                Int::decode(bytes).map($value::from)
            }

            fn describe(bytes: &[u8]) -> Option<String> {
                Self::decode(bytes).map(|value| value.to_string())
            }
        })*
    };
}

number_codecs! {
    Pending => Errno, "error, cleared by reading";
    FamilyCode => Family, "family";
    TypeCode => Type, "type";
    ProtocolCode => Protocol, "protocol";
}

/// A family.
///
/// ```
/// use berkeley::{Family, opt::{Codec, FamilyCode}};
/// assert_eq!(FamilyCode::decode(&2_i32.to_ne_bytes()), Some(Family::INET));
/// ```
#[derive(Debug)]
pub enum FamilyCode {}

/// A type.
///
/// ```
/// use berkeley::{Type, opt::{Codec, TypeCode}};
/// assert_eq!(TypeCode::decode(&1_i32.to_ne_bytes()), Some(Type::STREAM));
/// ```
#[derive(Debug)]
pub enum TypeCode {}

/// A protocol.
///
/// ```
/// use berkeley::{Protocol, opt::{Codec, ProtocolCode}};
/// assert_eq!(ProtocolCode::decode(&6_i32.to_ne_bytes()), Some(Protocol::TCP));
/// ```
#[derive(Debug)]
pub enum ProtocolCode {}

/// A IPv4 address, such as the one of the interface that multicast leaves by.
///
/// ```
/// use berkeley::opt::{Codec, V4};
/// assert_eq!(V4::encode([127, 0, 0, 1].into()), [127, 0, 0, 1]);
/// ```
#[derive(Debug)]
pub enum V4 {}

impl Codec for V4 {
    type Value = Ipv4Addr;
    type Bytes = [u8; 4];
    const FORM: &'static str = "IPv4 address";
    const ROOM: usize = 4;

    fn encode(value: Ipv4Addr) -> [u8; 4] {
        value.octets()
    }

    fn decode(bytes: &[u8]) -> Option<Ipv4Addr> {
        bytes.first_chunk().map(|octets: &[u8; 4]| Ipv4Addr::from(*octets))
    }

    fn describe(bytes: &[u8]) -> Option<String> {
        Self::decode(bytes).map(|address| address.to_string())
    }

    fn parse(text: &str) -> Option<Vec<u8>> {
        text.parse::<Ipv4Addr>().ok().map(|address| address.octets().to_vec())
    }
}

/// Membership of an IPv4 multicast group.
///
/// ```
/// use berkeley::opt::MembershipV4;
/// use std::net::Ipv4Addr;
///
/// let member = MembershipV4 { group: Ipv4Addr::new(239, 1, 1, 1), interface: Ipv4Addr::LOCALHOST };
/// assert!(member.group.is_multicast());
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[doc(alias("ip_mreq", "ip_mreqn"))]
pub struct MembershipV4 {
    /// The group.
    pub group: Ipv4Addr,
    /// An address of the interface; [`Ipv4Addr::UNSPECIFIED`] lets the kernel choose.
    pub interface: Ipv4Addr,
}

/// Joining and leaving an IPv4 multicast group; set only.
///
/// ```
/// use berkeley::opt::{Codec, GroupV4, MembershipV4};
/// let member = MembershipV4 { group: [239, 1, 1, 1].into(), interface: [127, 0, 0, 1].into() };
/// assert_eq!(GroupV4::encode(member), [239, 1, 1, 1, 127, 0, 0, 1]);
/// ```
#[derive(Debug)]
pub enum GroupV4 {}

impl Codec for GroupV4 {
    type Value = MembershipV4;
    type Bytes = [u8; 8];
    const FORM: &'static str = "group and interface address";
    const ROOM: usize = 8;

    fn encode(value: MembershipV4) -> [u8; 8] {
        pair(value.group.octets(), value.interface.octets())
    }

    fn decode(bytes: &[u8]) -> Option<MembershipV4> {
        let (group, interface) = bytes.split_at_checked(4)?;
        Some(MembershipV4 { group: V4::decode(group)?, interface: V4::decode(interface)? })
    }
}

/// Membership of an IPv6 multicast group.
///
/// ```
/// use berkeley::opt::MembershipV6;
/// let member = MembershipV6 { group: "ff02::1".parse().unwrap(), interface: 1 };
/// assert!(member.group.is_multicast());
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[doc(alias = "ipv6_mreq")]
pub struct MembershipV6 {
    /// The group.
    pub group: Ipv6Addr,
    /// The number of the interface; zero lets the kernel choose.
    pub interface: u32,
}

/// Joining and leaving an IPv6 multicast group; set only.
///
/// ```
/// use berkeley::opt::{Codec, GroupV6, MembershipV6};
/// let member = MembershipV6 { group: "ff02::1".parse().unwrap(), interface: 1 };
/// assert_eq!(GroupV6::decode(&GroupV6::encode(member)), Some(member));
/// ```
#[derive(Debug)]
pub enum GroupV6 {}

impl Codec for GroupV6 {
    type Value = MembershipV6;
    type Bytes = [u8; 20];
    const FORM: &'static str = "group and interface number";
    const ROOM: usize = 20;

    fn encode(value: MembershipV6) -> [u8; 20] {
        pair(value.group.octets(), value.interface.to_ne_bytes())
    }

    fn decode(bytes: &[u8]) -> Option<MembershipV6> {
        let (group, interface) = bytes.split_first_chunk::<16>()?;
        Some(MembershipV6 {
            group: Ipv6Addr::from(*group),
            interface: u32::from_ne_bytes(*interface.first_chunk()?),
        })
    }
}

/// Who is at the other end of a UNIX socket.
///
/// ```
/// use berkeley::{Family, Protocol, Socket, Type, opt};
///
/// let (a, _b) = Socket::pair(Family::UNIX, Type::STREAM, Protocol::DEFAULT)?;
/// assert_eq!(a.get(opt::SO_PEERCRED)?.pid, std::process::id());
/// # Ok::<(), berkeley::Error>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[doc(alias = "ucred")]
pub struct Credentials {
    /// The process; zero if it is outside this one's view.
    pub pid: u32,
    /// The user.
    pub uid: u32,
    /// The group.
    pub gid: u32,
}

/// The credentials of the peer; get only.
///
/// ```
/// use berkeley::opt::{Codec, Credentials, Peer};
/// let root = Credentials { pid: 1, uid: 0, gid: 0 };
/// assert_eq!(Peer::decode(&Peer::encode(root)), Some(root));
/// ```
#[derive(Debug)]
pub enum Peer {}

impl Codec for Peer {
    type Value = Credentials;
    type Bytes = [u8; 12];
    const FORM: &'static str = "process, user, group";
    const ROOM: usize = 12;

    fn encode(value: Credentials) -> [u8; 12] {
        let pid_and_uid: [u8; 8] = pair(value.pid.to_ne_bytes(), value.uid.to_ne_bytes());
        pair(pid_and_uid, value.gid.to_ne_bytes())
    }

    fn decode(bytes: &[u8]) -> Option<Credentials> {
        let (pid, rest) = bytes.split_first_chunk::<4>()?;
        let (uid, rest) = rest.split_first_chunk::<4>()?;
        Some(Credentials {
            pid: u32::from_ne_bytes(*pid),
            uid: u32::from_ne_bytes(*uid),
            gid: u32::from_ne_bytes(*rest.first_chunk()?),
        })
    }

    fn describe(bytes: &[u8]) -> Option<String> {
        let Credentials { pid, uid, gid } = Self::decode(bytes)?;
        Some(format!("pid {pid}, uid {uid}, gid {gid}"))
    }
}

const LONG: usize = size_of::<c::c_long>();

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
