//! A client of a UNIX socket.
//!
//! `cargo run --example unix_client -- unix:/tmp/greeter.sock`

use berkeley::{Family, Protocol, Result, Socket, Type};

fn main() -> Result<()> {
    let addr = std::env::args().nth(1).unwrap_or_else(|| "unix:/tmp/greeter.sock".to_owned());

    let sk = Socket::new(Family::UNIX, Type::STREAM, Protocol::DEFAULT)?;
    sk.connect(&addr)?;
    sk.send_all(b"hello!")?;
    println!("{}", String::from_utf8_lossy(&sk.recv_vec(1024)?));
    sk.close()
}
