//! What has ended, and how.

use std::fmt;

use super::{Pending, Token};
use crate::addr::Addr;
use crate::cmsg::RecvBuffer;
use crate::error::{Call, Error, Result};
use crate::kind::MsgFlags;
use crate::socket::Socket;
use crate::sys::uring::{Done, Memory, Outcome};
use crate::sys::{Errno, Storage};

/// An operation that has ended, and all that was given to it.
///
/// ```
/// use berkeley::{Call, Deadline, Family, Protocol, Socket, Type, uring::Ring};
/// use std::sync::Arc;
/// # if !berkeley::uring::is_available() { return Ok(()) }
///
/// let sock = Arc::new(Socket::new(Family::INET, Type::DGRAM, Protocol::DEFAULT)?);
/// let mut ring = Ring::new(8)?;
/// ring.send_to(&sock, b"no port".to_vec(), "127.0.0.1:many");
///
/// let done = ring.wait(Deadline::NEVER)?.unwrap();
/// assert_eq!(done.call, Call::SendTo);
/// assert!(done.result.is_err());
/// assert_eq!(done.buffer, b"no port");
/// # Ok::<(), berkeley::Error>(())
/// ```
#[non_exhaustive]
#[doc(alias("cqe", "io_uring_cqe"))]
pub struct Completion {
    /// Which operation it is.
    pub token: Token,
    /// The call it stands for.
    pub call: Call,
    /// How many bytes were sent or received, zero for other operations; or why it failed.
    pub result: Result<usize>,
    /// The buffer: as it was sent, or with what was received, which is all that is in it then. After
    /// a message that did not fit, with its beginning.
    pub buffer: Vec<u8>,
    /// Who has sent, or who has connected; where it was sent or connected to. Else empty.
    pub addr: Addr,
    /// The connection that was accepted.
    pub socket: Option<Socket>,
    /// The control messages of a message that was received.
    pub control: RecvBuffer,
    /// What the kernel tells of such a message.
    pub flags: MsgFlags,
    /// How long such a message was, which may be more than there was room for.
    pub whole_len: usize,
}

impl Completion {
    pub(super) fn empty(token: Token, call: Call, buffer: Vec<u8>) -> Completion {
        Completion {
            token,
            call,
            result: Ok(0),
            buffer,
            addr: Addr(Storage::empty()),
            socket: None,
            control: RecvBuffer::default(),
            flags: MsgFlags::empty(),
            whole_len: 0,
        }
    }

    pub(super) fn of(done: Done<Pending>) -> Completion {
        let Done { token, keep, memory, result } = done;
        let room = memory.room();
        let Memory { buffer, addr, control, .. } = *memory;
        let mut completion = Completion::empty(Token(token), keep.call, buffer);
        completion.addr = Addr(addr);
        completion.result = match result {
            Ok(outcome) => completion.fill(keep, outcome, room, control_of(control)),
            Err(errno) => Err(completion.failed(errno)),
        };
        completion
    }

    /// Takes over what has come, and says how much.
    fn fill(
        &mut self,
        keep: Pending,
        outcome: Outcome,
        room: usize,
        control: RecvBuffer,
    ) -> Result<usize> {
        let Outcome { arrived, flags, fd } = outcome;
        let Some(sock) = keep.sock else { return Ok(0) };
        match keep.call {
            Call::Accept => {
                let kind = (sock.family(), sock.ty(), sock.protocol());
                self.socket = fd.map(|fd| Socket::assemble(fd, kind, keep.timeout));
                Ok(0)
            }
            Call::Recv | Call::RecvFrom | Call::RecvMsg => {
                self.flags = MsgFlags::from_bits_retain(flags);
                self.whole_len = arrived.whole_len().unwrap_or(room);
                self.control = control;
                self.control.truncated = self.flags.contains(MsgFlags::CTRUNC);
                let filled = sock.check(keep.call, arrived, room, keep.asked);
                filled.map(|filled| filled.len()).map_err(|error| self.at(error))
            }
            _ => Ok(arrived.whole_len().unwrap_or(0)),
        }
    }

    fn failed(&self, errno: Errno) -> Error {
        self.at(Error::new(self.call, errno))
    }

    fn at(&self, error: Error) -> Error {
        if self.addr.is_empty() { error } else { error.at(&self.addr) }
    }
}

fn control_of(room: crate::sys::control::ControlRoom) -> RecvBuffer {
    RecvBuffer { room, truncated: false }
}

/// The length of the buffer instead of its bytes.
impl fmt::Debug for Completion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Completion")
            .field("token", &self.token)
            .field("call", &self.call)
            .field("result", &self.result)
            .field("buffer", &self.buffer.len())
            .field("addr", &self.addr)
            .field("socket", &self.socket)
            .field("flags", &self.flags)
            .finish_non_exhaustive()
    }
}
