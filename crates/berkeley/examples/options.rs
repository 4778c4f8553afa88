//! Options of a socket: the tutorials' eleven, and any other.
//!
//! `cargo run --example options`

use std::time::Duration;

use berkeley::opt::{self, Int, Opt};
use berkeley::{Family, Protocol, Result, Socket, Type};

/// One that the library has no name for is declared in a line.
const TCP_LINGER2: Opt<Int> = Opt::new("TCP_LINGER2", 6, 8);

fn main() -> Result<()> {
    let sk = Socket::new(Family::INET, Type::STREAM, Protocol::DEFAULT)?;
    sk.set(opt::SO_BROADCAST, true)?; // no effect on TCP, but allowed
    sk.set(opt::SO_REUSEADDR, true)?;
    sk.set(opt::SO_DONTROUTE, true)?;
    sk.set(opt::SO_KEEPALIVE, true)?;
    sk.set(opt::SO_OOBINLINE, true)?;
    sk.set(opt::SO_LINGER, Some(Duration::from_secs(1)))?;
    sk.set(opt::SO_DONTLINGER, true)?; // SO_LINGER switched off
    sk.set(opt::SO_RCVBUF, 65536_usize)?;
    sk.set(opt::SO_SNDBUF, 65536_usize)?;
    sk.set(opt::TCP_NODELAY, true)?;
    if let Err(error) = sk.set(opt::SO_DEBUG, true) {
        println!("{error}"); // takes the right CAP_NET_ADMIN
    }
    println!("TCP_LINGER2 is {}", sk.get(TCP_LINGER2)?);

    // The table of all of them, with values as people read them.
    for row in opt::TABLE {
        let mut value = vec![0; row.room];
        if let Ok(len) = sk.getsockopt(row.level, row.number, &mut value) {
            value.truncate(len);
            let value = (row.describe)(&value).unwrap_or_else(|| format!("{value:02x?}"));
            println!("{:22} {value:24} {}", row.name, row.meaning);
        }
    }
    Ok(())
}
