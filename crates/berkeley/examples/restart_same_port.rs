//! A server that is started again on its port at once: `SO_REUSEADDR`.
//!
//! `cargo run --example restart_same_port -- 127.0.0.1:8080`

use berkeley::{Addr, Family, Protocol, Result, Socket, Type, create_connection, opt};

fn main() -> Result<()> {
    let addr = std::env::args().nth(1).unwrap_or_else(|| "127.0.0.1:0".to_owned());

    let first = server(&addr)?;
    let addr = first.local_addr()?;
    serve_one(&first)?;
    drop(first);

    // The server closed first, so the port is in TIME_WAIT for a minute. Without the option,
    // bind would fail with "address already in use".
    let second = server(&addr.to_string())?;
    serve_one(&second)?;
    println!("two servers, one after the other, on {addr}");
    Ok(())
}

fn server(addr: &str) -> Result<Socket> {
    let sk = Socket::new(Family::INET, Type::STREAM, Protocol::DEFAULT)?;
    sk.set(opt::SO_REUSEADDR, true)?;
    sk.bind(addr)?;
    sk.listen(None)?;
    Ok(sk)
}

fn serve_one(server: &Socket) -> Result<()> {
    let addr: Addr = server.local_addr()?;
    let client = create_connection(addr)?;
    let (conn, _peer) = server.accept()?;
    conn.close()?;
    client.recv_vec(1).map(drop) // the end: the server closed first
}
