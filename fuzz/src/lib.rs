//! What must hold of berkeley's parsers and builders for any bytes.
//!
//! Each target is a function of bytes that panics if something does not hold: not only that
//! nothing panics, but that what is built is read back. The tests run every target over the kept
//! inputs in `corpus/` and `crashes/`; `cargo xtask fuzz` looks for new ones.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a target says by a panic that something does not hold"
)]

mod address;
mod codecs;
mod control;
mod input;
mod packets;
mod text;

/// Something that must hold for any bytes.
#[derive(Clone, Copy, Debug)]
pub struct Target {
    /// Its name, which is that of its folders in `corpus/` and `crashes/`.
    pub name: &'static str,
    /// Panics if it does not hold for these bytes.
    pub check: fn(&[u8]),
}

/// Every target.
pub const TARGETS: &[Target] = &[
    Target { name: "address_bytes", check: address::bytes },
    Target { name: "address_text", check: address::text },
    Target { name: "endpoint_text", check: address::endpoint },
    Target { name: "control_walk", check: control::walk },
    Target { name: "control_build", check: control::build },
    Target { name: "error_queue", check: control::error_queue },
    Target { name: "codec_bytes", check: codecs::bytes },
    Target { name: "codec_values", check: codecs::values },
    Target { name: "row_values", check: codecs::rows },
    Target { name: "option_text", check: text::option },
    Target { name: "numeric_host", check: text::numeric_host },
    Target { name: "socket_table", check: text::socket_table },
    Target { name: "icmp_packet", check: packets::icmp },
];
