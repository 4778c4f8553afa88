//! The tutorials' TCP client: says hello, and prints the answer.
//!
//! `cargo run --example tcp_client -- 127.0.0.1:8080`

use berkeley::{Family, Protocol, Result, Socket, Type};

fn main() -> Result<()> {
    let addr = std::env::args().nth(1).unwrap_or_else(|| "127.0.0.1:8080".to_owned());

    let sk = Socket::new(Family::INET, Type::STREAM, Protocol::DEFAULT)?;
    sk.connect(&addr)?;
    sk.send_all(b"hello!")?;
    println!("{}", String::from_utf8_lossy(&sk.recv_vec(1024)?));
    sk.close()
}
