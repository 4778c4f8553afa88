//! Asking a host whether it is there, by ICMP echo.
//!
//! Where the system lets this user, that takes no right: the setting `net.ipv4.ping_group_range`
//! names the groups that may. Elsewhere it takes `CAP_NET_RAW`.
//!
//! ```
//! match berkeley::ping("127.0.0.1").count(2).interval(std::time::Duration::ZERO).call() {
//!     Ok(report) => println!("{} of {} answered", report.times().len(), report.answers.len()),
//!     Err(error) => println!("{error}: {}", error.hint().unwrap_or_default()),
//! }
//! ```
//!
//! See RFC 792, RFC 4443, `icmp(7)`.

use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::{Duration, Instant};

use crate::cmsg::{self, RecvBuffer};
use crate::error::{Call, Error, Result};
use crate::icmp::{self, Message};
use crate::kind::{Family, MsgFlags, Protocol, Type};
use crate::names::{Name, getaddrinfo};
use crate::opt;
use crate::socket::Socket;
use crate::sys::Errno;
use crate::time::Deadline;

/// Asks a host, by its name or address, whether it is there, and how long that takes: once, if
/// nothing else is said.
///
/// ```
/// use std::time::Duration;
///
/// let asked = berkeley::ping("localhost").count(3).interval(Duration::from_millis(10)).call();
/// if let Ok(report) = asked {
///     for time in report.times() {
///         println!("{time:?}");
///     }
/// }
/// ```
pub fn ping(host: &str) -> Ping<'_> {
    Ping {
        host,
        family: Family::UNSPEC,
        count: 1,
        timeout: Duration::from_secs(1),
        interval: Duration::from_secs(1),
        size: 56,
    }
}

/// How to ask; made by [`ping`].
///
/// ```
/// use berkeley::Family;
/// use std::time::Duration;
///
/// let question = berkeley::ping("localhost")
///     .family(Family::INET6)
///     .count(3)
///     .timeout(Duration::from_millis(500))
///     .interval(Duration::from_millis(100))
///     .size(1000);
/// ```
#[derive(Clone, Debug)]
pub struct Ping<'a> {
    host: &'a str,
    family: Family,
    count: u16,
    timeout: Duration,
    interval: Duration,
    size: u16,
}

impl Ping<'_> {
    /// Only the addresses of this family.
    ///
    /// ```
    /// let question = berkeley::ping("localhost").family(berkeley::Family::INET);
    /// ```
    #[must_use]
    pub fn family(mut self, family: Family) -> Self {
        self.family = family;
        self
    }

    /// How often to ask.
    ///
    /// ```
    /// let question = berkeley::ping("localhost").count(10);
    /// ```
    #[must_use]
    pub fn count(mut self, count: u16) -> Self {
        self.count = count;
        self
    }

    /// How long to wait for each answer; a second, if it is not said.
    ///
    /// ```
    /// let question = berkeley::ping("localhost").timeout(std::time::Duration::from_millis(100));
    /// ```
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// How long between two questions, of which the next waits for the answer to the last; a
    /// second, if it is not said.
    ///
    /// ```
    /// let question = berkeley::ping("localhost").count(5).interval(std::time::Duration::ZERO);
    /// ```
    #[must_use]
    pub fn interval(mut self, interval: Duration) -> Self {
        self.interval = interval;
        self
    }

    /// How many bytes go along; 56, if it is not said.
    ///
    /// ```
    /// let question = berkeley::ping("localhost").size(1400);
    /// ```
    #[must_use]
    pub fn size(mut self, bytes: u16) -> Self {
        self.size = bytes;
        self
    }

    /// Asks, and waits for the answers.
    ///
    /// ```
    /// if let Ok(report) = berkeley::ping("127.0.0.1").call() {
    ///     assert_eq!((report.answers.len(), report.times().len()), (1, 1));
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`Pinger::new`], of [`Pinger::connect`], and of looking the host up. What happens to a single question is
    /// no error of the whole: it stands in its place among the answers.
    pub fn call(&self) -> Result<PingReport> {
        let query = getaddrinfo(self.host, Name::NONE).family(self.family).ty(Type::DGRAM);
        let found = query.call()?;
        let first = found.iter().find_map(|answer| answer.addr.to_ip());
        let addr = first.ok_or_else(|| Error::new(Call::Ping, Errno::EAFNOSUPPORT))?;
        let mut pinger = Pinger::new(addr, usize::from(self.size))?;
        pinger.connect()?;
        let mut answers = Vec::new();
        for sequence in 1..=self.count {
            let next = Deadline::after(self.interval);
            match pinger.ask(sequence, self.timeout) {
                // Whoever interrupts it does not want the rest.
                Err(error) if error.errno() == Some(Errno::EINTR) => return Err(error),
                answer => answers.push(answer),
            }
            if sequence < self.count {
                pinger.pass(next)?;
            }
        }
        Ok(PingReport { addr: addr.ip(), answers })
    }
}

/// What came of asking.
///
/// ```
/// if let Ok(report) = berkeley::ping("127.0.0.1").call() {
///     assert!(report.addr.is_loopback());
/// }
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub struct PingReport {
    /// Who was asked.
    pub addr: IpAddr,
    /// What became of each question: its answer, [`Cause::TimedOut`](crate::Cause::TimedOut), or
    /// what a router has said.
    pub answers: Vec<Result<Echo>>,
}

impl PingReport {
    /// The times there and back of those that were answered.
    ///
    /// ```
    /// if let Ok(report) = berkeley::ping("127.0.0.1").call() {
    ///     assert!(report.times().iter().max().is_some());
    /// }
    /// ```
    pub fn times(&self) -> Vec<Duration> {
        self.answers.iter().flatten().map(|echo| echo.time).collect()
    }
}

/// An answer.
///
/// ```
/// if let Ok(report) = berkeley::ping("127.0.0.1").call() {
///     let echo = report.answers[0].as_ref().unwrap();
///     assert_eq!((echo.sequence, echo.len), (1, 56 + 8));
/// }
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct Echo {
    /// Which question it answers.
    pub sequence: u16,
    /// How long it took, there and back.
    pub time: Duration,
    /// Who has answered.
    pub from: IpAddr,
    /// How many hops the answer might still have gone, if the kernel tells.
    pub hops: Option<u8>,
    /// How many bytes the answer had, with the eight of its header.
    pub len: usize,
}

/// A socket that asks one host, for those who want to ask question by question.
///
/// ```
/// use berkeley::Pinger;
/// use std::time::Duration;
///
/// if let Ok(mut pinger) = Pinger::new("127.0.0.1:0".parse().unwrap(), 56) {
///     let echo = pinger.ask(1, Duration::from_secs(5))?;
///     println!("{:?}", echo.time);
/// }
/// # Ok::<(), berkeley::Error>(())
/// ```
#[derive(Debug)]
pub struct Pinger {
    socket: Socket,
    addr: SocketAddr,
    is_connected: bool,
    is_raw: bool,
    v4: bool,
    id: u16,
    data: Vec<u8>,
    asked: Option<(u16, Instant)>,
    room: Vec<u8>,
    control: RecvBuffer,
}

/// Pingers of one process have numbers of their own.
static MADE: AtomicU16 = AtomicU16::new(0);

impl Pinger {
    /// A socket to ask this address, whose port does not matter, with so many bytes: one that
    /// takes no right if the system allows it, else a raw one.
    ///
    /// ```
    /// match berkeley::Pinger::new("127.0.0.1:0".parse().unwrap(), 56) {
    ///     Ok(pinger) => println!("{}", pinger.is_raw()),
    ///     Err(error) => println!("{error}; {}", error.hint().unwrap_or_default()),
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// `EACCES` or `EPERM` if this user may not: [`Error::hint`] says which setting forbids it.
    ///
    /// See `icmp(7)`.
    pub fn new(addr: SocketAddr, size: usize) -> Result<Pinger> {
        let v4 = addr.is_ipv4();
        let addr = match addr {
            SocketAddr::V4(v4) => SocketAddr::from((*v4.ip(), 0)),
            SocketAddr::V6(mut v6) => {
                v6.set_port(0);
                v6.into()
            }
        };
        let told =
            |error: Error| Error::new(Call::Ping, error.cause()).at_name(addr.ip().to_string());
        let (socket, is_raw) = open(v4).map_err(told)?;
        // Not every kernel and kind of socket tells the hops.
        let _ = match v4 {
            true => socket.set(opt::IP_RECVTTL, true),
            false => socket.set(opt::IPV6_RECVHOPLIMIT, true),
        };
        let id = (std::process::id() as u16).wrapping_add(MADE.fetch_add(1, Ordering::Relaxed));
        Ok(Pinger {
            socket,
            addr,
            is_connected: false,
            is_raw,
            v4,
            id,
            data: (0..size).map(|at| (at % 251) as u8).collect(),
            asked: None,
            room: vec![0; 1 << 16],
            control: RecvBuffer::with_room(2 * cmsg::IP_TTL.space()),
        })
    }

    /// The socket, to set its options, such as by which interface to ask.
    ///
    /// ```
    /// use berkeley::opt;
    ///
    /// if let Ok(pinger) = berkeley::Pinger::new("127.0.0.1:0".parse().unwrap(), 56) {
    ///     pinger.socket().set(opt::IP_TTL, 1)?;
    /// }
    /// # Ok::<(), berkeley::Error>(())
    /// ```
    pub fn socket(&self) -> &Socket {
        &self.socket
    }

    /// Whether it is a raw socket, which takes a right.
    ///
    /// ```
    /// let raw = berkeley::Pinger::new("127.0.0.1:0".parse().unwrap(), 56).map(|p| p.is_raw());
    /// ```
    pub fn is_raw(&self) -> bool {
        self.is_raw
    }

    /// Finds the way to the host. The first question does so too.
    ///
    /// ```
    /// if let Ok(mut pinger) = berkeley::Pinger::new("127.0.0.1:0".parse().unwrap(), 56) {
    ///     pinger.connect()?;
    /// }
    /// # Ok::<(), berkeley::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// `ENETUNREACH` if there is none.
    pub fn connect(&mut self) -> Result<()> {
        if !self.is_connected {
            let told = |error: Error| {
                Error::new(Call::Ping, error.cause()).at_name(self.addr.ip().to_string())
            };
            self.socket.connect(self.addr).map_err(told)?;
            self.is_connected = true;
        }
        Ok(())
    }

    /// Asks once, and waits so long for the answer.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// if let Ok(mut pinger) = berkeley::Pinger::new("[::1]:0".parse().unwrap(), 8) {
    ///     assert_eq!(pinger.ask(7, Duration::from_secs(5))?.sequence, 7);
    /// }
    /// # Ok::<(), berkeley::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`Cause::TimedOut`](crate::Cause::TimedOut) if there is no answer; `EHOSTUNREACH` and
    /// others if a router says so.
    pub fn ask(&mut self, sequence: u16, timeout: Duration) -> Result<Echo> {
        self.send(sequence)?;
        self.recv(timeout)
    }

    /// Asks, and does not wait.
    ///
    /// ```
    /// if let Ok(mut pinger) = berkeley::Pinger::new("127.0.0.1:0".parse().unwrap(), 8) {
    ///     pinger.send(1)?;
    /// }
    /// # Ok::<(), berkeley::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`connect`](Pinger::connect) and [`Socket::send`].
    pub fn send(&mut self, sequence: u16) -> Result<()> {
        self.connect()?;
        let question = match self.v4 {
            true => icmp::echo_request_v4(self.id, sequence, &self.data),
            false => icmp::echo_request_v6(self.id, sequence, &self.data),
        };
        self.asked = Some((sequence, Instant::now()));
        // What a router said of an earlier question is told now, and not of this one.
        match self.socket.send(&question) {
            Err(error) if !error.is_timeout() => self.socket.send(&question),
            answer => answer,
        }
        .map(drop)
        .map_err(|error| error.in_call(Call::Ping))
    }

    /// Waits so long for the answer to what was asked last. After a timeout it can be called
    /// again, to wait on.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// if let Ok(mut pinger) = berkeley::Pinger::new("127.0.0.1:0".parse().unwrap(), 8) {
    ///     pinger.send(1)?;
    ///     assert_eq!(pinger.recv(Duration::from_secs(5))?.sequence, 1);
    /// }
    /// # Ok::<(), berkeley::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`ask`](Pinger::ask).
    pub fn recv(&mut self, timeout: Duration) -> Result<Echo> {
        let deadline = Deadline::after(timeout);
        loop {
            if let Some(echo) = self.recv_any(deadline)? {
                return Ok(echo);
            }
        }
    }

    /// Receives something, which may be the answer: a raw socket gets those of others too.
    fn recv_any(&mut self, deadline: Deadline) -> Result<Option<Echo>> {
        let in_call = |error: Error| error.in_call(Call::Ping);
        let left = deadline.remaining().unwrap_or(Duration::MAX);
        // Zero would be not to wait, and then it would not be a timeout that is told.
        self.socket.set_timeout(left.max(Duration::from_nanos(1))).map_err(in_call)?;
        let flags = MsgFlags::empty();
        let room = self.room.as_mut_slice();
        let got = self.socket.recv_message_with(room, &mut self.control, flags).map_err(in_call)?;
        let Some((asked, since)) = self.asked else { return Ok(None) };
        let time = since.elapsed();
        let packet = self.room.get(..got.data).unwrap_or_default();
        let told = match self.v4 {
            true => self.control.get(cmsg::IP_TTL),
            false => self.control.get(cmsg::IPV6_HOPLIMIT),
        };
        let hops = told.and_then(|hops| u8::try_from(hops).ok());
        let (hops, packet) = match self.is_raw && self.v4 {
            false => (hops, packet),
            true => match icmp::strip_ip_header(packet) {
                Some((hops, packet)) => (Some(hops), packet),
                None => return Ok(None),
            },
        };
        let message = if self.v4 { icmp::parse_v4(packet) } else { icmp::parse_v6(packet) };
        Ok(match message {
            // The kernel gives a socket of its own kind an id of its own, and only its answers.
            Some(Message::EchoReply { id, sequence, data })
                if sequence == asked && (!self.is_raw || id == self.id) && data == self.data =>
            {
                let from = got.from.to_ip().map(|from| from.ip());
                from.map(|from| Echo { sequence, time, from, hops, len: packet.len() })
            }
            _ => None,
        })
    }

    /// Lets time pass, in a way that signals are heard; what comes meanwhile comes too late.
    fn pass(&mut self, until: Deadline) -> Result<()> {
        self.asked = None;
        while !until.has_passed() {
            match self.recv_any(until) {
                Err(error) if error.errno() == Some(Errno::EINTR) => return Err(error),
                _ => {}
            }
        }
        Ok(())
    }
}

/// A socket that may ask, and whether it is a raw one.
fn open(v4: bool) -> Result<(Socket, bool)> {
    let (family, protocol) = match v4 {
        true => (Family::INET, Protocol::ICMP),
        false => (Family::INET6, Protocol::ICMPV6),
    };
    if let Ok(socket) = Socket::new(family, Type::DGRAM, protocol) {
        return Ok((socket, false));
    }
    Socket::new(family, Type::RAW, protocol).map(|socket| (socket, true))
}
