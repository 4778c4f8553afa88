//! Hosts and their addresses, from names to numbers and back, as the C library answers every
//! program.

mod numbers;
mod waiting;

use std::borrow::Cow;
use std::ffi::CString;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::time::Duration;

use bitflags::bitflags;

pub use self::numbers::{
    getprotobyname, getprotobynumber, getservbyname, getservbyport, if_indextoname, if_nameindex,
    if_nametoindex,
};
pub use self::waiting::{PendingLookup, abandoned_lookups, look_up_within};
use crate::addr::Addr;
use crate::error::{Call, Cause, Error, LookupCode, Result};
use crate::kind::{Family, Protocol, Type};
use crate::seam;
use crate::sys::{self, c};
use crate::time::Deadline;

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

bitflags! {
    /// How [`getnameinfo`] shall answer. Bits without a name are kept.
    ///
    /// ```
    /// use berkeley::{NameInfoFlags, getnameinfo};
    ///
    /// let addr = "127.0.0.1:80".parse()?;
    /// let numeric = NameInfoFlags::NUMERICHOST | NameInfoFlags::NUMERICSERV;
    /// let name = getnameinfo(&addr, numeric)?;
    /// assert_eq!((name.host.as_str(), name.service.as_str()), ("127.0.0.1", "80"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
    #[doc(alias("NI_NUMERICHOST", "NI_NUMERICSERV", "NI_NAMEREQD"))]
    pub struct NameInfoFlags: i32 {
        /// The host as a number: look nothing up. `NI_NUMERICHOST`
        const NUMERICHOST = c::NI_NUMERICHOST;
        /// The port as a number: look nothing up. `NI_NUMERICSERV`
        const NUMERICSERV = c::NI_NUMERICSERV;
        /// Hosts of the own domain without the domain. `NI_NOFQDN`
        const NOFQDN = c::NI_NOFQDN;
        /// Fail rather than answer a number. `NI_NAMEREQD`
        const NAMEREQD = c::NI_NAMEREQD;
        /// The service is one of datagrams. `NI_DGRAM`
        const DGRAM = c::NI_DGRAM;
        /// Decode an internationalised name. `NI_IDN`
        const IDN = c::NI_IDN;
        const _ = !0;
    }
}

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

/// The names of an address.
///
/// ```
/// let names = berkeley::getnameinfo(&"127.0.0.1:80".parse()?, Default::default())?;
/// println!("{} {}", names.host, names.service);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct NameInfo {
    /// The host.
    pub host: String,
    /// The service.
    pub service: String,
}

/// A host, its other names and its addresses.
///
/// ```
/// let host = berkeley::gethostbyname_ex("127.0.0.1")?;
/// assert_eq!(host.addresses, ["127.0.0.1".parse::<std::net::IpAddr>().unwrap()]);
/// # Ok::<(), berkeley::Error>(())
/// ```
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
#[doc(alias = "hostent")]
pub struct Host {
    /// The official name.
    pub name: String,
    /// Other names.
    pub aliases: Vec<String>,
    /// The addresses, in the order of the answer.
    pub addresses: Vec<IpAddr>,
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
    /// with it when time is up. There are [few of them](abandoned_lookups). Numeric hosts take
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
    /// The C library's look-up cannot be ended: one of the [few threads](abandoned_lookups) for
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

    fn to_c(&self) -> Result<Option<CString>, Cause> {
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

/// Looks up the host and the service of an address.
///
/// ```
/// use berkeley::{NameInfoFlags, getnameinfo};
///
/// let names = getnameinfo(&"[::1]:22".parse()?, NameInfoFlags::NUMERICHOST)?;
/// assert_eq!(names.host, "::1");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
///
/// [`Cause::Lookup`] with the `EAI_` code; [`Cause::Os`] where that is `EAI_SYSTEM`.
///
/// See `getnameinfo(3)`, RFC 3493.
pub fn getnameinfo(addr: &Addr, flags: NameInfoFlags) -> Result<NameInfo> {
    let (host, service) = seam::getnameinfo(&addr.0, flags.bits())
        .map_err(|failure| Error::new(Call::GetNameInfo, failure).at(addr))?;
    Ok(NameInfo { host: text(host), service: text(service) })
}

/// The IPv4 address of a host.
///
/// New programs ask [`getaddrinfo`], which knows IPv6.
///
/// ```
/// assert_eq!(berkeley::gethostbyname("localhost")?, std::net::Ipv4Addr::LOCALHOST);
/// # Ok::<(), berkeley::Error>(())
/// ```
///
/// # Errors
///
/// Those of [`AddrInfoQuery::call`].
///
/// See `gethostbyname(3)`.
pub fn gethostbyname(host: &str) -> Result<Ipv4Addr> {
    let fail = |error: Error| error.in_call(Call::GetHostByName).at_name(host);
    let answers = getaddrinfo(host, Name::NONE).family(Family::INET).call().map_err(fail)?;
    let v4 = answers.iter().find_map(|answer| match answer.addr.to_ip()?.ip() {
        IpAddr::V4(address) => Some(address),
        IpAddr::V6(_) => None,
    });
    v4.ok_or_else(|| fail(Error::new(Call::GetHostByName, LookupCode::EAI_NODATA)))
}

/// A host with its other names and all of its IPv4 addresses.
///
/// ```
/// let host = berkeley::gethostbyname_ex("localhost")?;
/// println!("{}, also {:?}: {:?}", host.name, host.aliases, host.addresses);
/// # Ok::<(), berkeley::Error>(())
/// ```
///
/// # Errors
///
/// [`Cause::Lookup`] with the resolver's code; [`Cause::Os`] if the system failed it.
///
/// See `gethostbyname(3)`.
pub fn gethostbyname_ex(host: &str) -> Result<Host> {
    let fail = |cause: Cause| Error::new(Call::GetHostByName, cause).at_name(host);
    let name = Name::from(host).to_c().map_err(fail)?.unwrap_or_default();
    sys::host_by_name(&name, c::AF_INET).map(Host::from).map_err(|why| fail(host_cause(why)))
}

/// The host at an address, given as a name or number: its names and addresses.
///
/// ```no_run
/// let host = berkeley::gethostbyaddr("127.0.0.1")?;
/// println!("{}", host.name);
/// # Ok::<(), berkeley::Error>(())
/// ```
///
/// # Errors
///
/// [`Cause::Lookup`] with the code of the resolver, or of [`getaddrinfo`] where `host` is a name.
///
/// See `gethostbyaddr(3)`.
pub fn gethostbyaddr(host: &str) -> Result<Host> {
    let fail = |cause: Cause| Error::new(Call::GetHostByAddr, cause).at_name(host);
    let address = match host.parse::<IpAddr>() {
        Ok(address) => address,
        Err(_) => {
            let answers = getaddrinfo(host, Name::NONE)
                .call()
                .map_err(|error| error.in_call(Call::GetHostByAddr).at_name(host))?;
            let first = answers.iter().find_map(|answer| answer.addr.to_ip());
            first.ok_or_else(|| fail(LookupCode::EAI_NODATA.into()))?.ip()
        }
    };
    let found = match address {
        IpAddr::V4(address) => sys::host_by_addr(&address.octets(), c::AF_INET),
        IpAddr::V6(address) => sys::host_by_addr(&address.octets(), c::AF_INET6),
    };
    found.map(Host::from).map_err(|why| fail(host_cause(why)))
}

/// The name this machine goes by.
///
/// ```
/// assert!(!berkeley::gethostname()?.is_empty());
/// # Ok::<(), berkeley::Error>(())
/// ```
///
/// # Errors
///
/// The system's own.
///
/// See `gethostname(2)`.
pub fn gethostname() -> Result<String> {
    gethostname_bytes().map(text)
}

/// [`gethostname`] as it stands in the kernel, which takes any bytes for a name.
///
/// ```
/// assert_eq!(berkeley::gethostname_bytes()?, berkeley::gethostname()?.as_bytes());
/// # Ok::<(), berkeley::Error>(())
/// ```
///
/// # Errors
///
/// Those of [`gethostname`].
///
/// See `gethostname(2)`.
pub fn gethostname_bytes() -> Result<Vec<u8>> {
    sys::host_name().map_err(Error::of(Call::GetHostName))
}

/// Gives this machine, or this namespace of names, a name of at most 64 bytes.
///
/// ```no_run
/// berkeley::sethostname("testbed")?;
/// # Ok::<(), berkeley::Error>(())
/// ```
///
/// # Errors
///
/// `EPERM` without the right `CAP_SYS_ADMIN`, `EINVAL` for a name that is too long.
///
/// See `sethostname(2)`, `uts_namespaces(7)`.
pub fn sethostname(name: impl AsRef<[u8]>) -> Result<()> {
    let name = name.as_ref();
    sys::set_host_name(name).map_err(|errno| {
        Error::new(Call::SetHostName, errno).at_name(String::from_utf8_lossy(name).into_owned())
    })
}

/// The name of a host with its domain, as far as it can be found out; else the name given.
/// Without a name, or with `0.0.0.0` or `::`, this machine's.
///
/// ```
/// println!("{}", berkeley::getfqdn(""));
/// ```
///
/// It is the answer of [`gethostbyaddr`]: the first name with a dot, or the official one.
pub fn getfqdn(host: &str) -> String {
    let host = match host.trim() {
        "" | "0.0.0.0" | "::" => gethostname().unwrap_or_default(),
        host => host.to_owned(),
    };
    let Ok(found) = gethostbyaddr(&host) else {
        return host;
    };
    let Host { name, aliases, .. } = found;
    let with_dot = std::iter::once(&name).chain(&aliases).find(|name| name.contains('.'));
    with_dot.cloned().unwrap_or(name)
}

/// Why an old look-up failed. Its "internal error" has the number of another code here, and is the
/// system's.
fn host_cause(failure: sys::LookupFailure) -> Cause {
    const NETDB_INTERNAL: i32 = -1;
    match failure.code {
        NETDB_INTERNAL => Cause::Os(failure.errno),
        code => Cause::Lookup(LookupCode(code)),
    }
}

impl From<sys::HostEntry> for Host {
    fn from(entry: sys::HostEntry) -> Host {
        let family = entry.family;
        let address = |packed: Vec<u8>| match family {
            c::AF_INET => packed.first_chunk().map(|octets: &[u8; 4]| IpAddr::from(*octets)),
            _ => packed.first_chunk().map(|octets: &[u8; 16]| IpAddr::from(*octets)),
        };
        Host {
            name: text(entry.name),
            aliases: entry.aliases.into_iter().map(text).collect(),
            addresses: entry.addresses.into_iter().filter_map(address).collect(),
        }
    }
}

/// Names are bytes; those that are not UTF-8 are shown with replacement characters.
fn text(bytes: Vec<u8>) -> String {
    match String::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => String::from_utf8_lossy(error.as_bytes()).into_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sys::Errno;

    #[test]
    fn an_internal_error_is_the_systems() {
        let failure = |code| sys::LookupFailure { code, errno: Errno::EMFILE };
        assert_eq!(host_cause(failure(-1)), Cause::Os(Errno::EMFILE));
        assert_eq!(host_cause(failure(1)), Cause::Lookup(LookupCode::HOST_NOT_FOUND));
    }
}
