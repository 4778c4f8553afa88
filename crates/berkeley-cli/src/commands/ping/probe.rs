//! One question and its answer, by ICMP, TCP or UDP.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use berkeley::icmp::{self, Message};
use berkeley::{
    Addr, AddrInfoFlags, Call, Connector, Endpoint, Errno, Error, Family, Protocol, Result, Socket,
    Type, resolve,
};

use crate::args::Global;
use crate::failure::{Exit, Failure};
use crate::place;

/// Whom to ask, and how.
pub(super) struct Probe {
    addr: Addr,
    way: Way,
    data: Vec<u8>,
    wait: Duration,
    id: u16,
}

/// How a question is asked.
enum Way {
    /// A socket that the kernel numbers the questions of, or a raw one.
    Echo {
        socket: Socket,
        raw: bool,
    },
    Connect(Vec<place::RawOption>),
    Datagram(Socket),
}

/// What came back.
pub(super) struct Answer {
    pub(super) from: String,
    pub(super) taken: Duration,
    pub(super) note: String,
}

impl Probe {
    pub(super) fn new(
        endpoint: &Endpoint,
        has_scheme: bool,
        global: &Global,
        size: usize,
        wait: Duration,
    ) -> std::result::Result<Probe, Failure> {
        let options = place::options(endpoint, global)?;
        let answers = match resolve(endpoint, AddrInfoFlags::empty()) {
            // A host without an IPv4 address, when nobody asked for one.
            Err(error) if !has_scheme && !global.v4 && !global.v6 => {
                let v6: Endpoint = endpoint.to_string().replacen("icmp:", "icmp6:", 1).parse()?;
                resolve(&v6, AddrInfoFlags::empty()).map_err(|_| error)?
            }
            answers => answers?,
        };
        let Some(first) = answers.first() else {
            return Err(Failure::new(Exit::Name, format!("{endpoint} has no address")));
        };
        let addr = first.addr;
        let way = match (endpoint.ty(), endpoint.protocol()) {
            (Type::STREAM, _) => Way::Connect(options),
            (_, Protocol::ICMP | Protocol::ICMPV6) => {
                let (socket, raw) = echo_socket(addr.family())?;
                set_all(&socket, &options)?;
                socket.connect(addr)?;
                Way::Echo { socket, raw }
            }
            (Type::DGRAM, _) => {
                let socket = Socket::new(first.family, first.ty, first.protocol)?;
                set_all(&socket, &options)?;
                socket.connect(addr)?;
                Way::Datagram(socket)
            }
            _ => return Err(Failure::usage(format!("{endpoint} cannot be asked"))),
        };
        let data = (0..size).map(|at| (at % 251) as u8).collect();
        Ok(Probe { addr, way, data, wait, id: (std::process::id() & 0xffff) as u16 })
    }

    /// Whom it asks, without a port that means nothing.
    pub(super) fn addr(&self) -> String {
        match (&self.way, self.addr.to_ip()) {
            (Way::Echo { .. }, Some(ip)) => ip.ip().to_string(),
            _ => self.addr.to_string(),
        }
    }

    pub(super) fn how(&self) -> &'static str {
        match self.way {
            Way::Echo { raw: false, .. } => "ICMP echo",
            Way::Echo { raw: true, .. } => "ICMP echo, raw",
            Way::Connect(_) => "TCP connections",
            Way::Datagram(_) => "UDP echo",
        }
    }

    /// Asks once, and waits for the answer or until it is stopped.
    pub(super) fn ask(&mut self, sequence: u16, stopped: &AtomicBool) -> Result<Answer> {
        let start = Instant::now();
        match &self.way {
            Way::Connect(options) => {
                let mut connector = Connector::new().timeout(self.wait);
                for (level, number, value) in options {
                    connector = connector.option(*level, *number, value);
                }
                connector.connect(self.addr)?;
                let note = "connected".to_owned();
                Ok(Answer { from: self.addr(), taken: start.elapsed(), note })
            }
            Way::Datagram(socket) => {
                let question = [&sequence.to_be_bytes()[..], &self.data].concat();
                socket.send(&question)?;
                self.answers(socket, start, stopped, |answer| {
                    (answer == question).then(|| format!("{} bytes", answer.len()))
                })
            }
            Way::Echo { socket, raw } => {
                let v4 = self.addr.family() == Family::INET;
                let question = match v4 {
                    true => icmp::echo_request_v4(self.id, sequence, &self.data),
                    false => icmp::echo_request_v6(self.id, sequence, &self.data),
                };
                socket.send(&question)?;
                self.answers(socket, start, stopped, |answer| {
                    let (hops, answer) = match (*raw, v4) {
                        (true, true) => icmp::strip_ip_header(answer)?,
                        _ => (0, answer),
                    };
                    let message =
                        if v4 { icmp::parse_v4(answer)? } else { icmp::parse_v6(answer)? };
                    match message {
                        // The kernel gives a ping socket an id of its own, and only its answers.
                        Message::EchoReply { id, sequence: number, data, .. }
                            if number == sequence
                                && (!raw || id == self.id)
                                && data == self.data =>
                        {
                            let hops =
                                if hops > 0 { format!(", ttl {hops}") } else { String::new() };
                            Some(format!("{} bytes{hops}", answer.len()))
                        }
                        _ => None,
                    }
                })
            }
        }
    }

    /// Receives until one is the answer: a raw socket gets those of others too.
    fn answers(
        &self,
        socket: &Socket,
        start: Instant,
        stopped: &AtomicBool,
        read: impl Fn(&[u8]) -> Option<String>,
    ) -> Result<Answer> {
        let mut memory = vec![0; 1 << 16];
        loop {
            let left = self.wait.saturating_sub(start.elapsed());
            // In small steps, so that Ctrl-C is heard.
            socket.set_timeout(left.min(Duration::from_millis(50)))?;
            match socket.recv_from(memory.as_mut_slice()) {
                Ok((len, from)) => {
                    let taken = start.elapsed();
                    if let Some(note) = read(memory.get(..len).unwrap_or_default()) {
                        let from = from.to_ip().map_or(from.to_string(), |ip| match &self.way {
                            Way::Echo { .. } => ip.ip().to_string(),
                            _ => ip.to_string(),
                        });
                        return Ok(Answer { from, taken, note });
                    }
                }
                Err(error) if error.is_timeout() || error.is_would_block() => {
                    if start.elapsed() >= self.wait || stopped.load(Ordering::Relaxed) {
                        return Err(error);
                    }
                }
                Err(error) => return Err(error),
            }
        }
    }
}

/// A socket that may ask: without a right if the system allows it, else a raw one.
fn echo_socket(family: Family) -> std::result::Result<(Socket, bool), Failure> {
    let protocol = if family == Family::INET { Protocol::ICMP } else { Protocol::ICMPV6 };
    if let Ok(socket) = Socket::new(family, Type::DGRAM, protocol) {
        return Ok((socket, false));
    }
    Socket::new(family, Type::RAW, protocol).map(|socket| (socket, true)).map_err(|error: Error| {
        let denied = [Errno::EPERM, Errno::EACCES];
        if error.call() != Call::Socket || !error.errno().is_some_and(|errno| denied.contains(&errno)) {
            return error.into();
        }
        Failure::new(Exit::Right, "this user may not ping").help(
            "the setting net.ipv4.ping_group_range must include one of your groups \
             (sysctl -w net.ipv4.ping_group_range=\"0 2147483647\"), or the program needs CAP_NET_RAW",
        )
    })
}

fn set_all(socket: &Socket, options: &[place::RawOption]) -> Result<()> {
    options.iter().try_for_each(|(level, number, value)| socket.setsockopt(*level, *number, value))
}
