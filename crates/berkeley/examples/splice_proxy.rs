//! Passes what comes at one address on to another and back: the kernel moves the bytes from socket
//! to socket by a pipe, and they are never copied into this program.
//!
//! `cargo run --example splice_proxy -- 127.0.0.1:0 127.0.0.1:8000`
//!
//! With `--copy` it reads and writes instead, to see what that costs.

use std::error::Error;
use std::net::Shutdown;
use std::thread;

use berkeley::{Socket, create_connection, create_server};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// At most so much in a pipe: what a pipe has room for at first.
const MOST: usize = 1 << 16;

fn main() -> Result<()> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let copy = args.iter().any(|arg| arg == "--copy");
    let places: Vec<&str> =
        args.iter().map(String::as_str).filter(|arg| *arg != "--copy").collect();
    let [listen, target] = places[..] else {
        println!("usage: splice_proxy LISTEN TARGET [--copy]");
        return Ok(());
    };
    let server = create_server(listen)?;
    println!("listening on {}", server.local_addr()?);
    loop {
        let (client, _) = server.accept()?;
        let target = create_connection(target)?;
        thread::spawn(move || {
            // A direction of its own for each thread; an end is passed on, and ends only that one.
            thread::scope(|scope| {
                for (from, to) in [(&client, &target), (&target, &client)] {
                    scope.spawn(move || {
                        let passed =
                            if copy { by_copying(from, to) } else { by_splicing(from, to) };
                        let ended = to.shutdown(Shutdown::Write);
                        if let Err(error) = passed.and(ended.map_err(Into::into)) {
                            eprintln!("{error}");
                        }
                    });
                }
            });
        });
    }
}

// The library itself is content with an older Rust, which has no pipes.
#[allow(clippy::incompatible_msrv)]
fn by_splicing(from: &Socket, to: &Socket) -> Result<()> {
    let (pipe_out, pipe_in) = std::io::pipe()?;
    loop {
        let mut left = from.splice_to(&pipe_in, MOST)?;
        if left == 0 {
            return Ok(());
        }
        while left > 0 {
            left -= to.splice_from(&pipe_out, left)?;
        }
    }
}

fn by_copying(from: &Socket, to: &Socket) -> Result<()> {
    let mut memory = vec![0; MOST];
    loop {
        match from.recv(&mut memory)? {
            0 => return Ok(()),
            len => to.send_all(memory.get(..len).unwrap_or_default())?,
        }
    }
}
