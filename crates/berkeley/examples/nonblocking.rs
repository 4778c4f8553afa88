//! A socket that never waits: what is not there at once is the error "would block".
//!
//! `cargo run --example nonblocking`

use berkeley::{Errno, Family, Protocol, Result, Socket, Type, create_connection, create_server};

fn main() -> Result<()> {
    let server = create_server(std::env::args().nth(1).as_deref().unwrap_or("127.0.0.1:0"))?;
    server.set_nonblocking(true)?; // Python: setblocking(False)
    match server.accept() {
        Err(error) if error.is_would_block() => println!("accept: nobody there yet"),
        other => println!("accept: {other:?}"),
    }

    // connect_ex answers the number instead of failing; the attempt may go on meanwhile.
    let client = Socket::new(Family::INET, Type::STREAM, Protocol::DEFAULT)?;
    client.set_nonblocking(true)?;
    match client.connect_ex(server.local_addr()?)? {
        Errno::SUCCESS | Errno::EINPROGRESS => println!("connect: under way"),
        errno => println!("connect: {errno}"),
    }

    let other = create_connection(server.local_addr()?)?;
    other.set_nonblocking(true)?;
    match other.recv_vec(1024) {
        Err(error) if error.is_would_block() => println!("recv: nothing there yet"),
        other => println!("recv: {other:?}"),
    }
    Ok(())
}
