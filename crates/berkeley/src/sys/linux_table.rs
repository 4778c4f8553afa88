//! The system's table of sockets, as the kernel prints it below `/proc`.

use std::collections::HashMap;
use std::fs;
use std::mem::MaybeUninit;
use std::os::fd::AsFd;

use super::{Errno, c};

/// The text of a table: one of `tcp`, `tcp6`, `udp`, `udp6`, `raw`, `raw6`, `unix`. Empty if the
/// kernel does not have it.
pub(crate) fn socket_table(name: &str) -> Result<String, Errno> {
    match fs::read(format!("/proc/self/net/{name}")) {
        // Paths of UNIX sockets are any bytes.
        Ok(text) => Ok(String::from_utf8_lossy(&text).into_owned()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(String::new()),
        Err(error) => Err(Errno(error.raw_os_error().unwrap_or(0))),
    }
}

/// The processes that have each socket open, by its inode: their numbers and programs. Those of
/// other users are seen with the right to only.
pub(crate) fn socket_owners() -> HashMap<u64, Vec<(u32, String)>> {
    let mut owners: HashMap<u64, Vec<(u32, String)>> = HashMap::new();
    let processes = fs::read_dir("/proc").into_iter().flatten().flatten();
    let numbered = processes.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    for pid in numbered {
        let files = fs::read_dir(format!("/proc/{pid}/fd")).into_iter().flatten().flatten();
        let links = files.filter_map(|file| fs::read_link(file.path()).ok());
        let mut inodes: Vec<u64> = links.filter_map(|link| inode(link.to_str()?)).collect();
        if inodes.is_empty() {
            continue;
        }
        inodes.sort_unstable();
        inodes.dedup();
        let program = fs::read_to_string(format!("/proc/{pid}/comm")).unwrap_or_default();
        for inode in inodes {
            owners.entry(inode).or_default().push((pid, program.trim_end().to_owned()));
        }
    }
    owners
}

/// The TCP sockets of a family that are bound, and neither listen nor are connected, as the kernel
/// answers in messages of netlink; empty where it does not know them (before Linux 6.8).
///
/// See `sock_diag(7)`.
pub(crate) fn bound_sockets(family: u8) -> Result<Vec<u8>, Errno> {
    const LEN: u8 = 72;
    const BOUND_INACTIVE: u32 = 13;
    let mut request = [0; LEN as usize];
    let mut put = |at: usize, value: &[u8]| {
        if let Some(room) = request.get_mut(at..at + value.len()) {
            room.copy_from_slice(value);
        }
    };
    // `nlmsghdr`, then `inet_diag_req_v2`, whose filter of addresses stays empty.
    put(0, &u32::from(LEN).to_ne_bytes());
    put(4, &c::SOCK_DIAG_BY_FAMILY.to_ne_bytes());
    put(6, &((c::NLM_F_REQUEST | c::NLM_F_DUMP) as u16).to_ne_bytes());
    put(16, &[family, c::IPPROTO_TCP as u8]);
    put(20, &(1u32 << BOUND_INACTIVE).to_ne_bytes());
    let kernel = super::socket(c::AF_NETLINK, c::SOCK_DGRAM, c::NETLINK_SOCK_DIAG, false)?;
    super::send(kernel.as_fd(), &request, 0)?;
    let mut answer = Vec::new();
    loop {
        let mut room = [MaybeUninit::uninit(); 1 << 15];
        let plain = super::Receive::with(0);
        // The kernel has made its answer before the call returns.
        let got =
            super::raw_recv(kernel.as_fd(), &mut room, c::MSG_DONTWAIT, 0, &plain).filled(&room);
        let len = match super::arrived(got) {
            Ok(arrived) => arrived.cut(room.len()).len(),
            Err(Errno(c::EAGAIN)) => return Ok(answer),
            Err(errno) => return Err(errno),
        };
        // SAFETY: so many bytes at the beginning were initialised by the call.
        let read = room.iter().take(len).map(|byte| unsafe { byte.assume_init() });
        let begins = answer.len();
        answer.extend(read);
        // The last message of a dump says that it is.
        let kind = answer.get(begins + 4..begins + 6);
        if len == 0 || kind == Some(&(c::NLMSG_DONE as u16).to_ne_bytes()) {
            return Ok(answer);
        }
    }
}

/// The value of a setting such as `net.ipv4.ping_group_range`, in a line; none if there is none.
pub(crate) fn setting(name: &str) -> Option<String> {
    let text = fs::read_to_string(format!("/proc/sys/{}", name.replace('.', "/"))).ok()?;
    Some(text.split_whitespace().collect::<Vec<_>>().join(" "))
}

/// The inode of a link such as `socket:[4026]`.
fn inode(link: &str) -> Option<u64> {
    link.strip_prefix("socket:[")?.strip_suffix(']')?.parse().ok()
}
