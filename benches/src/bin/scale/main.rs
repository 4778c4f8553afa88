//! What servers are measured with: one client for all of them. `cargo xtask table` runs it.

mod clients;
mod growth;
mod plot;

use std::io::Read as _;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use berkeley::{Addr, MsgFlags, Socket, create_connection, opt};
use serde_json::{Value, json};

use clients::Clients;

const HELP: &str = "\
Measures a server that listens at 127.0.0.1, and prints one JSON object.

Usage: scale echo PORT CONNECTIONS BYTES SECONDS
           messages there and back, one under way in each connection
       scale idle PORT CONNECTIONS
           echoes one message in each connection and prints; keeps them until its input ends
       scale drain PORT
           throws away what comes until the server ends it, uncopied: the server is measured
       scale connections FOLDER [NAME PORT]...
           the cost of a round trip over 10 to 10,000 connections with each of these servers, and
           growth-connections.svg
       scale datagrams FOLDER
           the cost of a datagram in batches of 1 to 1,000,000, and growth-datagrams.svg
";

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let done = match args.as_slice() {
        ["echo", port, connections, bytes, seconds] => echo(port, connections, bytes, seconds),
        ["idle", port, connections] => idle(port, connections),
        ["drain", port] => drain(port),
        ["connections", folder, servers @ ..] => connections(folder, servers),
        ["datagrams", folder] => growth::datagrams(&PathBuf::from(folder)),
        _ => Err(HELP.into()),
    };
    match done {
        Ok(result) => {
            println!("{result}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn connections(folder: &str, servers: &[&str]) -> Result<Value> {
    let servers = servers.chunks(2).map(|server| match server {
        [name, port] => Ok((*name, addr(port)?)),
        _ => Err(HELP.into()),
    });
    growth::connections(&servers.collect::<Result<Vec<_>>>()?, &PathBuf::from(folder))
}

fn addr(port: &str) -> Result<Addr> {
    Ok(Addr::from((std::net::Ipv4Addr::LOCALHOST, port.parse::<u16>()?)))
}

fn echo(port: &str, connections: &str, bytes: &str, seconds: &str) -> Result<Value> {
    let mut clients = Clients::connect(addr(port)?, connections.parse()?, bytes.parse()?)?;
    let time = Duration::try_from_secs_f64(seconds.parse()?)?;
    // What a server does for a connection only once is not what is asked.
    clients.run(time.mul_f64(0.2))?;
    let rate = clients.run(time)?;
    Ok(json!({ "per_second": rate }))
}

fn idle(port: &str, connections: &str) -> Result<Value> {
    let mut clients = Clients::connect(addr(port)?, connections.parse()?, 64)?;
    clients.once()?;
    println!("ready");
    std::io::stdin().read_to_end(&mut Vec::new())?;
    Ok(json!({ "connections": clients.len() }))
}

fn drain(port: &str) -> Result<Value> {
    let socket = patient(&addr(port)?)?;
    let (mut bytes, mut memory, start) = (0, vec![0; 1 << 18], Instant::now());
    loop {
        match socket.recv_with(&mut memory[..], MsgFlags::TRUNC)? {
            0 => break,
            len => bytes += len as u64,
        }
    }
    Ok(json!({ "bytes": bytes, "seconds": start.elapsed().as_secs_f64() }))
}

/// A connection whose server may be about to listen, and that ends itself if nothing comes.
fn patient(addr: &Addr) -> Result<Socket> {
    let give_up = Instant::now() + Duration::from_secs(10);
    loop {
        match create_connection(addr) {
            Ok(socket) => {
                socket.set(opt::SO_RCVTIMEO, Duration::from_secs(20))?;
                return Ok(socket);
            }
            Err(error) if Instant::now() > give_up => return Err(error.into()),
            Err(_) => std::thread::sleep(Duration::from_millis(10)),
        }
    }
}
