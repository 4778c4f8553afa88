//! Addresses of Qualcomm's inter-processor router: `sockaddr_qrtr`.

use std::fmt;

use super::family::{Fields, Text, build, only, typed};
use super::{Addr, AddrError, FamilyAddr};
use crate::kind::Family;
use crate::sys::structs::sockaddr_qrtr as sq;

/// The address of a QIPCRTR socket: a node and a port.
///
/// Text: `qrtr:1:16384`.
///
/// ```
/// use berkeley::{Addr, QrtrAddr};
///
/// let addr = QrtrAddr { node: 1, port: 16384 };
/// assert_eq!(addr.to_string(), "qrtr:1:16384");
/// assert_eq!(Addr::from(addr).to(), Some(addr));
/// ```
///
/// See the kernel's `linux/qrtr.h`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
#[doc(alias("sockaddr_qrtr", "AF_QIPCRTR"))]
pub struct QrtrAddr {
    /// The node: a processor.
    #[doc(alias = "sq_node")]
    pub node: u32,
    /// The port.
    #[doc(alias = "sq_port")]
    pub port: u32,
}

impl FamilyAddr for QrtrAddr {
    const FAMILY: Family = Family::QIPCRTR;

    fn decode(bytes: &[u8]) -> Option<QrtrAddr> {
        only::<Self>(bytes)?;
        Some(QrtrAddr { node: sq::sq_node.get(bytes)?, port: sq::sq_port.get(bytes)? })
    }

    fn encode(&self) -> Addr {
        build::<{ sq::SIZE }>(Family::QIPCRTR, |bytes| {
            sq::sq_node.put(bytes, self.node);
            sq::sq_port.put(bytes, self.port);
        })
    }
}

impl Text for QrtrAddr {
    const WORD: &'static str = "qrtr";
    const KEYS: &'static [&'static str] = &[];
    const SYNTAX: &'static str = "expected qrtr:NODE:PORT";

    fn write(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.node, self.port)
    }

    fn read(fields: &Fields<'_>) -> Result<QrtrAddr, AddrError> {
        let (node, port) = fields.place.split_once(':').ok_or_else(|| fields.wrong())?;
        Ok(QrtrAddr { node: fields.parse_number(node)?, port: fields.parse_number(port)? })
    }
}

typed!(QrtrAddr);
