//! Who the peer is.

use super::records::record_values;
use super::{Codec, Int, Value};
use crate::sys::structs::ucred;

/// Who is at the other end of a UNIX socket.
///
/// ```
/// use berkeley::{Family, Protocol, Socket, Type, opt};
///
/// let (a, _b) = Socket::pair(Family::UNIX, Type::STREAM, Protocol::DEFAULT)?;
/// assert_eq!(a.get(opt::SO_PEERCRED)?.pid, std::process::id());
/// # Ok::<(), berkeley::Error>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[doc(alias = "ucred")]
pub struct Credentials {
    /// The process; zero if it is outside this one's view.
    pub pid: u32,
    /// The user.
    pub uid: u32,
    /// The group.
    pub gid: u32,
}

/// The credentials of the peer; get only.
///
/// ```
/// use berkeley::opt::{Codec, Credentials, Peer};
/// let root = Credentials { pid: 1, uid: 0, gid: 0 };
/// assert_eq!(Peer::decode(&Peer::encode(root)), Some(root));
/// ```
#[derive(Debug)]
pub enum Peer {}

impl Codec for Peer {
    type Value = Credentials;
    type Bytes = [u8; ucred::SIZE];
    const FORM: &'static str = "process, user, group";
    const ROOM: usize = ucred::SIZE;

    fn encode(value: Credentials) -> Self::Bytes {
        let mut bytes = [0; ucred::SIZE];
        ucred::pid.put(&mut bytes, value.pid as i32);
        ucred::uid.put(&mut bytes, value.uid);
        ucred::gid.put(&mut bytes, value.gid);
        bytes
    }

    fn decode(bytes: &[u8]) -> Option<Credentials> {
        Some(Credentials {
            pid: ucred::pid.get(bytes)? as u32,
            uid: ucred::uid.get(bytes)?,
            gid: ucred::gid.get(bytes)?,
        })
    }

    fn value(bytes: &[u8]) -> Option<Value> {
        Self::decode(bytes).map(Value::from)
    }

    fn describe(bytes: &[u8]) -> Option<String> {
        let Credentials { pid, uid, gid } = Self::decode(bytes)?;
        Some(format!("pid {pid}, uid {uid}, gid {gid}"))
    }
}

/// A descriptor that the kernel opens for whoever reads the option.
///
/// Every reading opens one more, which belongs to the reader:
/// [`Socket::peer_pidfd`](crate::Socket::peer_pidfd) wraps it up.
///
/// ```
/// use berkeley::opt::{Codec, OpenedFd};
/// assert_eq!(OpenedFd::describe(&7_i32.to_ne_bytes()).as_deref(), Some("descriptor 7"));
/// ```
#[derive(Debug)]
pub enum OpenedFd {}

impl Codec for OpenedFd {
    type Value = i32;
    type Bytes = [u8; 4];
    const FORM: &'static str = "a new descriptor";
    const ROOM: usize = 4;

    fn encode(value: i32) -> [u8; 4] {
        value.to_ne_bytes()
    }

    fn decode(bytes: &[u8]) -> Option<i32> {
        Int::decode(bytes)
    }

    fn value(bytes: &[u8]) -> Option<Value> {
        Self::decode(bytes).map(Value::from)
    }

    fn describe(bytes: &[u8]) -> Option<String> {
        Self::decode(bytes).map(|fd| format!("descriptor {fd}"))
    }
}

record_values! { Credentials { pid, uid, gid } }
