//! Addresses of names: `getaddrinfo` and its questions.

use std::borrow::Cow;
use std::ffi::CString;
use std::net::{IpAddr, Ipv6Addr};
use std::time::Duration;

use bitflags::bitflags;

use super::{PendingLookup, text, waiting};
use crate::addr::Addr;
use crate::error::{Call, Cause, Error, LookupCode, Result};
use crate::kind::{Family, Protocol, Type};
use crate::sys::{self, c};
use crate::time::Deadline;

/// Looks up the addresses of a host and a service: what every program of this machine gets.
///
/// Each is a name or a number; `None` for the host is loopback, or with
/// [`AddrInfoFlags::PASSIVE`] every local address. The question is put by
/// [`call`](AddrInfoQuery::call); before it, it can be narrowed.
///
/// ```
/// use berkeley::{Family, Type, getaddrinfo};
///
/// for answer in getaddrinfo("localhost", "http").ty(Type::STREAM).call()? {
///     println!("{} {}", answer.family, answer.addr);
/// }
/// let mine = getaddrinfo(None, 8080).family(Family::INET).ty(Type::STREAM).call()?;
/// assert_eq!(mine[0].addr.to_string(), "127.0.0.1:8080");
/// # Ok::<(), berkeley::Error>(())
/// ```
///
/// See `getaddrinfo(3)`, RFC 3493.
#[doc(alias("lookup_host", "ToSocketAddrs", "resolve"))]
pub fn getaddrinfo<'a>(
    host: impl Into<Name<'a>>,
    service: impl Into<Name<'a>>,
) -> AddrInfoQuery<'a> {
    AddrInfoQuery {
        host: host.into(),
        service: service.into(),
        hints: sys::Hints { flags: 0, family: c::AF_UNSPEC, ty: 0, protocol: 0 },
        timeout: None,
        interruptible: false,
    }
}

/// A question to [`getaddrinfo`], before it is put.
///
/// ```
/// use berkeley::{Family, Protocol, Type, getaddrinfo};
///
/// let question = getaddrinfo("127.0.0.1", 53).family(Family::INET).ty(Type::DGRAM);
/// assert_eq!(question.call()?[0].protocol, Protocol::UDP);
/// # Ok::<(), berkeley::Error>(())
/// ```
#[derive(Clone, Debug)]
#[must_use = "the question is put by `call`"]
pub struct AddrInfoQuery<'a> {
    host: Name<'a>,
    service: Name<'a>,
    hints: sys::Hints,
    timeout: Option<Duration>,
    interruptible: bool,
}

/// A host or service as [`getaddrinfo`] takes it: a name, a number as text or value, or none.
///
/// ```
/// use berkeley::Name;
///
/// let service: Name = 80.into();
/// assert_eq!(service, Name::from("80"));
/// assert_eq!(Name::from(None), Name::NONE);
/// ```
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Name<'a>(Option<Cow<'a, [u8]>>);

/// One answer of [`getaddrinfo`]: an address, and what to make a socket with for it.
///
/// ```
/// use berkeley::{Socket, Type, getaddrinfo};
///
/// let answer = getaddrinfo("127.0.0.1", 0).ty(Type::STREAM).call()?.remove(0);
/// let sock = Socket::new(answer.family, answer.ty, answer.protocol)?;
/// sock.bind(answer.addr)?;
/// # Ok::<(), berkeley::Error>(())
/// ```
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct AddrInfo {
    /// The family.
    pub family: Family,
    /// The type.
    pub ty: Type,
    /// The protocol.
    pub protocol: Protocol,
    /// The host's canonical name, in the first answer if [`AddrInfoFlags::CANONNAME`] was asked.
    pub canonical_name: Option<String>,
    /// The address.
    pub addr: Addr,
}

bitflags! {
    /// What [`getaddrinfo`] shall do beside looking up. Bits without a name are kept.
    ///
    /// ```
    /// use berkeley::{AddrInfoFlags, getaddrinfo};
    ///
    /// let error = getaddrinfo("localhost", "80").flags(AddrInfoFlags::NUMERICHOST).call().unwrap_err();
    /// assert_eq!(error.lookup_code().unwrap().name(), Some("EAI_NONAME"));
    /// ```
    #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
    #[doc(alias("AI_PASSIVE", "AI_CANONNAME", "AI_NUMERICHOST", "AddressInfo"))]
    pub struct AddrInfoFlags: i32 {
        /// Without a host: addresses to serve at, not loopback. `AI_PASSIVE`
        const PASSIVE = c::AI_PASSIVE;
        /// Answer the host's canonical name too. `AI_CANONNAME`
        const CANONNAME = c::AI_CANONNAME;
        /// The host is a numeric address: look nothing up. `AI_NUMERICHOST`
        const NUMERICHOST = c::AI_NUMERICHOST;
        /// The service is a port number: look nothing up. `AI_NUMERICSERV`
        const NUMERICSERV = c::AI_NUMERICSERV;
        /// IPv4 addresses as mapped IPv6 ones if there is no other. `AI_V4MAPPED`
        const V4MAPPED = c::AI_V4MAPPED;
        /// With `V4MAPPED`: mapped ones beside the others. `AI_ALL`
        const ALL = c::AI_ALL;
        /// Only families that this machine has an address of. `AI_ADDRCONFIG`
        const ADDRCONFIG = c::AI_ADDRCONFIG;
        /// Encode an internationalised name first. `AI_IDN`
        const IDN = c::AI_IDN;
        /// Decode the canonical name. `AI_CANONIDN`
        const CANONIDN = c::AI_CANONIDN;
        const _ = !0;
    }
}

impl AddrInfoQuery<'_> {
    /// Only addresses of this family.
    ///
    /// ```
    /// let only_ipv4 = berkeley::getaddrinfo("localhost", 80).family(berkeley::Family::INET);
    /// ```
    pub fn family(mut self, family: Family) -> Self {
        self.hints.family = family.number();
        self
    }

    /// Only for sockets of this type.
    ///
    /// ```
    /// let for_udp = berkeley::getaddrinfo("localhost", 53).ty(berkeley::Type::DGRAM);
    /// ```
    pub fn ty(mut self, ty: Type) -> Self {
        self.hints.ty = ty.number();
        self
    }

    /// Only for sockets of this protocol.
    ///
    /// ```
    /// let for_tcp = berkeley::getaddrinfo("localhost", 80).protocol(berkeley::Protocol::TCP);
    /// ```
    pub fn protocol(mut self, protocol: Protocol) -> Self {
        self.hints.protocol = protocol.number();
        self
    }

    /// With these flags.
    ///
    /// ```
    /// use berkeley::{AddrInfoFlags, Name, getaddrinfo};
    ///
    /// let to_serve_at = getaddrinfo(Name::NONE, 80).flags(AddrInfoFlags::PASSIVE);
    /// ```
    pub fn flags(mut self, flags: AddrInfoFlags) -> Self {
        self.hints.flags = flags.bits();
        self
    }

    /// How long the look-up may take; `None`, as at first, for as long as the machine's name service
    /// takes.
    ///
    /// The C library's look-up cannot be ended: a thread of its own makes it, which is left alone
    /// with it when time is up. There are [few of them](crate::abandoned_lookups). Numeric hosts take
    /// none.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// let answers = berkeley::getaddrinfo("localhost", 80).timeout(Duration::from_secs(5)).call()?;
    /// # Ok::<(), berkeley::Error>(())
    /// ```
    #[doc(alias("deadline", "resolver timeout"))]
    pub fn timeout(mut self, timeout: impl Into<Option<Duration>>) -> Self {
        self.timeout = timeout.into();
        self
    }

    /// Whether the [interrupt hook](crate::set_interrupt_hook) can end the look-up, though it has
    /// no timeout, in the process's first thread: it then takes a thread of its own as well. In
    /// other threads this changes nothing.
    ///
    /// ```
    /// let answers = berkeley::getaddrinfo("localhost", 80).interruptible(true).call()?;
    /// # Ok::<(), berkeley::Error>(())
    /// ```
    #[doc(alias("KeyboardInterrupt", "Ctrl-C"))]
    pub fn interruptible(mut self, interruptible: bool) -> Self {
        self.interruptible = interruptible;
        self
    }

    /// Puts the question. It may take as long as the machine's name service takes, or the
    /// [timeout](AddrInfoQuery::timeout).
    ///
    /// ```
    /// let answers = berkeley::getaddrinfo("127.0.0.1", 80).call()?;
    /// assert!(answers.iter().all(|answer| answer.addr.to_string() == "127.0.0.1:80"));
    /// # Ok::<(), berkeley::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`Cause::Lookup`] with the `EAI_` code; [`Cause::Os`] where that is `EAI_SYSTEM`;
    /// [`Cause::TimedOut`] if the timeout passes; [`Cause::Argument`] for a name with a NUL byte in
    /// it.
    pub fn call(&self) -> Result<Vec<AddrInfo>> {
        self.call_by(Deadline::after_option(self.timeout))
    }

    /// [`call`](AddrInfoQuery::call) with this deadline.
    pub(crate) fn call_by(&self, deadline: Deadline) -> Result<Vec<AddrInfo>> {
        let question = self.question()?;
        let outcome = match deadline {
            Deadline::NEVER if !self.interruptible => question.put(),
            _ => {
                waiting::ask(question, deadline).map_err(|error| error.at_name(self.to_string()))?
            }
        };
        self.answers(outcome)
    }

    /// Puts the question and goes on: a thread waits for the answer, and calls `done` when it is
    /// there. The [timeout](AddrInfoQuery::timeout) is for who waits.
    ///
    /// This is for programs that do not wait in a thread. Numeric hosts are answered at once.
    ///
    /// ```
    /// use std::sync::mpsc;
    ///
    /// let (done, waiting) = mpsc::channel();
    /// let mut pending = berkeley::getaddrinfo("localhost", 80).begin(move || {
    ///     let _ = done.send(());
    /// })?;
    /// let _ = waiting.recv();
    /// assert!(!pending.try_take().unwrap()?.is_empty());
    /// # Ok::<(), berkeley::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`PendingLookup::begin`], and [`Cause::Argument`] for a name with a NUL byte in it.
    pub fn begin(
        &self,
        done: impl FnOnce() + Send + 'static,
    ) -> Result<PendingLookup<Vec<AddrInfo>>> {
        let mut question = self.question()?;
        let own = self.to_owned_names();
        if let Some(answers) = question.put_if_numeric() {
            return Ok(PendingLookup::over(Call::GetAddrInfo, own.answers(answers), done));
        }
        let look_up = move || own.answers(question.put());
        PendingLookup::begin(Call::GetAddrInfo, look_up, done)
            .map_err(|error| error.at_name(self.to_string()))
    }

    /// Puts the question for a task, which is woken when the answer is there.
    ///
    /// The C library's look-up cannot be ended: one of the [few threads](crate::abandoned_lookups) for
    /// them makes it, and is left alone with it when the future is dropped. Numeric hosts take
    /// none. No runtime is needed; a [timeout](AddrInfoQuery::timeout) is one of `call` alone, and
    /// here that of the runtime: drop the future.
    ///
    /// ```
    /// use berkeley::getaddrinfo;
    /// # use std::{future::Future, pin::pin, task::{Context, Poll, Waker}};
    ///
    /// async fn first(host: &str) -> berkeley::Result<berkeley::Addr> {
    ///     let answers = getaddrinfo(host, 80).call_awaited().await?;
    ///     Ok(answers[0].addr)
    /// }
    /// # let mut context = Context::from_waker(Waker::noop());
    /// # let Poll::Ready(Ok(addr)) = pin!(first("127.0.0.1")).poll(&mut context) else { panic!() };
    /// # assert_eq!(addr.to_string(), "127.0.0.1:80");
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`call`](AddrInfoQuery::call).
    #[doc(alias("lookup_host", "to_socket_addrs"))]
    pub async fn call_awaited(&self) -> Result<Vec<AddrInfo>> {
        self.begin(|| ())?.await
    }

    fn to_owned_names(&self) -> AddrInfoQuery<'static> {
        let own = |name: &Name<'_>| Name(name.0.as_ref().map(|name| name.to_vec().into()));
        AddrInfoQuery {
            host: own(&self.host),
            service: own(&self.service),
            hints: self.hints,
            timeout: self.timeout,
            interruptible: self.interruptible,
        }
    }

    fn question(&self) -> Result<waiting::Question> {
        let host = self.host.to_c().map_err(|cause| self.fail(cause))?;
        let service = self.service.to_c().map_err(|cause| self.fail(cause))?;
        Ok(waiting::Question { host, service, hints: self.hints })
    }

    fn fail(&self, cause: Cause) -> Error {
        Error::new(Call::GetAddrInfo, cause).at_name(self.to_string())
    }

    fn answers(&self, outcome: waiting::Outcome) -> Result<Vec<AddrInfo>> {
        let answers = outcome.map_err(|failure| self.fail(failure.into()))?;
        Ok(answers
            .into_iter()
            .map(|answer| AddrInfo {
                family: Family(answer.family),
                ty: Type(answer.ty),
                protocol: Protocol(answer.protocol),
                canonical_name: answer.canonical_name.map(text),
                addr: Addr(answer.addr),
            })
            .collect())
    }
}

/// `host:service`, for errors.
impl std::fmt::Display for AddrInfoQuery<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let show = |name: &Name<'_>| match &name.0 {
            Some(name) => String::from_utf8_lossy(name).into_owned(),
            None => String::new(),
        };
        match (&self.host.0, &self.service.0) {
            (Some(_), None) => f.write_str(&show(&self.host)),
            _ => write!(f, "{}:{}", show(&self.host), show(&self.service)),
        }
    }
}

impl Name<'_> {
    /// No name.
    pub const NONE: Name<'static> = Name(None);

    pub(super) fn to_c(&self) -> Result<Option<CString>, Cause> {
        match &self.0 {
            None => Ok(None),
            Some(name) => {
                sys::c_text(name).map(Some).ok_or(Cause::Argument("a name has no NUL byte in it"))
            }
        }
    }
}

impl<'a> From<&'a str> for Name<'a> {
    fn from(name: &'a str) -> Name<'a> {
        Name(Some(name.as_bytes().into()))
    }
}

impl<'a> From<&'a [u8]> for Name<'a> {
    fn from(name: &'a [u8]) -> Name<'a> {
        Name(Some(name.into()))
    }
}

impl<'a> From<&'a String> for Name<'a> {
    fn from(name: &'a String) -> Name<'a> {
        name.as_str().into()
    }
}

impl<'a> From<Option<&'a str>> for Name<'a> {
    fn from(name: Option<&'a str>) -> Name<'a> {
        name.map_or(Name::NONE, Name::from)
    }
}

impl From<u16> for Name<'_> {
    fn from(port: u16) -> Self {
        Name(Some(port.to_string().into_bytes().into()))
    }
}

impl From<IpAddr> for Name<'_> {
    fn from(host: IpAddr) -> Self {
        Name(Some(host.to_string().into_bytes().into()))
    }
}

impl From<Ipv6Addr> for Name<'_> {
    fn from(host: Ipv6Addr) -> Self {
        IpAddr::V6(host).into()
    }
}

impl From<sys::LookupFailure> for Cause {
    fn from(failure: sys::LookupFailure) -> Cause {
        match LookupCode(failure.code) {
            LookupCode::EAI_SYSTEM => Cause::Os(failure.errno),
            code => Cause::Lookup(code),
        }
    }
}
