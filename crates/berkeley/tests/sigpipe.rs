//! Sending to nobody is an error and never a signal. A program of its own: it restores the
//! signal's deadly default, which Rust programs usually ignore.

#![allow(clippy::unwrap_used, clippy::panic, unsafe_code)]

use std::io::{IoSlice, Write};

use berkeley::{
    Errno, Family, MsgFlags, Protocol, Socket, Type, create_connection, create_server, opt,
};

#[test]
fn d16_the_signal_never_comes() {
    // SAFETY: the default action is a valid one, and no other thread depends on it.
    unsafe { libc::signal(libc::SIGPIPE, libc::SIG_DFL) };
    let server = create_server("127.0.0.1:0").unwrap();
    let tcp = create_connection(server.local_addr().unwrap()).unwrap();
    let (conn, _) = server.accept().unwrap();
    conn.set(opt::SO_LINGER, Some(std::time::Duration::ZERO)).unwrap();
    drop(conn);
    // The reset is told once; what follows is the broken pipe.
    let _ = tcp.recv(&mut [0; 1]);
    let (unix, peer) = Socket::pair(Family::UNIX, Type::STREAM, Protocol::DEFAULT).unwrap();
    drop(peer);
    let file = std::fs::File::open("Cargo.toml").unwrap();
    for socket in [&tcp, &unix] {
        let (pipe_out, mut pipe_in) = std::io::pipe().unwrap();
        pipe_in.write_all(b"x").unwrap();
        let pieces = [IoSlice::new(b"x")];
        let ends = [
            socket.send(b"x").map(drop),
            socket.send_with(b"x", MsgFlags::MORE).map(drop),
            socket.send_all(b"x"),
            socket.send_vectored(&pieces, MsgFlags::empty()).map(drop),
            socket.sendfile(&file, 0, None).map(drop),
            socket.splice_from(&pipe_out, 1).map(drop),
        ];
        for end in ends {
            assert_eq!(end.unwrap_err().errno(), Some(Errno::EPIPE));
        }
        assert!((&*socket).write_all(b"x").is_err());
        let mut file = socket.makefile();
        file.write_all(b"x").unwrap();
        assert!(file.flush().is_err());
    }
}
