//! A server of streams and datagrams in one loop of mio: `under_mio`
//!
//! mio's `SourceFd` takes the number of any descriptor, so that no adapter is needed.

use std::collections::HashMap;
use std::os::fd::AsRawFd;
use std::thread;
use std::time::Duration;

use berkeley::{Family, Protocol, Socket, Type, create_connection, create_server};
use mio::unix::SourceFd;
use mio::{Events, Interest, Poll, Token};

const STREAMS: Token = Token(0);
const DATAGRAMS: Token = Token(1);

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let streams = create_server("unix-seqpacket:")?;
    let datagrams = create_server("udp://127.0.0.1:0")?;
    let (seqpacket, udp) = (streams.local_addr()?, datagrams.local_addr()?);

    let mut poll = Poll::new()?;
    for (token, socket) in [(STREAMS, &streams), (DATAGRAMS, &datagrams)] {
        // It never waits from here on.
        socket.set_timeout(Duration::ZERO)?;
        let mut source = SourceFd(&socket.as_raw_fd());
        poll.registry().register(&mut source, token, Interest::READABLE)?;
    }
    let clients = thread::spawn(move || -> berkeley::Result<()> {
        let connected = Socket::new(Family::UNIX, Type::SEQPACKET, Protocol::DEFAULT)?;
        connected.connect(seqpacket)?;
        for client in [connected, create_connection(format!("udp://{udp}"))?] {
            client.send(b"hello")?;
            let answer = client.recv_vec(100)?;
            println!("{} {}", client.ty(), String::from_utf8_lossy(&answer));
        }
        Ok(())
    });

    let mut events = Events::with_capacity(16);
    let mut clients_of: HashMap<Token, Socket> = HashMap::new();
    let mut room = [0; 1500];
    while !clients.is_finished() {
        poll.poll(&mut events, Some(Duration::from_millis(20)))?;
        for event in &events {
            match event.token() {
                STREAMS => {
                    // mio tells once: take all who are there.
                    while let Some((client, _)) = ready(streams.accept())? {
                        client.set_timeout(Duration::ZERO)?;
                        let token = Token(2 + clients_of.len());
                        let mut source = SourceFd(&client.as_raw_fd());
                        poll.registry().register(&mut source, token, Interest::READABLE)?;
                        clients_of.insert(token, client);
                    }
                }
                DATAGRAMS => {
                    while let Some((len, from)) = ready(datagrams.recv_from(&mut room))? {
                        datagrams.send_to(room.get(..len).unwrap_or_default(), from)?;
                    }
                }
                token => {
                    let Some(client) = clients_of.get(&token) else { continue };
                    while let Some(len @ 1..) = ready(client.recv(&mut room))? {
                        client.send(room.get(..len).unwrap_or_default())?;
                    }
                }
            }
        }
    }
    clients.join().map_err(|_| "the clients failed")??;
    Ok(())
}

/// What a call answered; `None` if it would have had to wait.
fn ready<T>(result: berkeley::Result<T>) -> berkeley::Result<Option<T>> {
    match result {
        Err(error) if error.is_would_block() => Ok(None),
        other => other.map(Some),
    }
}
