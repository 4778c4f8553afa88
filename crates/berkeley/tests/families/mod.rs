//! What the tests of families share.
#![allow(dead_code, unused_macros, unused_imports)] // None of them takes all of it.

use berkeley::{Addr, Errno, Error, Socket};

/// The socket with a time limit, or a skip where this kernel or this user has none of its kind.
macro_rules! open {
    ($family:expr, $ty:expr, $protocol:expr) => {
        match berkeley::Socket::new($family, $ty, $protocol) {
            Ok(socket) => {
                socket.set_timeout(std::time::Duration::from_secs(20)).unwrap();
                socket
            }
            Err(error) => match $crate::families::missing(&error) {
                Some(why) => berkeley_testing::skip!("{} {} {}: {why}", $family, $ty, $protocol),
                None => panic!("{error}"),
            },
        }
    };
}
pub(crate) use open;

/// The number of the virtual CAN interface, or a skip.
macro_rules! vcan {
    () => {
        match berkeley::if_nametoindex("vcan0") {
            Ok(index) => index,
            Err(_) => berkeley_testing::skip!("there is no vcan0"),
        }
    };
}
pub(crate) use vcan;

/// Why there is no such socket here, if that is for want of it.
pub(crate) fn missing(error: &Error) -> Option<&'static str> {
    match error.errno()? {
        Errno::EAFNOSUPPORT | Errno::EPROTONOSUPPORT | Errno::ESOCKTNOSUPPORT => {
            Some("not in this kernel")
        }
        Errno::EPERM | Errno::EACCES => Some("takes a right that this user lacks"),
        _ => None,
    }
}

/// The next message and who sent it.
pub(crate) fn take(socket: &Socket, most: usize) -> (Vec<u8>, Addr) {
    let mut data = vec![0; most];
    let (len, from) = socket.recv_from(data.as_mut_slice()).unwrap();
    data.truncate(len);
    (data, from)
}

/// So many bytes of a stream.
pub(crate) fn exact(socket: &Socket, len: usize) -> Vec<u8> {
    let mut data = vec![0; len];
    let mut done = 0;
    while done < len {
        let got = socket.recv(&mut data[done..]).unwrap();
        assert_ne!(got, 0, "the stream ended after {done} of {len} bytes");
        done += got;
    }
    data
}

/// `struct can_frame`: identifier, length, data.
pub(crate) fn frame(id: u32, data: &[u8]) -> Vec<u8> {
    let mut frame = id.to_ne_bytes().to_vec();
    frame.extend([data.len() as u8, 0, 0, 0]);
    frame.extend(data);
    frame.resize(16, 0);
    frame
}
