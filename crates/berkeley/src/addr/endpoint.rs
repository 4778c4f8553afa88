//! The address syntax of the command: one text that says family, type, place and options.

use std::fmt;
use std::str::FromStr;

use super::{Addr, AddrError, family};
use crate::kind::{Family, Protocol, Type};

/// Where to connect to or to serve, as a person writes it: kind of socket, place and options.
///
/// | text | meaning |
/// |---|---|
/// | `host:port`, `[::1]:80`, `:8000`, `8000` | TCP; without a host every local address to serve, loopback to connect |
/// | `tcp://…`, `tcp4://…`, `tcp6://…` | TCP, either IP version or this one |
/// | `udp://…`, `udp4://…`, `udp6://…` | UDP |
/// | `unix:path`, `unix:@name`, `unix:` | UNIX stream: path, abstract name, unnamed |
/// | `unix-dgram:…`, `unix-seqpacket:…` | the other UNIX types |
/// | `icmp://host`, `icmp6://host` | control messages, for `ping` |
/// | `raw://host?proto=89`, `raw6://…` | packets of an IP protocol |
/// | `mptcp://…`, `sctp://…`, `sctp-seqpacket://…`, `dccp://…`, `udplite://…` | the other transports of IP, each also with `4` or `6` |
/// | `rds://host:port` | reliable datagrams |
/// | `vsock:host:1024`, `tipc-rdm:1000:5`, `can:vcan0`, `packet:eth0`, … | every other family: its kind of socket and its [address](Addr); [`SCHEMES`] has them all |
/// | `fd:3` | a descriptor that the program was started with |
/// | `…?NAME=VALUE&NAME=VALUE` | options, by their C name or as the command says |
///
/// Parsing asks nobody, save the kernel for the number of an interface that is named.
/// [`create_connection`](crate::create_connection) and [`create_server`](crate::create_server)
/// take such a text as it is.
///
/// ```
/// use berkeley::{Endpoint, Family, Type};
///
/// let endpoint: Endpoint = "udp6://[::1]:53?SO_RCVBUF=65536".parse()?;
/// assert_eq!((endpoint.family(), endpoint.ty()), (Family::INET6, Type::DGRAM));
/// assert_eq!(endpoint.option("SO_RCVBUF"), Some("65536"));
/// assert_eq!(endpoint.to_string(), "udp6://[::1]:53?SO_RCVBUF=65536");
/// # Ok::<(), berkeley::AddrError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    scheme: &'static Scheme,
    target: Target,
    options: Vec<(String, String)>,
}

/// The place an [`Endpoint`] names.
///
/// ```
/// use berkeley::{Endpoint, Target};
///
/// let endpoint: Endpoint = "localhost:http".parse()?;
/// let expected = Target::Host { host: Some("localhost".into()), service: Some("http".into()) };
/// assert_eq!(*endpoint.target(), expected);
/// # Ok::<(), berkeley::AddrError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// A host and a service, each by name or number.
    Host {
        /// The host; `None`: every local address to serve, loopback to connect.
        host: Option<String>,
        /// The port or the service's name; `None` where the protocol has none.
        service: Option<String>,
    },
    /// An address that needs no look-up.
    Addr(Addr),
    /// A descriptor that is open already.
    Fd(i32),
}

/// A word before `:` that says which kind of socket is meant. One row of [`SCHEMES`].
///
/// ```
/// let udp = berkeley::SCHEMES.iter().find(|scheme| scheme.name == "udp").unwrap();
/// assert_eq!(udp.ty, berkeley::Type::DGRAM);
/// ```
#[derive(Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Scheme {
    /// The word.
    pub name: &'static str,
    /// The family; [`Family::UNSPEC`] where the host decides.
    pub family: Family,
    /// The type.
    pub ty: Type,
    /// The protocol.
    pub protocol: Protocol,
    /// What follows the word.
    form: Form,
    /// What it stands for, in a few words.
    pub meaning: &'static str,
}

/// What follows a scheme's word.
#[derive(Debug, PartialEq, Eq, Clone, Copy)]
enum Form {
    /// `//host:port`
    HostPort,
    /// `//host`
    Host,
    /// A UNIX path or name.
    Unix,
    /// What follows this word in the text of an [`Addr`].
    Typed(&'static str),
    /// A descriptor's number.
    Fd,
}

/// Every scheme of the address syntax.
///
/// ```
/// assert!(berkeley::SCHEMES.iter().any(|scheme| scheme.name == "unix-seqpacket"));
/// ```
#[rustfmt::skip]
pub static SCHEMES: &[Scheme] = &[
    row("tcp", Family::UNSPEC, Type::STREAM, Protocol::TCP, Form::HostPort, "TCP over IPv4 or IPv6"),
    row("tcp4", Family::INET, Type::STREAM, Protocol::TCP, Form::HostPort, "TCP over IPv4"),
    row("tcp6", Family::INET6, Type::STREAM, Protocol::TCP, Form::HostPort, "TCP over IPv6"),
    row("udp", Family::UNSPEC, Type::DGRAM, Protocol::UDP, Form::HostPort, "UDP over IPv4 or IPv6"),
    row("udp4", Family::INET, Type::DGRAM, Protocol::UDP, Form::HostPort, "UDP over IPv4"),
    row("udp6", Family::INET6, Type::DGRAM, Protocol::UDP, Form::HostPort, "UDP over IPv6"),
    row("unix", Family::UNIX, Type::STREAM, Protocol::DEFAULT, Form::Unix, "UNIX stream"),
    row("unix-dgram", Family::UNIX, Type::DGRAM, Protocol::DEFAULT, Form::Unix, "UNIX datagrams"),
    row("unix-seqpacket", Family::UNIX, Type::SEQPACKET, Protocol::DEFAULT, Form::Unix, "UNIX connection of whole messages"),
    row("icmp", Family::INET, Type::DGRAM, Protocol::ICMP, Form::Host, "ICMP echo over IPv4"),
    row("icmp6", Family::INET6, Type::DGRAM, Protocol::ICMPV6, Form::Host, "ICMP echo over IPv6"),
    row("raw", Family::INET, Type::RAW, Protocol::RAW, Form::Host, "packets of an IPv4 protocol"),
    row("raw6", Family::INET6, Type::RAW, Protocol::RAW, Form::Host, "packets of an IPv6 protocol"),
    row("mptcp", Family::UNSPEC, Type::STREAM, Protocol::MPTCP, Form::HostPort, "TCP over several paths"),
    row("mptcp4", Family::INET, Type::STREAM, Protocol::MPTCP, Form::HostPort, "MPTCP over IPv4"),
    row("mptcp6", Family::INET6, Type::STREAM, Protocol::MPTCP, Form::HostPort, "MPTCP over IPv6"),
    row("sctp", Family::UNSPEC, Type::STREAM, Protocol::SCTP, Form::HostPort, "SCTP, one association a socket"),
    row("sctp4", Family::INET, Type::STREAM, Protocol::SCTP, Form::HostPort, "SCTP over IPv4"),
    row("sctp6", Family::INET6, Type::STREAM, Protocol::SCTP, Form::HostPort, "SCTP over IPv6"),
    row("sctp-seqpacket", Family::UNSPEC, Type::SEQPACKET, Protocol::SCTP, Form::HostPort, "SCTP, one socket for many associations"),
    row("sctp-seqpacket4", Family::INET, Type::SEQPACKET, Protocol::SCTP, Form::HostPort, "the same over IPv4"),
    row("sctp-seqpacket6", Family::INET6, Type::SEQPACKET, Protocol::SCTP, Form::HostPort, "the same over IPv6"),
    row("dccp", Family::UNSPEC, Type::DCCP, Protocol::DCCP, Form::HostPort, "DCCP"),
    row("dccp4", Family::INET, Type::DCCP, Protocol::DCCP, Form::HostPort, "DCCP over IPv4"),
    row("dccp6", Family::INET6, Type::DCCP, Protocol::DCCP, Form::HostPort, "DCCP over IPv6"),
    row("udplite", Family::UNSPEC, Type::DGRAM, Protocol::UDPLITE, Form::HostPort, "UDP-Lite"),
    row("udplite4", Family::INET, Type::DGRAM, Protocol::UDPLITE, Form::HostPort, "UDP-Lite over IPv4"),
    row("udplite6", Family::INET6, Type::DGRAM, Protocol::UDPLITE, Form::HostPort, "UDP-Lite over IPv6"),
    row("rds", Family::RDS, Type::SEQPACKET, Protocol::DEFAULT, Form::HostPort, "reliable datagrams"),
    row("vsock", Family::VSOCK, Type::STREAM, Protocol::DEFAULT, Form::Typed("vsock"), "virtual machines: stream"),
    row("vsock-dgram", Family::VSOCK, Type::DGRAM, Protocol::DEFAULT, Form::Typed("vsock"), "virtual machines: datagrams"),
    row("vsock-seqpacket", Family::VSOCK, Type::SEQPACKET, Protocol::DEFAULT, Form::Typed("vsock"), "virtual machines: connection of whole messages"),
    row("tipc", Family::TIPC, Type::STREAM, Protocol::DEFAULT, Form::Typed("tipc"), "TIPC: stream"),
    row("tipc-seqpacket", Family::TIPC, Type::SEQPACKET, Protocol::DEFAULT, Form::Typed("tipc"), "TIPC: connection of whole messages"),
    row("tipc-rdm", Family::TIPC, Type::RDM, Protocol::DEFAULT, Form::Typed("tipc"), "TIPC: messages that arrive"),
    row("tipc-dgram", Family::TIPC, Type::DGRAM, Protocol::DEFAULT, Form::Typed("tipc"), "TIPC: messages"),
    row("can", Family::CAN, Type::RAW, Protocol::CAN_RAW, Form::Typed("can"), "CAN: frames"),
    row("can-bcm", Family::CAN, Type::DGRAM, Protocol::CAN_BCM, Form::Typed("can"), "CAN: the broadcast manager"),
    row("isotp", Family::CAN, Type::DGRAM, Protocol::CAN_ISOTP, Form::Typed("isotp"), "CAN: ISO 15765-2, long messages"),
    row("j1939", Family::CAN, Type::DGRAM, Protocol::CAN_J1939, Form::Typed("j1939"), "CAN: SAE J1939"),
    row("packet", Family::PACKET, Type::RAW, Protocol::PACKET_ALL, Form::Typed("packet"), "whole frames of an interface"),
    row("packet-dgram", Family::PACKET, Type::DGRAM, Protocol::PACKET_ALL, Form::Typed("packet"), "frames without their link's header"),
    row("netlink", Family::NETLINK, Type::RAW, Protocol::NETLINK_ROUTE, Form::Typed("netlink"), "messages to and from the kernel"),
    row("qrtr", Family::QIPCRTR, Type::DGRAM, Protocol::DEFAULT, Form::Typed("qrtr"), "Qualcomm's router"),
    row("alg", Family::ALG, Type::SEQPACKET, Protocol::DEFAULT, Form::Typed("alg"), "the kernel's cryptography"),
    row("l2cap", Family::BLUETOOTH, Type::SEQPACKET, Protocol::BTPROTO_L2CAP, Form::Typed("l2cap"), "Bluetooth: logical links"),
    row("rfcomm", Family::BLUETOOTH, Type::STREAM, Protocol::BTPROTO_RFCOMM, Form::Typed("rfcomm"), "Bluetooth: serial lines"),
    row("sco", Family::BLUETOOTH, Type::SEQPACKET, Protocol::BTPROTO_SCO, Form::Typed("sco"), "Bluetooth: speech"),
    row("hci", Family::BLUETOOTH, Type::RAW, Protocol::BTPROTO_HCI, Form::Typed("hci"), "Bluetooth: controllers"),
    row("xdp", Family::XDP, Type::RAW, Protocol::DEFAULT, Form::Typed("xdp"), "express data path"),
    row("fd", Family::UNSPEC, Type::STREAM, Protocol::DEFAULT, Form::Fd, "a descriptor that is open already"),
];

/// What is meant where no scheme is written.
static TCP: &Scheme = &row(
    "tcp",
    Family::UNSPEC,
    Type::STREAM,
    Protocol::TCP,
    Form::HostPort,
    "TCP over IPv4 or IPv6",
);

const fn row(
    name: &'static str,
    family: Family,
    ty: Type,
    protocol: Protocol,
    form: Form,
    meaning: &'static str,
) -> Scheme {
    Scheme { name, family, ty, protocol, form, meaning }
}

impl Endpoint {
    /// The endpoint of this address, for a socket of this type.
    ///
    /// ```
    /// use berkeley::{Addr, Endpoint, Type};
    ///
    /// let addr: Addr = "[::1]:53".parse()?;
    /// assert_eq!(Endpoint::of_addr(&addr, Type::DGRAM).unwrap().to_string(), "udp://[::1]:53");
    /// # Ok::<(), berkeley::AddrError>(())
    /// ```
    pub fn of_addr(addr: &Addr, ty: Type) -> Option<Endpoint> {
        let family = addr.family();
        let text = addr.to_string();
        let word = text.split_once(':').map(|(word, _)| word);
        let fits = |scheme: &&Scheme| {
            scheme.ty == ty
                && match scheme.form {
                    Form::HostPort => addr.port().is_some() && scheme.family == Family::UNSPEC,
                    // One family may have several forms of addresses.
                    Form::Typed(form) => scheme.family == family && Some(form) == word,
                    Form::Host | Form::Unix | Form::Fd => scheme.family == family,
                }
        };
        let scheme = SCHEMES.iter().find(fits)?;
        Some(Endpoint { scheme, target: Target::Addr(*addr), options: Vec::new() })
    }

    /// The same kind of socket at this address.
    ///
    /// ```
    /// use berkeley::Endpoint;
    ///
    /// let asked: Endpoint = "sctp://localhost:0".parse()?;
    /// let bound = asked.at("127.0.0.1:4711".parse()?);
    /// assert_eq!(bound.to_string(), "sctp://127.0.0.1:4711");
    /// # Ok::<(), berkeley::AddrError>(())
    /// ```
    #[must_use]
    pub fn at(&self, addr: Addr) -> Endpoint {
        Endpoint { scheme: self.scheme, target: Target::Addr(addr), options: self.options.clone() }
    }

    /// TCP at a host, of any name, and a port.
    pub(crate) fn of_host(host: &str, port: u16) -> Endpoint {
        let host = (!host.is_empty()).then(|| host.to_owned());
        Endpoint {
            scheme: TCP,
            target: Target::Host { host, service: Some(port.to_string()) },
            options: Vec::new(),
        }
    }

    /// The row of the scheme.
    ///
    /// ```
    /// let endpoint: berkeley::Endpoint = ":80".parse()?;
    /// assert_eq!(endpoint.scheme().name, "tcp");
    /// # Ok::<(), berkeley::AddrError>(())
    /// ```
    pub fn scheme(&self) -> &'static Scheme {
        self.scheme
    }

    /// The family; [`Family::UNSPEC`] where the host decides.
    ///
    /// ```
    /// let endpoint: berkeley::Endpoint = "tcp6://localhost:80".parse()?;
    /// assert_eq!(endpoint.family(), berkeley::Family::INET6);
    /// # Ok::<(), berkeley::AddrError>(())
    /// ```
    pub fn family(&self) -> Family {
        self.scheme.family
    }

    /// The type.
    ///
    /// ```
    /// let endpoint: berkeley::Endpoint = "unix-dgram:@name".parse()?;
    /// assert_eq!(endpoint.ty(), berkeley::Type::DGRAM);
    /// # Ok::<(), berkeley::AddrError>(())
    /// ```
    pub fn ty(&self) -> Type {
        self.scheme.ty
    }

    /// The protocol: the scheme's, or the number that `?proto=` gives.
    ///
    /// ```
    /// let endpoint: berkeley::Endpoint = "raw://127.0.0.1?proto=89".parse()?;
    /// assert_eq!(endpoint.protocol().number(), 89);
    /// # Ok::<(), berkeley::AddrError>(())
    /// ```
    pub fn protocol(&self) -> Protocol {
        let given = self.option("proto").and_then(|proto| {
            proto.parse().map(Protocol).ok().or_else(|| Protocol::from_name(proto))
        });
        given.unwrap_or(self.scheme.protocol)
    }

    /// The place.
    ///
    /// ```
    /// use berkeley::{Endpoint, Target};
    ///
    /// let endpoint: Endpoint = "fd:3".parse()?;
    /// assert_eq!(*endpoint.target(), Target::Fd(3));
    /// # Ok::<(), berkeley::AddrError>(())
    /// ```
    pub fn target(&self) -> &Target {
        &self.target
    }

    /// Every option behind the `?`, in the order given.
    ///
    /// ```
    /// let endpoint: berkeley::Endpoint = ":80?TCP_NODELAY=1&SO_KEEPALIVE=1".parse()?;
    /// assert_eq!(endpoint.options().len(), 2);
    /// # Ok::<(), berkeley::AddrError>(())
    /// ```
    pub fn options(&self) -> &[(String, String)] {
        &self.options
    }

    /// The option of this name, the last one if it is given more than once.
    ///
    /// ```
    /// let endpoint: berkeley::Endpoint = ":80?TCP_NODELAY=1".parse()?;
    /// assert_eq!(endpoint.option("TCP_NODELAY"), Some("1"));
    /// # Ok::<(), berkeley::AddrError>(())
    /// ```
    pub fn option(&self, name: &str) -> Option<&str> {
        let found = self.options.iter().rev().find(|(given, _)| given == name);
        found.map(|(_, value)| value.as_str())
    }
}

impl FromStr for Endpoint {
    type Err = AddrError;

    fn from_str(text: &str) -> Result<Endpoint, AddrError> {
        let (place, query) = text.split_once('?').unwrap_or((text, ""));
        let (scheme, rest) = split_scheme(place)?;
        let target = match scheme.form {
            Form::HostPort => parse_host_port(rest)?,
            Form::Host => parse_host(rest)?,
            Form::Unix => Target::Addr(super::unix::parse(rest)?),
            Form::Typed(word) => Target::Addr(family::read(word, rest)?),
            Form::Fd => Target::Fd(
                rest.parse()
                    .ok()
                    .filter(|fd| *fd >= 0)
                    .ok_or_else(|| AddrError::syntax(text, "a descriptor is written fd:NUMBER"))?,
            ),
        };
        Ok(Endpoint { scheme, target, options: parse_options(query)? })
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.scheme.name;
        match &self.target {
            Target::Fd(fd) => write!(f, "{name}:{fd}")?,
            Target::Addr(addr) => match (addr.to_string().split_once(':'), self.scheme.form) {
                (Some((_, place)), Form::Unix | Form::Typed(_)) => write!(f, "{name}:{place}")?,
                _ => write!(f, "{name}://{addr}")?,
            },
            Target::Host { host, service } => {
                write!(f, "{name}://")?;
                match host {
                    Some(host) if host.contains(':') => write!(f, "[{host}]")?,
                    Some(host) => f.write_str(host)?,
                    None => {}
                }
                if let Some(service) = service {
                    write!(f, ":{service}")?;
                }
            }
        }
        for (number, (option, value)) in self.options.iter().enumerate() {
            write!(f, "{}{option}={value}", if number == 0 { '?' } else { '&' })?;
        }
        Ok(())
    }
}

/// The scheme of a text and what follows it; TCP if it has none.
fn split_scheme(text: &str) -> Result<(&'static Scheme, &str), AddrError> {
    if let Some((name, rest)) = text.split_once(':') {
        let host_form = rest.strip_prefix("//");
        let found = SCHEMES.iter().find(|scheme| scheme.name == name);
        match (found, host_form) {
            (Some(scheme), Some(rest)) if matches!(scheme.form, Form::HostPort | Form::Host) => {
                return Ok((scheme, rest));
            }
            (Some(scheme), _) if matches!(scheme.form, Form::Unix | Form::Fd | Form::Typed(_)) => {
                return Ok((scheme, rest));
            }
            (None, Some(_)) => {
                return Err(AddrError::syntax(
                    name,
                    "unknown scheme; known are tcp, udp, unix, unix-dgram, unix-seqpacket, icmp, raw and those that berkeley families lists",
                ));
            }
            _ => {}
        }
    }
    Ok((TCP, text))
}

fn parse_host_port(text: &str) -> Result<Target, AddrError> {
    const EXPECTED: &str =
        "expected HOST:PORT, such as localhost:80, 127.0.0.1:80, [::1]:80, or :80";
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Ok(Target::Host { host: None, service: Some(port(text)?) });
    }
    let (host, service) = match text.strip_prefix('[') {
        Some(rest) => rest
            .split_once(']')
            .and_then(|(host, rest)| Some((host, rest.strip_prefix(':')?)))
            .filter(|(host, _)| !host.is_empty()),
        None => text.rsplit_once(':'),
    }
    .ok_or_else(|| AddrError::syntax(text, EXPECTED))?;
    if host.contains(':') && !text.starts_with('[') {
        return Err(AddrError::syntax(text, "an IPv6 address stands in brackets: [::1]:80"));
    }
    if service.is_empty()
        || service.contains(['/', ' ', ':'])
        || host.contains(['/', ' ', '[', ']'])
    {
        return Err(AddrError::syntax(text, EXPECTED));
    }
    let host = (!host.is_empty() && host != "*").then(|| host.to_owned());
    Ok(Target::Host { host, service: Some(port(service)?) })
}

fn parse_host(text: &str) -> Result<Target, AddrError> {
    let host = match text.strip_prefix('[') {
        Some(rest) => rest.strip_suffix(']').unwrap_or_default(),
        None => text,
    };
    if host.is_empty() || host.contains(['/', ' ', '[', ']']) {
        return Err(AddrError::syntax(
            text,
            "expected a host, such as 127.0.0.1, ::1 or localhost",
        ));
    }
    Ok(Target::Host { host: Some(host.to_owned()), service: None })
}

/// A port that is a number fits into 16 bits; a service's name is looked up later.
fn port(text: &str) -> Result<String, AddrError> {
    let is_number = text.bytes().all(|byte| byte.is_ascii_digit());
    if is_number && text.parse::<u16>().is_err() {
        return Err(AddrError::syntax(text, "a port is a number from 0 to 65535"));
    }
    Ok(text.to_owned())
}

fn parse_options(query: &str) -> Result<Vec<(String, String)>, AddrError> {
    let parts = query.split('&').filter(|part| !part.is_empty());
    parts
        .map(|part| match part.split_once('=') {
            Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
            _ => Err(AddrError::syntax(part, "an option is written NAME=VALUE")),
        })
        .collect()
}
