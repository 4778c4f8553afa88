//! What the kernel tells of datagrams, awaited by compio: `under_compio`
//!
//! compio's `PollFd` takes whatever is `AsFd`, and tells when it is ready: by io_uring where the
//! kernel has it. A call is tried first, and awaited only if it would have to wait.

use std::time::Duration;

use berkeley::{Socket, cmsg, create_server, opt};
use compio::runtime::Runtime;
use compio::runtime::fd::PollFd;

fn main() -> std::io::Result<()> {
    Runtime::new()?.block_on(async {
        let server = udp()?;
        server.set(opt::IP_PKTINFO, true)?;
        let place = server.local_addr()?;
        let client = PollFd::new(udp()?)?;
        let server = PollFd::new(server)?;

        let answer = async {
            let mut control = cmsg::RecvBuffer::with_room(cmsg::IP_PKTINFO.space());
            let mut room = [0; 100];
            let got = read(&server, |socket| socket.recv_message(&mut room, &mut control)).await?;
            let to = control.get(cmsg::IP_PKTINFO).map(|info| info.destination);
            println!("{} bytes came to {to:?}", got.data);
            server.send_to(b"welcome", got.from)?;
            Ok(())
        };
        let ask = async {
            client.send_to(b"hello", place)?;
            let mut room = [0; 100];
            let (len, from) = read(&client, |socket| socket.recv_from(&mut room)).await?;
            println!("{len} bytes came from {}", if from == place { "the server" } else { "?" });
            Ok(())
        };
        let both = futures_lite::future::try_zip(answer, ask).await;
        both.map(drop)
    })
}

fn udp() -> berkeley::Result<Socket> {
    let socket = create_server("udp://127.0.0.1:0")?;
    socket.set_timeout(Duration::ZERO)?;
    Ok(socket)
}

/// Makes a call, and again when there is something to receive, until it need not wait.
async fn read<T>(
    socket: &PollFd<Socket>,
    mut call: impl FnMut(&Socket) -> berkeley::Result<T>,
) -> std::io::Result<T> {
    loop {
        match call(socket) {
            Err(error) if error.is_would_block() => {}
            other => return Ok(other?),
        }
        socket.read_ready().await?;
    }
}
