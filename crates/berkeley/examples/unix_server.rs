//! A server of a UNIX socket: only programs of this machine reach it, and it knows who they are.
//!
//! `cargo run --example unix_server -- unix:/tmp/greeter.sock`

use berkeley::{Family, Protocol, Result, Socket, Type, opt};

fn main() -> Result<()> {
    // Without a name the kernel chooses a free one outside the file system.
    let addr = std::env::args().nth(1).unwrap_or_else(|| "unix:".to_owned());

    let sk = Socket::new(Family::UNIX, Type::STREAM, Protocol::DEFAULT)?;
    sk.bind(&addr)?;
    sk.listen(None)?;
    println!("listening on {}", sk.local_addr()?);

    let (conn, _unnamed) = sk.accept()?;
    let client = conn.get(opt::SO_PEERCRED)?;
    let request = conn.recv_vec(1024)?;
    println!("user {} says {}", client.uid, String::from_utf8_lossy(&request));
    conn.send_all(b"hi")?;
    conn.close()?;
    sk.close()
}
