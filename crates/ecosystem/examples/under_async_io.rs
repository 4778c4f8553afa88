//! Batches of datagrams and passed descriptors, awaited by async-io: `under_async_io [COUNT]`
//!
//! `Async` takes whatever is `AsFd`; every call of the socket goes through `read_with` and
//! `write_with`, which await and try again. So it is in smol.
//! The `Poller` of polling, which is below it, takes whatever is `AsFd`, too.

use std::fs::File;
use std::io::{Read, Result, Seek, Write};
use std::os::fd::AsFd;
use std::time::Duration;

use async_io::Async;
use berkeley::batch::{RecvBatch, SendBatch};
use berkeley::{Family, Protocol, Socket, Type, create_connection, create_server};
use futures_lite::future;

fn main() -> Result<()> {
    let count = std::env::args().nth(1).and_then(|text| text.parse().ok()).unwrap_or(1000);
    future::block_on(batches(count))?;
    future::block_on(descriptors())
}

async fn batches(count: usize) -> Result<()> {
    let server = create_server("udp://127.0.0.1:0")?;
    server.set_recv_offload(true)?;
    let place = server.local_addr()?;
    let server = of(server)?;
    let client = of(create_connection(format!("udp://{place}"))?)?;

    let send = async {
        let mut batch = SendBatch::new();
        for number in 1..=count {
            batch.push(&(number as u64).to_be_bytes(), ())?;
            if number % 32 == 0 || number == count {
                while !batch.is_empty() {
                    client.write_with(|socket| Ok(socket.send_batch(&mut batch)?)).await?;
                }
                // No more than fits into the receiver's queue.
                client.read_with(|socket| Ok(socket.recv(&mut [0; 1])?)).await?;
            }
        }
        Ok(())
    };
    let receive = async {
        let mut arrived = RecvBatch::new(32, RecvBatch::OFFLOAD_BYTES);
        let mut got = 0;
        while got < count {
            server.read_with(|socket| Ok(socket.recv_batch(&mut arrived)?)).await?;
            for datagram in &arrived {
                got += 1;
                if got % 32 == 0 || got == count {
                    server.write_with(|socket| Ok(socket.send_to(b"!", datagram.from())?)).await?;
                }
            }
        }
        println!("{got} datagrams in {} calls", arrived.stats().calls);
        Ok(())
    };
    future::try_zip(send, receive).await.map(drop)
}

async fn descriptors() -> Result<()> {
    let (one, two) = Socket::pair(Family::UNIX, Type::SEQPACKET, Protocol::DEFAULT)?;
    let (one, two) = (of(one)?, of(two)?);
    let mut file = tempfile::tempfile()?;
    file.write_all(b"what stands in the file")?;
    file.rewind()?;
    let send = one.write_with(|socket| Ok(socket.send_fds(b"a file", &[file.as_fd()])?));
    let receive = two.read_with(|socket| Ok(socket.recv_fds(&mut [0; 16], 8)?));
    let (_, got) = future::try_zip(send, receive).await?;
    for file in got.fds {
        let mut text = String::new();
        File::from(file).read_to_string(&mut text)?;
        println!("{text}");
    }
    Ok(())
}

/// Awaited: the socket itself never waits.
fn of(socket: Socket) -> Result<Async<Socket>> {
    socket.set_timeout(Duration::ZERO)?;
    Async::new(socket)
}
