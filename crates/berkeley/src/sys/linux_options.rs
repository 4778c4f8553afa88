//! Options of Linux that a call which knows only bytes must not pass on as they are.
//!
//! For nearly every option the kernel reads or writes the bytes that the call is given, and no
//! others. These are the exceptions: their values hold addresses of memory that the kernel writes
//! to, or their length is counted in something else than bytes. An address that is only read from
//! does no harm: one that is not the process's own is an error.

use super::c;

/// `IPT_SO_SET_REPLACE`, `ARPT_SO_SET_REPLACE` and `EBT_SO_SET_ENTRIES`: the rules of the firewall
/// for packets, for ARP and for bridges; the first number is also `IP6T_SO_SET_REPLACE`.
const RULES: [i32; 3] = [64, 96, 128];

/// Reading it, the kernel writes to addresses in the bytes that it is given.
pub(crate) fn answer_is_written_elsewhere(level: i32, name: i32) -> bool {
    match (level, name) {
        (c::IPPROTO_TCP, c::TCP_ZEROCOPY_RECEIVE) | (c::SOL_MPTCP, c::MPTCP_FULL_INFO) => true,
        // Those of bridges give the addresses that the entries and their counters go to.
        (c::IPPROTO_IP, 129..=131) => true,
        _ => false,
    }
}

/// Having set it, the kernel writes to addresses in the value, at once or later.
pub(crate) fn value_is_written_through(level: i32, name: i32) -> bool {
    match (level, name) {
        (c::SOL_XDP, c::XDP_UMEM_REG) => true,
        (c::SOL_RDS, c::RDS_GET_MR | c::RDS_GET_MR_FOR_DEST) => true,
        // The old counters of the rules go to an address of the caller's.
        (c::IPPROTO_IP, _) => RULES.contains(&name),
        (c::IPPROTO_IPV6, 64) => true,
        _ => false,
    }
}

/// How many bytes are one in the length of this option.
pub(crate) fn option_unit(level: i32, name: i32) -> usize {
    match (level, name) {
        // Instructions.
        (c::SOL_SOCKET, c::SO_ATTACH_FILTER) => super::structs::sock_filter::SIZE,
        _ => 1,
    }
}
