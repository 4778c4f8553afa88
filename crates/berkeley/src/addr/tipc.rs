//! Addresses of TIPC: `sockaddr_tipc` in its three forms.

use std::fmt;

use super::family::{Fields, Text, build, only, typed};
use super::{Addr, AddrError, FamilyAddr};
use crate::kind::Family;
use crate::sys::structs::sockaddr_tipc as tipc;

/// The address of a TIPC socket: one socket, one instance of a service, or a range of them.
///
/// | text | address |
/// |---|---|
/// | `tipc:1000:5` | instance 5 of service 1000, looked up everywhere |
/// | `tipc:1000:5,domain=0x1001001` | the same, looked up at a node |
/// | `tipc:1000:0-10` | instances 0 to 10, what a server binds to |
/// | `tipc:3141592@0x1001001` | one socket of a node |
///
/// ```
/// use berkeley::{Addr, TipcAddr, TipcScope};
///
/// let server = TipcAddr::range(1000, 0, 10);
/// assert_eq!(server.to_string(), "tipc:1000:0-10");
/// assert_eq!("tipc:1000:5".parse::<Addr>()?.to(), Some(TipcAddr::name(1000, 5)));
/// assert!(matches!(server, TipcAddr::Range { scope: TipcScope::CLUSTER, .. }));
/// # Ok::<(), berkeley::AddrError>(())
/// ```
///
/// See `tipc(7)` and <https://docs.kernel.org/networking/tipc.html>.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[doc(alias("sockaddr_tipc", "AF_TIPC"))]
pub enum TipcAddr {
    /// One socket.
    #[doc(alias("TIPC_ADDR_ID", "TIPC_SOCKET_ADDR"))]
    Socket {
        /// The number of the socket within its node.
        reference: u32,
        /// The node.
        node: u32,
        /// How far the address is known.
        scope: TipcScope,
    },
    /// One instance of a service, wherever it is.
    #[doc(alias("TIPC_ADDR_NAME", "TIPC_SERVICE_ADDR"))]
    Name {
        /// The service.
        service: u32,
        /// The instance.
        instance: u32,
        /// The node to look it up at; 0 is everywhere.
        domain: u32,
        /// How far the address is known.
        scope: TipcScope,
    },
    /// A range of instances of a service.
    #[doc(alias("TIPC_ADDR_NAMESEQ", "TIPC_ADDR_MCAST", "TIPC_SERVICE_RANGE"))]
    Range {
        /// The service.
        service: u32,
        /// The first instance.
        lower: u32,
        /// The last instance.
        upper: u32,
        /// How far the address is known.
        scope: TipcScope,
    },
}

/// How far a TIPC address is known.
///
/// ```
/// assert_eq!(berkeley::TipcScope::CLUSTER, berkeley::TipcScope(2));
/// ```
///
/// See `tipc(7)`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct TipcScope(pub i8);

impl TipcScope {
    /// Said of no scope: one socket's address.
    pub const NONE: TipcScope = TipcScope(0);
    /// The zone.
    #[doc(alias = "TIPC_ZONE_SCOPE")]
    pub const ZONE: TipcScope = TipcScope(1);
    /// The cluster, which is what is meant where nothing is said.
    #[doc(alias = "TIPC_CLUSTER_SCOPE")]
    pub const CLUSTER: TipcScope = TipcScope(2);
    /// The node.
    #[doc(alias = "TIPC_NODE_SCOPE")]
    pub const NODE: TipcScope = TipcScope(3);
}

/// The numbers of the three forms.
const RANGE: u8 = 1;
const NAME: u8 = 2;
const SOCKET: u8 = 3;

impl TipcAddr {
    /// An instance of a service, looked up everywhere in the cluster.
    ///
    /// ```
    /// assert_eq!(berkeley::TipcAddr::name(1000, 5).to_string(), "tipc:1000:5");
    /// ```
    pub fn name(service: u32, instance: u32) -> TipcAddr {
        TipcAddr::Name { service, instance, domain: 0, scope: TipcScope::CLUSTER }
    }

    /// The instances of a service from one to another, known in the cluster.
    ///
    /// ```
    /// assert_eq!(berkeley::TipcAddr::range(1000, 0, 10).to_string(), "tipc:1000:0-10");
    /// ```
    pub fn range(service: u32, lower: u32, upper: u32) -> TipcAddr {
        TipcAddr::Range { service, lower, upper, scope: TipcScope::CLUSTER }
    }
}

impl FamilyAddr for TipcAddr {
    const FAMILY: Family = Family::TIPC;

    fn decode(bytes: &[u8]) -> Option<TipcAddr> {
        only::<Self>(bytes)?;
        let scope = TipcScope(tipc::scope.get(bytes)?);
        let v1 = tipc::v1.get(bytes)?;
        let v2 = tipc::v2.get(bytes)?;
        let v3 = tipc::v3.get(bytes)?;
        Some(match tipc::addrtype.get(bytes)? {
            RANGE => TipcAddr::Range { service: v1, lower: v2, upper: v3, scope },
            NAME => TipcAddr::Name { service: v1, instance: v2, domain: v3, scope },
            SOCKET => TipcAddr::Socket { reference: v1, node: v2, scope },
            _ => return None,
        })
    }

    fn encode(&self) -> Addr {
        let (form, v1, v2, v3, scope) = match *self {
            TipcAddr::Range { service, lower, upper, scope } => {
                (RANGE, service, lower, upper, scope)
            }
            TipcAddr::Name { service, instance, domain, scope } => {
                (NAME, service, instance, domain, scope)
            }
            TipcAddr::Socket { reference, node, scope } => (SOCKET, reference, node, 0, scope),
        };
        build::<{ tipc::SIZE }>(Family::TIPC, |bytes| {
            tipc::addrtype.put(bytes, form);
            tipc::scope.put(bytes, scope.0);
            tipc::v1.put(bytes, v1);
            tipc::v2.put(bytes, v2);
            tipc::v3.put(bytes, v3);
        })
    }
}

/// The scopes that have words.
const SCOPES: [(TipcScope, &str); 4] = [
    (TipcScope::NONE, "none"),
    (TipcScope::ZONE, "zone"),
    (TipcScope::CLUSTER, "cluster"),
    (TipcScope::NODE, "node"),
];

impl Text for TipcAddr {
    const WORD: &'static str = "tipc";
    const KEYS: &'static [&'static str] = &["domain", "scope"];
    const SYNTAX: &'static str = "expected tipc:SERVICE:INSTANCE[,domain=NODE], tipc:SERVICE:LOWER-UPPER or tipc:REFERENCE@NODE; also ,scope=node|cluster|zone";

    fn write(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (scope, otherwise) = match *self {
            TipcAddr::Socket { reference, node, scope } => {
                write!(f, "{reference}@{node:#x}")?;
                (scope, TipcScope::NONE)
            }
            TipcAddr::Range { service, lower, upper, scope } => {
                write!(f, "{service}:{lower}-{upper}")?;
                (scope, TipcScope::CLUSTER)
            }
            TipcAddr::Name { service, instance, domain, scope } => {
                write!(f, "{service}:{instance}")?;
                if domain != 0 {
                    write!(f, ",domain={domain:#x}")?;
                }
                (scope, TipcScope::CLUSTER)
            }
        };
        match SCOPES.iter().find(|(known, _)| *known == scope) {
            _ if scope == otherwise => Ok(()),
            Some((_, word)) => write!(f, ",scope={word}"),
            None => write!(f, ",scope={}", scope.0 as u8),
        }
    }

    fn read(fields: &Fields<'_>) -> Result<TipcAddr, AddrError> {
        let scope = |otherwise| match fields.get("scope") {
            None => Ok(otherwise),
            Some(text) => match SCOPES.iter().find(|(_, word)| *word == text) {
                Some((scope, _)) => Ok(*scope),
                None => fields.parse_number::<u8>(text).map(|scope| TipcScope(scope as i8)),
            },
        };
        let number = |text: &str| fields.parse_number::<u32>(text);
        let domain = fields.number("domain", 0)?;
        if let Some((reference, node)) = fields.place.split_once('@') {
            let (reference, node) = (number(reference)?, number(node)?);
            let scope = scope(TipcScope::NONE)?;
            return no_domain(fields, TipcAddr::Socket { reference, node, scope });
        }
        let (service, instance) = fields.place.split_once(':').ok_or_else(|| fields.wrong())?;
        let service = number(service)?;
        let scope = scope(TipcScope::CLUSTER)?;
        match instance.split_once('-') {
            Some((lower, upper)) => {
                let (lower, upper) = (number(lower)?, number(upper)?);
                no_domain(fields, TipcAddr::Range { service, lower, upper, scope })
            }
            None => Ok(TipcAddr::Name { service, instance: number(instance)?, domain, scope }),
        }
    }
}

/// Only names are looked up somewhere.
fn no_domain(fields: &Fields<'_>, addr: TipcAddr) -> Result<TipcAddr, AddrError> {
    if fields.get("domain").is_some() { Err(fields.wrong()) } else { Ok(addr) }
}

typed!(TipcAddr);
