//! A socket that somebody else owns and knows by its number.

#![allow(unsafe_code, reason = "whoever lends the number answers for it")]

use std::mem::ManuallyDrop;
use std::ops::Deref;
use std::os::fd::{AsFd, FromRawFd, OwnedFd, RawFd};
use std::sync::atomic::{AtomicI32, Ordering};
use std::time::Duration;

use super::Socket;
use crate::addr::Addr;
use crate::error::{Call, Error, Result};
use crate::kind::{Family, Protocol, Type};
use crate::seam;
use crate::sys;
use crate::time::{SharedDeadline, SharedTimeout};

/// A [`Socket`] over a descriptor that somebody else owns, for the length of a call. It is not
/// closed in the end.
///
/// This is for bindings to languages whose own objects hold the number, the kind and the timeout.
///
/// ```
/// use berkeley::{Lent, Socket, Family, Protocol, Type};
/// use std::os::fd::AsRawFd;
///
/// let (a, b) = Socket::pair(Family::UNIX, Type::STREAM, Protocol::DEFAULT)?;
/// // SAFETY: `a` is open for as long as this is used.
/// let lent = unsafe { Lent::new(a.as_raw_fd(), a.family(), a.ty(), a.protocol(), None) };
/// lent.send(b"hi")?;
/// assert_eq!(b.recv_vec(10)?, b"hi");
/// # Ok::<(), berkeley::Error>(())
/// ```
#[derive(Debug)]
pub struct Lent(ManuallyDrop<Socket>);

impl Lent {
    /// A socket of this number, of whose kind and timeout the caller knows. The timeout is believed:
    /// a descriptor with one must not block, one without must.
    ///
    /// ```
    /// use berkeley::{Family, Lent, Protocol, Type};
    /// use std::os::fd::AsRawFd;
    ///
    /// let std = std::net::UdpSocket::bind("127.0.0.1:0")?;
    /// // SAFETY: `std` is open for as long as this is used.
    /// let lent = unsafe {
    ///     Lent::new(std.as_raw_fd(), Family::INET, Type::DGRAM, Protocol::DEFAULT, None)
    /// };
    /// assert_eq!(lent.local_addr()?.to_ip(), Some(std.local_addr()?));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Safety
    ///
    /// The number is not −1, and is open for as long as this is used, or else the caller answers
    /// for the calls that fail with `EBADF` or meet another file.
    #[inline]
    pub unsafe fn new(
        fd: RawFd,
        family: Family,
        ty: Type,
        protocol: Protocol,
        timeout: Option<Duration>,
    ) -> Lent {
        // SAFETY: as the caller promises; it is never closed here, for it is never dropped.
        let fd = unsafe { OwnedFd::from_raw_fd(fd) };
        Lent(ManuallyDrop::new(Socket::assemble(fd, (family, ty, protocol), timeout)))
    }
}

impl Lent {
    /// The socket of an object of another language, which has the number and the timeout in
    /// nanoseconds, below zero for none. If the number changes while a call waits, because another
    /// thread or a handler of a signal has closed the object, the call ends with `EBADF`: the number
    /// may be that of another file by then.
    ///
    /// ```
    /// use berkeley::{Family, Lent, Protocol, Type};
    /// use std::os::fd::AsRawFd;
    /// use std::sync::atomic::AtomicI32;
    ///
    /// let std = std::net::UdpSocket::bind("127.0.0.1:0")?;
    /// let number = AtomicI32::new(std.as_raw_fd());
    /// let kind = (Family::INET, Type::DGRAM, Protocol::DEFAULT);
    /// // SAFETY: `std` is open, and `number` there, for as long as this is used.
    /// let lent = unsafe { Lent::of_object(&number, kind, -1) }.expect("a number of a file");
    /// assert_eq!(lent.timeout(), None);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// There is no socket if the number is below zero.
    ///
    /// # Safety
    ///
    /// That of [`Lent::new`], and the number's place outlives this.
    #[inline]
    pub unsafe fn of_object(
        number: &AtomicI32,
        kind: (Family, Type, Protocol),
        nanos: i64,
    ) -> Option<Lent> {
        let fd = number.load(Ordering::Relaxed);
        if fd < 0 {
            return None;
        }
        // SAFETY: as the caller promises; it is never closed here, for it is never dropped.
        let fd = unsafe { OwnedFd::from_raw_fd(fd) };
        let mut socket = Socket::assemble_with(fd, kind, SharedTimeout::of_nanos(nanos));
        // SAFETY: the caller keeps it for as long as this is used.
        socket.owner = Some(unsafe { &*std::ptr::from_ref(number) });
        Some(Lent(ManuallyDrop::new(socket)))
    }

    /// Believes the owner's deadline too: with one, the descriptor does not block.
    ///
    /// ```
    /// use berkeley::{Deadline, Lent, SharedDeadline, Socket, Family, Protocol, Type};
    /// use std::{os::fd::AsRawFd, time::Instant};
    ///
    /// let (a, _b) = Socket::pair(Family::UNIX, Type::STREAM, Protocol::DEFAULT)?;
    /// let until = SharedDeadline::never();
    /// a.set_deadline(Deadline::at(Instant::now()))?;
    /// until.set(a.deadline());
    /// // SAFETY: `a` is open for as long as this is used.
    /// let lent = unsafe { Lent::new(a.as_raw_fd(), a.family(), a.ty(), a.protocol(), None) };
    /// lent.believe_deadline(&until);
    /// assert!(lent.recv_vec(10).unwrap_err().is_timeout());
    /// # Ok::<(), berkeley::Error>(())
    /// ```
    #[inline]
    pub fn believe_deadline(&self, until: &SharedDeadline) {
        if !until.is_never() {
            self.until.set(until.get());
            self.flags.set((self.family, self.ty, self.protocol), false);
        }
    }

    /// The socket itself, if its owner gives it away.
    ///
    /// ```
    /// use berkeley::{Family, Lent, Protocol, Socket, Type};
    /// use std::os::fd::IntoRawFd;
    ///
    /// let number = Socket::new(Family::INET, Type::DGRAM, Protocol::DEFAULT)?.into_raw_fd();
    /// // SAFETY: nobody else knows the number.
    /// let owned = unsafe {
    ///     Lent::new(number, Family::INET, Type::DGRAM, Protocol::DEFAULT, None).into_owned()
    /// };
    /// owned.close()?;
    /// # Ok::<(), berkeley::Error>(())
    /// ```
    ///
    /// # Safety
    ///
    /// The descriptor belongs to the caller, and nobody else will close it.
    pub unsafe fn into_owned(self) -> Socket {
        let mut socket = ManuallyDrop::into_inner(self.0);
        socket.owner = None;
        socket
    }
}

impl Lent {
    /// [`Socket::connect`] for an owner who tells the address himself: the error does not repeat it,
    /// and takes no memory.
    ///
    /// ```
    /// use berkeley::{Addr, Errno, Family, Lent, Protocol, Socket, Type};
    /// use std::os::fd::AsRawFd;
    ///
    /// let sock = Socket::new(Family::INET, Type::STREAM, Protocol::DEFAULT)?;
    /// let kind = (sock.family(), sock.ty(), sock.protocol());
    /// // SAFETY: `sock` is open for as long as this is used.
    /// let lent = unsafe { Lent::new(sock.as_raw_fd(), kind.0, kind.1, kind.2, None) };
    /// let error = lent.connect_told(&"127.0.0.1:1".parse::<Addr>()?).unwrap_err();
    /// assert_eq!((error.errno(), error.address()), (Some(Errno::ECONNREFUSED), None));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`Socket::connect`].
    #[inline]
    pub fn connect_told(&self, addr: &Addr) -> Result<()> {
        self.connect_addr(addr, self.call_deadline())
    }
}

/// Closing under the calls of other threads.
impl Lent {
    /// Takes the socket from under its number: every later call by the number fails with `EBADF`,
    /// while the number stays taken until its owner closes it, so that no thread that is about to
    /// use it can meet another file. Others who have the socket, such as duplicates and other
    /// processes, notice nothing; calls that the kernel is in the middle of go on, and
    /// [`Caller::interrupt`] ends them.
    ///
    /// ```
    /// use berkeley::{Errno, Family, Lent, Protocol, Socket, Type};
    /// use std::os::fd::AsRawFd;
    ///
    /// let kind = (Family::UNIX, Type::STREAM, Protocol::DEFAULT);
    /// let (a, b) = Socket::pair(kind.0, kind.1, kind.2)?;
    /// // SAFETY: `a` is open for as long as this is used.
    /// let lent = unsafe { Lent::new(a.as_raw_fd(), kind.0, kind.1, kind.2, None) };
    /// lent.vacate()?;
    /// assert_eq!(a.send(b"x").unwrap_err().errno(), Some(Errno::EBADF));
    /// assert_eq!(b.recv(&mut [0; 8])?, 0); // the end: nobody else has `a`
    /// # Ok::<(), berkeley::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// `EMFILE` at the limit of descriptors: the socket stays where it is.
    ///
    /// See `dup(2)`.
    #[doc(alias("dup2", "dup3"))]
    pub fn vacate(&self) -> Result<()> {
        seam::retire(self.fd.as_fd()).map_err(Error::of(Call::Close))
    }
}

/// The thread that makes a call, for another one that has to end the call.
///
/// ```
/// use berkeley::{Caller, Errno, Family, Lent, Protocol, Socket, Type};
/// use std::os::fd::AsRawFd;
/// use std::{sync::mpsc, thread};
///
/// let (a, _b) = Socket::pair(Family::UNIX, Type::STREAM, Protocol::DEFAULT)?;
/// let (a, number) = (&a, a.as_raw_fd());
/// thread::scope(|scope| {
///     let (tell, told) = mpsc::channel();
///     let waiting = scope.spawn(move || {
///         tell.send(Caller::current()).unwrap();
///         a.recv(&mut [0; 8])
///     });
///     let caller = told.recv().unwrap();
///     // SAFETY: `a` is open.
///     let lent = unsafe { Lent::new(number, a.family(), a.ty(), a.protocol(), None) };
///     // First the number, so that a call that has not begun yet does not begin to wait.
///     lent.vacate()?;
///     // SAFETY: the thread has not been waited for, so it is still there.
///     unsafe { caller.interrupt() }?;
///     assert_eq!(waiting.join().unwrap().unwrap_err().errno(), Some(Errno::EBADF));
///     Ok(())
/// })
/// # as berkeley::Result<()>;
/// # Ok::<(), berkeley::Error>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Caller(sys::Thread);

impl Caller {
    /// The thread that asks.
    ///
    /// ```
    /// assert!(berkeley::Caller::current().is_current());
    /// ```
    #[inline]
    pub fn current() -> Caller {
        Caller(sys::Thread::current())
    }

    /// Whether it is the thread that asks.
    ///
    /// ```
    /// let main = berkeley::Caller::current();
    /// assert!(!std::thread::spawn(move || main.is_current()).join().unwrap());
    /// ```
    pub fn is_current(&self) -> bool {
        self.0.is_current()
    }

    /// Interrupts the call of the kernel that the thread waits in, by a signal whose handler does
    /// nothing: `SIGURG`, or one of the real-time signals if the program has a handler for that.
    /// Sockets' calls then ask whether they [go on](crate::set_interrupt_hook), and go on unless
    /// their number was [vacated](Lent::vacate).
    ///
    /// A thread that blocks these signals goes on waiting.
    ///
    /// # Errors
    ///
    /// `EBUSY` if the program uses all of these signals.
    ///
    /// See `pthread_kill(3)`, `signal(7)`.
    ///
    /// # Safety
    ///
    /// The thread has not ended.
    #[doc(alias("pthread_kill", "SIGURG"))]
    pub unsafe fn interrupt(&self) -> Result<()> {
        // SAFETY: as the caller promises.
        unsafe { self.0.interrupt() }.map_err(Error::of(Call::Close))
    }
}

impl Deref for Lent {
    type Target = Socket;

    #[inline]
    fn deref(&self) -> &Socket {
        &self.0
    }
}
