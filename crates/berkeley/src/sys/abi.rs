//! The platform's numbers and structures: those of the `libc` crate, and those it lacks.

#![allow(dead_code, reason = "a table of what there is, not of what is used")]

pub(crate) use libc::*;

/// What Linux's headers define and the `libc` crate does not.
#[cfg(any(target_os = "linux", target_os = "android"))]
mod missing {
    pub(crate) const AF_KCM: i32 = 41;
    pub(crate) const AF_QIPCRTR: i32 = 42;
    pub(crate) const AI_IDN: i32 = 0x40;
    pub(crate) const AI_CANONIDN: i32 = 0x80;
    pub(crate) const SCM_SECURITY: i32 = 3;
    pub(crate) const SCM_PIDFD: i32 = 4;
    pub(crate) const SCM_TS_OPT_ID: i32 = 81;
    pub(crate) const IP_PROTOCOL: i32 = 52;
    pub(crate) const TIPC_ERRINFO: i32 = 1;
    pub(crate) const TIPC_RETDATA: i32 = 2;
    pub(crate) const TIPC_DESTNAME: i32 = 3;
    pub(crate) const RDS_CMSG_RDMA_ARGS: i32 = 1;
    pub(crate) const RDS_CMSG_RDMA_DEST: i32 = 2;
    pub(crate) const RDS_CMSG_RDMA_MAP: i32 = 3;
    pub(crate) const RDS_CMSG_RDMA_STATUS: i32 = 4;
    pub(crate) const RDS_CMSG_CONG_UPDATE: i32 = 5;
    pub(crate) const RDS_CMSG_ATOMIC_FADD: i32 = 6;
    pub(crate) const RDS_CMSG_ATOMIC_CSWP: i32 = 7;
    pub(crate) const RDS_CMSG_RXPATH_LATENCY: i32 = 11;
    pub(crate) const RDS_CMSG_ZCOPY_COOKIE: i32 = 12;
    pub(crate) const RDS_CMSG_ZCOPY_COMPLETION: i32 = 13;
    pub(crate) const SOL_VSOCK: i32 = 287;
    pub(crate) const VSOCK_RECVERR: i32 = 1;
    pub(crate) const BT_SCM_ERROR: i32 = 4;
    pub(crate) const BT_SCM_PKT_STATUS: i32 = 3;
    pub(crate) const SO_EE_CODE_ZEROCOPY_COPIED: u8 = 1;
    pub(crate) const SO_EE_ORIGIN_ZEROCOPY: u8 = 5;
    pub(crate) const SO_EE_ORIGIN_TXTIME: u8 = 6;
}

#[cfg(any(target_os = "linux", target_os = "android"))]
pub(crate) use missing::*;

#[cfg(any(target_os = "linux", target_os = "android"))]
pub(crate) use super::option_numbers::*;
