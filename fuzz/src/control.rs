//! Control messages, and what the queue of errors tells by them.

use berkeley::cmsg::{self, ExtendedError, Messages, SendBuffer, Timestamps};
use berkeley::errqueue::{self, ErrorEvent};
use berkeley::{Addr, Errno};

use crate::input::Input;

/// Walking any bytes ends, goes forwards only, and never leaves them.
pub(crate) fn walk(data: &[u8]) {
    let mut messages = cmsg::messages(data);
    let mut rebuilt = SendBuffer::new();
    let mut found = Vec::new();
    loop {
        let before = messages.rest();
        let Some(message) = messages.next() else {
            assert_eq!(messages.rest(), before);
            break;
        };
        let inside = message.data().as_ptr_range();
        let outside = before.as_ptr_range();
        assert!(outside.start <= inside.start && inside.end <= outside.end);
        let walked = before.len() - messages.rest().len();
        assert!(walked >= cmsg::len(message.data().len()));
        assert!(walked <= cmsg::space(message.data().len()));
        assert!(!message.to_string().is_empty());
        assert_eq!(message.name().is_some(), is_known(message.level(), message.number()));
        rebuilt.push_raw(message.level(), message.number(), message.data());
        found.push(message);
    }
    assert!(cmsg::messages(rebuilt.as_bytes()).eq(found));
    let _ = errqueue::decode(data);
}

fn is_known(level: i32, number: i32) -> bool {
    cmsg::TABLE.iter().any(|row| (row.level, row.number) == (level, number))
}

/// What is pushed is walked over again, and of what is cut the whole messages are left.
pub(crate) fn build(data: &[u8]) {
    let mut input = Input::new(data);
    let cut = usize::from(input.u16());
    let mut buffer = SendBuffer::new();
    let mut pushed: Vec<(i32, i32, Vec<u8>)> = Vec::new();
    while !input.is_empty() {
        let (level, number) = match input.u8() {
            // A kind of the table, so that its codec sees the data, too.
            row @ 0..128 => {
                let row = &cmsg::TABLE[usize::from(row) % cmsg::TABLE.len()];
                (row.level, row.number)
            }
            128..192 => (i32::from(input.u8()), i32::from(input.u8())),
            _ => (input.i32(), input.i32()),
        };
        let len = usize::from(input.u8());
        let data = input.take(len);
        buffer.push_raw(level, number, data);
        pushed.push((level, number, data.to_vec()));
    }
    let bytes = buffer.as_bytes();
    assert_eq!(bytes.len(), pushed.iter().map(|(.., data)| cmsg::space(data.len())).sum::<usize>());
    assert_eq!(list(cmsg::messages(bytes)), pushed);
    let _ = format!("{buffer:?}");

    let cut = cut.min(bytes.len());
    let left = list(cmsg::messages(&bytes[..cut]));
    assert_eq!(left, pushed[..left.len()]);
    let mut whole = 0;
    for (.., data) in &pushed[..left.len()] {
        assert!(whole + cmsg::len(data.len()) <= cut);
        whole += cmsg::space(data.len());
    }
    if let Some((.., next)) = pushed.get(left.len()) {
        assert!(whole + cmsg::len(next.len()) > cut, "a whole message was left out");
    }

    buffer.clear();
    assert_eq!(cmsg::messages(buffer.as_bytes()).count(), 0);
}

fn list(messages: Messages<'_>) -> Vec<(i32, i32, Vec<u8>)> {
    messages.map(|message| (message.level(), message.number(), message.data().to_vec())).collect()
}

/// An entry of the queue of errors tells what the kernel has put into it, whatever stands around
/// it.
pub(crate) fn error_queue(data: &[u8]) {
    let _ = errqueue::decode(data);
    let mut input = Input::new(data);
    let kinds = [
        cmsg::IP_RECVERR,
        cmsg::IPV6_RECVERR,
        cmsg::PACKET_TX_TIMESTAMP,
        cmsg::VSOCK_RECVERR,
        cmsg::BT_SCM_ERROR,
    ];
    let kind = kinds[usize::from(input.u8()) % kinds.len()];
    let offender = usize::from(input.u8());
    let error = ExtendedError {
        errno: input.i32(),
        origin: input.u8(),
        ty: input.u8(),
        code: input.u8(),
        info: input.u32(),
        data: input.u32(),
        offender: Addr::from_bytes(input.take(offender))
            .ok()
            .filter(|addr| addr.family() != berkeley::Family::UNSPEC),
    };
    let mut buffer = SendBuffer::new();
    let has_times = input.u8() & 1 != 0;
    let times = input.array::<48>();
    if has_times {
        buffer.push_raw(cmsg::SCM_TIMESTAMPING.level(), cmsg::SCM_TIMESTAMPING.number(), &times);
    }
    let first = cmsg::messages(buffer.as_bytes()).next();
    let told = first.and_then(|message| message.get(cmsg::SCM_TIMESTAMPING)).unwrap_or_default();
    buffer.push(kind, error);
    // What comes later, or is cut, changes nothing.
    let tail = input.rest();
    let event = errqueue::decode(&[buffer.as_bytes(), tail].concat()).unwrap();
    let same = errqueue::decode(buffer.as_bytes()).unwrap();
    assert_eq!(without_times(event), without_times(same.clone()));
    agrees(&same, &error, &told);
}

/// The times may stand in any message, also in what the fuzzer has put behind.
fn without_times(event: ErrorEvent) -> Option<ErrorEvent> {
    (!matches!(event, ErrorEvent::Timestamp { .. })).then_some(event)
}

fn agrees(event: &ErrorEvent, error: &ExtendedError, told: &Timestamps) {
    match *event {
        ErrorEvent::Local { errno, mtu, .. } => {
            assert_eq!(errno, Errno::from(error.errno));
            assert!(mtu.is_none_or(|mtu| mtu == error.info && mtu > 0));
        }
        ErrorEvent::Icmp { errno, ty, code, offender, .. } => {
            assert_eq!(errno, Errno::from(error.errno));
            assert_eq!((ty, code, offender), (error.ty, error.code, error.offender));
        }
        ErrorEvent::Timestamp { id, ref times, .. } => {
            assert_eq!((id, times), (error.data, told));
        }
        ErrorEvent::ZeroCopy { first, last, .. } => {
            assert_eq!((first, last), (error.info, error.data));
        }
        ErrorEvent::TxTime { time, .. } => {
            assert_eq!((time as u32, (time >> 32) as u32), (error.info, error.data));
        }
        ErrorEvent::Other(ref other) => assert_eq!(other, error),
        _ => {}
    }
    assert!(!format!("{event:?}").is_empty());
}
