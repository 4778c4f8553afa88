//! The exchanges that can be watched: real sockets, one thread for each side.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

use berkeley::trace::name_thread;
use berkeley::{
    Addr, Errno, Family, MsgFlags, Protocol, Result, Socket, ToAddr, Type, UnixAddr, opt,
};

/// An exchange, and what to say about it.
#[derive(Debug)]
pub(crate) struct Story {
    /// What it is called on the command line.
    pub(crate) name: &'static str,
    pub(crate) title: &'static str,
    /// What there is to see.
    pub(crate) lesson: &'static str,
    play: fn(&Stage) -> Result<()>,
}

impl Story {
    pub(crate) fn play(&self, stage: &Stage) -> Result<()> {
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

/// How long a side pauses, so that the picture shows who waits for whom.
const PAUSE: Duration = Duration::from_millis(3);

fn tcp(stage: &Stage) -> Result<()> {
    connection(stage, stage.family(), stage.any_port())
}

fn unix(stage: &Stage) -> Result<()> {
    let unnamed = UnixAddr::Unnamed.to_addr(Family::UNIX)?;
    connection(stage, Family::UNIX, unnamed)
}

/// The tutorials' server and client: one greeting, one answer.
fn connection(stage: &Stage, family: Family, addr: Addr) -> Result<()> {
    let server = |tell: &dyn Fn(Addr)| {
        let sk = listener(stage, family, addr, family != Family::UNIX, tell)?;
        let conn = sk.accept()?.0;
        conn.set_timeout(stage.limit)?;
        conn.recv_vec(1024)?;
        conn.send(b"hi")?;
        conn.recv_vec(1024)?;
        // The client has closed: TCP tells it all the same, a UNIX socket has nobody to tell.
        conn.close()?;
        sk.close()
    };
    let client = |server: Addr| {
        let sk = Socket::new(family, Type::STREAM, Protocol::DEFAULT)?;
        sk.set_timeout(stage.limit)?;
        sk.connect(server)?;
        thread::sleep(PAUSE);
        sk.send(b"hello!")?;
        sk.recv_vec(1024)?;
        sk.close()
    };
    both(server, client)
}

fn udp(stage: &Stage) -> Result<()> {
    let server = |tell: &dyn Fn(Addr)| {
        let sk = Socket::new(stage.family(), Type::DGRAM, Protocol::DEFAULT)?;
        sk.set_timeout(stage.limit)?;
        tell(bound(&sk, stage.any_port())?);
        let (_, client) = recv_from(&sk)?;
        sk.send_to(b"hi", client)?;
        sk.close()
    };
    let client = |server: Addr| {
        let sk = Socket::new(stage.family(), Type::DGRAM, Protocol::DEFAULT)?;
        sk.set_timeout(stage.limit)?;
        sk.send_to(b"hello", server)?;
        recv_from(&sk)?;
        sk.close()
    };
    both(server, client)
}

fn stream(stage: &Stage) -> Result<()> {
    let (sent, both_sent) = channel();
    let server = move |tell: &dyn Fn(Addr)| {
        let sk = listener(stage, stage.family(), stage.any_port(), true, tell)?;
        let conn = sk.accept()?.0;
        conn.set_timeout(stage.limit)?;
        // A busy server comes late, and finds both.
        let _ = both_sent.recv_timeout(stage.limit);
        conn.recv_vec(1024)?;
        conn.recv_vec(1024)?;
        conn.close()?;
        sk.close()
    };
    let client = move |server: Addr| {
        let sk = Socket::new(stage.family(), Type::STREAM, Protocol::DEFAULT)?;
        sk.set_timeout(stage.limit)?;
        sk.connect(server)?;
        sk.send(b"hello ")?;
        sk.send(b"world")?;
        thread::sleep(PAUSE);
        let _ = sent.send(());
        thread::sleep(PAUSE);
        sk.close()
    };
    both(server, client)
}

fn refused(stage: &Stage) -> Result<()> {
    let (over, until_over) = channel::<()>();
    let server = move |tell: &dyn Fn(Addr)| {
        let sk = Socket::new(stage.family(), Type::STREAM, Protocol::DEFAULT)?;
        tell(bound(&sk, stage.any_port())?);
        wait_for(&until_over);
        sk.close()
    };
    let client = move |server: Addr| {
        let sk = Socket::new(stage.family(), Type::STREAM, Protocol::DEFAULT)?;
        sk.set_timeout(stage.limit)?;
        failed_with(sk.connect(server), Errno::ECONNREFUSED)?;
        sk.close()?;
        drop(over);
        Ok(())
    };
    both(server, client)
}

fn reuse(stage: &Stage) -> Result<()> {
    let (over, until_over) = channel::<()>();
    let server = move |tell: &dyn Fn(Addr)| {
        let port = std::cell::Cell::new(stage.any_port());
        let tell = |addr| {
            port.set(addr);
            tell(addr);
        };
        let sk = listener(stage, stage.family(), stage.any_port(), true, &tell)?;
        let conn = sk.accept()?.0;
        conn.set_timeout(stage.limit)?;
        conn.close()?;
        sk.close()?;
        wait_for(&until_over);

        let new = Socket::new(stage.family(), Type::STREAM, Protocol::DEFAULT)?;
        failed_with(new.bind(port.get()), Errno::EADDRINUSE)?;
        new.set(opt::SO_REUSEADDR, true)?;
        new.bind(port.get())?;
        new.listen(None)?;
        new.close()
    };
    let client = move |server: Addr| {
        let sk = Socket::new(stage.family(), Type::STREAM, Protocol::DEFAULT)?;
        sk.set_timeout(stage.limit)?;
        sk.connect(server)?;
        sk.recv_vec(1024)?;
        sk.close()?;
        drop(over);
        Ok(())
    };
    both(server, client)
}

fn timeout(stage: &Stage) -> Result<()> {
    let (over, until_over) = channel::<()>();
    let server = move |tell: &dyn Fn(Addr)| {
        let sk = listener(stage, stage.family(), stage.any_port(), true, tell)?;
        wait_for(&until_over);
        sk.close()
    };
    let client = move |server: Addr| {
        let sk = Socket::new(stage.family(), Type::STREAM, Protocol::DEFAULT)?;
        sk.set_timeout(Duration::from_millis(200))?;
        sk.connect(server)?;
        sk.send(b"anybody there?")?;
        match sk.recv_vec(1024) {
            Err(error) if !error.is_timeout() => return Err(error),
            _ => {}
        }
        sk.close()?;
        drop(over);
        Ok(())
    };
    both(server, client)
}

/// A socket that listens, whose address the client has been told.
fn listener(
    stage: &Stage,
    family: Family,
    addr: Addr,
    reuse: bool,
    tell: &dyn Fn(Addr),
) -> Result<Socket> {
    let sk = Socket::new(family, Type::STREAM, Protocol::DEFAULT)?;
    sk.set_timeout(stage.limit)?;
    if reuse {
        sk.set(opt::SO_REUSEADDR, true)?;
    }
    let addr = bound(&sk, addr)?;
    sk.listen(None)?;
    tell(addr);
    Ok(sk)
}

/// Waits until the other side has dropped its end, however it came to that.
fn wait_for(over: &Receiver<()>) {
    let _ = over.recv();
}

/// Binds, and answers the address that the socket then has.
fn bound(sk: &Socket, addr: Addr) -> Result<Addr> {
    sk.bind(addr)?;
    sk.local_addr()
}

fn recv_from(sk: &Socket) -> Result<(Vec<u8>, Addr)> {
    let mut data = vec![0; 1024];
    let (len, from) = sk.recv_from_with(&mut data, MsgFlags::empty())?;
    data.truncate(len);
    Ok((data, from))
}

/// Goes on where a call failed for this reason, as it was meant to. Where it succeeded the picture
/// says so.
fn failed_with<T>(outcome: Result<T>, wanted: Errno) -> Result<()> {
    match outcome {
        Err(error) if error.errno() == Some(wanted) => Ok(()),
        Err(error) => Err(error),
        Ok(_) => Ok(()),
    }
}

/// Lets both sides run, the client from when it knows the address. Their threads have the names
/// that the picture shows.
fn both(
    server: impl FnOnce(&dyn Fn(Addr)) -> Result<()> + Send,
    client: impl FnOnce(Addr) -> Result<()> + Send,
) -> Result<()> {
    let (tell, told) = channel();
    let ends = thread::scope(|scope| {
        let serving = scope.spawn(move || {
            name_thread("server");
            let tell = move |addr| {
                // The client is gone only if it failed, and then says so itself.
                let _ = tell.send(addr);
            };
            server(&tell)
        });
        let asking = scope.spawn(move || {
            name_thread("client");
            // A server that failed says so itself.
            told.recv().map_or(Ok(()), |addr| {
                thread::sleep(PAUSE);
                client(addr)
            })
        });
        [serving.join(), asking.join()]
    });
    for end in ends {
        end.unwrap_or_else(|panic| std::panic::resume_unwind(panic))?;
    }
    Ok(())
}
