//! Addresses between virtual machines and their host: `sockaddr_vm`.

use std::fmt;

use super::family::{Fields, Text, build, only, typed};
use super::{Addr, AddrError, FamilyAddr};
use crate::kind::Family;
use crate::sys::structs::sockaddr_vm as vm;

/// The address of a VM socket: a machine's context and a port.
///
/// Text: `vsock:2:5555`; for the contexts stand the words `hypervisor`, `local` and `host` too,
/// for any context or port `*`.
///
/// ```
/// use berkeley::{Addr, VsockAddr};
///
/// let addr = VsockAddr::new(VsockAddr::LOCAL, 5555);
/// assert_eq!(addr.to_string(), "vsock:local:5555");
/// assert_eq!("vsock:1:5555".parse::<Addr>()?.to(), Some(addr));
/// # Ok::<(), berkeley::AddrError>(())
/// ```
///
/// See `vsock(7)`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[doc(alias("sockaddr_vm", "AF_VSOCK", "VMADDR_CID_ANY"))]
pub struct VsockAddr {
    /// The machine.
    #[doc(alias = "svm_cid")]
    pub cid: u32,
    /// The port.
    #[doc(alias = "svm_port")]
    pub port: u32,
    /// Flags: 1 sends to the host what is for a sibling.
    #[doc(alias("svm_flags", "VMADDR_FLAG_TO_HOST"))]
    pub flags: u8,
}

/// The contexts that have words.
const WORDS: [(u32, &str); 4] = [
    (VsockAddr::ANY, "*"),
    (VsockAddr::HYPERVISOR, "hypervisor"),
    (VsockAddr::LOCAL, "local"),
    (VsockAddr::HOST, "host"),
];

impl VsockAddr {
    /// Any context or port, in binding.
    #[doc(alias("VMADDR_CID_ANY", "VMADDR_PORT_ANY"))]
    pub const ANY: u32 = u32::MAX;
    /// The hypervisor.
    #[doc(alias = "VMADDR_CID_HYPERVISOR")]
    pub const HYPERVISOR: u32 = 0;
    /// This machine.
    #[doc(alias = "VMADDR_CID_LOCAL")]
    pub const LOCAL: u32 = 1;
    /// The host.
    #[doc(alias = "VMADDR_CID_HOST")]
    pub const HOST: u32 = 2;

    /// This context and port.
    ///
    /// ```
    /// use berkeley::VsockAddr;
    /// assert_eq!(VsockAddr::new(VsockAddr::HOST, 80).flags, 0);
    /// ```
    pub fn new(cid: u32, port: u32) -> VsockAddr {
        VsockAddr { cid, port, flags: 0 }
    }
}

impl FamilyAddr for VsockAddr {
    const FAMILY: Family = Family::VSOCK;

    fn decode(bytes: &[u8]) -> Option<VsockAddr> {
        only::<Self>(bytes)?;
        Some(VsockAddr {
            cid: vm::svm_cid.get(bytes)?,
            port: vm::svm_port.get(bytes)?,
            flags: vm::svm_flags.get(bytes)?,
        })
    }

    fn encode(&self) -> Addr {
        build::<{ vm::SIZE }>(Family::VSOCK, |bytes| {
            vm::svm_cid.put(bytes, self.cid);
            vm::svm_port.put(bytes, self.port);
            vm::svm_flags.put(bytes, self.flags);
        })
    }
}

impl Text for VsockAddr {
    const WORD: &'static str = "vsock";
    const KEYS: &'static [&'static str] = &["flags"];
    const SYNTAX: &'static str =
        "expected vsock:CONTEXT:PORT, such as vsock:host:5555, vsock:local:5555 or vsock:*:5555";

    fn write(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match WORDS.iter().find(|(cid, _)| *cid == self.cid) {
            Some((_, word)) => f.write_str(word)?,
            None => write!(f, "{}", self.cid)?,
        }
        match self.port {
            VsockAddr::ANY => f.write_str(":*")?,
            port => write!(f, ":{port}")?,
        }
        if self.flags != 0 {
            write!(f, ",flags={}", self.flags)?;
        }
        Ok(())
    }

    fn read(fields: &Fields<'_>) -> Result<VsockAddr, AddrError> {
        let (cid, port) = fields.place.split_once(':').ok_or_else(|| fields.wrong())?;
        let cid = match WORDS.iter().find(|(_, word)| *word == cid) {
            Some((cid, _)) => *cid,
            None => fields.parse_number(cid)?,
        };
        let port = if port == "*" { VsockAddr::ANY } else { fields.parse_number(port)? };
        Ok(VsockAddr { cid, port, flags: fields.number("flags", 0)? })
    }
}

typed!(VsockAddr);
