//! Timeouts: one limit for a whole call, however it is spent.
//!
//! `cargo run --example timeouts`

use std::time::{Duration, Instant};

use berkeley::{Connector, Result, create_server};

fn main() -> Result<()> {
    let server = create_server(std::env::args().nth(1).as_deref().unwrap_or("127.0.0.1:0"))?;
    let limit = Duration::from_millis(100);

    // For connecting, with every address that a name has; the socket keeps it.
    let client = Connector::new().timeout(limit).connect(server.local_addr()?)?;
    let (_silent, _peer) = server.accept()?;

    let begun = Instant::now();
    match client.recv_vec(1024) {
        Err(error) if error.is_timeout() => println!("recv: {error}, {:?}", begun.elapsed()),
        other => println!("recv: {other:?}"),
    }

    // send_all has one limit for all of the data, and says how much went.
    match client.send_all(&vec![0; 64 << 20]) {
        Err(error) => println!("send_all: {error}"),
        Ok(()) => println!("send_all: everything went"),
    }

    client.set_timeout(None)?; // and back to waiting for as long as it takes
    Ok(())
}
