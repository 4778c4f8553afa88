//! Connections and servers by name: every address of it, one deadline, all errors kept.

mod race;
mod way;

use std::net::{IpAddr, SocketAddr};
use std::os::fd::RawFd;
use std::time::Duration;

pub(crate) use self::way::Way;
use self::way::{has_listeners, own_place};
use crate::addr::{Addr, AddrError, Endpoint, Target};
use crate::error::{Call, Cause, Error, Result};
use crate::kind::{Family, Protocol, Type};
use crate::names::{AddrInfo, AddrInfoFlags, AddrInfoQuery, Name, getaddrinfo};
use crate::opt;
use crate::seam;
use crate::socket::{Socket, default_timeout};
use crate::sys::Errno;
use crate::time::Deadline;

/// Connects to a place given in the [address syntax](Endpoint), a host and port, or an address:
/// each address of the host in turn, until one answers.
///
/// ```
/// use berkeley::{create_connection, create_server};
///
/// let server = create_server("localhost:0")?;
/// let port = server.local_addr()?.port().unwrap();
/// let sock = create_connection(("localhost", port))?;
/// # Ok::<(), berkeley::Error>(())
/// ```
///
/// # Errors
///
/// That of the address if the host has one; of several, an error with
/// [all of theirs](Error::attempts). [`Cause::Lookup`] if the host is not found,
/// [`Cause::Address`] for what is no address.
///
/// For a deadline or a source address, see [`Connector`].
#[cfg_attr(feature = "registry", track_caller)]
pub fn create_connection(place: impl ToEndpoint) -> Result<Socket> {
    Connector::new().connect(place)
}

/// Listens at a place given in the [address syntax](Endpoint), a host and port, or an address.
/// For TCP, an address still in `TIME_WAIT` can be used again at once.
///
/// ```
/// let server = berkeley::create_server("127.0.0.1:0")?;
/// println!("listening on {}", server.local_addr()?);
/// # Ok::<(), berkeley::Error>(())
/// ```
///
/// # Errors
///
/// `EADDRINUSE` if another socket listens there, and those of [`create_connection`].
///
/// For the backlog, IPv4 and IPv6 in one socket, or a shared port, see [`Server`].
#[cfg_attr(feature = "registry", track_caller)]
pub fn create_server(place: impl ToEndpoint) -> Result<Socket> {
    Server::new().listen(place)
}

/// Whether this machine lets one socket serve IPv4 and IPv6.
///
/// ```
/// println!("{}", berkeley::has_dualstack_ipv6());
/// ```
pub fn has_dualstack_ipv6() -> bool {
    Socket::new(Family::INET6, Type::STREAM, Protocol::DEFAULT)
        .is_ok_and(|socket| socket.set(opt::IPV6_V6ONLY, false).is_ok())
}

/// How to connect: a deadline, a source address, several addresses side by side.
///
/// ```
/// use berkeley::{Connector, create_server};
/// use std::time::Duration;
///
/// let server = create_server("127.0.0.1:0")?;
/// let sock = Connector::new()
///     .timeout(Duration::from_secs(5))
///     .source("127.0.0.1:0".parse()?)
///     .connect(server.local_addr()?)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default)]
#[doc(alias = "create_connection")]
pub struct Connector {
    timeout: Option<Duration>,
    source: Option<Addr>,
    options: Vec<RawOption>,
    head_start: Option<Duration>,
}

impl Connector {
    /// Without a deadline (or with the [default timeout](default_timeout) as one), from any
    /// address, one address after the other.
    ///
    /// ```
    /// let connector = berkeley::Connector::new();
    /// ```
    pub fn new() -> Connector {
        Connector { timeout: default_timeout(), ..Connector::default() }
    }

    /// The time for everything together: looking up, every address and every attempt. The socket
    /// keeps it as its timeout.
    ///
    /// ```
    /// # use std::time::Duration;
    /// let connector = berkeley::Connector::new().timeout(Duration::from_secs(3));
    /// ```
    #[must_use]
    pub fn timeout(mut self, timeout: impl Into<Option<Duration>>) -> Connector {
        self.timeout = timeout.into();
        self
    }

    /// The local address to connect from. Addresses of another family are not tried then.
    ///
    /// ```
    /// let connector = berkeley::Connector::new().source("127.0.0.1:0".parse()?);
    /// # Ok::<(), berkeley::AddrError>(())
    /// ```
    #[must_use]
    #[doc(alias = "source_address")]
    pub fn source(mut self, source: Addr) -> Connector {
        self.source = Some(source);
        self
    }

    /// Whether the addresses of a host are tried side by side, as in RFC 8305: how long each has
    /// before the next is tried too, from 10 milliseconds to 2 seconds, usually
    /// [`eyeballs::DELAY`](crate::eyeballs::DELAY). With `None`, as at first, the next is tried
    /// only when the one before has failed.
    ///
    /// IPv6 and IPv4 addresses alternate, beginning with the resolver's first. A refusal starts
    /// the next attempt at once, the first to connect wins, and the others are closed. Places of
    /// other families, and attempts from a [source](Connector::source) with a port, of which
    /// there is one only, are still made one after the other. A single address costs what it
    /// costs without.
    ///
    /// ```
    /// use berkeley::{Connector, create_server, eyeballs};
    ///
    /// let server = create_server("127.0.0.1:0")?;
    /// let port = server.local_addr()?.port().unwrap();
    /// let sock = Connector::new().happy_eyeballs(eyeballs::DELAY).connect(("localhost", port))?;
    /// # Ok::<(), berkeley::Error>(())
    /// ```
    ///
    /// The machine behind it is [`eyeballs::Race`](crate::eyeballs::Race), for programs that do
    /// not wait in a thread.
    #[must_use]
    #[doc(alias("happy_eyeballs_delay", "RFC 8305"))]
    pub fn happy_eyeballs(mut self, delay: impl Into<Option<Duration>>) -> Connector {
        self.head_start = delay.into();
        self
    }

    /// Sets an option before connecting, when some of them only count.
    ///
    /// ```
    /// use berkeley::{Connector, opt};
    ///
    /// let row = opt::TCP_NODELAY;
    /// let on = 1_i32.to_ne_bytes();
    /// let connector = Connector::new().option(row.level(), row.number(), &on);
    /// ```
    #[must_use]
    #[doc(alias = "setsockopt")]
    pub fn option(mut self, level: i32, number: i32, value: &[u8]) -> Connector {
        self.options.push((level, number, value.to_vec()));
        self
    }

    /// Connects to a place.
    ///
    /// ```
    /// use berkeley::{Connector, Errno};
    ///
    /// let error = Connector::new().connect("127.0.0.1:1").unwrap_err();
    /// assert_eq!(error.errno(), Some(Errno::ECONNREFUSED));
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`create_connection`]; [`Cause::TimedOut`] when the deadline passes.
    #[cfg_attr(feature = "registry", track_caller)]
    pub fn connect(&self, place: impl ToEndpoint) -> Result<Socket> {
        let fail = |error: Error| error.in_call(Call::CreateConnection);
        let endpoint = place.to_endpoint().map_err(fail)?;
        let deadline = self.deadline();
        if let Target::Fd(fd) = endpoint.target() {
            return adopt(*fd).map_err(fail);
        }
        let found = resolve_by(&endpoint, AddrInfoFlags::empty(), deadline)?;
        Ok(self.connect_first(found, deadline)?.here())
    }

    /// Connects to the first of these addresses that answers: for a host whose addresses come
    /// from elsewhere than the system's resolver. TCP, or a stream of the address's family.
    ///
    /// ```
    /// use berkeley::{Connector, create_server, eyeballs};
    /// use std::net::SocketAddr;
    ///
    /// let server = create_server("127.0.0.1:0")?;
    /// let port = server.local_addr()?.port().unwrap();
    /// let addrs = [SocketAddr::from(([127, 0, 0, 9], port)), SocketAddr::from(([127, 0, 0, 1], port))];
    /// let sock = Connector::new().happy_eyeballs(eyeballs::DELAY).connect_any(addrs)?;
    /// assert_eq!(sock.peer_addr()?, server.local_addr()?);
    /// # Ok::<(), berkeley::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`connect`](Connector::connect); [`Cause::Argument`] if there are no addresses,
    /// or no stream socket has one of them.
    #[cfg_attr(feature = "registry", track_caller)]
    pub fn connect_any(&self, addrs: impl IntoIterator<Item = impl Into<Addr>>) -> Result<Socket> {
        let deadline = self.deadline();
        Ok(self.connect_first(Connector::answers(addrs)?, deadline)?.here())
    }

    /// The deadline of a connection that begins now.
    pub(crate) fn deadline(&self) -> Deadline {
        Deadline::after_option(self.timeout)
    }

    /// What the sockets that it makes have.
    #[cfg(feature = "tokio")]
    pub(crate) fn own_timeout(&self) -> Option<Duration> {
        self.timeout
    }

    /// Addresses as if a host had them.
    pub(crate) fn answers(
        addrs: impl IntoIterator<Item = impl Into<Addr>>,
    ) -> Result<Vec<AddrInfo>> {
        let mut answers = Vec::new();
        for addr in addrs {
            let endpoint = addr.into().to_endpoint();
            let endpoint = endpoint.map_err(|error| error.in_call(Call::CreateConnection))?;
            answers.extend(resolve(&endpoint, AddrInfoFlags::empty())?);
        }
        Ok(answers)
    }

    fn connect_first(&self, answers: Vec<AddrInfo>, deadline: Deadline) -> Result<Socket> {
        match self.overlap(&answers) {
            Some(delay) => race::run(self, answers, delay, deadline),
            None => self.connect_in_turn(&answers, deadline),
        }
    }

    /// The head start with which these are tried side by side, if they are.
    pub(crate) fn overlap(&self, answers: &[AddrInfo]) -> Option<Duration> {
        self.head_start.filter(|_| self.can_overlap(answers))
    }

    /// Whether these can be tried side by side: several, which tell when they have connected,
    /// and not all from the one port of the source.
    fn can_overlap(&self, answers: &[AddrInfo]) -> bool {
        let port = self.source.and_then(|source| source.port()).unwrap_or(0);
        answers.len() > 1
            && port == 0
            && answers.iter().all(|a| matches!(a.family, Family::INET | Family::INET6))
    }

    fn connect_in_turn(&self, answers: &[AddrInfo], deadline: Deadline) -> Result<Socket> {
        let mut attempts = Vec::new();
        for answer in answers {
            match self.attempt(answer, deadline) {
                Ok(socket) => return Ok(socket),
                Err(error) => attempts.push(error),
            }
            if deadline.has_passed() {
                break;
            }
        }
        Err(Error::of_attempts(Call::CreateConnection, attempts))
    }

    pub(crate) fn attempt(&self, answer: &AddrInfo, deadline: Deadline) -> Result<Socket> {
        let way = Way::of(answer);
        let socket = self.prepare(answer, way)?;
        match way {
            Way::Connect | Way::BindFirst => {
                // With a deadline the attempt must not block in the kernel.
                socket.set_timeout(self.timeout)?;
                socket.connect_by(answer.addr, deadline)?;
                Ok(socket)
            }
            Way::Bind => {
                socket.set_timeout(self.timeout)?;
                socket.bind(answer.addr)?;
                Ok(socket)
            }
            Way::Accept => {
                let (operation, _) = socket.accept()?;
                operation.set_timeout(self.timeout)?;
                Ok(operation)
            }
        }
    }

    /// A socket for this place with everything that must come before it connects.
    pub(crate) fn prepare(&self, answer: &AddrInfo, way: Way) -> Result<Socket> {
        let socket = Socket::new(answer.family, answer.ty, answer.protocol)?;
        if way == Way::Accept {
            // Keys belong to an algorithm: it comes first.
            socket.bind(answer.addr)?;
        }
        set_all(&socket, &self.options)?;
        if let Some(source) = &self.source {
            socket.bind(source)?;
        } else if way == Way::BindFirst {
            socket.bind(own_place(answer)?)?;
        }
        Ok(socket)
    }
}

/// How to serve: backlog, IPv4 and IPv6 in one socket, a shared port.
///
/// ```
/// use berkeley::{Server, has_dualstack_ipv6};
///
/// let server = Server::new().dual_stack(has_dualstack_ipv6()).listen(":0")?;
/// # Ok::<(), berkeley::Error>(())
/// ```
#[derive(Clone, Debug, Default)]
#[doc(alias = "create_server")]
pub struct Server {
    backlog: Option<i32>,
    dual_stack: bool,
    reuse_port: bool,
    options: Vec<RawOption>,
}

impl Server {
    /// With the system's largest backlog, one IP version, a port of its own.
    ///
    /// ```
    /// let server = berkeley::Server::new();
    /// ```
    pub fn new() -> Server {
        Server::default()
    }

    /// How many connections may wait to be accepted; `None` is the system's maximum.
    ///
    /// ```
    /// let server = berkeley::Server::new().backlog(16);
    /// ```
    #[must_use]
    pub fn backlog(mut self, backlog: impl Into<Option<i32>>) -> Server {
        self.backlog = backlog.into();
        self
    }

    /// Whether one IPv6 socket shall serve IPv4 too.
    ///
    /// ```
    /// let server = berkeley::Server::new().dual_stack(true);
    /// ```
    #[must_use]
    #[doc(alias("dualstack_ipv6", "IPV6_V6ONLY"))]
    pub fn dual_stack(mut self, dual_stack: bool) -> Server {
        self.dual_stack = dual_stack;
        self
    }

    /// Whether other sockets of this user may listen at the same port and share its connections.
    ///
    /// ```
    /// use berkeley::Server;
    ///
    /// let one = Server::new().reuse_port(true).listen("127.0.0.1:0")?;
    /// let two = Server::new().reuse_port(true).listen(one.local_addr()?)?;
    /// # Ok::<(), berkeley::Error>(())
    /// ```
    #[must_use]
    #[doc(alias = "SO_REUSEPORT")]
    pub fn reuse_port(mut self, reuse_port: bool) -> Server {
        self.reuse_port = reuse_port;
        self
    }

    /// Sets an option before binding; connections inherit most of them.
    ///
    /// ```
    /// use berkeley::{Server, opt};
    ///
    /// let size = 65536_i32.to_ne_bytes();
    /// let server = Server::new().option(opt::SO_RCVBUF.level(), opt::SO_RCVBUF.number(), &size);
    /// ```
    #[must_use]
    #[doc(alias = "setsockopt")]
    pub fn option(mut self, level: i32, number: i32, value: &[u8]) -> Server {
        self.options.push((level, number, value.to_vec()));
        self
    }

    /// Listens at a place: a bound socket, which for types with connections accepts them.
    ///
    /// ```
    /// let udp = berkeley::Server::new().listen("udp://127.0.0.1:0")?;
    /// assert_eq!(udp.ty(), berkeley::Type::DGRAM);
    /// # Ok::<(), berkeley::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`create_server`]; [`Cause::Argument`] if `dual_stack` is asked of IPv4, or of a
    /// machine without it.
    #[cfg_attr(feature = "registry", track_caller)]
    pub fn listen(&self, place: impl ToEndpoint) -> Result<Socket> {
        let fail = |error: Error| error.in_call(Call::CreateServer);
        let endpoint = place.to_endpoint().map_err(fail)?;
        if let Target::Fd(fd) = endpoint.target() {
            return adopt(*fd).map_err(fail);
        }
        let answers = resolve(&endpoint, AddrInfoFlags::PASSIVE)?;
        Ok(self.listen_first(&endpoint, answers)?.here())
    }

    /// Listens at the first of these addresses of a place at which that can be.
    pub(crate) fn listen_first(
        &self,
        endpoint: &Endpoint,
        answers: Vec<AddrInfo>,
    ) -> Result<Socket> {
        let mut attempts = Vec::new();
        for answer in self.candidates(endpoint, answers)? {
            match self.attempt(&answer) {
                Ok(socket) => return Ok(socket),
                Err(error) => attempts.push(error),
            }
        }
        Err(Error::of_attempts(Call::CreateServer, attempts))
    }

    /// The addresses to try. With both IP versions in one socket, IPv6 ones only.
    fn candidates(&self, endpoint: &Endpoint, mut answers: Vec<AddrInfo>) -> Result<Vec<AddrInfo>> {
        if self.dual_stack {
            answers.retain(|answer| answer.family == Family::INET6);
            if answers.is_empty() {
                let cause = Cause::Argument("IPv4 and IPv6 in one socket takes an IPv6 address");
                return Err(Error::new(Call::CreateServer, cause).at_name(endpoint.to_string()));
            }
        }
        Ok(answers)
    }

    fn attempt(&self, answer: &AddrInfo) -> Result<Socket> {
        let socket = Socket::new(answer.family, answer.ty, answer.protocol)?;
        if answer.ty == Type::STREAM && answer.family != Family::UNIX {
            socket.set(opt::SO_REUSEADDR, true)?;
        }
        set_all(&socket, &self.options)?;
        if self.reuse_port {
            socket.set(opt::SO_REUSEPORT, true)?;
        }
        if answer.family == Family::INET6 && answer.ty != Type::RAW {
            socket.set(opt::IPV6_V6ONLY, !self.dual_stack)?;
        }
        socket.bind(answer.addr)?;
        if has_listeners(answer) {
            socket.listen(self.backlog).map_err(|error| error.at(&answer.addr))?;
        }
        Ok(socket)
    }
}

/// An option's level, number and value.
type RawOption = (i32, i32, Vec<u8>);

fn set_all(socket: &Socket, options: &[RawOption]) -> Result<()> {
    options.iter().try_for_each(|(level, number, value)| socket.setsockopt(*level, *number, value))
}

/// Whatever names a place to connect to or to serve.
///
/// | write | meaning |
/// |---|---|
/// | `"localhost:80"`, `"udp://[::1]:53"`, `"unix:/run/x.sock"` | the [address syntax](Endpoint) |
/// | `("localhost", 80)`, `(IpAddr, 80)` | TCP |
/// | `std`'s `SocketAddr`, [`Addr`] | TCP, or a stream of the address's family |
///
/// ```
/// use berkeley::{ToEndpoint, Type};
///
/// assert_eq!(("localhost", 80).to_endpoint()?.to_string(), "tcp://localhost:80");
/// # Ok::<(), berkeley::Error>(())
/// ```
pub trait ToEndpoint {
    /// The place.
    ///
    /// # Errors
    ///
    /// [`Cause::Address`] for what is none.
    fn to_endpoint(&self) -> Result<Endpoint>;
}

impl ToEndpoint for Endpoint {
    fn to_endpoint(&self) -> Result<Endpoint> {
        Ok(self.clone())
    }
}

impl ToEndpoint for str {
    fn to_endpoint(&self) -> Result<Endpoint> {
        self.parse().map_err(|error: AddrError| Error::new(Call::GetAddrInfo, error))
    }
}

impl ToEndpoint for String {
    fn to_endpoint(&self) -> Result<Endpoint> {
        self.as_str().to_endpoint()
    }
}

impl ToEndpoint for (&str, u16) {
    fn to_endpoint(&self) -> Result<Endpoint> {
        Ok(Endpoint::of_host(self.0, self.1))
    }
}

impl ToEndpoint for (IpAddr, u16) {
    fn to_endpoint(&self) -> Result<Endpoint> {
        Addr::from(*self).to_endpoint()
    }
}

impl ToEndpoint for SocketAddr {
    fn to_endpoint(&self) -> Result<Endpoint> {
        Addr::from(*self).to_endpoint()
    }
}

impl ToEndpoint for Addr {
    fn to_endpoint(&self) -> Result<Endpoint> {
        Endpoint::of_addr(self, Type::STREAM).ok_or_else(|| {
            let cause = Cause::Argument("no stream socket has addresses of this family");
            Error::new(Call::GetAddrInfo, cause).at(self)
        })
    }
}

impl<T: ToEndpoint + ?Sized> ToEndpoint for &T {
    fn to_endpoint(&self) -> Result<Endpoint> {
        (**self).to_endpoint()
    }
}

/// Every address of a place, with the kind of socket for it.
///
/// ```
/// let endpoint: berkeley::Endpoint = "udp://127.0.0.1:53".parse()?;
/// let answers = berkeley::resolve(&endpoint, Default::default())?;
/// assert_eq!(answers[0].addr.to_string(), "127.0.0.1:53");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
///
/// Those of [`getaddrinfo`](crate::AddrInfoQuery::call); `EBADF` for a descriptor, which has no
/// address to look up.
pub fn resolve(endpoint: &Endpoint, flags: AddrInfoFlags) -> Result<Vec<AddrInfo>> {
    resolve_by(endpoint, flags, Deadline::NEVER)
}

fn resolve_by(
    endpoint: &Endpoint,
    flags: AddrInfoFlags,
    deadline: Deadline,
) -> Result<Vec<AddrInfo>> {
    match Search::of(endpoint, flags)? {
        Search::Over(answers) => Ok(answers),
        Search::Ask(question, kind) => Ok(kind.answers(question.call_by(deadline)?)),
    }
}

/// How the addresses of a place are found.
pub(crate) enum Search<'a> {
    /// They are known.
    Over(Vec<AddrInfo>),
    /// By this question, whose answers are for sockets of this kind.
    Ask(AddrInfoQuery<'a>, Wanted),
}

/// The kind of socket that a place is for.
pub(crate) struct Wanted {
    family: Family,
    ty: Type,
    protocol: Protocol,
}

impl<'a> Search<'a> {
    pub(crate) fn of(endpoint: &'a Endpoint, flags: AddrInfoFlags) -> Result<Search<'a>> {
        let (family, ty, protocol) = (endpoint.family(), endpoint.ty(), endpoint.protocol());
        let (host, service) = match endpoint.target() {
            Target::Addr(addr) => {
                // RDS uses the addresses of another family.
                let family = if family == Family::UNSPEC { addr.family() } else { family };
                let known = AddrInfo { family, ty, protocol, canonical_name: None, addr: *addr };
                return Ok(Search::Over(vec![known]));
            }
            Target::Fd(_) => return Err(Error::new(Call::GetAddrInfo, Errno::EBADF)),
            Target::Host { host, service } => (host, service),
        };
        let host = host.as_deref().map_or(Name::NONE, Name::from);
        let service = service.as_deref().map_or(Name::NONE, Name::from);
        // The C library knows few transports, and all of them share TCP's and UDP's addresses and
        // ports: it is asked for those alone.
        let question = getaddrinfo(host, service).flags(flags);
        let question = match ty {
            Type::STREAM => question.ty(ty).protocol(Protocol::TCP),
            _ => question.ty(Type::DGRAM),
        };
        let carries = if family == Family::RDS { Family::UNSPEC } else { family };
        Ok(Search::Ask(question.family(carries), Wanted { family, ty, protocol }))
    }
}

impl Wanted {
    /// The answers, for sockets of this kind.
    pub(crate) fn answers(self, answers: Vec<AddrInfo>) -> Vec<AddrInfo> {
        let Wanted { family, ty, protocol } = self;
        let of = |answer: AddrInfo| match family {
            Family::RDS => AddrInfo { family, ty, protocol, ..answer },
            _ => AddrInfo { ty, protocol, ..answer },
        };
        answers.into_iter().map(of).collect()
    }
}

/// The socket of a descriptor that this process was started with: a duplicate of it, for the
/// number itself belongs to whoever opened it.
pub(crate) fn adopt(fd: RawFd) -> Result<Socket> {
    Socket::from_fd(seam::dup_raw(fd).map_err(Error::of(Call::Dup))?)
}
