//! The echo server that tokio's own documentation shows: a task and a buffer for each connection.

use std::io::Write as _;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};

/// Listens at a free port, says which, and answers until it is ended. The argument is how long each
/// connection's buffer is: 1024 as in tokio's documentation, without it.
fn main() -> Result<(), Box<dyn std::error::Error>> {
    let room = std::env::args().nth(1).map_or(Ok(1024), |text| text.parse())?;
    rlimit::increase_nofile_limit(u64::MAX)?;
    tokio::runtime::Builder::new_multi_thread().enable_io().build()?.block_on(serve(room))
}

async fn serve(room: usize) -> Result<(), Box<dyn std::error::Error>> {
    let socket = TcpSocket::new_v4()?;
    socket.bind(([127, 0, 0, 1], 0).into())?;
    // Room for as many who wait as the kernel allows. With tokio's own 1024 some of ten thousand have
    // to knock again a second later.
    let listener = socket.listen(4096)?;
    let mut out = std::io::stdout();
    writeln!(out, "listening on {}", listener.local_addr()?)?;
    out.flush()?;
    loop {
        let (stream, _) = listener.accept().await?;
        tokio::spawn(echo(stream, room));
    }
}

async fn echo(mut stream: TcpStream, room: usize) {
    let mut buffer = vec![0; room];
    while let Ok(len @ 1..) = stream.read(&mut buffer).await {
        let Some(data) = buffer.get(..len) else { return };
        if stream.write_all(data).await.is_err() {
            return;
        }
    }
}
