//! What options of the smaller families hold: TIPC, the express data path, Bluetooth.

use super::records::{Octets, named, records};

named! {
    /// How important what a TIPC socket sends is.
    ///
    /// See the kernel's documentation of TIPC.
    #[doc(alias("TIPC_LOW_IMPORTANCE", "TIPC_CRITICAL_IMPORTANCE"))]
    Importance, "importance" {
        /// `TIPC_LOW_IMPORTANCE`
        LOW = 0, "low";
        /// `TIPC_MEDIUM_IMPORTANCE`
        MEDIUM = 1, "medium";
        /// `TIPC_HIGH_IMPORTANCE`
        HIGH = 2, "high";
        /// `TIPC_CRITICAL_IMPORTANCE`
        CRITICAL = 3, "critical";
    }
    /// What carries the messages of RDS.
    #[doc(alias("RDS_TRANS_TCP", "RDS_TRANS_IB"))]
    RdsTransport, "transport" {
        /// InfiniBand. `RDS_TRANS_IB`
        INFINIBAND = 0, "infiniband";
        /// TCP. `RDS_TRANS_TCP`
        TCP = 2, "tcp";
        /// Not chosen yet. `RDS_TRANS_NONE`
        NONE = -1, "none";
    }
}

records! {
    /// Membership of a TIPC group.
    ///
    /// See the kernel's documentation of TIPC.
    #[doc(alias = "tipc_group_req")]
    TipcGroup = tipc_group_req, "group" {
        /// The group.
        group: u32 = r#type,
        /// This member.
        instance: u32 = instance,
        /// How far it reaches: the cluster (2) or this node (3).
        scope: u32 = scope,
        /// What the member wants to be told: its own messages (1), members' coming and going (2).
        flags: u32 = flags,
    }
    /// What an AF_XDP socket has dropped.
    ///
    /// A field behind `invalid_sends` is `None` if the kernel is too old to tell it.
    ///
    /// See the kernel's documentation of AF_XDP.
    #[doc(alias = "xdp_statistics")]
    XdpStatistics = xdp_statistics, "packets" {
        /// Packets that were dropped.
        drops: u64 = rx_dropped,
        /// Descriptors to receive into that were wrong.
        invalid_receives: u64 = rx_invalid_descs,
        /// Descriptors to send that were wrong.
        invalid_sends: u64 = tx_invalid_descs,
    } + newer {
        /// Packets for which the ring had no room. Linux 5.9
        ring_full: u64 = rx_ring_full,
        /// How often there was nothing to receive into. Linux 5.9
        fill_ring_empty: u64 = rx_fill_ring_empty_descs,
        /// How often there was nothing to send. Linux 5.9
        send_ring_empty: u64 = tx_ring_empty_descs,
    }
    /// How safe a Bluetooth connection has to be.
    #[doc(alias = "bt_security")]
    BtSecurity = bt_security, "level and key size" {
        /// From 0 (discovery of services) over 1 (low) to 4 (the safest).
        level: u8 = level,
        /// How long the key is, in bytes; set by the kernel.
        key_size: u8 = key_size,
    }
    /// A Bluetooth link.
    #[doc(alias = "l2cap_options")]
    L2capOptions = l2cap_options, "sizes and mode" {
        /// The largest packet sent, in bytes.
        send_mtu: u16 = omtu,
        /// The largest packet received, in bytes.
        receive_mtu: u16 = imtu,
        /// How long a packet may wait, in milliseconds; 65535 is for ever.
        flush_ms: u16 = flush_to,
        /// How packets are sent again: 0 never, 3 until they arrive, 4 not at all.
        mode: u8 = mode,
        /// Whether there is a checksum.
        checksum: u8 = fcs,
        /// How often a packet is sent.
        max_sends: u8 = max_tx,
        /// How many packets may be under way.
        window: u16 = txwin_size,
    }
    /// A Bluetooth connection.
    #[doc(alias = "l2cap_conninfo")]
    BtConnection = l2cap_conninfo, "handle and class" {
        /// The controller's number for it.
        handle: u16 = hci_handle,
        /// What sort of device the peer is.
        class: [u8; 3] as Octets = dev_class,
    }
    /// Which packets of a Bluetooth controller to receive.
    #[doc(alias = "hci_filter")]
    HciFilter = hci_filter, "masks" {
        /// The types, as a mask.
        types: u32 = type_mask,
        /// Events up to 31, as a mask.
        events_low: u32 = event_mask_low,
        /// Events from 32, as a mask.
        events_high: u32 = event_mask_high,
        /// The command whose answers to receive; zero for all.
        opcode: u16 = opcode,
    }
}
