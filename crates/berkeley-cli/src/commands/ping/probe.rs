//! One question and its answer, by ICMP, TCP or UDP.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use berkeley::{
    Addr, AddrInfoFlags, Call, Connector, Endpoint, Errno, Error, Pinger, Protocol, Result, Socket,
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
}

/// How a question is asked.
enum Way {
    Echo(Pinger),
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
                let ip = addr.to_ip().ok_or_else(|| Failure::usage("that is no host"))?;
                let mut pinger = Pinger::new(ip, size).map_err(refused)?;
                set_all(pinger.socket(), &options)?;
                pinger.connect()?;
                Way::Echo(pinger)
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
        Ok(Probe { addr, way, data, wait })
    }

    /// Whom it asks, without a port that means nothing.
    pub(super) fn addr(&self) -> String {
        match (&self.way, self.addr.to_ip()) {
            (Way::Echo(_), Some(ip)) => ip.ip().to_string(),
            _ => self.addr.to_string(),
        }
    }

    pub(super) fn how(&self) -> &'static str {
        match &self.way {
            Way::Echo(pinger) if pinger.is_raw() => "ICMP echo, raw",
            Way::Echo(_) => "ICMP echo",
            Way::Connect(_) => "TCP connections",
            Way::Datagram(_) => "UDP echo",
        }
    }

    /// Asks once, and waits for the answer or until it is stopped.
    pub(super) fn ask(&mut self, sequence: u16, stopped: &AtomicBool) -> Result<Answer> {
        let start = Instant::now();
        let from = self.addr();
        match &mut self.way {
            Way::Connect(options) => {
                let mut connector = Connector::new().timeout(self.wait);
                for (level, number, value) in options {
                    connector = connector.option(*level, *number, value);
                }
                connector.connect(self.addr)?;
                let note = "connected".to_owned();
                Ok(Answer { from, taken: start.elapsed(), note })
            }
            Way::Datagram(socket) => {
                let question = [&sequence.to_be_bytes()[..], &self.data].concat();
                socket.send(&question)?;
                answer(socket, &question, start, self.wait, stopped)
            }
            Way::Echo(pinger) => {
                pinger.send(sequence)?;
                loop {
                    let left = self.wait.saturating_sub(start.elapsed());
                    match pinger.recv(left.min(STEP)) {
                        Ok(echo) => {
                            let hops =
                                echo.hops.map_or(String::new(), |hops| format!(", ttl {hops}"));
                            let note = format!("{} bytes{hops}", echo.len);
                            return Ok(Answer {
                                from: echo.from.to_string(),
                                taken: echo.time,
                                note,
                            });
                        }
                        Err(error) if error.is_timeout() && !is_over(start, self.wait, stopped) => {
                        }
                        Err(error) => return Err(error),
                    }
                }
            }
        }
    }
}

/// In small steps, so that Ctrl-C is heard.
const STEP: Duration = Duration::from_millis(50);

fn is_over(start: Instant, wait: Duration, stopped: &AtomicBool) -> bool {
    start.elapsed() >= wait || stopped.load(Ordering::Relaxed)
}

/// Receives datagrams until one is the answer.
fn answer(
    socket: &Socket,
    question: &[u8],
    start: Instant,
    wait: Duration,
    stopped: &AtomicBool,
) -> Result<Answer> {
    let mut memory = vec![0; 1 << 16];
    loop {
        let left = wait.saturating_sub(start.elapsed());
        socket.set_timeout(left.min(STEP))?;
        match socket.recv_from(memory.as_mut_slice()) {
            Ok((len, from)) => {
                let taken = start.elapsed();
                if memory.get(..len) == Some(question) {
                    let note = format!("{len} bytes");
                    return Ok(Answer { from: from.to_string(), taken, note });
                }
            }
            Err(error) if error.is_timeout() || error.is_would_block() => {
                if is_over(start, wait, stopped) {
                    return Err(error);
                }
            }
            Err(error) => return Err(error),
        }
    }
}

/// A right that is missing is told with the setting that would do.
fn refused(error: Error) -> Failure {
    let denied = [Errno::EPERM, Errno::EACCES];
    if error.call() != Call::Ping || !error.errno().is_some_and(|errno| denied.contains(&errno)) {
        return error.into();
    }
    let way = "sysctl -w net.ipv4.ping_group_range=\"0 2147483647\" lets everybody";
    let hint = error.hint().unwrap_or_default();
    Failure::new(Exit::Right, "this user may not ping").help(format!("{hint} ({way})"))
}

fn set_all(socket: &Socket, options: &[place::RawOption]) -> Result<()> {
    options.iter().try_for_each(|(level, number, value)| socket.setsockopt(*level, *number, value))
}
