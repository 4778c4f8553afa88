//! Names of hosts, services, protocols and interfaces, by the C library.

use std::ffi::{CStr, CString, c_char, c_int, c_void};
use std::mem::MaybeUninit;
use std::ptr;

use super::{Errno, Storage, c};

/// Why a look-up failed: the C library's own code, and `errno` where that code is `EAI_SYSTEM`, or
/// `h_errno`'s for internal errors.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LookupFailure {
    pub(crate) code: i32,
    pub(crate) errno: Errno,
}

/// What `getaddrinfo` is asked for beside the names.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Hints {
    pub(crate) flags: i32,
    pub(crate) family: i32,
    pub(crate) ty: i32,
    pub(crate) protocol: i32,
}

/// One answer of `getaddrinfo`.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) family: i32,
    pub(crate) ty: i32,
    pub(crate) protocol: i32,
    pub(crate) canonical_name: Option<Vec<u8>>,
    pub(crate) addr: Storage,
}

/// A host with its other names and its addresses, as the old look-ups give it.
#[derive(Debug)]
pub(crate) struct HostEntry {
    pub(crate) name: Vec<u8>,
    pub(crate) aliases: Vec<Vec<u8>>,
    pub(crate) family: i32,
    pub(crate) addresses: Vec<Vec<u8>>,
}

/// A service or a protocol: its official name, and its number.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) name: Vec<u8>,
    pub(crate) number: i32,
}

pub(crate) fn getaddrinfo(
    host: Option<&CStr>,
    service: Option<&CStr>,
    hints: Hints,
) -> Result<Vec<Answer>, LookupFailure> {
    // SAFETY: `addrinfo` is integers and pointers, for which zero is a value.
    let mut wanted: c::addrinfo = unsafe { MaybeUninit::zeroed().assume_init() };
    wanted.ai_flags = hints.flags;
    wanted.ai_family = hints.family;
    wanted.ai_socktype = hints.ty;
    wanted.ai_protocol = hints.protocol;
    let mut list = ptr::null_mut();
    // SAFETY: C strings or null, our hints, and a pointer for the call to set.
    let code = unsafe { c::getaddrinfo(as_ptr(host), as_ptr(service), &wanted, &mut list) };
    if code != 0 {
        return Err(LookupFailure { code, errno: Errno::last() });
    }
    let mut answers = Vec::new();
    let mut next = list;
    // SAFETY: the list ends with null, and lives until it is freed below.
    while let Some(entry) = unsafe { next.as_ref() } {
        answers.extend(read_answer(entry));
        next = entry.ai_next;
    }
    // SAFETY: the list is the one `getaddrinfo` made, and nothing refers to it any more.
    unsafe { c::freeaddrinfo(list) };
    Ok(answers)
}

/// The host and the service of an address, as far as the flags ask for them.
pub(crate) fn getnameinfo(addr: &Storage, flags: i32) -> Result<(Vec<u8>, Vec<u8>), LookupFailure> {
    // `NI_MAXHOST` and `NI_MAXSERV`: longer answers are an error of the call's own.
    let (mut host, mut service) = ([0u8; 1025], [0u8; 32]);
    // SAFETY: the address is initialised for its length, and both buffers have the stated sizes.
    let code = unsafe {
        c::getnameinfo(
            addr.as_ptr(),
            addr.len(),
            host.as_mut_ptr().cast(),
            host.len() as c::socklen_t,
            service.as_mut_ptr().cast(),
            service.len() as c::socklen_t,
            flags as _,
        )
    };
    if code != 0 {
        return Err(LookupFailure { code, errno: Errno::last() });
    }
    Ok((until_nul(&host), until_nul(&service)))
}

/// The host with this name (`gethostbyname`), or the resolver's `h_errno`.
pub(crate) fn host_by_name(name: &CStr, family: i32) -> Result<HostEntry, LookupFailure> {
    host(|entry, buffer, len, result, h_errno| {
        // SAFETY: as `host` promises, plus a C string.
        unsafe { gethostbyname2_r(name.as_ptr(), family, entry, buffer, len, result, h_errno) }
    })
}

/// The host with this address (`gethostbyaddr`), or the resolver's `h_errno`.
pub(crate) fn host_by_addr(address: &[u8], family: i32) -> Result<HostEntry, LookupFailure> {
    host(|entry, buffer, len, result, h_errno| {
        // SAFETY: as `host` promises, plus the bytes of an address with their length.
        unsafe {
            gethostbyaddr_r(
                address.as_ptr().cast(),
                address.len() as c::socklen_t,
                family,
                entry,
                buffer,
                len,
                result,
                h_errno,
            )
        }
    })
}

/// The name this machine goes by.
pub(crate) fn host_name() -> Result<Vec<u8>, Errno> {
    let mut name = [0u8; 256];
    // SAFETY: the buffer has the stated size less one, so that its last byte stays zero.
    super::check(unsafe { c::gethostname(name.as_mut_ptr().cast(), name.len() - 1) })?;
    Ok(until_nul(&name))
}

pub(crate) fn set_host_name(name: &[u8]) -> Result<(), Errno> {
    // SAFETY: the pointer and length describe `name`, which the call only reads.
    super::check(unsafe { c::sethostname(name.as_ptr().cast(), name.len()) })
}

/// The port of a service, in host order.
pub(crate) fn service_by_name(name: &CStr, protocol: Option<&CStr>) -> Option<Entry> {
    read_database(
        // SAFETY: as `read_database` promises, plus C strings or null.
        |entry, buffer, len, result| unsafe {
            getservbyname_r(name.as_ptr(), as_ptr(protocol), entry, buffer, len, result)
        },
        read_service,
    )
}

/// The service at a port, given in host order.
pub(crate) fn service_by_port(port: u16, protocol: Option<&CStr>) -> Option<Entry> {
    read_database(
        // SAFETY: as `read_database` promises, plus a C string or null.
        |entry, buffer, len, result| unsafe {
            getservbyport_r(c_int::from(port.to_be()), as_ptr(protocol), entry, buffer, len, result)
        },
        read_service,
    )
}

pub(crate) fn protocol_by_name(name: &CStr) -> Option<Entry> {
    read_database(
        // SAFETY: as `read_database` promises, plus a C string.
        |entry, buffer, len, result| unsafe {
            getprotobyname_r(name.as_ptr(), entry, buffer, len, result)
        },
        read_protocol,
    )
}

pub(crate) fn protocol_by_number(number: i32) -> Option<Entry> {
    read_database(
        // SAFETY: as `read_database` promises.
        |entry, buffer, len, result| unsafe {
            getprotobynumber_r(number, entry, buffer, len, result)
        },
        read_protocol,
    )
}

pub(crate) fn interface_index(name: &CStr) -> Result<u32, Errno> {
    // Addresses ask for interfaces, and Miri, which reads them too, has none.
    if cfg!(miri) {
        return Err(Errno(c::ENXIO));
    }
    // SAFETY: a C string.
    match unsafe { c::if_nametoindex(name.as_ptr()) } {
        0 => Err(Errno::last()),
        index => Ok(index),
    }
}

pub(crate) fn interface_name(index: u32) -> Result<Vec<u8>, Errno> {
    // Addresses ask for interfaces, and Miri, which reads them too, has none.
    if cfg!(miri) {
        return Err(Errno(c::ENXIO));
    }
    let mut name = [0u8; c::IF_NAMESIZE];
    // SAFETY: the buffer has the size the call requires.
    if unsafe { c::if_indextoname(index, name.as_mut_ptr().cast()) }.is_null() {
        return Err(Errno::last());
    }
    Ok(until_nul(&name))
}

/// Every interface with its number.
pub(crate) fn interfaces() -> Result<Vec<(u32, Vec<u8>)>, Errno> {
    // SAFETY: the call takes nothing and answers a list that is freed below.
    let list = unsafe { c::if_nameindex() };
    if list.is_null() {
        return Err(Errno::last());
    }
    let mut found = Vec::new();
    let mut next = list;
    // SAFETY: the list ends with an entry whose index is zero, and lives until it is freed.
    while let Some(entry) = unsafe { next.as_ref() }.filter(|entry| entry.if_index != 0) {
        found.push((entry.if_index, copy_text(entry.if_name)));
        // SAFETY: this entry is not the last one.
        next = unsafe { next.add(1) };
    }
    // SAFETY: the list is the one `if_nameindex` made, and nothing refers to it any more.
    unsafe { c::if_freenameindex(list) };
    Ok(found)
}

/// One address of an interface, as `getifaddrs` lists them.
#[derive(Debug)]
pub(crate) struct InterfaceEntry {
    pub(crate) name: Vec<u8>,
    pub(crate) flags: u32,
    pub(crate) addr: Option<Storage>,
    pub(crate) netmask: Option<Storage>,
    /// The broadcast address, or the other end of a line.
    pub(crate) other: Option<Storage>,
}

/// Every address of every interface.
pub(crate) fn interface_addrs() -> Result<Vec<InterfaceEntry>, Errno> {
    let mut list = ptr::null_mut();
    // SAFETY: the call writes a list, which is freed below.
    if unsafe { c::getifaddrs(&mut list) } != 0 {
        return Err(Errno::last());
    }
    let mut found = Vec::new();
    let mut next = list;
    // SAFETY: the entries are linked, the last one to null, and live until the list is freed.
    while let Some(entry) = unsafe { next.as_ref() } {
        found.push(InterfaceEntry {
            name: copy_text(entry.ifa_name),
            flags: entry.ifa_flags,
            // SAFETY: each is null or a whole address of its family, alive with the list.
            addr: unsafe { copy_addr(entry.ifa_addr) },
            // SAFETY: as above.
            netmask: unsafe { copy_addr(entry.ifa_netmask) },
            // SAFETY: as above.
            other: unsafe { copy_addr(entry.ifa_ifu) },
        });
        next = entry.ifa_next;
    }
    // SAFETY: the list is the one `getifaddrs` made, and nothing refers to it any more.
    unsafe { c::freeifaddrs(list) };
    Ok(found)
}

/// # Safety
///
/// The pointer is null or to a whole address of its family, as `getifaddrs` gives them.
unsafe fn copy_addr(addr: *const c::sockaddr) -> Option<Storage> {
    if addr.is_null() {
        return None;
    }
    // SAFETY: by this function's own contract. The field alone: a short address is no whole one.
    let family = i32::from(unsafe { (&raw const (*addr).sa_family).read() });
    let len = match family {
        c::AF_INET => size_of::<c::sockaddr_in>(),
        c::AF_INET6 => size_of::<c::sockaddr_in6>(),
        c::AF_PACKET => size_of::<c::sockaddr_ll>(),
        _ => return None,
    };
    // SAFETY: an address of this family is as long.
    Storage::from_bytes(unsafe { std::slice::from_raw_parts(addr.cast(), len) })
}

/// The packed form of a numeric address, as long as its family's addresses are.
pub(crate) fn inet_pton(family: i32, text: &CStr) -> Result<Option<Vec<u8>>, Errno> {
    let mut packed = [0u8; 16];
    // SAFETY: a C string, and room for the largest address the call knows.
    match unsafe { inet_pton_c(family, text.as_ptr(), packed.as_mut_ptr().cast()) } {
        1 => Ok(Some(packed.iter().take(packed_len(family)).copied().collect())),
        0 => Ok(None),
        _ => Err(Errno::last()),
    }
}

/// The text of a packed address; the bytes must be as many as the family's addresses have.
pub(crate) fn inet_ntop(family: i32, packed: &[u8]) -> Result<Vec<u8>, Errno> {
    if packed.len() != packed_len(family) {
        return Err(Errno(c::EINVAL));
    }
    let mut text = [0u8; 64];
    // SAFETY: as many address bytes as the family has, and a buffer with its size.
    let answer = unsafe {
        inet_ntop_c(
            family,
            packed.as_ptr().cast(),
            text.as_mut_ptr().cast(),
            text.len() as c::socklen_t,
        )
    };
    if answer.is_null() { Err(Errno::last()) } else { Ok(until_nul(&text)) }
}

/// How many bytes an address of this family packs into; zero if it does not.
pub(crate) fn packed_len(family: i32) -> usize {
    match family {
        c::AF_INET => 4,
        c::AF_INET6 => 16,
        _ => 0,
    }
}

/// The platform's words for an error number.
pub(crate) fn error_text(errno: Errno) -> String {
    let mut text = [0u8; 256];
    // SAFETY: the buffer has the stated size.
    let code = unsafe { c::strerror_r(errno.0, text.as_mut_ptr().cast(), text.len()) };
    match code {
        0 => String::from_utf8_lossy(&until_nul(&text)).into_owned(),
        _ => format!("Unknown error {}", errno.0),
    }
}

/// The platform's words for a look-up's code.
pub(crate) fn lookup_error_text(code: i32) -> String {
    // SAFETY: the call answers a string that lives as long as the program.
    let text = unsafe { c::gai_strerror(code) };
    String::from_utf8_lossy(&copy_text(text)).into_owned()
}

fn read_answer(entry: &c::addrinfo) -> Option<Answer> {
    if entry.ai_addr.is_null() {
        return None;
    }
    // SAFETY: the C library sets address and length together.
    let bytes = unsafe {
        std::slice::from_raw_parts(
            entry.ai_addr.cast_const().cast::<u8>(),
            entry.ai_addrlen as usize,
        )
    };
    Some(Answer {
        family: entry.ai_family,
        ty: entry.ai_socktype,
        protocol: entry.ai_protocol,
        canonical_name: (!entry.ai_canonname.is_null()).then(|| copy_text(entry.ai_canonname)),
        addr: Storage::from_bytes(bytes)?,
    })
}

/// Runs one of the reentrant host look-ups with a buffer that grows until the answer fits. The
/// closure gets valid pointers and the length of the buffer, and must only pass them on.
fn host(
    call: impl Fn(*mut c::hostent, *mut c_char, usize, *mut *mut c::hostent, *mut c_int) -> c_int,
) -> Result<HostEntry, LookupFailure> {
    let mut buffer = vec![0u8; 1024];
    loop {
        let mut entry = MaybeUninit::<c::hostent>::uninit();
        let (mut result, mut h_errno) = (ptr::null_mut(), 0);
        let code = call(
            entry.as_mut_ptr(),
            buffer.as_mut_ptr().cast(),
            buffer.len(),
            &mut result,
            &mut h_errno,
        );
        if code == c::ERANGE && buffer.len() < LARGEST_BUFFER {
            buffer.resize(buffer.len() * 2, 0);
            continue;
        }
        // SAFETY: on success the call points `result` at `entry`, else it leaves null.
        let Some(found) = (unsafe { result.as_ref() }) else {
            // The call answers the system's number itself.
            return Err(LookupFailure { code: h_errno, errno: Errno(code) });
        };
        return Ok(HostEntry {
            name: copy_text(found.h_name),
            aliases: read_list(found.h_aliases, |alias| copy_text(alias)),
            family: found.h_addrtype,
            addresses: read_list(found.h_addr_list, |address| {
                // SAFETY: every entry of this list has `h_length` bytes.
                let bytes = unsafe {
                    std::slice::from_raw_parts(address.cast::<u8>(), found.h_length.max(0) as usize)
                };
                bytes.to_vec()
            }),
        });
    }
}

/// Runs a look-up in the services or protocols file with a buffer that grows until the answer
/// fits. `call` gets valid pointers and the length of the buffer, and must only pass them on.
fn read_database<T>(
    call: impl Fn(*mut T, *mut c_char, usize, *mut *mut T) -> c_int,
    read: fn(&T) -> Entry,
) -> Option<Entry> {
    let mut buffer = vec![0u8; 1024];
    loop {
        let mut entry = MaybeUninit::<T>::uninit();
        let mut result: *mut T = ptr::null_mut();
        let code = call(entry.as_mut_ptr(), buffer.as_mut_ptr().cast(), buffer.len(), &mut result);
        if code == c::ERANGE && buffer.len() < LARGEST_BUFFER {
            buffer.resize(buffer.len() * 2, 0);
            continue;
        }
        // SAFETY: on success the call points `result` at `entry`, else it leaves null.
        return unsafe { result.as_ref() }.map(read);
    }
}

fn read_service(found: &c::servent) -> Entry {
    // The port stands in the low 16 bits, in network order.
    Entry { name: copy_text(found.s_name), number: i32::from(u16::from_be(found.s_port as u16)) }
}

fn read_protocol(found: &c::protoent) -> Entry {
    Entry { name: copy_text(found.p_name), number: found.p_proto }
}

/// Reads a list of pointers that ends with null.
fn read_list<T>(list: *mut *mut c_char, read: impl Fn(*mut c_char) -> T) -> Vec<T> {
    let mut items = Vec::new();
    let mut next = list;
    // SAFETY: the list is null, or ends with null.
    while let Some(item) = unsafe { next.as_ref() }.filter(|item| !item.is_null()) {
        items.push(read(*item));
        // SAFETY: this item is not the one that ends the list.
        next = unsafe { next.add(1) };
    }
    items
}

fn copy_text(text: *const c_char) -> Vec<u8> {
    if text.is_null() {
        return Vec::new();
    }
    // SAFETY: every caller passes null or a C string that the C library made.
    unsafe { CStr::from_ptr(text) }.to_bytes().to_vec()
}

fn until_nul(buffer: &[u8]) -> Vec<u8> {
    buffer.iter().copied().take_while(|byte| *byte != 0).collect()
}

fn as_ptr(text: Option<&CStr>) -> *const c_char {
    text.map_or(ptr::null(), CStr::as_ptr)
}

/// Where growing a look-up's buffer ends; no host has a megabyte of names.
const LARGEST_BUFFER: usize = 1 << 20;

// What the `libc` crate lacks.
unsafe extern "C" {
    #[link_name = "inet_pton"]
    fn inet_pton_c(family: c_int, text: *const c_char, packed: *mut c_void) -> c_int;
    #[link_name = "inet_ntop"]
    fn inet_ntop_c(
        family: c_int,
        packed: *const c_void,
        text: *mut c_char,
        len: c::socklen_t,
    ) -> *const c_char;
    fn gethostbyname2_r(
        name: *const c_char,
        family: c_int,
        entry: *mut c::hostent,
        buffer: *mut c_char,
        len: usize,
        result: *mut *mut c::hostent,
        h_errno: *mut c_int,
    ) -> c_int;
    fn gethostbyaddr_r(
        address: *const c_void,
        address_len: c::socklen_t,
        family: c_int,
        entry: *mut c::hostent,
        buffer: *mut c_char,
        len: usize,
        result: *mut *mut c::hostent,
        h_errno: *mut c_int,
    ) -> c_int;
    fn getservbyname_r(
        name: *const c_char,
        protocol: *const c_char,
        entry: *mut c::servent,
        buffer: *mut c_char,
        len: usize,
        result: *mut *mut c::servent,
    ) -> c_int;
    fn getservbyport_r(
        port: c_int,
        protocol: *const c_char,
        entry: *mut c::servent,
        buffer: *mut c_char,
        len: usize,
        result: *mut *mut c::servent,
    ) -> c_int;
    fn getprotobyname_r(
        name: *const c_char,
        entry: *mut c::protoent,
        buffer: *mut c_char,
        len: usize,
        result: *mut *mut c::protoent,
    ) -> c_int;
    fn getprotobynumber_r(
        number: c_int,
        entry: *mut c::protoent,
        buffer: *mut c_char,
        len: usize,
        result: *mut *mut c::protoent,
    ) -> c_int;
}

/// A copy of the text as C takes it, or nothing if it has a NUL inside.
pub(crate) fn c_text(text: &[u8]) -> Option<CString> {
    CString::new(text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An address of this family in memory that ends where the address does.
    fn copied(family: i32, len: usize) -> Option<Storage> {
        // In numbers of 32 bits, for the alignment that the C library's addresses have.
        let mut words = vec![0x0707_0707_u32; len / 4];
        let [first, second] = (family as u16).to_ne_bytes();
        words[0] = u32::from_ne_bytes([first, second, 7, 7]);
        // SAFETY: the memory is a whole address of the family.
        unsafe { copy_addr(words.as_ptr().cast()) }
    }

    #[test]
    fn no_more_is_copied_than_the_family_has() {
        for (family, len) in [(c::AF_INET, 16), (c::AF_INET6, 28), (c::AF_PACKET, 20)] {
            let storage = copied(family, len).unwrap();
            assert_eq!((storage.family(), storage.as_bytes().len()), (Some(family), len));
            assert!(storage.rest().iter().all(|byte| *byte == 7));
        }
        assert!(copied(c::AF_UNSPEC, 4).is_none());
        // SAFETY: null is no address.
        assert!(unsafe { copy_addr(ptr::null()) }.is_none());
    }
}
