//! What Multipath TCP tells of a connection and its subflows.

use std::time::Duration;

use super::records::{Bits, Ms, Switch, addr_of, flags, record_values, records, shown};
use super::{Codec, TcpInfo, Value};
use crate::addr::Addr;
use crate::sys::structs::{mptcp_subflow_addrs, mptcp_subflow_data};

flags! {
    /// What has become of a connection.
    #[doc(alias = "MPTCP_INFO_FLAG_FALLBACK")]
    MptcpFlags: u32, "flags" {
        /// It is plain TCP, for the peer does not know better.
        FALLBACK = 1;
        /// The peer's key is known.
        REMOTE_KEY_RECEIVED = 2;
    }
}

records! {
    /// What the kernel knows of a Multipath TCP connection.
    ///
    /// A field behind `received_sequence` is `None` if the kernel is too old to tell it.
    ///
    /// See RFC 8684.
    #[doc(alias = "mptcp_info")]
    MptcpInfo = mptcp_info, "what MPTCP knows" {
        /// How many subflows there are beside the first.
        subflows: u8 = mptcpi_subflows,
        /// How many addresses the peer was told of.
        addresses_told: u8 = mptcpi_add_addr_signal,
        /// How many of the peer's addresses are in use.
        addresses_accepted: u8 = mptcpi_add_addr_accepted,
        /// How many subflows there may be.
        max_subflows: u8 = mptcpi_subflows_max,
        /// How many addresses the peer may be told of.
        max_addresses_told: u8 = mptcpi_add_addr_signal_max,
        /// How many of the peer's addresses may be used.
        max_addresses_accepted: u8 = mptcpi_add_addr_accepted_max,
        /// What has become of it.
        flags: MptcpFlags as Bits<MptcpFlags> = mptcpi_flags,
        /// The number that this machine knows it by.
        token: u32 = mptcpi_token,
        /// The number of the next byte to send.
        write_sequence: u64 = mptcpi_write_seq,
        /// The number of the first byte not acknowledged.
        unacked_sequence: u64 = mptcpi_snd_una,
        /// The number of the next byte to receive.
        received_sequence: u64 = mptcpi_rcv_nxt,
    } + newer {
        /// How many of this machine's addresses are in use. Linux 5.13
        local_addresses: u8 = mptcpi_local_addr_used,
        /// How many may be. Linux 5.13
        max_local_addresses: u8 = mptcpi_local_addr_max,
        /// Whether data has checksums. Linux 5.14
        checksums: bool as Switch = mptcpi_csum_enabled,
        /// How often data has been sent again, by another subflow. Linux 6.5
        retransmits: u32 = mptcpi_retransmits,
        /// How many bytes have been. Linux 6.5
        bytes_retransmitted: u64 = mptcpi_bytes_retrans,
        /// How many bytes have been sent. Linux 6.5
        bytes_sent: u64 = mptcpi_bytes_sent,
        /// How many bytes have been received. Linux 6.5
        bytes_received: u64 = mptcpi_bytes_received,
        /// How many bytes have been acknowledged. Linux 6.5
        bytes_acked: u64 = mptcpi_bytes_acked,
        /// How many subflows there are, with the first. Linux 6.7
        subflows_total: u8 = mptcpi_subflows_total,
        /// How long ago data was sent. Linux 6.10
        last_data_sent: Duration as Ms = mptcpi_last_data_sent,
        /// How long ago data was received. Linux 6.10
        last_data_received: Duration as Ms = mptcpi_last_data_recv,
        /// How long ago an acknowledgement was received. Linux 6.10
        last_ack_received: Duration as Ms = mptcpi_last_ack_recv,
    }
}

/// How many subflows are asked for; no kernel makes more.
const SUBFLOWS: usize = 9;

/// [`TcpInfo`] of every subflow.
///
/// ```
/// use berkeley::opt::{Codec, SubflowInfos};
/// assert_eq!(SubflowInfos::decode(&[0; 16]), Some(vec![]));
/// ```
#[derive(Debug)]
#[doc(alias = "mptcp_subflow_data")]
pub enum SubflowInfos {}

impl Codec for SubflowInfos {
    type Value = Vec<TcpInfo>;
    type Bytes = Vec<u8>;
    const FORM: &'static str = "what TCP knows of each subflow";
    const ROOM: usize = mptcp_subflow_data::SIZE + SUBFLOWS * TcpInfo::ROOM;

    fn encode(value: Vec<TcpInfo>) -> Vec<u8> {
        let infos = value.into_iter().flat_map(TcpInfo::encode);
        list(TcpInfo::ROOM, infos)
    }

    fn ask(room: &mut [u8]) {
        ask(room, TcpInfo::ROOM);
    }

    fn decode(bytes: &[u8]) -> Option<Vec<TcpInfo>> {
        elements(bytes)?.map(TcpInfo::decode).collect()
    }

    fn value(bytes: &[u8]) -> Option<Value> {
        Self::decode(bytes).map(Value::from)
    }

    fn describe(bytes: &[u8]) -> Option<String> {
        let each = elements(bytes)?.map(TcpInfo::describe).collect::<Option<Vec<_>>>()?;
        Some(if each.is_empty() { "none".to_owned() } else { each.join("; ") })
    }
}

/// The addresses of a subflow.
///
/// ```
/// use berkeley::opt::{Codec, Subflow, Subflows};
/// let both = Subflow { local: "127.0.0.1:1".parse()?, peer: "127.0.0.1:2".parse()? };
/// assert_eq!(Subflows::decode(&Subflows::encode(vec![both])), Some(vec![both]));
/// # Ok::<(), berkeley::AddrError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[doc(alias = "mptcp_subflow_addrs")]
pub struct Subflow {
    /// This side's.
    pub local: Addr,
    /// The peer's.
    pub peer: Addr,
}

/// The addresses of every [`Subflow`].
///
/// ```
/// use berkeley::opt::{Codec, Subflows};
/// assert_eq!(Subflows::describe(&[0; 16]).as_deref(), Some("none"));
/// ```
#[derive(Debug)]
pub enum Subflows {}

impl Codec for Subflows {
    type Value = Vec<Subflow>;
    type Bytes = Vec<u8>;
    const FORM: &'static str = "addresses of each subflow";
    const ROOM: usize = mptcp_subflow_data::SIZE + SUBFLOWS * mptcp_subflow_addrs::SIZE;

    fn encode(value: Vec<Subflow>) -> Vec<u8> {
        let flows = value.into_iter().flat_map(|flow| {
            let mut bytes = [0; mptcp_subflow_addrs::SIZE];
            let [local, peer] =
                [flow.local, flow.peer].map(|addr| super::records::storage_of(Some(&addr)));
            mptcp_subflow_addrs::ss_local.put(&mut bytes, local.into());
            mptcp_subflow_addrs::ss_remote.put(&mut bytes, peer.into());
            bytes
        });
        list(mptcp_subflow_addrs::SIZE, flows)
    }

    fn ask(room: &mut [u8]) {
        ask(room, mptcp_subflow_addrs::SIZE);
    }

    fn decode(bytes: &[u8]) -> Option<Vec<Subflow>> {
        let flow = |bytes: &[u8]| {
            Some(Subflow {
                local: addr_of(&mptcp_subflow_addrs::ss_local.get(bytes)?.bytes)?,
                peer: addr_of(&mptcp_subflow_addrs::ss_remote.get(bytes)?.bytes)?,
            })
        };
        elements(bytes)?.map(flow).collect()
    }

    fn value(bytes: &[u8]) -> Option<Value> {
        Self::decode(bytes).map(Value::from)
    }

    fn describe(bytes: &[u8]) -> Option<String> {
        let each: Vec<String> = Self::decode(bytes)?
            .iter()
            .map(|flow| shown(&flow.local.to_string(), &format!("→ {}", flow.peer)))
            .collect();
        Some(if each.is_empty() { "none".to_owned() } else { each.join("; ") })
    }
}

/// Says before a list how large its elements are.
fn ask(room: &mut [u8], element: usize) {
    mptcp_subflow_data::size_subflow_data.put(room, mptcp_subflow_data::SIZE as u32);
    mptcp_subflow_data::size_user.put(room, element as u32);
}

fn list(element: usize, elements: impl Iterator<Item = u8>) -> Vec<u8> {
    let mut bytes = vec![0; mptcp_subflow_data::SIZE];
    ask(&mut bytes, element);
    bytes.extend(elements);
    let number = (bytes.len() - mptcp_subflow_data::SIZE) / element;
    mptcp_subflow_data::num_subflows.put(&mut bytes, number as u32);
    bytes
}

/// The elements of a list, each cut to what the kernel knows of it.
fn elements(bytes: &[u8]) -> Option<impl Iterator<Item = &[u8]>> {
    let number = mptcp_subflow_data::num_subflows.get(bytes)? as usize;
    let user = mptcp_subflow_data::size_user.get(bytes)? as usize;
    let kernel = mptcp_subflow_data::size_kernel.get(bytes)? as usize;
    let rest = bytes.get(mptcp_subflow_data::SIZE..)?;
    let told = if kernel == 0 { user } else { user.min(kernel) };
    let all = rest.chunks_exact(user.max(1)).take(number);
    Some(all.map(move |element| element.get(..told).unwrap_or(element)))
}

record_values! { Subflow { local, peer } }
