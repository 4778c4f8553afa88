//! The operations.

use std::net::Shutdown;
use std::sync::Arc;

use super::{Pending, Ring, Token};
use crate::addr::Addr;
use crate::cmsg::{RecvBuffer, SendBuffer};
use crate::error::{Call, Error, Result};
use crate::kind::{Family, MsgFlags};
use crate::socket::{Socket, default_timeout};
use crate::sys::uring::{Memory, Op, new_token};
use crate::sys::{self, Errno, Storage, c};
use crate::target::ToAddr;
use crate::uring::Completion;

/// Connections.
impl Ring {
    /// Accepts a connection: [`Completion::socket`], and who connected.
    ///
    /// ```
    /// use berkeley::{Deadline, create_connection, create_server, uring::Ring};
    /// use std::sync::Arc;
    /// # if !berkeley::uring::is_available() { return Ok(()) }
    ///
    /// let server = Arc::new(create_server("127.0.0.1:0")?);
    /// let mut ring = Ring::new(8)?;
    /// ring.accept(&server);
    /// let client = create_connection(server.local_addr()?)?;
    /// let done = ring.wait(Deadline::NEVER)?.unwrap();
    /// assert_eq!(done.addr, client.local_addr()?);
    /// assert_eq!(done.socket.unwrap().peer_addr()?, client.local_addr()?);
    /// # Ok::<(), berkeley::Error>(())
    /// ```
    ///
    /// See `accept(2)`, `io_uring_prep_accept(3)`.
    pub fn accept(&mut self, sock: &Arc<Socket>) -> Token {
        let timeout = default_timeout();
        let op =
            Op::Accept { nameless: sock.family() == Family::ALG, nonblocking: timeout.is_some() };
        let pending = Pending { timeout, ..Pending::new(Call::Accept, sock) };
        self.begin(op, Memory::new(Vec::new(), Storage::empty()), pending)
    }

    /// Connects to an address.
    ///
    /// ```
    /// use berkeley::{Deadline, Family, Protocol, Socket, Type, create_server, uring::Ring};
    /// use std::sync::Arc;
    /// # if !berkeley::uring::is_available() { return Ok(()) }
    ///
    /// let server = create_server("127.0.0.1:0")?;
    /// let sock = Arc::new(Socket::new(Family::INET, Type::STREAM, Protocol::DEFAULT)?);
    /// let mut ring = Ring::new(8)?;
    /// ring.connect(&sock, server.local_addr()?);
    /// ring.wait(Deadline::NEVER)?.unwrap().result?;
    /// assert_eq!(sock.peer_addr()?, server.local_addr()?);
    /// # Ok::<(), berkeley::Error>(())
    /// ```
    ///
    /// See `connect(2)`, `io_uring_prep_connect(3)`.
    pub fn connect(&mut self, sock: &Arc<Socket>, addr: impl ToAddr) -> Token {
        let pending = Pending::new(Call::Connect, sock);
        self.begin_to(pending, Vec::new(), addr, |_| Ok(Op::Connect))
    }

    /// Ends one direction of the connection or both.
    ///
    /// ```
    /// use berkeley::{Deadline, Family, Protocol, Shutdown, Socket, Type, uring::Ring};
    /// use std::sync::Arc;
    /// # if !berkeley::uring::is_available() { return Ok(()) }
    ///
    /// let (a, b) = Socket::pair(Family::UNIX, Type::STREAM, Protocol::DEFAULT)?;
    /// let mut ring = Ring::new(8)?;
    /// ring.shutdown(&Arc::new(a), Shutdown::Write);
    /// ring.wait(Deadline::NEVER)?.unwrap().result?;
    /// assert_eq!(b.recv(&mut [0; 8])?, 0);
    /// # Ok::<(), berkeley::Error>(())
    /// ```
    ///
    /// See `shutdown(2)`, `io_uring_prep_shutdown(3)`.
    pub fn shutdown(&mut self, sock: &Arc<Socket>, how: Shutdown) -> Token {
        let how = match how {
            Shutdown::Read => c::SHUT_RD,
            Shutdown::Write => c::SHUT_WR,
            Shutdown::Both => c::SHUT_RDWR,
        };
        let memory = Memory::new(Vec::new(), Storage::empty());
        self.begin(Op::Shutdown { how }, memory, Pending::new(Call::Shutdown, sock))
    }

    /// Closes a socket that nobody else has, and says what the kernel answered.
    ///
    /// ```
    /// use berkeley::{Deadline, Family, Protocol, Socket, Type, uring::Ring};
    /// # if !berkeley::uring::is_available() { return Ok(()) }
    ///
    /// let sock = Socket::new(Family::INET, Type::STREAM, Protocol::DEFAULT)?;
    /// let mut ring = Ring::new(8)?;
    /// ring.close(sock);
    /// ring.wait(Deadline::NEVER)?.unwrap().result?;
    /// # Ok::<(), berkeley::Error>(())
    /// ```
    ///
    /// See `close(2)`, `io_uring_prep_close(3)`.
    pub fn close(&mut self, sock: Socket) -> Token {
        let memory = Memory::closing(sock.detach());
        let (asked, timeout) = (MsgFlags::empty(), None);
        self.begin(Op::Close, memory, Pending { call: Call::Close, sock: None, asked, timeout })
    }
}

/// Sending.
impl Ring {
    /// Sends some of these bytes, or a whole datagram. With [`MsgFlags::WAITALL`] for
    /// [`send_with`](Ring::send_with), a stream gets all of them.
    ///
    /// ```
    /// use berkeley::{Deadline, Family, Protocol, Socket, Type, uring::Ring};
    /// use std::sync::Arc;
    /// # if !berkeley::uring::is_available() { return Ok(()) }
    ///
    /// let (a, b) = Socket::pair(Family::UNIX, Type::SEQPACKET, Protocol::DEFAULT)?;
    /// let mut ring = Ring::new(8)?;
    /// ring.send(&Arc::new(a), b"one message".to_vec());
    /// let done = ring.wait(Deadline::NEVER)?.unwrap();
    /// assert_eq!(done.result?, 11);
    /// assert_eq!(b.recv_vec(100)?, done.buffer);
    /// # Ok::<(), berkeley::Error>(())
    /// ```
    ///
    /// See `send(2)`, `io_uring_prep_send(3)`.
    pub fn send(&mut self, sock: &Arc<Socket>, buffer: Vec<u8>) -> Token {
        self.send_with(sock, buffer, MsgFlags::empty())
    }

    /// [`send`](Ring::send) with flags. With [`MsgFlags::DONTWAIT`] it ends at once, at worst with
    /// `EAGAIN`.
    ///
    /// ```
    /// use berkeley::{Deadline, MsgFlags, create_connection, create_server, uring::Ring};
    /// use std::sync::Arc;
    /// # if !berkeley::uring::is_available() { return Ok(()) }
    ///
    /// let server = create_server("127.0.0.1:0")?;
    /// let sock = Arc::new(create_connection(server.local_addr()?)?);
    /// let mut ring = Ring::new(8)?;
    /// ring.send_with(&sock, b"head".to_vec(), MsgFlags::MORE);
    /// ring.wait(Deadline::NEVER)?.unwrap().result?;
    /// # Ok::<(), berkeley::Error>(())
    /// ```
    pub fn send_with(&mut self, sock: &Arc<Socket>, buffer: Vec<u8>, flags: MsgFlags) -> Token {
        let op = Op::Send { flags: send_flags(sock, flags) };
        self.begin(op, Memory::new(buffer, Storage::empty()), Pending::new(Call::Send, sock))
    }

    /// Sends one datagram to an address.
    ///
    /// ```
    /// use berkeley::{Deadline, Family, Protocol, Socket, Type, uring::Ring};
    /// use std::sync::Arc;
    /// # if !berkeley::uring::is_available() { return Ok(()) }
    ///
    /// let sock = Arc::new(Socket::new(Family::INET, Type::DGRAM, Protocol::DEFAULT)?);
    /// sock.bind("127.0.0.1:0")?;
    /// let mut ring = Ring::new(8)?;
    /// ring.send_to(&sock, b"to myself".to_vec(), sock.local_addr()?);
    /// ring.wait(Deadline::NEVER)?.unwrap().result?;
    /// assert_eq!(sock.recv_vec(100)?, b"to myself");
    /// # Ok::<(), berkeley::Error>(())
    /// ```
    ///
    /// See `sendto(2)`, `io_uring_prep_sendmsg(3)`.
    #[doc(alias = "sendto")]
    pub fn send_to(&mut self, sock: &Arc<Socket>, buffer: Vec<u8>, to: impl ToAddr) -> Token {
        let flags = send_flags(sock, MsgFlags::empty());
        let pending = Pending::new(Call::SendTo, sock);
        self.begin_to(pending, buffer, to, |_| Ok(Op::SendMessage { flags }))
    }

    /// Sends bytes with control messages beside them, to an address; `()` is the connected peer.
    /// The control messages are copied, and descriptors in them are duplicated until it has ended.
    ///
    /// ```
    /// use berkeley::{Deadline, Family, Protocol, Socket, Type, cmsg, uring::Ring};
    /// use std::sync::Arc;
    /// # if !berkeley::uring::is_available() { return Ok(()) }
    ///
    /// let (a, b) = Socket::pair(Family::UNIX, Type::STREAM, Protocol::DEFAULT)?;
    /// let mut control = cmsg::SendBuffer::new();
    /// let mut ring = Ring::new(8)?;
    /// ring.send_message(&Arc::new(a), b"take it".to_vec(), control.rights(&[&b]), ());
    /// ring.wait(Deadline::NEVER)?.unwrap().result?;
    /// assert_eq!(b.recv_fds(&mut [0; 8], 1)?.fds.len(), 1);
    /// # Ok::<(), berkeley::Error>(())
    /// ```
    ///
    /// See `sendmsg(2)`, `io_uring_prep_sendmsg(3)`.
    #[doc(alias = "sendmsg")]
    pub fn send_message(
        &mut self,
        sock: &Arc<Socket>,
        buffer: Vec<u8>,
        control: &SendBuffer<'_>,
        to: impl ToAddr,
    ) -> Token {
        let flags = send_flags(sock, MsgFlags::empty());
        let pending = Pending::new(Call::SendMsg, sock);
        self.begin_to(pending, buffer, to, |memory| {
            memory.send_control(control.as_bytes())?;
            Ok(Op::SendMessage { flags })
        })
    }

    /// Sends without a copy of the buffer, to an address; `()` is the connected peer. It ends, and
    /// gives the buffer back, when the kernel no longer reads it: for TCP, when the peer has
    /// acknowledged it.
    ///
    /// It fails with `EOPNOTSUPP` where the kernel or the kind of socket cannot do it; TCP and UDP
    /// can. Over the loopback the kernel copies all the same.
    ///
    /// ```
    /// use berkeley::{Deadline, create_connection, create_server, uring::Ring};
    /// use std::sync::Arc;
    /// # if !berkeley::uring::is_available() { return Ok(()) }
    ///
    /// let server = create_server("127.0.0.1:0")?;
    /// let sock = Arc::new(create_connection(server.local_addr()?)?);
    /// let mut ring = Ring::new(8)?;
    /// ring.send_zero_copy(&sock, vec![7; 100_000], ());
    /// ring.submit()?;
    /// let (conn, _) = server.accept()?;
    /// assert!(conn.recv_vec(1000).is_ok());
    /// # conn.hang_up()?;
    /// assert_eq!(ring.wait(Deadline::NEVER)?.map(|done| done.buffer.len()), Some(100_000));
    /// # Ok::<(), berkeley::Error>(())
    /// ```
    ///
    /// See `io_uring_prep_send_zc(3)`.
    #[doc(alias("MSG_ZEROCOPY", "IORING_OP_SEND_ZC", "send_zc"))]
    pub fn send_zero_copy(
        &mut self,
        sock: &Arc<Socket>,
        buffer: Vec<u8>,
        to: impl ToAddr,
    ) -> Token {
        let flags = send_flags(sock, MsgFlags::empty());
        let has_it = self.ring.has_zero_copy();
        self.begin_to(Pending::new(Call::Send, sock), buffer, to, |_| match has_it {
            true => Ok(Op::SendZeroCopy { flags }),
            false => Err(Errno::EOPNOTSUPP),
        })
    }
}

/// Receiving. What arrives takes the place of what is in the buffer, as much of it as the buffer
/// has capacity for: a buffer without any receives nothing.
impl Ring {
    /// Receives a piece of a stream, or a message.
    ///
    /// ```
    /// use berkeley::{Deadline, Family, Protocol, Socket, Type, uring::Ring};
    /// use std::sync::Arc;
    /// # if !berkeley::uring::is_available() { return Ok(()) }
    ///
    /// let (a, b) = Socket::pair(Family::UNIX, Type::DGRAM, Protocol::DEFAULT)?;
    /// let a = Arc::new(a);
    /// let mut ring = Ring::new(8)?;
    /// ring.recv(&a, Vec::with_capacity(4));
    /// b.send(b"much too long")?;
    /// let done = ring.wait(Deadline::NEVER)?.unwrap();
    /// assert_eq!(done.result.unwrap_err().datagram_len(), Some(13));
    /// assert!(b"much too long".starts_with(&done.buffer));
    /// # Ok::<(), berkeley::Error>(())
    /// ```
    ///
    /// See `recv(2)`, `io_uring_prep_recv(3)`.
    pub fn recv(&mut self, sock: &Arc<Socket>, buffer: Vec<u8>) -> Token {
        self.recv_with(sock, buffer, MsgFlags::empty())
    }

    /// [`recv`](Ring::recv) with flags: [`MsgFlags::WAITALL`] to fill the buffer,
    /// [`MsgFlags::DONTWAIT`] to end at once, at worst with `EAGAIN`.
    ///
    /// ```
    /// use berkeley::{Deadline, Family, MsgFlags, Protocol, Socket, Type, uring::Ring};
    /// use std::sync::Arc;
    /// # if !berkeley::uring::is_available() { return Ok(()) }
    ///
    /// let (a, b) = Socket::pair(Family::UNIX, Type::STREAM, Protocol::DEFAULT)?;
    /// let mut ring = Ring::new(8)?;
    /// ring.recv_with(&Arc::new(a), Vec::with_capacity(6), MsgFlags::WAITALL);
    /// ring.submit()?;
    /// b.send(b"abc")?;
    /// b.send(b"def")?;
    /// assert_eq!(ring.wait(Deadline::NEVER)?.unwrap().buffer, b"abcdef");
    /// # Ok::<(), berkeley::Error>(())
    /// ```
    pub fn recv_with(&mut self, sock: &Arc<Socket>, buffer: Vec<u8>, flags: MsgFlags) -> Token {
        let op = Op::Recv { base: recv_flags(sock), asked: flags.bits() };
        let pending = Pending { asked: flags, ..Pending::new(Call::Recv, sock) };
        self.begin(op, Memory::new(buffer, Storage::empty()), pending)
    }

    /// [`recv`](Ring::recv), and who has sent it.
    ///
    /// ```
    /// use berkeley::{Deadline, Family, Protocol, Socket, Type, uring::Ring};
    /// use std::sync::Arc;
    /// # if !berkeley::uring::is_available() { return Ok(()) }
    ///
    /// let sock = Arc::new(Socket::new(Family::INET, Type::DGRAM, Protocol::DEFAULT)?);
    /// sock.bind("127.0.0.1:0")?;
    /// sock.send_to(b"to myself", sock.local_addr()?)?;
    /// let mut ring = Ring::new(8)?;
    /// ring.recv_from(&sock, Vec::with_capacity(100));
    /// let done = ring.wait(Deadline::NEVER)?.unwrap();
    /// assert_eq!((&done.buffer[..], done.addr), (&b"to myself"[..], sock.local_addr()?));
    /// # Ok::<(), berkeley::Error>(())
    /// ```
    ///
    /// See `recvfrom(2)`, `io_uring_prep_recvmsg(3)`.
    #[doc(alias = "recvfrom")]
    pub fn recv_from(&mut self, sock: &Arc<Socket>, buffer: Vec<u8>) -> Token {
        let op = Op::RecvMessage { base: recv_flags(sock), asked: 0 };
        self.begin(op, Memory::new(buffer, Storage::empty()), Pending::new(Call::RecvFrom, sock))
    }

    /// Receives bytes, and the control messages beside them, for which there is the room of
    /// `control`. What did not fit is told by [`Completion::flags`] and is no error.
    ///
    /// ```
    /// use berkeley::{Deadline, Family, Protocol, Socket, Type, cmsg, uring::Ring};
    /// use std::sync::Arc;
    /// # if !berkeley::uring::is_available() { return Ok(()) }
    ///
    /// let (a, b) = Socket::pair(Family::UNIX, Type::DGRAM, Protocol::DEFAULT)?;
    /// b.send_fds(b"take it", &[&b])?;
    /// let mut ring = Ring::new(8)?;
    /// let control = cmsg::RecvBuffer::with_room(cmsg::space(4));
    /// ring.recv_message(&Arc::new(a), Vec::with_capacity(100), control);
    /// let mut done = ring.wait(Deadline::NEVER)?.unwrap();
    /// assert_eq!(done.control.take_fds().len(), 1);
    /// # Ok::<(), berkeley::Error>(())
    /// ```
    ///
    /// See `recvmsg(2)`, `io_uring_prep_recvmsg(3)`.
    #[doc(alias = "recvmsg")]
    pub fn recv_message(
        &mut self,
        sock: &Arc<Socket>,
        buffer: Vec<u8>,
        control: RecvBuffer,
    ) -> Token {
        let op = Op::RecvMessage { base: recv_flags(sock), asked: 0 };
        let mut memory = Memory::new(buffer, Storage::empty());
        memory.control = control.room;
        let pending = Pending { asked: MsgFlags::TRUNC, ..Pending::new(Call::RecvMsg, sock) };
        self.begin(op, memory, pending)
    }
}

impl Ring {
    fn begin(&mut self, op: Op, memory: Memory, pending: Pending) -> Token {
        Token(self.ring.add(op, memory, pending))
    }

    /// Begins an operation with an address, once `prepare` has said which.
    fn begin_to(
        &mut self,
        pending: Pending,
        buffer: Vec<u8>,
        to: impl ToAddr,
        prepare: impl FnOnce(&mut Memory) -> Result<Op, Errno>,
    ) -> Token {
        let call = pending.call;
        let addr = match &pending.sock {
            Some(sock) => sock.with_addr(call, to, |addr| Ok(*addr)),
            None => Ok(Addr(Storage::empty())),
        };
        let (addr, refusal) = match addr {
            Ok(addr) => (addr, None),
            Err(error) => (Addr(Storage::empty()), Some(error)),
        };
        let mut memory = Memory::new(buffer, addr.0);
        let prepared = match refusal {
            Some(error) => Err(error),
            None => prepare(&mut memory).map_err(Error::of(call)),
        };
        match prepared {
            Ok(op) => self.begin(op, memory, pending),
            Err(error) => {
                // It never begins, but it ends like all others.
                let token = Token(new_token());
                let mut done = Completion::empty(token, call, memory.buffer);
                done.addr = addr;
                done.result = Err(error);
                self.ready.push_back(done);
                token
            }
        }
    }
}

impl Pending {
    fn new(call: Call, sock: &Arc<Socket>) -> Pending {
        let (asked, timeout) = (MsgFlags::empty(), None);
        Pending { call, sock: Some(Arc::clone(sock)), asked, timeout }
    }
}

/// Those that every such call of the socket has. Not those by which its timeout is kept.
fn send_flags(sock: &Socket, asked: MsgFlags) -> i32 {
    sys::send_flags(sock.family().0) | asked.bits()
}

fn recv_flags(sock: &Socket) -> i32 {
    sys::recv_flags(sock.family().0, sock.ty().0, sock.protocol().0)
}
