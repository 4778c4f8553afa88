//! What went wrong: in which call, why, at which address, and how far it had come.

mod call;
mod hint;

use std::fmt;
use std::io;

pub use self::call::Call;
use crate::addr::{Addr, AddrError};
use crate::kind::{Type, names};
use crate::sys::{self, Errno};

/// The result of this crate's functions.
///
/// ```
/// fn greet(sock: &berkeley::Socket) -> berkeley::Result<usize> {
///     sock.send(b"hello")
/// }
/// ```
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why a call failed, in a form that loses nothing.
///
/// It says which call failed and why, and where they are known the address, the number of bytes
/// sent before, and each attempt that was made. Printed, it is one line:
/// `connect 127.0.0.1:1: connection refused`.
///
/// It turns into a [`std::io::Error`] by `?`, with the same [`kind`](Error::kind) and message.
///
/// ```
/// use berkeley::{Call, Errno, create_connection};
/// use std::io::ErrorKind;
///
/// let error = create_connection("127.0.0.1:1").unwrap_err();
/// assert_eq!(error.to_string(), "connect 127.0.0.1:1: connection refused");
/// assert_eq!(error.call(), Call::Connect);
/// assert_eq!(error.errno(), Some(Errno::ECONNREFUSED));
/// assert_eq!(error.kind(), ErrorKind::ConnectionRefused);
/// ```
#[doc(alias("error", "OSError", "timeout", "TimeoutError"))]
pub struct Error(Repr);

/// An error is two words, so that the result of a receive is cheap to hand on, and "would block"
/// allocates nothing: only what has more to say is boxed.
enum Repr {
    /// A bare error of the system.
    Os(Call, Errno),
    Full(Box<Full>),
}

/// An error with everything that is known.
#[derive(Debug)]
struct Full {
    call: Call,
    cause: Cause,
    place: Option<Place>,
    /// The type of the socket, where it says what the address means.
    ty: Option<Type>,
    bytes_sent: Option<usize>,
    bytes_received: Option<usize>,
    attempts: Vec<Error>,
}

/// Why a call failed.
///
/// ```
/// use berkeley::{Cause, getaddrinfo};
///
/// let error = getaddrinfo("no.such.host.invalid", "80").call().unwrap_err();
/// assert!(matches!(error.cause(), Cause::Lookup(_)));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Cause {
    /// The operating system said so.
    Os(Errno),
    /// A look-up of names said so.
    Lookup(LookupCode),
    /// The timeout or deadline passed first.
    TimedOut,
    /// The peer ended the connection in the middle of something.
    UnexpectedEnd,
    /// A datagram was larger than the memory for it, and its end is lost: this many bytes arrived,
    /// where the kernel tells.
    Truncated(Option<usize>),
    /// Control data came along with this many bytes, and the call had no room for it.
    ControlLost(usize),
    /// A message is longer than it may be: than this many bytes.
    Limit(usize),
    /// A text or bytes are not an address.
    Address(AddrError),
    /// An argument cannot work: what is wrong with it.
    Argument(&'static str),
}

impl Full {
    fn new(call: Call, cause: Cause) -> Full {
        let (bytes_sent, bytes_received) = (None, None);
        Full {
            call,
            cause,
            place: None,
            ty: None,
            bytes_sent,
            bytes_received,
            attempts: Vec::new(),
        }
    }
}

/// Where it happened.
#[derive(Debug)]
enum Place {
    Addr(Addr),
    /// The name of a host, an option, an interface, as the caller wrote it.
    Name(String),
}

/// The code with which a look-up of names fails, `EAI_…` or, for the old look-ups by
/// `gethostbyname` and its kin, the resolver's `h_errno`.
///
/// ```
/// use berkeley::{LookupCode, getaddrinfo};
///
/// let error = getaddrinfo("no.such.host.invalid", "80").call().unwrap_err();
/// let code = error.lookup_code().unwrap();
/// assert!([LookupCode::EAI_NONAME, LookupCode::EAI_AGAIN].contains(&code));
/// ```
///
/// See `gai_strerror(3)`.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
#[doc(alias("gaierror", "herror", "EAI_NONAME"))]
pub struct LookupCode(pub(crate) i32);

names! { LookupCode, "":
    /// The name or service is not known.
    EAI_NONAME = -2;
    /// The name server did not answer; it may later.
    EAI_AGAIN = -3;
    /// The name server refused for good.
    EAI_FAIL = -4;
    /// The name exists but has no address.
    EAI_NODATA = -5;
    /// The family is not supported.
    EAI_FAMILY = -6;
    /// The type does not fit the protocol.
    EAI_SOCKTYPE = -7;
    /// The service is not known for this type.
    EAI_SERVICE = -8;
    /// The name has no address of this family.
    EAI_ADDRFAMILY = -9;
    /// Out of memory.
    EAI_MEMORY = -10;
    /// The operating system failed.
    EAI_SYSTEM = -11;
    /// A name is too long.
    EAI_OVERFLOW = -12;
    /// The flags contradict each other.
    EAI_BADFLAGS = -1;
    /// An internationalised name cannot be encoded.
    EAI_IDN_ENCODE = -105;
    /// `h_errno`: the host is not known.
    HOST_NOT_FOUND = 1;
    /// `h_errno`: the name server did not answer; it may later.
    TRY_AGAIN = 2;
    /// `h_errno`: the name server refused for good.
    NO_RECOVERY = 3;
    /// `h_errno`: the name exists but has no address.
    NO_DATA = 4;
}

impl LookupCode {
    /// Whether the same question may be answered later.
    ///
    /// ```
    /// assert!(berkeley::LookupCode::EAI_AGAIN.is_temporary());
    /// ```
    pub fn is_temporary(self) -> bool {
        matches!(self, LookupCode::EAI_AGAIN | LookupCode::TRY_AGAIN)
    }
}

impl fmt::Display for LookupCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = match *self {
            LookupCode::HOST_NOT_FOUND => "unknown host".to_owned(),
            LookupCode::TRY_AGAIN => "host name lookup failure".to_owned(),
            LookupCode::NO_RECOVERY => "unknown server error".to_owned(),
            LookupCode::NO_DATA => "no address associated with name".to_owned(),
            LookupCode(code) => sys::lookup_error_text(code),
        };
        let mut chars = text.chars();
        match chars.next() {
            Some(first) => write!(f, "{}{}", first.to_lowercase(), chars.as_str()),
            None => Ok(()),
        }
    }
}

impl fmt::Debug for LookupCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            Some(name) => f.write_str(name),
            None => write!(f, "look-up code {}", self.0),
        }
    }
}

impl Error {
    #[cold]
    pub(crate) fn new(call: Call, cause: impl Into<Cause>) -> Error {
        match cause.into() {
            Cause::Os(errno) => Error(Repr::Os(call, errno)),
            cause => Error(Repr::Full(Box::new(Full::new(call, cause)))),
        }
    }

    /// For `map_err`: turns what this call answers into an error of it.
    #[inline]
    pub(crate) fn of<C: Into<Cause>>(call: Call) -> impl FnOnce(C) -> Error {
        move |cause| Error::new(call, cause)
    }

    /// The same error in another call's name.
    #[must_use]
    pub(crate) fn in_call(mut self, call: Call) -> Error {
        match &mut self.0 {
            Repr::Os(own, _) => *own = call,
            Repr::Full(full) => full.call = call,
        }
        self
    }

    #[must_use]
    pub(crate) fn at(self, addr: &Addr) -> Error {
        self.with(|full| full.place = Some(Place::Addr(*addr)))
    }

    #[must_use]
    pub(crate) fn at_name(self, name: impl Into<String>) -> Error {
        self.with(|full| full.place = Some(Place::Name(name.into())))
    }

    #[must_use]
    pub(crate) fn of_type(self, ty: Type) -> Error {
        self.with(|full| full.ty = Some(ty))
    }

    /// The type of the socket, if it is known.
    pub(crate) fn ty(&self) -> Option<Type> {
        self.known()?.ty
    }

    #[must_use]
    pub(crate) fn after_sending(self, bytes: usize) -> Error {
        self.with(|full| full.bytes_sent = Some(bytes))
    }

    #[must_use]
    pub(crate) fn after_receiving(self, bytes: usize) -> Error {
        self.with(|full| full.bytes_received = Some(bytes))
    }

    /// One error for several attempts: the last one's cause, and all of them inside. If one of
    /// them was still going on when time ran out, that is the cause.
    pub(crate) fn of_attempts(call: Call, mut attempts: Vec<Error>) -> Error {
        match attempts.pop() {
            None => Error::new(call, Cause::Argument("no address to try")),
            Some(last) if attempts.is_empty() => last,
            Some(last) => {
                attempts.push(last);
                let timed_out = attempts.iter().find(|attempt| attempt.is_timeout());
                let cause = timed_out.or(attempts.last()).map_or(Cause::TimedOut, Error::cause);
                Error::new(call, cause).with(|full| full.attempts = attempts)
            }
        }
    }

    /// The same error with something more known about it.
    fn with(self, learn: impl FnOnce(&mut Full)) -> Error {
        let mut full = match self.0 {
            Repr::Os(call, errno) => Box::new(Full::new(call, Cause::Os(errno))),
            Repr::Full(full) => full,
        };
        learn(&mut full);
        Error(Repr::Full(full))
    }

    /// What is known beside the bare error.
    fn known(&self) -> Option<&Full> {
        match &self.0 {
            Repr::Os(..) => None,
            Repr::Full(full) => Some(full),
        }
    }

    /// The call that failed.
    ///
    /// ```
    /// let error = berkeley::create_connection("127.0.0.1:1").unwrap_err();
    /// assert_eq!(error.call(), berkeley::Call::Connect);
    /// ```
    pub fn call(&self) -> Call {
        match &self.0 {
            Repr::Os(call, _) => *call,
            Repr::Full(full) => full.call,
        }
    }

    /// Why it failed.
    ///
    /// ```
    /// use berkeley::{Cause, Errno};
    ///
    /// let error = berkeley::create_connection("127.0.0.1:1").unwrap_err();
    /// assert_eq!(error.cause(), Cause::Os(Errno::ECONNREFUSED));
    /// ```
    pub fn cause(&self) -> Cause {
        match &self.0 {
            Repr::Os(_, errno) => Cause::Os(*errno),
            Repr::Full(full) => full.cause.clone(),
        }
    }

    /// The operating system's error number, if it was the one to say no.
    ///
    /// ```
    /// let error = berkeley::create_connection("127.0.0.1:1").unwrap_err();
    /// assert_eq!(error.errno(), Some(berkeley::Errno::ECONNREFUSED));
    /// ```
    #[doc(alias = "raw_os_error")]
    pub fn errno(&self) -> Option<Errno> {
        match &self.0 {
            Repr::Os(_, errno) => Some(*errno),
            Repr::Full(full) => match full.cause {
                Cause::Os(errno) => Some(errno),
                _ => None,
            },
        }
    }

    /// The code of a look-up that failed.
    ///
    /// ```
    /// let error = berkeley::gethostbyname("no.such.host.invalid").unwrap_err();
    /// assert!(error.lookup_code().is_some());
    /// ```
    #[doc(alias("gaierror", "herror"))]
    pub fn lookup_code(&self) -> Option<LookupCode> {
        match self.cause() {
            Cause::Lookup(code) => Some(code),
            _ => None,
        }
    }

    /// What `std` calls this kind of error. A timeout is [`io::ErrorKind::TimedOut`] everywhere.
    ///
    /// ```
    /// let error = berkeley::create_connection("127.0.0.1:1").unwrap_err();
    /// assert_eq!(error.kind(), std::io::ErrorKind::ConnectionRefused);
    /// ```
    pub fn kind(&self) -> io::ErrorKind {
        match self.cause() {
            Cause::Os(errno) => errno.kind(),
            Cause::Lookup(code) if code.is_temporary() => io::ErrorKind::Other,
            Cause::Lookup(_) => io::ErrorKind::NotFound,
            Cause::TimedOut => io::ErrorKind::TimedOut,
            Cause::UnexpectedEnd => io::ErrorKind::UnexpectedEof,
            Cause::Truncated(_) | Cause::ControlLost(_) | Cause::Limit(_) => {
                io::ErrorKind::InvalidData
            }
            Cause::Address(_) | Cause::Argument(_) => io::ErrorKind::InvalidInput,
        }
    }

    /// Whether the timeout or deadline passed first.
    ///
    /// ```
    /// use berkeley::{Family, Protocol, Socket, Type};
    /// use std::time::Duration;
    ///
    /// let (a, _b) = Socket::pair(Family::UNIX, Type::STREAM, Protocol::DEFAULT)?;
    /// a.set_timeout(Duration::from_millis(10))?;
    /// assert!(a.recv(&mut [0; 8]).unwrap_err().is_timeout());
    /// # Ok::<(), berkeley::Error>(())
    /// ```
    pub fn is_timeout(&self) -> bool {
        matches!(self.known(), Some(Full { cause: Cause::TimedOut, .. }))
    }

    /// Whether the call would have had to wait, and the socket does not.
    ///
    /// ```
    /// use berkeley::{Family, Protocol, Socket, Type};
    ///
    /// let (a, _b) = Socket::pair(Family::UNIX, Type::STREAM, Protocol::DEFAULT)?;
    /// a.set_nonblocking(true)?;
    /// assert!(a.recv(&mut [0; 8]).unwrap_err().is_would_block());
    /// # Ok::<(), berkeley::Error>(())
    /// ```
    #[doc(alias("EWOULDBLOCK", "EAGAIN", "BlockingIOError"))]
    pub fn is_would_block(&self) -> bool {
        self.errno() == Some(Errno::EAGAIN)
    }

    /// The whole length of a datagram that was larger than the memory for it.
    ///
    /// The memory holds its beginning; [`address`](Error::address) is its sender. CAN, J1939,
    /// TIPC and QIPCRTR do not tell the length: it is `None` then, and the cause
    /// [`Cause::Truncated`] all the same.
    ///
    /// ```
    /// use berkeley::{Family, Protocol, Socket, Type};
    ///
    /// let (a, b) = Socket::pair(Family::UNIX, Type::DGRAM, Protocol::DEFAULT)?;
    /// a.send(b"eleven byte")?;
    /// let mut buf = [0; 6];
    /// assert_eq!(b.recv(&mut buf).unwrap_err().datagram_len(), Some(11));
    /// assert_eq!(&buf, b"eleven");
    /// # Ok::<(), berkeley::Error>(())
    /// ```
    #[doc(alias("MSG_TRUNC", "truncated"))]
    pub fn datagram_len(&self) -> Option<usize> {
        match self.cause() {
            Cause::Truncated(len) => len,
            _ => None,
        }
    }

    /// The address it was about: the one connected, bound or sent to, or received from.
    ///
    /// ```
    /// let error = berkeley::create_connection("127.0.0.1:1").unwrap_err();
    /// assert_eq!(error.address().unwrap().to_string(), "127.0.0.1:1");
    /// ```
    pub fn address(&self) -> Option<&Addr> {
        match self.known()?.place.as_ref()? {
            Place::Addr(addr) => Some(addr),
            Place::Name(_) => None,
        }
    }

    /// How many bytes [`Socket::send_all`](crate::Socket::send_all) had sent before it failed.
    ///
    /// ```
    /// use berkeley::{Family, Protocol, Socket, Type};
    ///
    /// let (a, _b) = Socket::pair(Family::UNIX, Type::STREAM, Protocol::DEFAULT)?;
    /// a.set_nonblocking(true)?; // and nobody reads
    /// let error = a.send_all(&[0; 10 << 20]).unwrap_err();
    /// println!("{} bytes have gone", error.bytes_sent().unwrap());
    /// # Ok::<(), berkeley::Error>(())
    /// ```
    pub fn bytes_sent(&self) -> Option<usize> {
        self.known()?.bytes_sent
    }

    /// How many bytes of a whole message had come before the call for it failed. They are in the
    /// memory that it was given.
    ///
    /// ```
    /// use berkeley::{Family, Protocol, Socket, Type};
    ///
    /// let (a, b) = Socket::pair(Family::UNIX, Type::STREAM, Protocol::DEFAULT)?;
    /// a.send(b"abc")?;
    /// drop(a);
    /// let mut room = [0; 8];
    /// assert_eq!(b.recv_exactly(&mut room).unwrap_err().bytes_received(), Some(3));
    /// assert_eq!(&room[..3], b"abc");
    /// # Ok::<(), berkeley::Error>(())
    /// ```
    #[doc(alias("IncompleteReadError", "partial"))]
    pub fn bytes_received(&self) -> Option<usize> {
        self.known()?.bytes_received
    }

    /// The errors of every address that was tried, in order; empty if there was only one.
    ///
    /// ```
    /// let error = berkeley::create_connection("localhost:1").unwrap_err();
    /// for attempt in error.attempts() {
    ///     println!("{attempt}");
    /// }
    /// ```
    pub fn attempts(&self) -> &[Error] {
        self.known().map_or(&[], |full| &full.attempts)
    }
}

impl From<Errno> for Cause {
    #[inline]
    fn from(errno: Errno) -> Cause {
        Cause::Os(errno)
    }
}

impl From<AddrError> for Cause {
    fn from(error: AddrError) -> Cause {
        Cause::Address(error)
    }
}

impl From<LookupCode> for Cause {
    fn from(code: LookupCode) -> Cause {
        Cause::Lookup(code)
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Cause::Os(errno) => errno.fmt(f),
            Cause::Lookup(code) => code.fmt(f),
            Cause::TimedOut => f.write_str("timed out"),
            Cause::UnexpectedEnd => f.write_str("the peer ended the connection too early"),
            Cause::ControlLost(len) => {
                write!(f, "control data came with these {len} bytes, and is lost")
            }
            Cause::Truncated(Some(len)) => {
                write!(f, "a datagram of {len} bytes did not fit, and its end is lost")
            }
            Cause::Limit(most) => write!(f, "the message has more than {most} bytes"),
            Cause::Truncated(None) => f.write_str("a datagram did not fit, and its end is lost"),
            Cause::Address(error) => error.fmt(f),
            Cause::Argument(what) => f.write_str(what),
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.call().fmt(f)?;
        match self.known().and_then(|full| full.place.as_ref()) {
            Some(Place::Addr(addr)) => write!(f, " {addr}")?,
            Some(Place::Name(name)) => write!(f, " {name}")?,
            None => {}
        }
        write!(f, ": ")?;
        match self.attempts() {
            [] => self.cause().fmt(f)?,
            attempts => {
                for (number, attempt) in attempts.iter().enumerate() {
                    write!(f, "{}{attempt}", if number == 0 { "" } else { "; " })?;
                }
            }
        }
        match self.bytes_sent().or(self.bytes_received()) {
            Some(bytes) => write!(f, " (after {bytes} bytes)"),
            None => Ok(()),
        }
    }
}

/// The message, which is what a `main` that fails and an `unwrap` print; with `{:#?}` every part.
impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !f.alternate() {
            return fmt::Display::fmt(self, f);
        }
        match &self.0 {
            Repr::Os(call, errno) => {
                f.debug_struct("Error").field("call", call).field("errno", errno).finish()
            }
            Repr::Full(full) => full.fmt(f),
        }
    }
}

impl std::error::Error for Error {}

/// Keeps the kind and the message; the whole error can be had back by
/// [`io::Error::downcast`]. A bare error of the system stays one, with its number.
impl From<Error> for io::Error {
    fn from(error: Error) -> io::Error {
        match error.0 {
            Repr::Os(_, errno) => io::Error::from_raw_os_error(errno.number()),
            Repr::Full(_) => io::Error::new(error.kind(), error),
        }
    }
}
