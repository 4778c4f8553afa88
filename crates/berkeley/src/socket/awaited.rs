//! Sockets for which somebody else waits: a reactor.

use std::os::fd::{AsFd, OwnedFd};
use std::sync::atomic::Ordering;
use std::time::Duration;

use super::{Socket, default_timeout};
use crate::addr::Addr;
use crate::error::{Call, Error, Result};
use crate::kind::{Family, Protocol, Type};
use crate::opt;
use crate::seam;
use crate::sys::{Interest, Woken};
use crate::time::Deadline;

/// Each of these never waits: its calls are attempts, whatever its timeout and deadline say, which
/// it keeps for those who wait. Nothing makes its descriptor wait, or another file.
impl Socket {
    /// The socket for which somebody else waits from now on.
    pub(crate) fn awaited(mut self) -> Result<Socket> {
        if self.blocks() {
            seam::set_nonblocking(self.fd.as_fd(), true).map_err(Error::of(Call::SetTimeout))?;
        }
        self.flags.set((self.family, self.ty, self.protocol), false);
        self.awaited = true;
        Ok(self)
    }

    /// The socket that waits by itself again.
    pub(crate) fn unawaited(mut self) -> Result<Socket> {
        self.awaited = false;
        if self.blocks() {
            seam::set_nonblocking(self.fd.as_fd(), false).map_err(Error::of(Call::SetTimeout))?;
        }
        self.flags.set((self.family, self.ty, self.protocol), self.blocks());
        Ok(self)
    }

    /// [`Socket::new`] and [`awaited`](Socket::awaited) in one call of the system.
    pub(crate) fn new_awaited(family: Family, ty: Type, protocol: Protocol) -> Result<Socket> {
        Socket::make(family, ty, protocol, true)
            .map(|fd| Socket::assemble_awaited(fd, (family, ty, protocol)))
    }

    /// [`Socket::pair`] and [`awaited`](Socket::awaited) in one call of the system.
    pub(crate) fn pair_awaited(
        family: Family,
        ty: Type,
        protocol: Protocol,
    ) -> Result<(Socket, Socket)> {
        let (a, b) = Socket::make_pair(family, ty, protocol, true)?;
        let kind = (family, ty, protocol);
        Ok((Socket::assemble_awaited(a, kind), Socket::assemble_awaited(b, kind)))
    }

    /// [`Socket::accept`] and [`awaited`](Socket::awaited) in one call of the system.
    pub(crate) fn accept_awaited(&self) -> Result<(Socket, Addr)> {
        let (fd, from) = self.accept_fd(true)?;
        let socket = Socket::assemble_awaited(fd, (self.family, self.ty, self.protocol));
        socket.layered.store(self.is_layered(), Ordering::Relaxed);
        Ok((socket, from))
    }

    fn assemble_awaited(fd: OwnedFd, kind: (Family, Type, Protocol)) -> Socket {
        let mut socket = Socket::assemble(fd, kind, default_timeout());
        socket.flags.set(kind, false);
        socket.awaited = true;
        socket
    }

    /// Until when who waits for it may wait, in a call that begins now; `None` for not at all.
    pub(crate) fn awaits(&self) -> Option<Deadline> {
        match self.timeout() {
            None if self.until.is_never() => Some(Deadline::NEVER),
            Some(Duration::ZERO) => None,
            _ => Some(self.call_deadline()),
        }
    }

    /// Whether who waits for it has no limit of time.
    #[inline]
    pub(crate) fn awaits_for_ever(&self) -> bool {
        self.timeout.is_none() && self.until.is_never()
    }

    /// Whether its stream comes through a layer in the kernel, or with errors that do not end it.
    pub(crate) fn is_layered(&self) -> bool {
        self.layered.load(Ordering::Relaxed)
    }

    /// Asks the kernel for what may have been done to a socket from elsewhere.
    pub(crate) fn look_for_layers(&self) {
        let name = &mut [0; 16];
        let len = self.getsockopt(opt::TCP_ULP.level(), opt::TCP_ULP.number(), name);
        let tells = |option| self.get(option).is_ok_and(|on| on);
        if len.is_ok_and(|len| len > 0) || tells(opt::IP_RECVERR) || tells(opt::IPV6_RECVERR) {
            self.layered.store(true, Ordering::Relaxed);
        }
    }

    /// How ready it is, without waiting.
    pub(crate) fn glance(&self, call: Call, interest: Interest) -> Result<Woken> {
        seam::wait(self.fd.as_fd(), interest, Some(Duration::ZERO)).map_err(Error::of(call))
    }
}
