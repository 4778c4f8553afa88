//! A socket as a file: lines are read and written, as with Python's `makefile`.
//!
//! `cargo run --example makefile`

use std::error::Error;
use std::io::{BufRead, Write};
use std::thread;

use berkeley::{SocketFile, create_connection, create_server};

fn main() -> Result<(), Box<dyn Error>> {
    let server = create_server(std::env::args().nth(1).as_deref().unwrap_or("127.0.0.1:0"))?;
    let addr = server.local_addr()?;

    let shouting = thread::spawn(move || -> std::io::Result<()> {
        let (conn, _peer) = server.accept()?;
        let mut writer = conn.writer();
        for line in conn.reader().lines() {
            writeln!(writer, "{}!", line?.to_uppercase())?;
            writer.flush()?; // the client waits for it
        }
        Ok(())
    });

    // It owns the socket, reads and writes.
    let mut file = SocketFile::new(create_connection(addr)?);
    for word in ["hello", "world"] {
        writeln!(file, "{word}")?;
        file.flush()?;
        let mut line = String::new();
        file.read_line(&mut line)?;
        print!("{line}");
    }

    drop(file); // closes the socket: the end of the lines
    shouting.join().map_err(|_| "the server's thread panicked")??;
    Ok(())
}
