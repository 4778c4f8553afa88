//! The operating system: the only module that calls it.
//!
//! # What a platform provides
//!
//! A port is a file here that offers the items below under these names and types; nothing above
//! this module contains a `cfg` for an operating system or names a C type.
//!
//! | item | what it is |
//! |---|---|
//! | [`c`] | the platform's numbers (`AF_INET`, `SO_KEEPALIVE`, `ECONNREFUSED` …) |
//! | [`Storage`] | memory for any socket address, filled by the kernel |
//! | `socket`, `socketpair`, `accept`, `dup` | new descriptors, close-on-exec from birth |
//! | `bind`, `connect`, `listen`, `shutdown`, `close`, `retire` | a socket's life |
//! | `send`, `send_to`, `send_message` | bytes out, never raising `SIGPIPE` |
//! | `recv`, `recv_from`, `Receive`, `recv_message`, `recv_message_into` | bytes in, and control messages |
//! | `recv_batch`, `send_batch` | many messages in one call |
//! | `memory`, `xdp` | memory shared with the kernel, and what AF_XDP does with it |
//! | `reactor` | registration with Tokio's reactor, with the feature `tokio` |
//! | `uring` | operations that the kernel carries out by itself, with the feature `io-uring` |
//! | `local_addr`, `peer_addr`, `get_option`, `set_option` | state |
//! | `Thread` | who makes a call, so that it can be woken |
//! | `set_nonblocking`, `is_nonblocking`, `wait`, `wait_any` | blocking mode, and readiness with nanoseconds |
//! | `answer_is_written_elsewhere`, `value_is_written_through`, `option_unit` | options that are not just bytes |
//! | `peer_pidfd` | a descriptor of the peer's process |
//! | `getaddrinfo`, `getnameinfo`, `host_by_name`, `host_by_addr`, `host_name` | names |
//! | `service_by_name`, `service_by_port`, `protocol_by_name`, `protocol_by_number` | the services and protocols files |
//! | `interface_index`, `interface_name`, `interfaces` | interfaces |
//! | `inet_pton`, `inet_ntop` | numeric addresses exactly as the platform reads and prints them |
//! | `socket_table`, `socket_owners` | every socket of the system, and who has it open |
//! | `in_first_thread` | whether the process began with this thread |
//! | `setting` | a setting of the kernel's |
//! | `error_text`, `lookup_error_text` | the platform's words for its codes |
//!
//! Every function is one call of the system, returns its error number untouched and retries
//! nothing: retries, deadlines and words belong to the layers above.
#![allow(unsafe_code)]

#[cfg(unix)]
pub(crate) mod abi;
#[cfg(any(target_os = "linux", target_os = "android"))]
pub(crate) mod batch;
#[cfg(any(target_os = "linux", target_os = "android"))]
pub(crate) mod control;
#[cfg(feature = "_seam")]
mod held;
pub(crate) mod layout;
#[cfg(test)]
mod layout_probe;
mod manners;
#[cfg(any(target_os = "linux", target_os = "android"))]
pub(crate) mod memory;
#[cfg(any(target_os = "linux", target_os = "android"))]
mod option_numbers;
mod storage;
#[cfg(any(target_os = "linux", target_os = "android"))]
pub(crate) mod structs;
#[cfg(unix)]
mod unix;
#[cfg(unix)]
mod unix_names;
#[cfg(unix)]
mod waking;

#[cfg(any(target_os = "linux", target_os = "android"))]
mod linux;
#[cfg(any(target_os = "linux", target_os = "android"))]
mod linux_options;
#[cfg(any(target_os = "linux", target_os = "android"))]
mod linux_table;
#[cfg(all(feature = "tokio", any(target_os = "linux", target_os = "android")))]
pub(crate) mod reactor;
#[cfg(all(feature = "io-uring", any(target_os = "linux", target_os = "android")))]
pub(crate) mod uring;
#[cfg(any(target_os = "linux", target_os = "android"))]
pub(crate) mod xdp;

#[cfg(feature = "_seam")]
pub(crate) use held::{Closes, Held, Place};
pub(crate) use manners::{has_offload, recv_flags, send_flags, sends_batches};
pub(crate) use storage::Storage;
#[cfg(unix)]
pub(crate) use {abi as c, unix::*, unix_names::*, waking::*};

#[cfg(any(target_os = "linux", target_os = "android"))]
pub(crate) use {linux::*, linux_options::*, linux_table::*};

/// An error number of the operating system, `errno`.
///
/// Its names, such as [`Errno::ECONNREFUSED`], and its meaning in words are in the documentation
/// of its constants; a number without a name is kept as it is.
///
/// ```
/// use berkeley::Errno;
///
/// assert_eq!(Errno::ECONNREFUSED.name(), Some("ECONNREFUSED"));
/// assert_eq!(Errno::ECONNREFUSED.to_string(), "connection refused");
/// assert!(Errno::SUCCESS.is_success());
/// ```
///
/// See `errno(3)`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[doc(alias = "errno")]
pub struct Errno(pub(crate) i32);

impl Errno {
    /// The calling thread's current error number: what the call just made left behind.
    #[cold]
    pub(crate) fn last() -> Errno {
        Errno(std::io::Error::last_os_error().raw_os_error().unwrap_or(0))
    }

    /// Makes it the calling thread's current one, as if no call had been made since.
    #[cfg(all(feature = "_seam", any(target_os = "linux", target_os = "android")))]
    pub(crate) fn restore(self) {
        #[cfg(target_os = "android")]
        use c::__errno as errno_location;
        #[cfg(not(target_os = "android"))]
        use c::__errno_location as errno_location;
        // SAFETY: the place is the thread's own, and always there.
        unsafe { *errno_location() = self.0 };
    }
}

/// What to wait for on a descriptor.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Interest {
    /// Until a receive or an accept would not block.
    Read,
    /// Until a send would not block, or a connection attempt has ended.
    Write,
    /// Until there is something in the queue of errors.
    Error,
}

/// Why a wait has ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Woken {
    /// The descriptor is ready, or has an error to tell.
    Ready,
    /// The same, and the direction that was waited for has been shut down: no wait will ever end
    /// otherwise.
    ShutDown,
    /// Time is up.
    TimedOut,
}
