//! Services, protocols and interfaces, from names to numbers and back.

use super::{Name, text};
use crate::error::{Call, Cause, Error, LookupCode, Result};
use crate::kind::Protocol;
use crate::sys::{self, Errno};

/// The port of a service, such as 80 for `http`; for one protocol, or for any.
///
/// ```
/// if let Ok(port) = berkeley::getservbyname("http", Some("tcp")) {
///     assert_eq!(port, 80);
/// } // a machine without a services file knows none
/// ```
///
/// # Errors
///
/// [`Cause::Lookup`] with `EAI_SERVICE` if there is none.
///
/// See `getservbyname(3)`, `services(5)`.
pub fn getservbyname(service: &str, protocol: Option<&str>) -> Result<u16> {
    let fail = |cause: Cause| Error::new(Call::GetServByName, cause).at_name(service);
    let name = Name::from(service).to_c().map_err(fail)?.unwrap_or_default();
    let protocol = Name::from(protocol).to_c().map_err(fail)?;
    let found = sys::service_by_name(&name, protocol.as_deref());
    found
        .and_then(|entry| u16::try_from(entry.number).ok())
        .ok_or_else(|| fail(LookupCode::EAI_SERVICE.into()))
}

/// The service at a port; for one protocol, or for any.
///
/// ```
/// if let Ok(service) = berkeley::getservbyport(80, Some("tcp")) {
///     assert_eq!(service, "http");
/// }
/// ```
///
/// # Errors
///
/// [`Cause::Lookup`] with `EAI_SERVICE` if there is none.
///
/// See `getservbyport(3)`, `services(5)`.
pub fn getservbyport(port: u16, protocol: Option<&str>) -> Result<String> {
    let fail = |cause: Cause| Error::new(Call::GetServByPort, cause).at_name(port.to_string());
    let protocol = Name::from(protocol).to_c().map_err(fail)?;
    let found = sys::service_by_port(port, protocol.as_deref());
    found.map(|entry| text(entry.name)).ok_or_else(|| fail(LookupCode::EAI_SERVICE.into()))
}

/// The protocol of this name, such as 1 for `icmp`.
///
/// ```
/// if let Ok(protocol) = berkeley::getprotobyname("icmp") {
///     assert_eq!(protocol, berkeley::Protocol::ICMP);
/// } // a machine without a protocols file knows none
/// ```
///
/// # Errors
///
/// [`Cause::Lookup`] with `EAI_NONAME` if there is none.
///
/// See `getprotobyname(3)`, `protocols(5)`.
pub fn getprotobyname(name: &str) -> Result<Protocol> {
    let fail = |cause: Cause| Error::new(Call::GetProtoByName, cause).at_name(name);
    let text = Name::from(name).to_c().map_err(fail)?.unwrap_or_default();
    let found = sys::protocol_by_name(&text).map(|entry| Protocol(entry.number));
    found.ok_or_else(|| fail(LookupCode::EAI_NONAME.into()))
}

/// The name of a protocol.
///
/// ```
/// if let Ok(name) = berkeley::getprotobynumber(berkeley::Protocol::TCP) {
///     assert_eq!(name, "tcp");
/// }
/// ```
///
/// # Errors
///
/// [`Cause::Lookup`] with `EAI_NONAME` if there is none.
///
/// See `getprotobynumber(3)`, `protocols(5)`.
pub fn getprotobynumber(protocol: Protocol) -> Result<String> {
    let found = sys::protocol_by_number(protocol.number()).map(|entry| text(entry.name));
    found.ok_or_else(|| {
        Error::new(Call::GetProtoByNumber, LookupCode::EAI_NONAME)
            .at_name(protocol.number().to_string())
    })
}

/// The number of the interface of this name.
///
/// ```
/// let lo = berkeley::if_nametoindex("lo")?;
/// assert_eq!(berkeley::if_indextoname(lo)?, "lo");
/// # Ok::<(), berkeley::Error>(())
/// ```
///
/// # Errors
///
/// `ENODEV` if there is none.
///
/// See `if_nametoindex(3)`.
pub fn if_nametoindex(name: &str) -> Result<u32> {
    let fail = |cause: Cause| Error::new(Call::IfNameToIndex, cause).at_name(name);
    let text = Name::from(name).to_c().map_err(fail)?.unwrap_or_default();
    sys::interface_index(&text).map_err(|errno| fail(errno.into()))
}

/// The name of the interface with this number.
///
/// ```
/// assert!(berkeley::if_indextoname(0).is_err());
/// ```
///
/// # Errors
///
/// `ENXIO` if there is none.
///
/// See `if_indextoname(3)`.
pub fn if_indextoname(index: u32) -> Result<String> {
    let fail = |errno: Errno| Error::new(Call::IfIndexToName, errno).at_name(index.to_string());
    sys::interface_name(index).map(text).map_err(fail)
}

/// Every interface: its number and its name.
///
/// ```
/// assert!(berkeley::if_nameindex()?.iter().any(|(_, name)| name == "lo"));
/// # Ok::<(), berkeley::Error>(())
/// ```
///
/// # Errors
///
/// The system's own.
///
/// See `if_nameindex(3)`.
pub fn if_nameindex() -> Result<Vec<(u32, String)>> {
    let found = sys::interfaces().map_err(Error::of(Call::IfNameIndex))?;
    Ok(found.into_iter().map(|(index, name)| (index, text(name))).collect())
}
