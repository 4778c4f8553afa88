//! Many connections to an echo server in one thread, each with one message under way.

use std::os::fd::AsRawFd as _;
use std::time::{Duration, Instant};

use berkeley::{Addr, Socket, opt};
use mio::unix::SourceFd;
use mio::{Events, Interest, Poll, Token};

use crate::{Result, patient};

/// The connections, and the memory that all of them share.
pub(crate) struct Clients {
    poll: Poll,
    events: Events,
    all: Vec<Client>,
    message: Vec<u8>,
    memory: Vec<u8>,
}

struct Client {
    socket: Socket,
    /// How much of the message is still to be sent, and how much of its echo is still to come.
    unsent: usize,
    unheard: usize,
}

/// How long nothing at all may come.
const SILENCE: Duration = Duration::from_secs(10);

/// How long all the connections may take.
const PATIENCE: Duration = Duration::from_secs(60);

impl Clients {
    /// Opens so many connections, whose messages have so many bytes.
    pub(crate) fn connect(addr: Addr, connections: usize, bytes: usize) -> Result<Clients> {
        rlimit::increase_nofile_limit(u64::MAX)?;
        let (poll, give_up) = (Poll::new()?, Instant::now() + PATIENCE);
        let mut all = Vec::with_capacity(connections);
        for number in 0..connections {
            if Instant::now() > give_up {
                return Err(format!("only {number} connections in a minute").into());
            }
            let socket = patient(&addr)?;
            socket.set(opt::TCP_NODELAY, true)?;
            // It ends without leaving its port reserved for a minute.
            socket.set(opt::SO_LINGER, Some(Duration::ZERO))?;
            socket.set_nonblocking(true)?;
            let interest = Interest::READABLE | Interest::WRITABLE;
            poll.registry().register(
                &mut SourceFd(&socket.as_raw_fd()),
                Token(number),
                interest,
            )?;
            all.push(Client { socket, unsent: 0, unheard: 0 });
        }
        let (message, memory) = (vec![0x5a; bytes], vec![0; bytes.max(1 << 16)]);
        Ok(Clients { poll, events: Events::with_capacity(1024), all, message, memory })
    }

    pub(crate) fn len(&self) -> usize {
        self.all.len()
    }

    /// Sends message after message in each connection for so long, and says how many a second have
    /// come back.
    pub(crate) fn run(&mut self, time: Duration) -> Result<f64> {
        let start = Instant::now();
        let done = self.go(|| start.elapsed() < time)?;
        Ok(done as f64 / start.elapsed().as_secs_f64())
    }

    /// Sends one message in each connection and waits for all of them.
    pub(crate) fn once(&mut self) -> Result<()> {
        self.go(|| false).map(|_| ())
    }

    /// Sends one message in each connection, and the next one behind each that has come back while
    /// there shall be more; says how many have come back, when none is under way.
    fn go(&mut self, more: impl Fn() -> bool) -> Result<u64> {
        let (message, memory) = (&self.message, &mut self.memory);
        let (mut done, mut open) = (0, self.all.len());
        for client in &mut self.all {
            client.ask(message)?;
        }
        while open > 0 {
            self.poll.poll(&mut self.events, Some(SILENCE))?;
            if self.events.is_empty() {
                return Err(format!("{open} echoes do not come").into());
            }
            let goes_on = more();
            for event in &self.events {
                let Some(client) = self.all.get_mut(event.token().0) else { continue };
                if client.unheard == 0 || !client.proceed(message, memory)? {
                    continue;
                }
                done += 1;
                match goes_on {
                    true => client.ask(message)?,
                    false => open -= 1,
                }
            }
        }
        Ok(done)
    }
}

impl Client {
    fn ask(&mut self, message: &[u8]) -> Result<()> {
        (self.unsent, self.unheard) = (message.len(), message.len());
        self.send(message)
    }

    fn send(&mut self, message: &[u8]) -> Result<()> {
        while self.unsent > 0 {
            let at = message.len() - self.unsent;
            match self.socket.send(message.get(at..).unwrap_or_default()) {
                Ok(sent) => self.unsent -= sent,
                Err(error) if error.is_would_block() => break,
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    /// Goes on as far as it can: `true` when the whole echo has come.
    fn proceed(&mut self, message: &[u8], memory: &mut [u8]) -> Result<bool> {
        self.send(message)?;
        while self.unheard > 0 {
            let most = self.unheard.min(memory.len());
            match self.socket.recv(memory.get_mut(..most).unwrap_or_default()) {
                Ok(0) => return Err("the server has ended a connection".into()),
                Ok(len) => {
                    self.unheard -= len;
                    // What comes after that is told.
                    if len < most {
                        break;
                    }
                }
                Err(error) if error.is_would_block() => break,
                Err(error) => return Err(error.into()),
            }
        }
        Ok(self.unheard == 0)
    }
}
