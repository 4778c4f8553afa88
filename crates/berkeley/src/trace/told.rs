//! What a record says, in the field's words.

use std::borrow::Cow;
use std::os::fd::RawFd;

use super::line::{Line, key};
use crate::addr::Addr;
use crate::error::LookupCode;
use crate::kind::{Family, MsgFlags, Protocol, Type};
use crate::opt::{self, Codec, Row, TcpInfo};
use crate::seam::event::{Beside, Op, Outcome};
use crate::seam::ring::Reader;
use crate::seam::words::{CallRecord, Record, SocketRecord, form};
use crate::sys::{Storage, c};

/// Writes lines for records of one process; its memory is used again.
#[derive(Debug, Default)]
pub(super) struct Teller {
    process: u32,
    bytes: Vec<u8>,
    said: [Said; 32],
}

/// What a line said of a call, from who made it to what it answered. A program makes the same calls
/// again and again, and then only times and places in the stream are others.
#[derive(Debug, Default)]
struct Said {
    whose: Option<(u32, Op, Outcome, u64, RawFd)>,
    /// What it was about; of bytes only how many are kept.
    about: Vec<u64>,
    has_data: bool,
    text: Vec<u8>,
}

impl Teller {
    pub(super) fn of(process: u32) -> Teller {
        Teller { process, ..Teller::default() }
    }

    /// Tells of a thread, which has this name, or the one that the system knows.
    pub(super) fn thread(&mut self, thread: u32, name: Option<&mut Reader<'_>>, out: &mut Vec<u8>) {
        match name {
            Some(name) => name.bytes(&mut self.bytes),
            None => {
                let file = format!("/proc/self/task/{thread}/comm");
                self.bytes = std::fs::read(file).unwrap_or_default();
            }
        }
        let name = String::from_utf8_lossy(&self.bytes).trim_end().to_owned();
        self.line("thread", crate::sys::monotonic(), out, |line| {
            line.number(key!("tid"), thread.into());
            line.shown(key!("name"), Some(&name).filter(|name| !name.is_empty()));
        });
    }

    pub(super) fn tell(&mut self, record: Record<'_>, thread: u32, out: &mut Vec<u8>) {
        match record {
            Record::Call(call) => self.call(call, thread, out),
            Record::Socket(socket) => self.socket(socket, out),
            Record::Info { time, id, received, sent, mut rest } => {
                rest.bytes(&mut self.bytes);
                let info = TcpInfo::decode(&self.bytes);
                self.line("info", time, out, |line| {
                    line.socket(key!("sock"), id);
                    if let Some(info) = info {
                        tcp(line, &info);
                    }
                    if let Some(bytes) = received {
                        line.number(key!("rcv_queue"), signed(bytes));
                    }
                    if let Some(bytes) = sent {
                        line.number(key!("snd_queue"), signed(bytes));
                    }
                });
            }
            Record::Name(..) => {}
        }
    }

    pub(super) fn line(
        &self,
        event: &str,
        time: u64,
        out: &mut Vec<u8>,
        members: impl FnOnce(&mut Line<'_>),
    ) {
        Line::write(out, |line| {
            line.word(key!("ev"), event);
            line.seconds(key!("t"), time);
            line.number(key!("pid"), self.process.into());
            members(line);
        });
    }

    fn socket(&mut self, socket: SocketRecord<'_>, out: &mut Vec<u8>) {
        let SocketRecord { time, id, fd, kind, cookie, from, pair, mut rest } = socket;
        let local = address(&mut rest, &mut self.bytes);
        let peer = address(&mut rest, &mut self.bytes);
        let (family, ty) = (Family(kind.0), Type(kind.1));
        self.line("socket", time, out, |line| {
            line.socket(key!("sock"), id);
            line.number(key!("fd"), fd.into());
            line.text(key!("family"), &family.to_string());
            line.text(key!("type"), &ty.to_string());
            line.text(key!("proto"), &protocol(kind));
            line.shown(key!("local"), local);
            line.shown(key!("peer"), peer);
            match cookie {
                0 => line.null(key!("cookie")),
                _ => line.number(key!("cookie"), signed(cookie)),
            }
            if pair != 0 {
                line.socket(key!("pair"), pair);
            }
            if from != 0 {
                line.socket(key!("from"), from);
            }
        });
    }

    fn call(&mut self, call: CallRecord<'_>, thread: u32, out: &mut Vec<u8>) {
        let CallRecord { op, outcome, start, end, id, fd, span, off, mut rest } = call;
        let Teller { process, bytes, said } = self;
        let mut after = After::default();
        let about = rest.0;
        // Four places for each of eight sockets.
        let place = (id << 2 | (op as u64 >> 1 & 3)) as usize % said.len();
        let Some(said) = said.get_mut(place) else { return };
        let whose = Some((thread, op, outcome, id, fd));
        Line::write(out, |line| {
            line.word(key!("ev"), "call");
            line.seconds(key!("t"), start);
            line.seconds(key!("dur"), end.saturating_sub(start));
            if said.whose == whose && about.starts_with(&said.about) {
                line.members(&said.text);
                if let Some(off) = off {
                    line.number(key!("off"), signed(off));
                }
                if said.has_data {
                    rest.skip(said.about.len() - 1);
                    rest.bytes(bytes);
                    if !bytes.is_empty() {
                        line.base64(key!("data"), bytes);
                    }
                }
                line.number(key!("span"), signed(span));
                return;
            }
            let start = line.len();
            line.number(key!("pid"), (*process).into());
            line.number(key!("tid"), thread.into());
            match id {
                0 => line.null(key!("sock")),
                _ => line.socket(key!("sock"), id),
            }
            line.number(key!("fd"), fd.into());
            line.word(key!("op"), op.name());
            line.object(key!("args"), |line| after = args(line, op, outcome, &mut rest, bytes));
            match (outcome.value(), error_name(outcome)) {
                (Some(value), _) => {
                    line.number(key!("ret"), value);
                    line.null(key!("errno"));
                }
                (None, name) => {
                    line.null(key!("ret"));
                    line.shown(key!("errno"), name);
                }
            }
            let has_more = after.has_data && !bytes.is_empty();
            if after.is_nothing_else() {
                said.whose = whose;
                said.has_data = after.has_data;
                let kept = if has_more { bytes.len().div_ceil(8) } else { 0 };
                let known = about.len().saturating_sub(kept);
                said.about.clear();
                said.about.extend_from_slice(about.get(..known).unwrap_or_default());
                said.text.clear();
                said.text.extend_from_slice(line.since(start));
            }
            if let Some(off) = off {
                line.number(key!("off"), signed(off));
            }
            if has_more {
                line.base64(key!("data"), bytes);
            }
            if let Some(hash) = after.hash {
                line.text(key!("hash"), &format!("{hash:08x}"));
            }
            if let Some(left) = after.left {
                line.seconds(key!("left"), left);
            }
            if after.plain {
                line.yes(key!("tls"));
            }
            line.number(key!("span"), signed(span));
        });
    }
}

/// What stands behind the arguments of a call.
#[derive(Default)]
pub(super) struct After {
    /// The bytes are in the teller's memory.
    has_data: bool,
    hash: Option<u64>,
    left: Option<u64>,
    plain: bool,
}

impl After {
    /// Whether there is nothing but data.
    fn is_nothing_else(&self) -> bool {
        self.hash.is_none() && self.left.is_none() && !self.plain
    }
}

/// Writes the arguments, as `words::about` has put them into words.
pub(super) fn args(
    line: &mut Line<'_>,
    op: Op,
    outcome: Outcome,
    rest: &mut Reader<'_>,
    bytes: &mut Vec<u8>,
) -> After {
    let mut after = After { plain: op.is_ciphered(), ..After::default() };
    let mut data = |rest: &mut Reader<'_>, bytes: &mut Vec<u8>| {
        let len = rest.word();
        after.hash = Some(rest.word()).filter(|hash| *hash != 0).map(|hash| hash & 0xffff_ffff);
        rest.bytes(bytes);
        after.has_data = true;
        len
    };
    match rest.word() {
        form::MADE => {
            let kind = (rest.word() as i32, rest.word() as i32, rest.word() as i32);
            line.text(key!("family"), &Family(kind.0).to_string());
            line.text(key!("type"), &Type(kind.1).to_string());
            line.number(key!("proto"), kind.2.into());
        }
        form::ADDRESS => line.shown(key!("addr"), address_of(rest, bytes)),
        form::NUMBER => {
            let number = rest.word() as i32;
            match op {
                Op::Shutdown => line.word(key!("how"), shutdown_name(number)),
                Op::Listen => line.number(key!("backlog"), number.into()),
                Op::Ioctl => line.number(key!("nonblocking"), number.into()),
                _ => line.number(key!("number"), number.into()),
            }
        }
        form::ACCEPTED => {
            if let Some(from) = address(rest, bytes) {
                line.shown(key!("from"), Some(from));
            }
        }
        form::OUT => {
            let flags = rest.word();
            let to = address_of(rest, bytes);
            let len = data(rest, bytes);
            line.number(key!("len"), signed(len));
            line.word(key!("flags"), &flags_text(flags as i32));
            if let Some(to) = to {
                line.shown(key!("addr"), Some(to));
            }
            beside(line, flags);
        }
        form::IN => {
            let flags = rest.word();
            line.number(key!("room"), signed(rest.word()));
            line.word(key!("flags"), &flags_text(flags as i32 & i32::MAX));
            let from = address_of(rest, bytes);
            let len = data(rest, bytes);
            if outcome.value().is_some_and(|value| value != signed(len)) {
                // More came than there was room for.
                line.number(key!("kept"), signed(len));
            }
            if let Some(from) = from {
                line.shown(key!("from"), Some(from));
            }
            beside(line, flags);
        }
        form::BATCH => {
            line.number(key!("bytes"), signed(rest.word()));
            line.number(key!("vlen"), signed(rest.word()));
        }
        form::OPTION => {
            let both = rest.word();
            rest.bytes(bytes);
            option(line, both as i32, (both >> 32) as i32, bytes);
        }
        form::WAIT => {
            let interest = match rest.word() {
                0 => "read",
                1 => "write",
                _ => "error",
            };
            line.word(key!("for"), interest);
            after.left = Some(rest.word()).filter(|left| *left != u64::MAX);
            let of = rest.word();
            if of != 1 {
                line.number(key!("of"), signed(of));
            }
        }
        form::MOVE => line.number(key!("len"), signed(rest.word())),
        form::LOOKUP => {
            for name in [key!("host"), key!("service")] {
                rest.bytes(bytes);
                let text = String::from_utf8_lossy(bytes);
                line.shown(name, Some(text).filter(|text| !text.is_empty()));
            }
        }
        _ => {}
    }
    after
}

fn beside(line: &mut Line<'_>, flags: u64) {
    match Beside::of_flags(flags) {
        Beside::NOTHING => {}
        Beside::Control(bytes) => line.number(key!("control"), signed(bytes as u64)),
        Beside::Object(number) => line.number(key!("object"), number.into()),
    }
}

fn option(line: &mut Line<'_>, level: i32, number: i32, value: &[u8]) {
    let row = opt::TABLE.iter().find(|row| (row.level, row.number) == (level, number));
    match row {
        Some(row) => {
            line.text(key!("level"), row.level_name);
            line.text(key!("name"), row.name);
        }
        None => {
            line.number(key!("level"), level.into());
            line.number(key!("name"), number.into());
        }
    }
    match (row, value) {
        (_, []) => line.null(key!("value")),
        (_, [byte]) => line.number(key!("value"), i64::from(*byte)),
        (_, value) => match (<[u8; 4]>::try_from(value), row.and_then(|row| described(row, value)))
        {
            (Ok(number), _) => line.number(key!("value"), i32::from_ne_bytes(number).into()),
            (_, Some(text)) => line.text(key!("value"), &text),
            (_, None) => {
                let hex: String = value.iter().map(|byte| format!("{byte:02x}")).collect();
                line.text(key!("value"), &hex);
            }
        },
    }
}

fn described(row: &Row, value: &[u8]) -> Option<String> {
    (row.describe)(value)
}

fn tcp(line: &mut Line<'_>, info: &TcpInfo) {
    let nanos = |time: std::time::Duration| u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
    // As RFC 9293 writes it.
    line.text(key!("state"), &info.state.to_string().to_uppercase().replace('-', "_"));
    line.seconds(key!("rtt"), nanos(info.rtt));
    line.seconds(key!("rttvar"), nanos(info.rtt_variance));
    line.number(key!("cwnd"), info.congestion_window.into());
    line.number(key!("retrans"), info.total_retransmits.into());
    line.number(key!("unacked"), info.unacked.into());
}

fn shutdown_name(how: i32) -> &'static str {
    match how {
        c::SHUT_RD => "SHUT_RD",
        c::SHUT_WR => "SHUT_WR",
        _ => "SHUT_RDWR",
    }
}

/// The name of the error, or its number if it has none.
pub(super) fn error_name(outcome: Outcome) -> Option<Cow<'static, str>> {
    let (name, number) = match outcome {
        Outcome::Value(_) => return None,
        Outcome::Failed(errno) => (errno.name(), errno.number()),
        Outcome::LookupFailed(code) => (LookupCode(code).name(), code),
    };
    Some(name.map_or_else(|| number.to_string().into(), Cow::Borrowed))
}

fn protocol((family, ty, protocol): (i32, i32, i32)) -> String {
    let is_ip = matches!(family, c::AF_INET | c::AF_INET6);
    let protocol = match (protocol, ty) {
        (0, c::SOCK_STREAM) if is_ip => c::IPPROTO_TCP,
        (0, c::SOCK_DGRAM) if is_ip => c::IPPROTO_UDP,
        _ => protocol,
    };
    Protocol(protocol).shown_in(Family(family))
}

/// The names of flags. Most calls have those of one of the first lines.
fn flags_text(flags: i32) -> Cow<'static, str> {
    const NOSIGNAL: i32 = MsgFlags::NOSIGNAL.bits();
    const DONTWAIT: i32 = MsgFlags::DONTWAIT.bits();
    const BOTH: i32 = NOSIGNAL | DONTWAIT;
    match flags {
        0 => return Cow::Borrowed("0"),
        NOSIGNAL => return Cow::Borrowed("MSG_NOSIGNAL"),
        DONTWAIT => return Cow::Borrowed("MSG_DONTWAIT"),
        BOTH => return Cow::Borrowed("MSG_DONTWAIT|MSG_NOSIGNAL"),
        _ => {}
    }
    let flags = MsgFlags::from_bits_retain(flags);
    let mut names = flags.iter_names();
    let mut text: Vec<String> = names.by_ref().map(|(name, _)| format!("MSG_{name}")).collect();
    let rest = names.remaining().bits();
    if rest != 0 {
        text.push(format!("{rest:#x}"));
    }
    Cow::Owned(text.join("|"))
}

/// An address that stands in a record, unless it says nothing.
fn address_of(rest: &mut Reader<'_>, bytes: &mut Vec<u8>) -> Option<Addr> {
    rest.bytes(bytes);
    let addr = Addr(Storage::from_bytes(bytes)?);
    (!addr.is_empty()).then_some(addr)
}

/// The same, for those of a socket: one that nobody has given it says nothing.
fn address(rest: &mut Reader<'_>, bytes: &mut Vec<u8>) -> Option<Addr> {
    let addr = address_of(rest, bytes)?;
    let unnamed = match addr.family() {
        Family::UNIX => addr.as_bytes().len() <= 2,
        _ => addr.to_ip().is_some_and(|ip| ip.port() == 0 && ip.ip().is_unspecified()),
    };
    (!unnamed).then_some(addr)
}

fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
