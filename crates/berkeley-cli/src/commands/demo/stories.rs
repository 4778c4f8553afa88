//! The exchanges that can be watched: real sockets, one thread for each side.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

use berkeley::{Addr, Errno, Family, Result, ToAddr, Type, UnixAddr};

use super::event::Event;
use super::record::{Lane, Named, Record, failed_with};

/// An exchange, and what to say about it.
#[derive(Debug)]
pub(crate) struct Story {
    /// What it is called on the command line.
    pub(crate) name: &'static str,
    pub(crate) title: &'static str,
    /// What there is to see.
    pub(crate) lesson: &'static str,
    play: fn(&Stage) -> Result<Vec<Event>>,
}

impl Story {
    pub(crate) fn play(&self, stage: &Stage) -> Result<Vec<Event>> {
        (self.play)(stage)
    }
}

/// Where an exchange happens.
#[derive(Debug)]
pub(crate) struct Stage {
    pub(crate) loopback: IpAddr,
    /// How long a call may wait, so that a broken machine ends the demo, too.
    pub(crate) limit: Duration,
}

impl Stage {
    pub(crate) fn new(v6: bool, limit: Duration) -> Stage {
        let loopback = if v6 { Ipv6Addr::LOCALHOST.into() } else { Ipv4Addr::LOCALHOST.into() };
        Stage { loopback, limit }
    }

    /// A free port of loopback.
    fn any_port(&self) -> Addr {
        SocketAddr::new(self.loopback, 0).into()
    }

    fn family(&self) -> Family {
        if self.loopback.is_ipv6() { Family::INET6 } else { Family::INET }
    }
}

/// The stories, the first ones of which are told unasked.
pub(crate) const STORIES: &[Story] = &[
    Story {
        name: "tcp",
        title: "TCP: a connection",
        lesson: "accept() waits for a client and answers a new socket for it, conn; sk goes on \
                 listening. The end of the connection is received as well: as 0 bytes.",
        play: tcp,
    },
    Story {
        name: "udp",
        title: "UDP: datagrams",
        lesson: "There is no connection: each datagram goes alone, to the address that sendto() \
                 names, and recvfrom() says where it came from. Closing tells nobody.",
        play: udp,
    },
    Story {
        name: "unix",
        title: "UNIX: a connection within one machine",
        lesson: "The calls are those of TCP, but the address is a name: of a file, or, with @, \
                 outside the file system. bind(\"\") chose a free one.",
        play: unix,
    },
    Story {
        name: "stream",
        title: "TCP keeps the bytes, not the messages",
        lesson: "Two send() arrived in one recv(); they could as well have arrived in pieces. \
                 Who needs messages says in the data where they end.",
        play: stream,
    },
    Story {
        name: "refused",
        title: "Connection refused",
        lesson: "The port is bound, but nobody called listen() on it: the kernel refuses at once \
                 with RST. No answer at all would have been a timeout.",
        play: refused,
    },
    Story {
        name: "reuse",
        title: "A server restarts on its port",
        lesson: "The side that closes first keeps the port in TIME_WAIT for a minute. A server \
                 that sets SO_REUSEADDR before bind() gets it back at once.",
        play: reuse,
    },
    Story {
        name: "timeout",
        title: "A peer that says nothing",
        lesson: "The kernel made the connection, though nobody had called accept() yet. Without \
                 settimeout() the client would wait for ever.",
        play: timeout,
    },
];

/// How many of them are told unasked.
pub(crate) const UNASKED: usize = 3;

/// The story of this name.
pub(crate) fn by_name(name: &str) -> Option<&'static Story> {
    STORIES.iter().find(|story| story.name == name)
}

const HANDSHAKE: &[&str] = &["SYN", "SYN+ACK", "ACK"];

/// How long a side pauses, so that the picture shows who waits for whom.
const PAUSE: Duration = Duration::from_millis(3);

fn tcp(stage: &Stage) -> Result<Vec<Event>> {
    connection(stage, stage.family(), stage.any_port(), HANDSHAKE, Some("FIN"))
}

fn unix(stage: &Stage) -> Result<Vec<Event>> {
    let unnamed = UnixAddr::Unnamed.to_addr(Family::UNIX)?;
    connection(stage, Family::UNIX, unnamed, &["connect"], Some("end"))
}

/// The tutorials' server and client: one greeting, one answer.
fn connection(
    stage: &Stage,
    family: Family,
    addr: Addr,
    handshake: &[&str],
    farewell: Option<&str>,
) -> Result<Vec<Event>> {
    let server = |lane: Lane<'_>, tell: &dyn Fn(Addr)| {
        let sk = listener(&lane, stage, "sk", family, addr, family != Family::UNIX, tell)?;
        let conn = lane.accept(&sk, "conn")?;
        conn.socket.set_timeout(stage.limit)?;
        lane.recv(&conn)?;
        lane.send(&conn, "hi")?;
        lane.recv(&conn)?;
        // The client has closed: TCP tells it all the same, a UNIX socket has nobody to tell.
        lane.close(conn, farewell.filter(|_| family != Family::UNIX))?;
        lane.close(sk, None)
    };
    let client = |lane: Lane<'_>, server: Addr| {
        let sk = lane.socket("sk", family, Type::STREAM)?;
        sk.socket.set_timeout(stage.limit)?;
        lane.connect(&sk, server, handshake)?;
        thread::sleep(PAUSE);
        lane.send(&sk, "hello!")?;
        lane.recv(&sk)?;
        lane.close(sk, farewell)
    };
    both(server, client)
}

fn udp(stage: &Stage) -> Result<Vec<Event>> {
    let server = |lane: Lane<'_>, tell: &dyn Fn(Addr)| {
        let sk = lane.socket("sk", stage.family(), Type::DGRAM)?;
        sk.socket.set_timeout(stage.limit)?;
        tell(lane.bind(&sk, stage.any_port())?);
        let (_, client) = lane.recv_from(&sk)?;
        lane.send_to(&sk, "hi", client)?;
        lane.close(sk, None)
    };
    let client = |lane: Lane<'_>, server: Addr| {
        let sk = lane.socket("sk", stage.family(), Type::DGRAM)?;
        sk.socket.set_timeout(stage.limit)?;
        lane.send_to(&sk, "hello", server)?;
        lane.recv_from(&sk)?;
        lane.close(sk, None)
    };
    both(server, client)
}

fn stream(stage: &Stage) -> Result<Vec<Event>> {
    let (sent, both_sent) = channel();
    let server = move |lane: Lane<'_>, tell: &dyn Fn(Addr)| {
        let sk = listener(&lane, stage, "sk", stage.family(), stage.any_port(), true, tell)?;
        let conn = lane.accept(&sk, "conn")?;
        conn.socket.set_timeout(stage.limit)?;
        // A busy server comes late, and finds both.
        let _ = both_sent.recv_timeout(stage.limit);
        lane.recv(&conn)?;
        lane.recv(&conn)?;
        lane.close(conn, Some("FIN"))?;
        lane.close(sk, None)
    };
    let client = move |lane: Lane<'_>, server: Addr| {
        let sk = lane.socket("sk", stage.family(), Type::STREAM)?;
        sk.socket.set_timeout(stage.limit)?;
        lane.connect(&sk, server, HANDSHAKE)?;
        lane.send(&sk, "hello ")?;
        lane.send(&sk, "world")?;
        thread::sleep(PAUSE);
        let _ = sent.send(());
        thread::sleep(PAUSE);
        lane.close(sk, Some("FIN"))
    };
    both(server, client)
}

fn refused(stage: &Stage) -> Result<Vec<Event>> {
    let (over, until_over) = channel::<()>();
    let server = move |lane: Lane<'_>, tell: &dyn Fn(Addr)| {
        let sk = lane.socket("sk", stage.family(), Type::STREAM)?;
        tell(lane.bind(&sk, stage.any_port())?);
        wait_for(&until_over);
        lane.close(sk, None)
    };
    let client = move |lane: Lane<'_>, server: Addr| {
        let sk = lane.socket("sk", stage.family(), Type::STREAM)?;
        sk.socket.set_timeout(stage.limit)?;
        failed_with(lane.connect(&sk, server, &["SYN", "RST"]), Errno::ECONNREFUSED)?;
        lane.close(sk, None)?;
        drop(over);
        Ok(())
    };
    both(server, client)
}

fn reuse(stage: &Stage) -> Result<Vec<Event>> {
    let (over, until_over) = channel::<()>();
    let server = move |lane: Lane<'_>, tell: &dyn Fn(Addr)| {
        let port = std::cell::Cell::new(stage.any_port());
        let tell = |addr| {
            port.set(addr);
            tell(addr);
        };
        let sk = listener(&lane, stage, "sk", stage.family(), stage.any_port(), true, &tell)?;
        let conn = lane.accept(&sk, "conn")?;
        conn.socket.set_timeout(stage.limit)?;
        lane.close(conn, Some("FIN"))?;
        lane.close(sk, None)?;
        wait_for(&until_over);

        let new = lane.socket("new", stage.family(), Type::STREAM)?;
        failed_with(lane.bind(&new, port.get()), Errno::EADDRINUSE)?;
        lane.reuse_addr(&new)?;
        lane.bind(&new, port.get())?;
        lane.listen(&new)?;
        lane.close(new, None)
    };
    let client = move |lane: Lane<'_>, server: Addr| {
        let sk = lane.socket("sk", stage.family(), Type::STREAM)?;
        sk.socket.set_timeout(stage.limit)?;
        lane.connect(&sk, server, HANDSHAKE)?;
        lane.recv(&sk)?;
        lane.close(sk, Some("FIN"))?;
        drop(over);
        Ok(())
    };
    both(server, client)
}

fn timeout(stage: &Stage) -> Result<Vec<Event>> {
    let (over, until_over) = channel::<()>();
    let server = move |lane: Lane<'_>, tell: &dyn Fn(Addr)| {
        let sk = listener(&lane, stage, "sk", stage.family(), stage.any_port(), true, tell)?;
        wait_for(&until_over);
        lane.close(sk, None)
    };
    let client = move |lane: Lane<'_>, server: Addr| {
        let sk = lane.socket("sk", stage.family(), Type::STREAM)?;
        lane.set_timeout(&sk, Duration::from_millis(200))?;
        lane.connect(&sk, server, HANDSHAKE)?;
        lane.send(&sk, "anybody there?")?;
        match lane.recv(&sk) {
            Err(error) if !error.is_timeout() => return Err(error),
            _ => {}
        }
        lane.close(sk, Some("FIN"))?;
        drop(over);
        Ok(())
    };
    both(server, client)
}

/// A socket that listens, whose address the client has been told.
fn listener(
    lane: &Lane<'_>,
    stage: &Stage,
    name: &'static str,
    family: Family,
    addr: Addr,
    reuse: bool,
    tell: &dyn Fn(Addr),
) -> Result<Named> {
    let sk = lane.socket(name, family, Type::STREAM)?;
    sk.socket.set_timeout(stage.limit)?;
    if reuse {
        lane.reuse_addr(&sk)?;
    }
    let bound = lane.bind(&sk, addr)?;
    lane.listen(&sk)?;
    tell(bound);
    Ok(sk)
}

/// Waits until the other side has dropped its end, however it came to that.
fn wait_for(over: &Receiver<()>) {
    let _ = over.recv();
}

/// Lets both sides run, the client from when it knows the address, and answers what they did.
fn both(
    server: impl FnOnce(Lane<'_>, &dyn Fn(Addr)) -> Result<()> + Send,
    client: impl FnOnce(Lane<'_>, Addr) -> Result<()> + Send,
) -> Result<Vec<Event>> {
    let record = Record::new();
    let (tell, told) = channel();
    let (served, asked) = thread::scope(|scope| {
        let record = &record;
        let serving = scope.spawn(move || {
            let tell = move |addr| {
                // The client is gone only if it failed, and then says so itself.
                let _ = tell.send(addr);
            };
            server(record.server(), &tell)
        });
        let asked = match told.recv() {
            Ok(addr) => {
                thread::sleep(PAUSE);
                client(record.client(), addr)
            }
            // The server failed, and says so itself.
            Err(_) => Ok(()),
        };
        (serving.join(), asked)
    });
    match served {
        Ok(served) => served.and(asked)?,
        Err(panic) => std::panic::resume_unwind(panic),
    }
    Ok(record.into_events())
}
