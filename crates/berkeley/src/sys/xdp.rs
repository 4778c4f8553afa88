//! What AF_XDP takes beside the calls of sockets: its memory, its wake-up, and the program that
//! hands frames to it.

use std::os::fd::{AsRawFd, BorrowedFd, OwnedFd};
use std::ptr;

use super::memory::ChunkMemory;
use super::structs::{
    bpf_insn, bpf_link_create as link, bpf_map_create as map, bpf_map_elem as elem,
    bpf_prog_load as load, xdp_md, xdp_umem_reg as reg,
};
use super::unix::{check, new_fd};
use super::{Errno, c};

type Result<T> = std::result::Result<T, Errno>;

/// Where each ring's memory begins, by `mmap` of the socket.
pub(crate) const RX_RING: u64 = 0;
pub(crate) const TX_RING: u64 = 0x8000_0000;
pub(crate) const FILL_RING: u64 = 0x1_0000_0000;
pub(crate) const COMPLETION_RING: u64 = 0x1_8000_0000;

/// The descriptor's frame goes on in the next one.
pub(crate) const FRAME_GOES_ON: u32 = 1;

/// Registers the memory of a socket's frames.
///
/// The kernel keeps the pages for as long as the socket lives, whatever becomes of the mapping, and
/// writes to them only where the fill ring says.
pub(crate) fn register_umem(fd: BorrowedFd<'_>, memory: &ChunkMemory) -> Result<()> {
    let (len, each) = memory.len();
    let each = u32::try_from(each).map_err(|_| Errno(c::EINVAL))?;
    let mut value = [0; reg::SIZE];
    reg::addr.put(&mut value, memory.address());
    reg::len.put(&mut value, len);
    reg::chunk_size.put(&mut value, each);
    // SAFETY: the value lives until the call returns; the addresses in it are those of the memory,
    // of which nothing is borrowed while the kernel may write to it: see `Chunk`.
    check(unsafe {
        c::setsockopt(
            fd.as_raw_fd(),
            c::SOL_XDP,
            c::XDP_UMEM_REG,
            value.as_ptr().cast(),
            value.len() as c::socklen_t,
        )
    })
}

/// Tells the kernel that there is something in the ring to send from.
pub(crate) fn wake(fd: BorrowedFd<'_>) -> Result<()> {
    let flags = c::MSG_DONTWAIT | c::MSG_NOSIGNAL;
    // SAFETY: no memory of ours is involved.
    let sent = unsafe { c::sendto(fd.as_raw_fd(), ptr::null(), 0, flags, ptr::null(), 0) };
    if sent < 0 { Err(Errno::last()) } else { Ok(()) }
}

/// Has all frames of an interface's queue go to this socket, for as long as the answer is open, and
/// those of its other queues their ordinary way. The error comes with the command that failed.
///
/// `generic` works with every interface; otherwise its driver must know programs.
pub(crate) fn redirect_frames(
    to: BorrowedFd<'_>,
    interface: u32,
    queue: u32,
    generic: bool,
) -> std::result::Result<OwnedFd, (&'static str, Errno)> {
    let named = |name| move |errno| (name, errno);
    let sockets = socket_map(to, queue).map_err(named("BPF_MAP_CREATE"))?;
    let program = load_program(&sockets).map_err(named("BPF_PROG_LOAD"))?;
    let mut attr = [0; link::SIZE];
    link::prog_fd.put(&mut attr, program.as_raw_fd());
    link::target_ifindex.put(&mut attr, interface);
    link::attach_type.put(&mut attr, BPF_XDP);
    link::flags.put(&mut attr, if generic { XDP_FLAGS_SKB_MODE } else { 0 });
    // SAFETY: this command's attributes have no addresses; the answer is a new descriptor.
    unsafe { bpf(BPF_LINK_CREATE, &mut attr).and_then(new_fd) }.map_err(named("BPF_LINK_CREATE"))
}

/// A map from queues to sockets with this one in it.
fn socket_map(to: BorrowedFd<'_>, queue: u32) -> Result<OwnedFd> {
    let mut attr = [0; map::SIZE];
    map::map_type.put(&mut attr, BPF_MAP_TYPE_XSKMAP);
    map::key_size.put(&mut attr, 4);
    map::value_size.put(&mut attr, 4);
    map::max_entries.put(&mut attr, queue.checked_add(1).ok_or(Errno(c::EINVAL))?);
    // SAFETY: this command's attributes have no addresses; the answer is a new descriptor.
    let sockets = unsafe { bpf(BPF_MAP_CREATE, &mut attr).and_then(new_fd) }?;
    let socket = to.as_raw_fd();
    let mut attr = [0; elem::SIZE];
    elem::map_fd.put(&mut attr, sockets.as_raw_fd() as u32);
    elem::key.put(&mut attr, ptr::from_ref(&queue) as usize as u64);
    elem::value.put(&mut attr, ptr::from_ref(&socket) as usize as u64);
    // SAFETY: the key and the value are of four bytes, as the map was made, are only read, and
    // live until the call returns.
    unsafe { bpf(BPF_MAP_UPDATE_ELEM, &mut attr) }?;
    Ok(sockets)
}

/// `return bpf_redirect_map(&sockets, ctx->rx_queue_index, XDP_PASS)`
fn load_program(sockets: &OwnedFd) -> Result<OwnedFd> {
    let program = program(sockets.as_raw_fd());
    let license = c"Dual MIT/GPL";
    let mut attr = [0; load::SIZE];
    load::prog_type.put(&mut attr, BPF_PROG_TYPE_XDP);
    load::insn_cnt.put(&mut attr, (program.len() / bpf_insn::SIZE) as u32);
    load::insns.put(&mut attr, program.as_ptr() as usize as u64);
    load::license.put(&mut attr, license.as_ptr() as usize as u64);
    load::expected_attach_type.put(&mut attr, BPF_XDP);
    // SAFETY: the instructions, so many of eight bytes each, and the C string are only read and
    // live until the call returns, which answers a new descriptor.
    unsafe { bpf(BPF_PROG_LOAD, &mut attr).and_then(new_fd) }
}

/// The program's instructions. An index without a socket gets the two lowest bits of the flags for
/// an answer.
fn program(sockets: i32) -> Vec<u8> {
    let rx_queue_index = xdp_md::rx_queue_index.offset() as i16;
    // Code, registers (the lower half is the one that is written), offset, number.
    let rows: [(u8, u8, i16, i32); 6] = [
        (LOAD_WORD, 0x12, rx_queue_index, 0), // r2 = ctx->rx_queue_index
        (LOAD_WIDE, 0x11, 0, sockets),        // r1 = the map of this descriptor,
        (0, 0, 0, 0),                         // which takes two
        (MOVE, 0x03, 0, XDP_PASS),            // r3 = XDP_PASS
        (CALL, 0, 0, BPF_REDIRECT_MAP),       // r0 = bpf_redirect_map(r1, r2, r3)
        (EXIT, 0, 0, 0),
    ];
    let mut program = Vec::with_capacity(rows.len() * bpf_insn::SIZE);
    for (code, registers, offset, number) in rows {
        // Which half of the byte is which register is a matter of bit fields' order.
        let registers =
            if cfg!(target_endian = "big") { registers.rotate_left(4) } else { registers };
        let mut one = [0; bpf_insn::SIZE];
        bpf_insn::code.put(&mut one, code);
        bpf_insn::_registers.put(&mut one, registers);
        bpf_insn::off.put(&mut one, offset as u16);
        bpf_insn::imm.put(&mut one, number);
        program.extend_from_slice(&one);
    }
    program
}

/// # Safety
///
/// The addresses in the attributes are those of memory that the command may read.
unsafe fn bpf(command: c::c_int, attr: &mut [u8]) -> Result<c::c_int> {
    let len = attr.len() as c::c_uint;
    // SAFETY: the attributes come with their length, and what they point to is the caller's care.
    let answer = unsafe { c::syscall(c::SYS_bpf, command, attr.as_mut_ptr(), len) };
    let answer = c::c_int::try_from(answer).unwrap_or(-1);
    check(answer)?;
    Ok(answer)
}

// linux/bpf.h, linux/if_link.h
const BPF_MAP_CREATE: c::c_int = 0;
const BPF_MAP_UPDATE_ELEM: c::c_int = 2;
const BPF_PROG_LOAD: c::c_int = 5;
const BPF_LINK_CREATE: c::c_int = 28;
const BPF_MAP_TYPE_XSKMAP: u32 = 17;
const BPF_PROG_TYPE_XDP: u32 = 6;
const BPF_XDP: u32 = 37;
const XDP_FLAGS_SKB_MODE: u32 = 2;
const XDP_PASS: i32 = 2;
const BPF_REDIRECT_MAP: i32 = 51;
/// `BPF_LDX | BPF_MEM | BPF_W`
const LOAD_WORD: u8 = 0x61;
/// `BPF_LD | BPF_IMM | BPF_DW`, with `BPF_PSEUDO_MAP_FD` for a register
const LOAD_WIDE: u8 = 0x18;
/// `BPF_ALU64 | BPF_MOV | BPF_K`
const MOVE: u8 = 0xb7;
/// `BPF_JMP | BPF_CALL`
const CALL: u8 = 0x85;
/// `BPF_JMP | BPF_EXIT`
const EXIT: u8 = 0x95;
