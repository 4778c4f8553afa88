//! The system's table of sockets, as the kernel prints it below `/proc`.

use std::collections::HashMap;
use std::fs;

use super::Errno;

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

/// The value of a setting such as `net.ipv4.ping_group_range`, in a line; none if there is none.
pub(crate) fn setting(name: &str) -> Option<String> {
    let text = fs::read_to_string(format!("/proc/sys/{}", name.replace('.', "/"))).ok()?;
    Some(text.split_whitespace().collect::<Vec<_>>().join(" "))
}

/// The inode of a link such as `socket:[4026]`.
fn inode(link: &str) -> Option<u64> {
    link.strip_prefix("socket:[")?.strip_suffix(']')?.parse().ok()
}
