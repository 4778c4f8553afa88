//! The tutorials' TCP server: greets one client, and ends.
//!
//! `cargo run --example tcp_server -- 127.0.0.1:8080`

use berkeley::{Family, Protocol, Result, Socket, Type, opt};

fn main() -> Result<()> {
    let addr = std::env::args().nth(1).unwrap_or_else(|| "127.0.0.1:0".to_owned());

    let sk = Socket::new(Family::INET, Type::STREAM, Protocol::DEFAULT)?;
    sk.set(opt::SO_REUSEADDR, true)?; // before bind: the port can be had again at once
    sk.bind(&addr)?;
    sk.listen(None)?;
    println!("listening on {}", sk.local_addr()?);

    let (conn, peer) = sk.accept()?;
    let request = conn.recv_vec(1024)?;
    println!("{peer} says {}", String::from_utf8_lossy(&request));
    conn.send_all(b"hi")?;
    conn.close()?;
    sk.close()
}
