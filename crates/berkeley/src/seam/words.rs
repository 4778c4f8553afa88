//! How a record is put into words, and how it is read back. What it looks like on paper is the
//! business of `trace`.

use std::ffi::CStr;
use std::os::fd::RawFd;

use super::event::{About, Beside, Data, Op, Outcome};
use super::ring::{Draft, Reader};
use super::table::Kind;
use crate::sys::{Errno, Interest, Storage, c};

/// The kinds of records.
pub(super) const CALL: u64 = 0;
pub(super) const SOCKET: u64 = 1;
pub(super) const INFO: u64 = 2;
pub(super) const NAME: u64 = 3;
/// A call in the short way.
const BRIEF: u64 = 4;

/// Longer values of options and names of hosts are cut.
pub(super) const MOST_VALUE: usize = 256;

/// Words of a record without the bytes that were sent or received.
pub(crate) const MOST_CALL: usize = 16 + Storage::CAPACITY.div_ceil(8) + 2 * (1 + MOST_VALUE / 8);

/// The same of a call in the short way.
pub(super) const MOST_BRIEF: usize = 6;

/// A call that has moved bytes of a stream from or to one piece of memory: what a program does all
/// the time. It takes six words instead of fifteen.
#[derive(Debug)]
pub(super) struct Brief<'a> {
    pub(super) op: Op,
    pub(super) out: bool,
    pub(super) fd: RawFd,
    pub(super) id: u64,
    pub(super) start: u64,
    pub(super) end: u64,
    pub(super) flags: i32,
    /// What was to be sent, or for so many bytes there was room.
    pub(super) asked: usize,
    pub(super) moved: usize,
    pub(super) data: &'a [u8],
}

impl Brief<'_> {
    fn took(&self) -> u64 {
        self.end.saturating_sub(self.start)
    }

    /// Whether its numbers are small enough.
    #[inline]
    pub(super) fn fits(&self) -> bool {
        (self.took() | self.asked as u64 | self.moved as u64 | self.id) >> 32 == 0
    }

    #[inline]
    pub(super) fn head(&self) -> u64 {
        BRIEF | (self.op as u64) << 8 | (self.fd as u64) << 16
    }

    #[inline]
    pub(super) fn put(&self, span: u64, off: u64, payload: usize, draft: &mut Draft<'_>) {
        draft.words([
            self.start,
            self.took() | (self.flags as u64) << 32,
            self.asked as u64 | (self.moved as u64) << 32,
            off,
            self.id | span << 32,
        ]);
        if payload != 0 {
            draft.bytes(self.data.get(..payload).unwrap_or(self.data));
        }
    }

    /// Puts the same in the long way behind a record in the short one, and says where that begins.
    fn unfold(words: &mut Vec<u64>) -> usize {
        let end = words.len();
        let &[head, start, times, sizes, off, names, ..] = words.as_slice() else { return end };
        let (low, high) = (|word: u64| word & u64::from(u32::MAX), |word: u64| word >> 32);
        let op = head & 0xff00;
        let is_out = Op::of_number((op >> 8) as u8) == Some(Op::Send);
        let (form, room, len) = match is_out {
            true => (form::OUT, None, low(sizes)),
            false => (form::IN, Some(low(sizes)), high(sizes)),
        };
        words.extend([CALL | op | 1 << 24, start, start + low(times), high(sizes)]);
        words.extend([low(names), low(head >> 16), high(names), off, form, high(times)]);
        words.extend(room);
        // No address, and no hash.
        words.extend([0, len, 0]);
        match end {
            MOST_BRIEF => words.push(0),
            _ => words.extend_from_within(MOST_BRIEF..end),
        }
        end
    }
}

/// What the words behind a call's are about: each kind of [`About`] that has any.
pub(crate) mod form {
    pub(crate) const NOTHING: u64 = 0;
    pub(crate) const MADE: u64 = 1;
    pub(crate) const ADDRESS: u64 = 2;
    pub(crate) const NUMBER: u64 = 3;
    pub(crate) const ACCEPTED: u64 = 4;
    pub(crate) const OUT: u64 = 5;
    pub(crate) const IN: u64 = 6;
    pub(crate) const BATCH: u64 = 7;
    pub(crate) const OPTION: u64 = 8;
    pub(crate) const WAIT: u64 = 9;
    pub(crate) const MOVE: u64 = 10;
    pub(crate) const LOOKUP: u64 = 11;
}

/// Among 32 bits, the one that says that a number of an object follows, not of bytes.
const OBJECT: u32 = 1 << 31;

impl Beside {
    fn word(self) -> u64 {
        u64::from(match self {
            Beside::Control(bytes) => u32::try_from(bytes).unwrap_or(OBJECT).min(OBJECT - 1),
            Beside::Object(number) => number | OBJECT,
        })
    }

    /// What stands in the word of the flags, behind them.
    pub(crate) fn of_flags(word: u64) -> Beside {
        match (word >> 32) as u32 {
            number if number & OBJECT != 0 => Beside::Object(number & !OBJECT),
            bytes => Beside::Control(bytes as usize),
        }
    }
}

/// Puts into words what a call was about, with so many bytes of what it moved.
pub(crate) fn about(about: &About<'_>, payload: usize, kind: Kind, draft: &mut Draft<'_>) {
    let data_of = |draft: &mut Draft<'_>, data: &Data<'_>| {
        draft.word(data.len() as u64);
        draft.word(hash(data, kind));
        let kept = payload.min(data.len());
        match data {
            Data::One(bytes) => draft.bytes(bytes.get(..kept).unwrap_or_default()),
            _ if kept == 0 => draft.bytes(&[]),
            _ => {
                let mut first = Vec::with_capacity(kept);
                data.first(kept, |piece| first.extend_from_slice(piece));
                draft.bytes(&first);
            }
        }
    };
    let addr = |draft: &mut Draft<'_>, addr: Option<&Storage>| {
        draft.bytes(addr.map(Storage::as_bytes).unwrap_or_default());
    };
    let cut = |bytes: &[u8]| bytes.len().min(MOST_VALUE);
    match *about {
        About::Nothing => draft.word(form::NOTHING),
        About::Made((family, ty, protocol)) | About::Pair((family, ty, protocol), _) => {
            draft.word(form::MADE);
            draft.word(family as u64);
            draft.word(ty as u64);
            draft.word(protocol as u64);
        }
        About::New(_) => draft.word(form::NOTHING),
        About::Address(address) => {
            draft.word(form::ADDRESS);
            addr(draft, Some(address));
        }
        About::Number(number) => {
            draft.word(form::NUMBER);
            draft.word(number as u64);
        }
        About::Accepted { from, .. } => {
            draft.word(form::ACCEPTED);
            addr(draft, from);
        }
        About::Out { ref data, flags, to, beside } => {
            draft.word(form::OUT);
            draft.word(flags as u32 as u64 | beside.word() << 32);
            addr(draft, to);
            data_of(draft, data);
        }
        About::In { room, flags, ref data, from, beside } => {
            draft.word(form::IN);
            draft.word(flags as u32 as u64 | beside.word() << 32);
            draft.word(room as u64);
            addr(draft, from);
            data_of(draft, data);
        }
        About::Batch { bytes, most, .. } => {
            draft.word(form::BATCH);
            draft.word(bytes as u64);
            draft.word(most as u64);
        }
        About::Option { level, number, value } => {
            draft.word(form::OPTION);
            draft.word(level as u32 as u64 | (number as u32 as u64) << 32);
            draft.bytes(value.get(..cut(value)).unwrap_or_default());
        }
        About::Wait { interest, limit, of } => {
            draft.word(form::WAIT);
            draft.word(match interest {
                Interest::Read => 0,
                Interest::Write => 1,
                Interest::Error => 2,
            });
            draft.word(
                limit.map_or(u64::MAX, |limit| {
                    u64::try_from(limit.as_nanos()).unwrap_or(u64::MAX - 1)
                }),
            );
            draft.word(of as u64);
        }
        About::Move { most, .. } => {
            draft.word(form::MOVE);
            draft.word(most as u64);
        }
        About::Lookup { host, service } => {
            draft.word(form::LOOKUP);
            for name in [host, service] {
                let name = name.map(CStr::to_bytes).unwrap_or_default();
                draft.bytes(name.get(..cut(name)).unwrap_or_default());
            }
        }
    }
}

/// A number that the same datagram has at both ends; zero for what is not one, or is long.
fn hash(data: &Data<'_>, kind: Kind) -> u64 {
    if kind.1 == c::SOCK_STREAM || kind.1 == 0 || data.len() > 2048 {
        return 0;
    }
    if matches!(data, Data::Unseen(_)) {
        return 0;
    }
    let whole = |bytes: &[u8]| {
        let words = bytes.chunks_exact(8);
        let mut last = [0; 8];
        last.iter_mut().zip(words.remainder()).for_each(|(to, from)| *to = *from);
        let words = words.map(|word| word.try_into().unwrap_or_default()).chain([last]);
        // FNV-1a, a word at a time.
        let start = 0xcbf2_9ce4_8422_2325_u64 ^ bytes.len() as u64;
        let hash = words.map(u64::from_le_bytes).fold(start, |hash, word| {
            let hash = (hash ^ word).wrapping_mul(0x100_0000_01b3);
            hash ^ hash >> 29
        });
        (hash ^ hash >> 32) & 0xffff_ffff | 1 << 32
    };
    match data {
        Data::One(bytes) => whole(bytes),
        _ => {
            let mut bytes = Vec::with_capacity(data.len());
            data.first(usize::MAX, |piece| bytes.extend_from_slice(piece));
            whole(&bytes)
        }
    }
}

/// A record as it is read.
#[derive(Debug)]
pub(crate) enum Record<'w> {
    Call(CallRecord<'w>),
    Socket(SocketRecord<'w>),
    Info {
        time: u64,
        id: u64,
        received: Option<u64>,
        sent: Option<u64>,
        rest: Reader<'w>,
    },
    /// The name of a thread follows.
    Name(u32, Reader<'w>),
}

#[derive(Debug)]
pub(crate) struct CallRecord<'w> {
    pub(crate) op: Op,
    pub(crate) outcome: Outcome,
    pub(crate) start: u64,
    pub(crate) end: u64,
    pub(crate) id: u64,
    pub(crate) fd: RawFd,
    pub(crate) span: u64,
    pub(crate) off: Option<u64>,
    /// What it was about, as [`about`] has written it.
    pub(crate) rest: Reader<'w>,
}

#[derive(Debug)]
pub(crate) struct SocketRecord<'w> {
    pub(crate) time: u64,
    pub(crate) id: u64,
    pub(crate) fd: RawFd,
    pub(crate) kind: Kind,
    pub(crate) cookie: u64,
    pub(crate) from: u64,
    pub(crate) pair: u64,
    /// The own address, and the peer's.
    pub(crate) rest: Reader<'w>,
}

impl<'w> Record<'w> {
    /// The record in these words.
    pub(crate) fn read(words: &'w mut Vec<u64>) -> Option<Record<'w>> {
        let is_brief = words.first().is_some_and(|head| head & 0xff == BRIEF);
        let start = if is_brief { Brief::unfold(words) } else { 0 };
        let mut reader = Reader(words.get(start..)?);
        let head = reader.word();
        let known = |word: u64| (word != u64::MAX).then_some(word);
        Some(match head & 0xff {
            CALL => {
                let (start, end, value) = (reader.word(), reader.word(), reader.word());
                let (id, fd, span, off) =
                    (reader.word(), reader.word() as RawFd, reader.word(), reader.word());
                let outcome = match head >> 16 & 0xff {
                    0 => Outcome::Value(value as i64),
                    1 => Outcome::Failed(Errno(value as i32)),
                    _ => Outcome::LookupFailed(value as i32),
                };
                Record::Call(CallRecord {
                    op: Op::of_number((head >> 8) as u8)?,
                    outcome,
                    start,
                    end,
                    id,
                    fd,
                    span,
                    off: (head >> 24 & 1 != 0).then_some(off),
                    rest: reader,
                })
            }
            SOCKET => Record::Socket(SocketRecord {
                time: reader.word(),
                id: reader.word(),
                fd: reader.word() as RawFd,
                kind: (reader.word() as i32, reader.word() as i32, reader.word() as i32),
                cookie: reader.word(),
                from: reader.word(),
                pair: reader.word(),
                rest: reader,
            }),
            INFO => Record::Info {
                time: reader.word(),
                id: reader.word(),
                received: known(reader.word()),
                sent: known(reader.word()),
                rest: reader,
            },
            NAME => Record::Name(reader.word() as u32, reader),
            _ => return None,
        })
    }
}
