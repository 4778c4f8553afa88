//! Writing down the calls of both sides as they happen.

use std::fmt::Display;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use berkeley::{Addr, Cause, Errno, Error, Family, MsgFlags, Protocol, Result, Socket, Type};

use super::event::{Arrow, Event, Side};

/// The calls of one exchange.
#[derive(Debug)]
pub(crate) struct Record {
    start: Instant,
    events: Mutex<Vec<Event>>,
}

impl Record {
    pub(crate) fn new() -> Record {
        Record { start: Instant::now(), events: Mutex::default() }
    }

    /// The server's pen.
    pub(crate) fn server(&self) -> Lane<'_> {
        Lane { record: self, side: Side::Server }
    }

    /// The client's pen.
    pub(crate) fn client(&self) -> Lane<'_> {
        Lane { record: self, side: Side::Client }
    }

    /// The calls in the order in which they began.
    pub(crate) fn into_events(self) -> Vec<Event> {
        let mut events = self.events.into_inner().unwrap_or_else(PoisonError::into_inner);
        events.sort_by_key(|event| event.start);
        events
    }
}

/// One side's calls: each is made, and written down.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Lane<'a> {
    record: &'a Record,
    side: Side,
}

/// A socket, and the name that it has in the picture.
#[derive(Debug)]
pub(crate) struct Named {
    pub(crate) socket: Socket,
    name: &'static str,
}

impl Lane<'_> {
    pub(crate) fn socket(&self, name: &'static str, family: Family, ty: Type) -> Result<Named> {
        let step = Step::new(None, "socket", format!("{family}, {ty}"));
        let socket =
            self.call(step, || Socket::new(family, ty, Protocol::DEFAULT), |_| String::new())?;
        Ok(Named { socket, name })
    }

    pub(crate) fn reuse_addr(&self, sk: &Named) -> Result<()> {
        let step = Step::new(Some(sk), "setsockopt", "SO_REUSEADDR, 1");
        self.call(step, || sk.socket.set(berkeley::opt::SO_REUSEADDR, true), nothing)
    }

    /// Binds, and answers the address that the socket then has.
    pub(crate) fn bind(&self, sk: &Named, addr: Addr) -> Result<Addr> {
        let step = Step::new(Some(sk), "bind", shown(&addr));
        self.call(step, || sk.socket.bind(addr), nothing)?;
        let bound = sk.socket.local_addr()?;
        if bound != addr {
            let step = Step::new(Some(sk), "getsockname", "");
            self.call(step, || sk.socket.local_addr(), shown)?;
        }
        Ok(bound)
    }

    pub(crate) fn listen(&self, sk: &Named) -> Result<()> {
        self.call(Step::new(Some(sk), "listen", ""), || sk.socket.listen(None), nothing)
    }

    pub(crate) fn accept(&self, sk: &Named, name: &'static str) -> Result<Named> {
        let tell = |(_, peer): &(Socket, Addr)| match peer.port() {
            Some(_) => format!("{name}, {peer}"),
            None => name.to_owned(),
        };
        let step = Step::new(Some(sk), "accept", "");
        let (socket, _) = self.call(step, || sk.socket.accept(), tell)?;
        Ok(Named { socket, name })
    }

    /// Connects; the arrows are what goes to and fro meanwhile, ours first and then in turns.
    pub(crate) fn connect(&self, sk: &Named, addr: Addr, arrows: &[&str]) -> Result<()> {
        let mut step = Step::new(Some(sk), "connect", shown(&addr));
        for (number, label) in arrows.iter().enumerate() {
            let from = if number % 2 == 0 { self.side } else { other(self.side) };
            step.arrows.push(Arrow { from, label: (*label).to_owned() });
        }
        self.call(step, || sk.socket.connect(addr), nothing)
    }

    pub(crate) fn send(&self, sk: &Named, text: &str) -> Result<()> {
        let step = Step::new(Some(sk), "send", format!("{text:?}")).arrow(self.side, bytes(text));
        self.call(step, || sk.socket.send(text.as_bytes()), usize::to_string).map(drop)
    }

    pub(crate) fn send_to(&self, sk: &Named, text: &str, addr: Addr) -> Result<()> {
        let args = format!("{text:?}, {}", shown(&addr));
        let step = Step::new(Some(sk), "sendto", args).arrow(self.side, bytes(text));
        self.call(step, || sk.socket.send_to(text.as_bytes(), addr), usize::to_string).map(drop)
    }

    pub(crate) fn recv(&self, sk: &Named) -> Result<Vec<u8>> {
        let tell = |data: &Vec<u8>| match data.as_slice() {
            [] => "\"\" = the end".to_owned(),
            data => quoted(data),
        };
        self.call(Step::new(Some(sk), "recv", "1024"), || sk.socket.recv_vec(1024), tell)
    }

    pub(crate) fn recv_from(&self, sk: &Named) -> Result<(Vec<u8>, Addr)> {
        let mut data = vec![0; 1024];
        let tell = |(data, from): &(Vec<u8>, Addr)| format!("{}, {from}", quoted(data));
        let receive = || {
            let (len, from) = sk.socket.recv_from_with(&mut data, MsgFlags::empty())?;
            data.truncate(len);
            Ok((data, from))
        };
        self.call(Step::new(Some(sk), "recvfrom", "1024"), receive, tell)
    }

    /// Closes; the arrow is what that tells the other side.
    pub(crate) fn close(&self, sk: Named, arrow: Option<&str>) -> Result<()> {
        let mut step = Step::new(Some(&sk), "close", "");
        if let Some(label) = arrow {
            step = step.arrow(self.side, label);
        }
        self.call(step, || sk.socket.close(), nothing)
    }

    pub(crate) fn set_timeout(&self, sk: &Named, timeout: std::time::Duration) -> Result<()> {
        let step = Step::new(Some(sk), "settimeout", timeout.as_secs_f64());
        self.call(step, || sk.socket.set_timeout(timeout), nothing)
    }

    fn call<T>(
        &self,
        step: Step,
        run: impl FnOnce() -> Result<T>,
        tell: impl FnOnce(&T) -> String,
    ) -> Result<T> {
        let begun = Instant::now();
        let outcome = run();
        let duration = begun.elapsed();
        let event = Event {
            side: self.side,
            socket: step.socket,
            call: step.call,
            args: step.args,
            result: outcome.as_ref().map_or_else(cause, tell),
            failed: outcome.is_err(),
            start: begun.duration_since(self.record.start),
            duration,
            arrows: step.arrows,
        };
        self.record.events.lock().unwrap_or_else(PoisonError::into_inner).push(event);
        outcome
    }
}

/// A call that is about to be made.
#[derive(Debug)]
struct Step {
    socket: Option<&'static str>,
    call: &'static str,
    args: String,
    arrows: Vec<Arrow>,
}

impl Step {
    fn new(socket: Option<&Named>, call: &'static str, args: impl Display) -> Step {
        let socket = socket.map(|sk| sk.name);
        Step { socket, call, args: args.to_string(), arrows: Vec::new() }
    }

    fn arrow(mut self, from: Side, label: impl Into<String>) -> Step {
        self.arrows.push(Arrow { from, label: label.into() });
        self
    }
}

fn other(side: Side) -> Side {
    match side {
        Side::Server => Side::Client,
        Side::Client => Side::Server,
    }
}

fn nothing((): &()) -> String {
    String::new()
}

/// The error as the tutorials' reader will search for it: by its name.
fn cause(error: &Error) -> String {
    match error.cause() {
        Cause::Os(errno) => errno.name().map_or_else(|| errno.to_string(), str::to_owned),
        Cause::TimedOut => "timed out".to_owned(),
        cause => cause.to_string(),
    }
}

/// An address, and how a UNIX one without a name reads.
fn shown(addr: &Addr) -> String {
    match addr.to_string().as_str() {
        "unix:" => "\"\"".to_owned(),
        text => text.to_owned(),
    }
}

fn bytes(text: &str) -> String {
    format!("{} bytes", text.len())
}

fn quoted(data: &[u8]) -> String {
    format!("{:?}", String::from_utf8_lossy(data))
}

/// Goes on where a call failed for this reason, as it was meant to. Where it succeeded the picture
/// says so.
pub(crate) fn failed_with<T>(outcome: Result<T>, wanted: Errno) -> Result<()> {
    match outcome {
        Err(error) if error.errno() == Some(wanted) => Ok(()),
        Err(error) => Err(error),
        Ok(_) => Ok(()),
    }
}
