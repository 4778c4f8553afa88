//! Waiting, for frames and for their end.

use std::os::fd::AsFd;
use std::thread;
use std::time::Duration;

use crate::error::{Call, Cause, Error, Result};
use crate::socket::Socket;
use crate::sys::{self, Errno, Interest};
use crate::time::Deadline;

/// How long to wait between two looks for frames that have been sent, at first and at most.
const PAUSES: (Duration, Duration) = (Duration::from_micros(20), Duration::from_millis(1));

/// How often to look whether the interface is still there.
const LOOK: Duration = Duration::from_secs(1);

/// Waiting until frames have been sent.
///
/// The kernel says when there is room in the ring, but not when frames come back: where the one
/// does not help, this looks again after a while.
pub(super) struct Pauses<'s> {
    sock: &'s Socket,
    deadline: Deadline,
    next: Duration,
}

impl Pauses<'_> {
    pub(super) fn new(sock: &Socket) -> Pauses<'_> {
        Pauses { sock, deadline: sock.call_deadline(), next: PAUSES.0 }
    }

    pub(super) fn next(&mut self, call: Call) -> Result<()> {
        if !self.sock.waits() {
            return Err(Error::new(call, Errno::EAGAIN));
        }
        wait(self.sock, call, Interest::Write, self.deadline)?;
        if self.deadline.has_passed() {
            return Err(Error::new(call, Cause::TimedOut));
        }
        thread::sleep(self.deadline.remaining().map_or(self.next, |left| left.min(self.next)));
        self.next = PAUSES.1.min(self.next * 2);
        Ok(())
    }
}

/// Waits until the socket is ready. No wait is woken for good when the interface is removed, so
/// this looks now and then: a kick of the kernel fails with `ENXIO` then, and else does no harm.
pub(super) fn wait(
    sock: &Socket,
    call: Call,
    interest: Interest,
    deadline: Deadline,
) -> Result<()> {
    loop {
        match sock.wait(call, interest, deadline.min(Deadline::after(LOOK))) {
            Ok(_) => return Ok(()),
            Err(error) if !error.is_timeout() => return Err(error),
            Err(_) if sys::xdp::wake(sock.as_fd()) == Err(Errno::ENXIO) => {
                return Err(Error::new(call, Errno::ENXIO));
            }
            Err(error) if deadline.has_passed() => return Err(error),
            Err(_) => {}
        }
    }
}
