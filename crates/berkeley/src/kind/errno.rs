//! The names of the system's error numbers, and their words.

use std::fmt;

use super::names;
use crate::sys::{Errno, c};

names! { Errno, "":
    /// No error, where an error number is a value.
    SUCCESS = 0;
    /// The right to do this is missing, or a firewall rule says no.
    EPERM = c::EPERM;
    /// There is no such file.
    ENOENT = c::ENOENT;
    /// There is no such process.
    ESRCH = c::ESRCH;
    /// A signal came before anything happened.
    EINTR = c::EINTR;
    /// Input or output failed.
    EIO = c::EIO;
    /// There is no such device or address.
    ENXIO = c::ENXIO;
    /// This descriptor is not open.
    EBADF = c::EBADF;
    /// It would have to wait.
    #[doc(alias = "EWOULDBLOCK")]
    EAGAIN = c::EAGAIN;
    /// The kernel is out of memory.
    ENOMEM = c::ENOMEM;
    /// Access is denied.
    EACCES = c::EACCES;
    /// The kernel was given memory that is not there.
    EFAULT = c::EFAULT;
    /// It is in use.
    EBUSY = c::EBUSY;
    /// It exists already.
    EEXIST = c::EEXIST;
    /// There is no such device.
    ENODEV = c::ENODEV;
    /// A part of the path is not a directory.
    ENOTDIR = c::ENOTDIR;
    /// It is a directory.
    EISDIR = c::EISDIR;
    /// An argument does not fit.
    EINVAL = c::EINVAL;
    /// The system has too many open files.
    ENFILE = c::ENFILE;
    /// This process has too many open files.
    EMFILE = c::EMFILE;
    /// The disk is full.
    ENOSPC = c::ENOSPC;
    /// Cannot seek in this.
    ESPIPE = c::ESPIPE;
    /// The file system is read-only.
    EROFS = c::EROFS;
    /// Nobody will read any more what is written here.
    EPIPE = c::EPIPE;
    /// A number is outside the range of its type.
    ERANGE = c::ERANGE;
    /// A name is too long.
    ENAMETOOLONG = c::ENAMETOOLONG;
    /// The kernel does not have this call.
    ENOSYS = c::ENOSYS;
    /// The path leads in circles.
    ELOOP = c::ELOOP;
    /// There is no message of this kind.
    ENOMSG = c::ENOMSG;
    /// There is no data.
    ENODATA = c::ENODATA;
    /// The kernel has no stream left.
    ENOSR = c::ENOSR;
    /// This machine is not on the network.
    ENONET = c::ENONET;
    /// The protocol was broken.
    EPROTO = c::EPROTO;
    /// The value is too large.
    EOVERFLOW = c::EOVERFLOW;
    /// This descriptor is not a socket.
    ENOTSOCK = c::ENOTSOCK;
    /// A destination is needed.
    EDESTADDRREQ = c::EDESTADDRREQ;
    /// The message is larger than one may be.
    EMSGSIZE = c::EMSGSIZE;
    /// The protocol is not one of this type.
    EPROTOTYPE = c::EPROTOTYPE;
    /// There is no such option.
    ENOPROTOOPT = c::ENOPROTOOPT;
    /// The kernel does not have this protocol.
    EPROTONOSUPPORT = c::EPROTONOSUPPORT;
    /// The family does not have this type.
    ESOCKTNOSUPPORT = c::ESOCKTNOSUPPORT;
    /// This kind of socket cannot do that.
    #[doc(alias = "ENOTSUP")]
    EOPNOTSUPP = c::EOPNOTSUPP;
    /// The kernel does not have this family of protocols.
    EPFNOSUPPORT = c::EPFNOSUPPORT;
    /// The kernel does not have this family of addresses, or the socket is of another one.
    EAFNOSUPPORT = c::EAFNOSUPPORT;
    /// Another socket has this address.
    EADDRINUSE = c::EADDRINUSE;
    /// This machine does not have this address.
    EADDRNOTAVAIL = c::EADDRNOTAVAIL;
    /// The network interface is down.
    ENETDOWN = c::ENETDOWN;
    /// No route leads to this network.
    ENETUNREACH = c::ENETUNREACH;
    /// The network dropped the connection.
    ENETRESET = c::ENETRESET;
    /// The connection was given up before it could be used.
    ECONNABORTED = c::ECONNABORTED;
    /// The peer cut the connection off.
    ECONNRESET = c::ECONNRESET;
    /// The kernel has no buffer left.
    ENOBUFS = c::ENOBUFS;
    /// The socket is connected already.
    EISCONN = c::EISCONN;
    /// The socket is not connected.
    ENOTCONN = c::ENOTCONN;
    /// The socket was shut down for this direction.
    ESHUTDOWN = c::ESHUTDOWN;
    /// Too many descriptors are in flight.
    ETOOMANYREFS = c::ETOOMANYREFS;
    /// The peer did not answer in time.
    ETIMEDOUT = c::ETIMEDOUT;
    /// Nobody listens there.
    ECONNREFUSED = c::ECONNREFUSED;
    /// The host is down.
    EHOSTDOWN = c::EHOSTDOWN;
    /// No route leads to this host.
    EHOSTUNREACH = c::EHOSTUNREACH;
    /// An attempt to connect is under way already.
    EALREADY = c::EALREADY;
    /// The attempt to connect has begun and goes on.
    EINPROGRESS = c::EINPROGRESS;
    /// It was cancelled.
    ECANCELED = c::ECANCELED;
}

impl Errno {
    /// Whether it stands for "no error".
    ///
    /// ```
    /// assert!(berkeley::Errno::from(0).is_success());
    /// ```
    pub fn is_success(self) -> bool {
        self == Errno::SUCCESS
    }

    /// What `std` calls this kind of error.
    ///
    /// ```
    /// use berkeley::Errno;
    ///
    /// assert_eq!(Errno::EADDRINUSE.kind(), std::io::ErrorKind::AddrInUse);
    /// ```
    pub fn kind(self) -> std::io::ErrorKind {
        std::io::Error::from_raw_os_error(self.0).kind()
    }
}

impl From<i32> for Errno {
    fn from(number: i32) -> Errno {
        Errno(number)
    }
}

impl From<Errno> for i32 {
    fn from(errno: Errno) -> i32 {
        errno.0
    }
}

/// The platform's words, beginning small so that they fit into a sentence.
impl fmt::Display for Errno {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = crate::sys::error_text(*self);
        let mut chars = text.chars();
        match (chars.next(), chars.clone().next()) {
            (Some(first), Some(second)) if second.is_lowercase() => {
                write!(f, "{}{}", first.to_lowercase(), chars.as_str())
            }
            _ => f.write_str(&text),
        }
    }
}

impl fmt::Debug for Errno {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            Some(name) => f.write_str(name),
            None => write!(f, "errno {}", self.0),
        }
    }
}
