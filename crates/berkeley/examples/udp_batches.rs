//! Sends and receives many datagrams per call, with offload where the kernel has it.
//!
//! `cargo run --example udp_batches -- 100000`

use std::time::Duration;

use berkeley::batch::{RecvBatch, SendBatch};
use berkeley::{Family, Protocol, Result, Socket, Type};

fn main() -> Result<()> {
    let count = std::env::args().nth(1).and_then(|count| count.parse().ok()).unwrap_or(10_000);

    let [sender, receiver] = [
        Socket::new(Family::INET, Type::DGRAM, Protocol::DEFAULT)?,
        Socket::new(Family::INET, Type::DGRAM, Protocol::DEFAULT)?,
    ];
    receiver.bind("127.0.0.1:0")?;
    receiver.set_timeout(Duration::from_secs(5))?;
    receiver.set_recv_offload(true)?;
    let to = receiver.local_addr()?;

    let mut out = SendBatch::with_capacity(100, 200);
    let mut arrived = RecvBatch::new(16, RecvBatch::OFFLOAD_BYTES);
    let mut received = 0;
    while received < count {
        // In step with the receiver, whose memory in the kernel has an end.
        for _ in 0..100.min(count - received) {
            out.push(&[7; 200], to)?;
        }
        let mut left = sender.send_batch(&mut out)?;
        while left > 0 {
            let got = receiver.recv_batch(&mut arrived)?;
            received += arrived.iter().filter(|datagram| datagram.data() == [7; 200]).count();
            left -= got;
        }
    }
    println!("{received} datagrams");
    println!("sent by {} calls", out.stats().calls);
    println!("received by {} calls", arrived.stats().calls);
    Ok(())
}
