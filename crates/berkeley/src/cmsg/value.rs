//! The forms that the values of control messages have, beside those of options.

use std::time::{Duration, SystemTime};

use crate::addr::Addr;
use crate::opt::records::record_values;
use crate::opt::{Address, Bytes, Codec, Value};
use crate::sys::layout::Plain;
use crate::sys::structs::*;
use crate::sys::{Errno, c};

/// The numbers of descriptors. Those that have been received belong to the
/// [`RecvBuffer`](super::RecvBuffer) until they are [taken](super::RecvBuffer::take_fds).
///
/// ```
/// use berkeley::{cmsg::Descriptors, opt::Codec};
/// assert_eq!(Descriptors::decode(&Descriptors::encode(vec![3, 4])), Some(vec![3, 4]));
/// ```
#[derive(Debug)]
pub enum Descriptors {}

impl Codec for Descriptors {
    type Value = Vec<i32>;
    type Bytes = Vec<u8>;
    const FORM: &'static str = "descriptors";
    const ROOM: usize = 16 * size_of::<i32>();

    fn encode(value: Vec<i32>) -> Vec<u8> {
        value.into_iter().flat_map(i32::to_ne_bytes).collect()
    }

    fn decode(bytes: &[u8]) -> Option<Vec<i32>> {
        Some(bytes.chunks_exact(size_of::<i32>()).filter_map(i32::read).collect())
    }

    fn value(bytes: &[u8]) -> Option<Value> {
        Self::decode(bytes).map(Value::from)
    }

    fn describe(bytes: &[u8]) -> Option<String> {
        Self::decode(bytes).map(|fds| format!("{fds:?}"))
    }
}

/// A time of day in microseconds, `timeval`.
///
/// ```
/// use berkeley::{cmsg::Micros, opt::Codec};
/// let epoch = std::time::SystemTime::UNIX_EPOCH;
/// assert_eq!(Micros::decode(&Micros::encode(epoch)), Some(epoch));
/// ```
#[derive(Debug)]
pub enum Micros {}

impl Codec for Micros {
    type Value = SystemTime;
    type Bytes = [u8; timeval::SIZE];
    const FORM: &'static str = "time";
    const ROOM: usize = timeval::SIZE;

    fn encode(value: SystemTime) -> Self::Bytes {
        let (seconds, nanos) = parts(value);
        let mut bytes = [0; timeval::SIZE];
        timeval::tv_sec.put(&mut bytes, seconds);
        timeval::tv_usec.put(&mut bytes, (nanos / 1000) as _);
        bytes
    }

    fn decode(bytes: &[u8]) -> Option<SystemTime> {
        let (seconds, micros) = pair(bytes)?;
        time(seconds, u32::try_from(micros).ok()?.checked_mul(1000)?)
    }

    fn value(bytes: &[u8]) -> Option<Value> {
        Self::decode(bytes).map(Value::from)
    }

    fn describe(bytes: &[u8]) -> Option<String> {
        Self::decode(bytes).map(seconds)
    }
}

/// A time of day in nanoseconds, `timespec`.
///
/// ```
/// use berkeley::{cmsg::Nanos, opt::Codec};
/// let now = std::time::SystemTime::now();
/// assert_eq!(Nanos::decode(&Nanos::encode(now)), Some(now));
/// ```
#[derive(Debug)]
pub enum Nanos {}

impl Codec for Nanos {
    type Value = SystemTime;
    type Bytes = [u8; timespec::SIZE];
    const FORM: &'static str = "time";
    const ROOM: usize = timespec::SIZE;

    fn encode(value: SystemTime) -> Self::Bytes {
        let (seconds, nanos) = parts(value);
        let mut bytes = [0; timespec::SIZE];
        timespec::tv_sec.put(&mut bytes, seconds);
        timespec::tv_nsec.put(&mut bytes, nanos as _);
        bytes
    }

    fn decode(bytes: &[u8]) -> Option<SystemTime> {
        let (seconds, nanos) = pair(bytes)?;
        time(seconds, u32::try_from(nanos).ok()?)
    }

    fn value(bytes: &[u8]) -> Option<Value> {
        Self::decode(bytes).map(Value::from)
    }

    fn describe(bytes: &[u8]) -> Option<String> {
        Self::decode(bytes).map(seconds)
    }
}

/// When a packet came or went, by the kernel's clock and by the device's.
///
/// ```
/// use berkeley::cmsg::Timestamps;
/// assert_eq!(Timestamps::default().software, None);
/// ```
///
/// See the kernel's documentation of timestamping.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
#[doc(alias("scm_timestamping", "SO_TIMESTAMPING"))]
pub struct Timestamps {
    /// The kernel's.
    pub software: Option<SystemTime>,
    /// The device's own clock, since whatever it counts from.
    pub hardware: Option<Duration>,
}

/// [`Timestamps`]: three `timespec`s, the second of which is never used.
///
/// ```
/// use berkeley::{cmsg::{Stamps, Timestamps}, opt::Codec};
/// let stamps = Timestamps { software: Some(std::time::SystemTime::now()), hardware: None };
/// assert_eq!(Stamps::decode(&Stamps::encode(stamps)), Some(stamps));
/// ```
#[derive(Debug)]
pub enum Stamps {}

impl Codec for Stamps {
    type Value = Timestamps;
    type Bytes = [u8; 3 * timespec::SIZE];
    const FORM: &'static str = "software and hardware time";
    const ROOM: usize = 3 * timespec::SIZE;

    fn encode(value: Timestamps) -> Self::Bytes {
        let hardware =
            value.hardware.map(|time| (whole(time.as_secs().into()), time.subsec_nanos()));
        let mut bytes = [0; 3 * timespec::SIZE];
        for (place, time) in [(0, value.software.map(parts)), (2, hardware)] {
            if let (Some((seconds, nanos)), Some(to)) =
                (time, bytes.get_mut(place * timespec::SIZE..))
            {
                timespec::tv_sec.put(to, seconds);
                timespec::tv_nsec.put(to, nanos as _);
            }
        }
        bytes
    }

    fn decode(bytes: &[u8]) -> Option<Timestamps> {
        // Zero means that there is none.
        let stamp = |place: usize| {
            let one = bytes.len() / 3;
            let time = Nanos::decode(bytes.get(place * one..(place + 1) * one)?)?;
            Some((time != SystemTime::UNIX_EPOCH).then_some(time))
        };
        let hardware = stamp(2)?.and_then(|time| time.duration_since(SystemTime::UNIX_EPOCH).ok());
        Some(Timestamps { software: stamp(0)?, hardware })
    }

    fn value(bytes: &[u8]) -> Option<Value> {
        Self::decode(bytes).map(Value::from)
    }

    fn describe(bytes: &[u8]) -> Option<String> {
        let Timestamps { software, hardware } = Self::decode(bytes)?;
        let software = software.map(|time| format!("software {}", seconds(time)));
        let hardware = hardware.map(|time| format!("hardware {}", time.as_secs_f64()));
        let both: Vec<String> = software.into_iter().chain(hardware).collect();
        Some(if both.is_empty() { "none".to_owned() } else { both.join(", ") })
    }
}

/// What the queue of errors tells of one error, as the kernel puts it;
/// [`ErrorEvent`](crate::errqueue::ErrorEvent) says what it means.
///
/// ```
/// use berkeley::cmsg::ExtendedError;
/// assert_eq!(ExtendedError::default().offender, None);
/// ```
///
/// See `ip(7)`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[doc(alias("sock_extended_err", "IP_RECVERR"))]
pub struct ExtendedError {
    /// The error number; zero for what is no error.
    pub errno: i32,
    /// Where it comes from, `SO_EE_ORIGIN_…`.
    pub origin: u8,
    /// The ICMP type, or the origin's own.
    pub ty: u8,
    /// The ICMP code, or the origin's own.
    pub code: u8,
    /// The path's largest packet, or the origin's own.
    pub info: u32,
    /// The origin's own.
    pub data: u32,
    /// Who sent the ICMP message.
    pub offender: Option<Addr>,
}

/// [`ExtendedError`] with the address behind it.
///
/// ```
/// use berkeley::{cmsg::{Extended, ExtendedError}, opt::Codec};
/// let error = ExtendedError { errno: 111, origin: 2, ..ExtendedError::default() };
/// assert_eq!(Extended::decode(&Extended::encode(error)), Some(error));
/// ```
#[derive(Debug)]
pub enum Extended {}

impl Codec for Extended {
    type Value = ExtendedError;
    type Bytes = Vec<u8>;
    const FORM: &'static str = "error";
    const ROOM: usize = sock_extended_err::SIZE + 28;

    fn encode(value: ExtendedError) -> Vec<u8> {
        let mut bytes = vec![0; sock_extended_err::SIZE];
        sock_extended_err::ee_errno.put(&mut bytes, value.errno);
        sock_extended_err::ee_origin.put(&mut bytes, value.origin);
        sock_extended_err::ee_type.put(&mut bytes, value.ty);
        sock_extended_err::ee_code.put(&mut bytes, value.code);
        sock_extended_err::ee_info.put(&mut bytes, value.info);
        sock_extended_err::ee_data.put(&mut bytes, value.data);
        bytes.extend_from_slice(value.offender.as_ref().map_or(&[], Addr::as_bytes));
        bytes
    }

    fn decode(bytes: &[u8]) -> Option<ExtendedError> {
        let offender = bytes.get(sock_extended_err::SIZE..).and_then(Address::decode);
        Some(ExtendedError {
            errno: sock_extended_err::ee_errno.get(bytes)?,
            origin: sock_extended_err::ee_origin.get(bytes)?,
            ty: sock_extended_err::ee_type.get(bytes)?,
            code: sock_extended_err::ee_code.get(bytes)?,
            info: sock_extended_err::ee_info.get(bytes)?,
            data: sock_extended_err::ee_data.get(bytes)?,
            offender: offender.filter(|addr| addr.family() != crate::kind::Family::UNSPEC),
        })
    }

    fn value(bytes: &[u8]) -> Option<Value> {
        Self::decode(bytes).map(Value::from)
    }

    fn describe(bytes: &[u8]) -> Option<String> {
        let error = Self::decode(bytes)?;
        let ExtendedError { origin, ty, code, info, data, offender, .. } = error;
        let from = offender.map_or_else(String::new, |addr| format!(" from {addr}"));
        let errno = Errno(error.errno);
        Some(format!("{errno}, origin {origin}, {ty}/{code}, info {info}, data {data}{from}"))
    }
}

/// An initialisation vector of the kernel's cryptography: its length, then its bytes.
///
/// ```
/// use berkeley::{cmsg::Iv, opt::Codec};
/// assert_eq!(Iv::decode(&Iv::encode(b"salt".to_vec())), Some(b"salt".to_vec()));
/// ```
#[derive(Debug)]
#[doc(alias = "af_alg_iv")]
pub enum Iv {}

impl Codec for Iv {
    type Value = Vec<u8>;
    type Bytes = Vec<u8>;
    const FORM: &'static str = "bytes";
    const ROOM: usize = af_alg_iv::SIZE + 16;

    fn encode(value: Vec<u8>) -> Vec<u8> {
        let len = u32::try_from(value.len()).unwrap_or(u32::MAX);
        [&len.to_ne_bytes()[..], &value].concat()
    }

    fn decode(bytes: &[u8]) -> Option<Vec<u8>> {
        let len = usize::try_from(af_alg_iv::ivlen.get(bytes)?).ok()?;
        bytes.get(af_alg_iv::SIZE..)?.get(..len).map(<[u8]>::to_vec)
    }

    fn value(bytes: &[u8]) -> Option<Value> {
        Self::decode(bytes).map(Value::Bytes)
    }

    fn describe(bytes: &[u8]) -> Option<String> {
        Self::decode(bytes).and_then(|iv| <Bytes>::describe(&iv))
    }
}

/// Declares a value that is a structure of numbers, and its codec.
macro_rules! records {
    ($(
        $(#[$doc:meta])*
        $value:ident, $codec:ident = $structure:ident { $($(#[$field_doc:meta])* $field:ident: $number:ty = $c:ident),* $(,)? }
    )*) => {$(
        $(#[$doc])*
        ///
        /// ```
        #[doc = concat!("use berkeley::{cmsg::{", stringify!($value), ", ", stringify!($codec), "}, opt::Codec};")]
        #[doc = concat!("let value = ", stringify!($value), "::default();")]
        #[doc = concat!("assert_eq!(", stringify!($codec), "::decode(&", stringify!($codec), "::encode(value)), Some(value));")]
        /// ```
        #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
        pub struct $value {
            $($(#[$field_doc])* pub $field: $number,)*
        }

        #[doc = concat!("The codec of [`", stringify!($value), "`].")]
        ///
        /// ```
        #[doc = concat!("use berkeley::{cmsg::", stringify!($codec), ", opt::Codec};")]
        #[doc = concat!("assert_eq!(", stringify!($codec), "::decode(&[]), None);")]
        /// ```
        #[derive(Debug)]
        pub enum $codec {}

        impl Codec for $codec {
            type Value = $value;
            type Bytes = [u8; $structure::SIZE];
            const FORM: &'static str = "numbers";
            const ROOM: usize = $structure::SIZE;

            fn encode(value: $value) -> Self::Bytes {
                let mut bytes = [0; $structure::SIZE];
                $($structure::$c.put(&mut bytes, value.$field);)*
                bytes
            }

            fn decode(bytes: &[u8]) -> Option<$value> {
                Some($value { $($field: $structure::$c.get(bytes)?,)* })
            }

            fn value(bytes: &[u8]) -> Option<Value> {
                Self::decode(bytes).map(Value::from)
            }

            fn describe(bytes: &[u8]) -> Option<String> {
                let value = Self::decode(bytes)?;
                let fields = [$(format!("{} {}", stringify!($field), value.$field)),*];
                Some(fields.join(", "))
            }
        }

        record_values! { $value { $($field),* } }
    )*};
}

records! {
    /// What comes with each packet of a packet socket.
    ///
    /// See `packet(7)`, `PACKET_AUXDATA`.
    AuxData, PacketAux = tpacket_auxdata {
        /// What has been done with it, `TP_STATUS_…`.
        status: u32 = tp_status,
        /// How long it was, in bytes.
        len: u32 = tp_len,
        /// How much of it was captured, in bytes.
        captured: u32 = tp_snaplen,
        /// Where its link header begins.
        mac: u16 = tp_mac,
        /// Where its network header begins.
        net: u16 = tp_net,
        /// The VLAN tag that was taken out.
        vlan: u16 = tp_vlan_tci,
        /// The protocol of that tag.
        vlan_protocol: u16 = tp_vlan_tpid,
    }
    /// The device and the length on the wire of a packet that hardware has stamped.
    StampedPacket, StampedPacketInfo = scm_ts_pktinfo {
        /// The interface that it came by.
        interface: u32 = if_index,
        /// How long it was, in bytes.
        len: u32 = pkt_length,
    }
    /// How a message was received.
    ///
    /// See RFC 6458, section 5.3.5.
    SctpReceive, SctpReceiveInfo = sctp_rcvinfo {
        /// The stream.
        stream: u16 = rcv_sid,
        /// The number within the stream.
        sequence: u16 = rcv_ssn,
        /// `SCTP_UNORDERED`.
        flags: u16 = rcv_flags,
        /// What the payload is, in the order of the network.
        ppid: u32 = rcv_ppid,
        /// The number of its chunk.
        tsn: u32 = rcv_tsn,
        /// The number up to which everything has been received.
        cumulative_tsn: u32 = rcv_cumtsn,
        /// The association's context.
        context: u32 = rcv_context,
        /// The association.
        association: i32 = rcv_assoc_id,
    }
    /// What the next message will be.
    ///
    /// See RFC 6458, section 5.3.6.
    SctpNext, SctpNextInfo = sctp_nxtinfo {
        /// The stream.
        stream: u16 = nxt_sid,
        /// `SCTP_UNORDERED`, `SCTP_COMPLETE`, `SCTP_NOTIFICATION`.
        flags: u16 = nxt_flags,
        /// What the payload is, in the order of the network.
        ppid: u32 = nxt_ppid,
        /// How long it is, in bytes.
        len: u32 = nxt_length,
        /// The association.
        association: i32 = nxt_assoc_id,
    }
    /// How long to try to deliver a message.
    ///
    /// See RFC 6458, section 5.3.7.
    SctpPartial, SctpPartialInfo = sctp_prinfo {
        /// `SCTP_PR_SCTP_TTL` and others.
        policy: u16 = pr_policy,
        /// The policy's number: milliseconds for a lifetime.
        value: u32 = pr_value,
    }
}

/// Two numbers of the same width: 64 bits, or 32 on platforms whose time still has as many.
fn pair(bytes: &[u8]) -> Option<(i64, i64)> {
    match bytes.len() {
        8..16 if size_of::<c::time_t>() == 4 => {
            Some((i32::read(bytes)?.into(), i32::read(bytes.get(4..)?)?.into()))
        }
        _ => Some((i64::read(bytes)?, i64::read(bytes.get(8..)?)?)),
    }
}

/// Seconds and nanoseconds since the epoch.
fn parts(time: SystemTime) -> (c::time_t, u32) {
    match time.duration_since(SystemTime::UNIX_EPOCH) {
        Ok(after) => (whole(after.as_secs().into()), after.subsec_nanos()),
        Err(before) => {
            let before = before.duration();
            let seconds = i128::from(before.as_secs());
            match before.subsec_nanos() {
                0 => (whole(-seconds), 0),
                nanos => (whole(-seconds - 1), 1_000_000_000 - nanos),
            }
        }
    }
}

/// Seconds as the platform counts them: the first or the last it knows for those beyond.
fn whole(seconds: i128) -> c::time_t {
    let nearest = if seconds < 0 { c::time_t::MIN } else { c::time_t::MAX };
    c::time_t::try_from(seconds).unwrap_or(nearest)
}

fn time(seconds: i64, nanos: u32) -> Option<SystemTime> {
    let whole = Duration::from_secs(seconds.unsigned_abs());
    let whole = match seconds {
        0.. => SystemTime::UNIX_EPOCH.checked_add(whole),
        _ => SystemTime::UNIX_EPOCH.checked_sub(whole),
    };
    whole?.checked_add(Duration::from_nanos(nanos.into()))
}

/// Seconds since the epoch, for people.
fn seconds(time: SystemTime) -> String {
    let (sign, distance) = match time.duration_since(SystemTime::UNIX_EPOCH) {
        Ok(after) => ("", after),
        Err(before) => ("-", before.duration()),
    };
    format!("{sign}{}.{:09}", distance.as_secs(), distance.subsec_nanos())
}

record_values! {
    Timestamps { software, hardware }
    ExtendedError { errno, origin, ty, code, info, data, offender }
}
