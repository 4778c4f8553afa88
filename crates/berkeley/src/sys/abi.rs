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
}

#[cfg(any(target_os = "linux", target_os = "android"))]
pub(crate) use missing::*;
