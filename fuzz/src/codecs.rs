//! The codecs of options and of control messages.

use std::fmt::Debug;
use std::time::{Duration, SystemTime};

use berkeley::cmsg::{self, PacketInfo, Timestamps};
use berkeley::opt::{self, Codec, Value};

use crate::input::Input;

/// One codec: its checks for any bytes.
type Check = fn(&[u8]);

/// Every codec whose value is read back as it was written.
const CODECS: &[Check] = &[
    same::<opt::Bool>,
    same::<opt::Int>,
    same::<opt::Size>,
    same::<opt::Seconds>,
    same::<opt::Millis>,
    same::<opt::Linger>,
    same::<opt::DontLinger>,
    same::<opt::Text>,
    same::<opt::Pending>,
    same::<opt::FamilyCode>,
    same::<opt::TypeCode>,
    same::<opt::ProtocolCode>,
    same::<opt::V4>,
    same::<opt::GroupV4>,
    same::<opt::GroupV6>,
    same::<opt::Peer>,
    same::<cmsg::U8>,
    same::<cmsg::U16>,
    same::<cmsg::U32>,
    same::<cmsg::U64>,
    same::<cmsg::Bytes>,
    same::<cmsg::Descriptors>,
    same::<cmsg::PacketInfoV4>,
    same::<cmsg::Address>,
    same::<cmsg::Extended>,
    same::<cmsg::PathMtu>,
    same::<cmsg::Iv>,
    same::<cmsg::PacketAux>,
    same::<cmsg::StampedPacketInfo>,
    same::<berkeley::opt::SctpInit>,
    same::<berkeley::opt::SctpSend>,
    same::<cmsg::SctpReceiveInfo>,
    same::<cmsg::SctpNextInfo>,
    same::<cmsg::SctpPartialInfo>,
    same::<berkeley::opt::SctpSendReceive>,
    time::<cmsg::Micros>,
    time::<cmsg::Nanos>,
    time::<cmsg::Stamps>,
    // Two fields may hold more than the duration that is written into them.
    stable::<opt::TimeVal>,
    // What came to a group is answered from elsewhere.
    stable::<cmsg::PacketInfoV6>,
];

/// Any bytes are a value or none, and the value's own bytes are the same value.
pub(crate) fn bytes(data: &[u8]) {
    let Some((which, data)) = data.split_first() else { return };
    CODECS[usize::from(*which) % CODECS.len()](data);
    times(data);
}

fn same<C: Codec<Value: Clone + PartialEq + Debug>>(data: &[u8]) {
    describe::<C>(data);
    if let Some(value) = C::decode(data) {
        let bytes = C::encode(value.clone());
        assert_eq!(C::decode(bytes.as_ref()), Some(value), "{:?}", bytes.as_ref());
    }
}

/// Numbers of 32 bits do not tell times as far away as those that may be read.
fn time<C: Codec<Value: Clone + PartialEq + Debug>>(data: &[u8]) {
    if cfg!(target_pointer_width = "32") { stable::<C>(data) } else { same::<C>(data) }
}

/// What has once been written stays.
fn stable<C: Codec<Value: Clone + PartialEq + Debug>>(data: &[u8]) {
    describe::<C>(data);
    if let Some(value) = C::decode(data) {
        let bytes = C::encode(value);
        let value = C::decode(bytes.as_ref()).unwrap();
        assert_eq!(C::encode(value).as_ref(), bytes.as_ref());
    }
}

fn describe<C: Codec>(data: &[u8]) {
    if C::describe(data).is_some() {
        // Numbers below zero are described where no size or duration has them.
        assert!(C::decode(data).is_some() || data.len() == 1 || data.len() >= 4);
    }
    if let Some(bytes) = C::parse(&String::from_utf8_lossy(data)) {
        assert!(C::describe(&bytes).is_some());
    }
}

/// Times that fit are read back exactly: within a thousand years of the epoch, where numbers have
/// 64 bits.
fn times(data: &[u8]) {
    if cfg!(target_pointer_width = "32") {
        return;
    }
    let mut input = Input::new(data);
    let seconds = input.u64() % 31_000_000_000;
    let nanos = input.u32() % 1_000_000_000;
    let far = Duration::new(seconds, nanos);
    for (sign, time) in [("", SystemTime::UNIX_EPOCH + far), ("-", SystemTime::UNIX_EPOCH - far)] {
        let bytes = cmsg::Nanos::encode(time);
        assert_eq!(cmsg::Nanos::decode(&bytes), Some(time));
        if !far.is_zero() {
            let shown = format!("{sign}{seconds}.{nanos:09}");
            assert_eq!(cmsg::Nanos::describe(&bytes), Some(shown));
        }
        let micros = cmsg::Micros::decode(&cmsg::Micros::encode(time)).unwrap();
        let lost = time.duration_since(micros).unwrap();
        assert!(lost < Duration::from_micros(1), "{lost:?}");
        let told = (time != SystemTime::UNIX_EPOCH).then_some(time);
        let stamps = Timestamps { software: told, hardware: (!far.is_zero()).then_some(far) };
        assert_eq!(cmsg::Stamps::decode(&cmsg::Stamps::encode(stamps)), Some(stamps));
    }
}

/// Any value is written without a panic, and what is read back is it or the nearest there is.
pub(crate) fn values(data: &[u8]) {
    let mut input = Input::new(data);
    let far = Duration::new(input.u64(), input.u32() % 1_000_000_000);
    let whole = Duration::from_secs(i32::MAX as u64);
    let seconds = opt::Seconds::decode(&opt::Seconds::encode(far)).unwrap();
    assert!(seconds >= far.min(whole) && seconds.saturating_sub(far) < Duration::from_secs(1));
    let most = Duration::from_millis(i32::MAX as u64);
    let millis = opt::Millis::decode(&opt::Millis::encode(far)).unwrap();
    assert!(millis >= far.min(most) && millis.saturating_sub(far) < Duration::from_millis(1));
    let linger = opt::Linger::decode(&opt::Linger::encode(Some(far))).unwrap();
    assert_eq!(linger, Some(seconds));
    let limit = opt::TimeVal::decode(&opt::TimeVal::encode(Some(far))).unwrap();
    assert_eq!(limit.is_none(), far.is_zero(), "a limit became none, or none a limit");
    if far <= whole {
        let limit = limit.unwrap_or_default();
        assert!(limit >= far && limit - far < Duration::from_micros(1));
    }

    let times = [SystemTime::UNIX_EPOCH.checked_add(far), SystemTime::UNIX_EPOCH.checked_sub(far)];
    for time in times.into_iter().flatten() {
        assert!(cmsg::Micros::decode(&cmsg::Micros::encode(time)).is_some());
        assert!(cmsg::Nanos::describe(&cmsg::Nanos::encode(time)).is_some());
        let stamps = Timestamps { software: Some(time), hardware: Some(far) };
        assert!(cmsg::Stamps::describe(&cmsg::Stamps::encode(stamps)).is_some());
    }

    let size = usize::try_from(input.u64()).unwrap_or(usize::MAX);
    let set = opt::Size::decode(&opt::Size::encode(size)).unwrap();
    assert_eq!(set, size.min(i32::MAX as usize));

    for info in [
        PacketInfo::from_addr(std::net::Ipv4Addr::from(input.array::<4>())),
        PacketInfo::from_addr(std::net::Ipv6Addr::from(input.array::<16>())),
        PacketInfo::from_interface(input.u32()),
    ] {
        if info.local.is_ipv4() {
            let again = cmsg::PacketInfoV4::decode(&cmsg::PacketInfoV4::encode(info)).unwrap();
            assert_eq!(again, info);
        }
        let again = cmsg::PacketInfoV6::decode(&cmsg::PacketInfoV6::encode(info)).unwrap();
        assert_eq!(again.interface, info.interface);
        assert_eq!(again.destination.is_unspecified(), info.local.is_unspecified());
    }

    let addr = berkeley::Addr::from_bytes(input.rest());
    if let Ok(addr) = addr {
        let (told, mtu) = (cmsg::PathMtu::encode((addr, 1280)), 1280);
        assert!(cmsg::PathMtu::decode(&told).is_some_and(|(_, told)| told == mtu));
    }
}

/// Any bytes of any row are a value or none, and a value that bytes can be made of is read back.
pub(crate) fn rows(data: &[u8]) {
    let mut input = Input::new(data);
    let at = usize::from(input.u16());
    let data = input.rest();
    if let Some(value) = (cmsg::TABLE[at % cmsg::TABLE.len()].value)(data) {
        assert_ne!(value, Value::Named(0, Some("")));
    }
    let row = &opt::TABLE[at % opt::TABLE.len()];
    let Some(value) = (row.value)(data) else { return };
    let Some(bytes) = (row.build)(&value) else { return };
    let read = (row.value)(&bytes).unwrap();
    assert!(read == value || is_less(&value), "{}: {read:?} of {value:?}", row.name);
    assert_eq!((row.build)(&read).unwrap(), bytes, "{}", row.name);
}

/// Durations beyond what the bytes can hold are the longest there is, what an older kernel does not
/// tell is zero when it is written, and a rate beyond the machine's `long` is no limit.
fn is_less(value: &Value) -> bool {
    match value {
        Value::Duration(_) => true,
        Value::Int(number) => *number > std::ffi::c_ulong::MAX.into(),
        Value::Record(_, fields) => {
            fields.iter().any(|(_, field)| *field == Value::None || is_less(field))
        }
        Value::List(values) => values.iter().any(is_less),
        _ => false,
    }
}
