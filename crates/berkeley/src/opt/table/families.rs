//! The options of the families beside IP: netlink, packets, CAN, TIPC, RDS, the kernel's
//! cryptography, virtual machines, the express data path, Bluetooth, and older ones.

use super::super::*;
use super::options;
use crate::sys::c;

options! {
    SOL_NETLINK {
        NETLINK_ADD_MEMBERSHIP: Int [set] = c::NETLINK_ADD_MEMBERSHIP, "Join a group.";
        NETLINK_BROADCAST_ERROR: Bool = c::NETLINK_BROADCAST_ERROR, "Sending to a group fails if a member has no room.";
        NETLINK_CAP_ACK: Bool = c::NETLINK_CAP_ACK, "Acknowledgements do not repeat the request." since "4.3";
        NETLINK_DROP_MEMBERSHIP: Int [set] = c::NETLINK_DROP_MEMBERSHIP, "Leave a group.";
        NETLINK_EXT_ACK: Bool = c::NETLINK_EXT_ACK, "Acknowledgements say in words what is wrong." since "4.12";
        NETLINK_GET_STRICT_CHK: Bool = c::NETLINK_GET_STRICT_CHK, "Requests with what the kernel does not know are refused." since "4.20";
        NETLINK_LISTEN_ALL_NSID: Bool = c::NETLINK_LISTEN_ALL_NSID, "Messages of every namespace that is known here are received." since "4.2";
        NETLINK_LIST_MEMBERSHIPS: Many<U32> [get] = c::NETLINK_LIST_MEMBERSHIPS, "The groups that were joined, as masks of 32." since "4.2";
        NETLINK_NO_ENOBUFS: Bool = c::NETLINK_NO_ENOBUFS, "Lost messages are not told as an error.";
        NETLINK_PKTINFO: Bool = c::NETLINK_PKTINFO, "The group comes with each message.";
    }
    SOL_PACKET {
        PACKET_ADD_MEMBERSHIP: PacketMembership [set] = c::PACKET_ADD_MEMBERSHIP, "An interface receives more than what is sent to it.";
        PACKET_AUXDATA: Bool = c::PACKET_AUXDATA, "Status, lengths and VLAN tag come with each packet.";
        PACKET_COPY_THRESH: Size [set] = c::PACKET_COPY_THRESH, "Packets of the ring from this size on are received by calls, too.";
        PACKET_DROP_MEMBERSHIP: PacketMembership [set] = c::PACKET_DROP_MEMBERSHIP, "An interface no longer receives more than what is sent to it.";
        PACKET_FANOUT: Fanout = c::PACKET_FANOUT, "Sockets of a group share the packets.";
        PACKET_FANOUT_DATA: Bytes [set] = c::PACKET_FANOUT_DATA, "The program that shares them out.";
        PACKET_HDRLEN: Size [get] = c::PACKET_HDRLEN, "How long the header in the ring is, asked with the version in the memory.";
        PACKET_IGNORE_OUTGOING: Bool = c::PACKET_IGNORE_OUTGOING, "Packets that this machine sends are not received." since "4.20";
        PACKET_LOSS: Bool = c::PACKET_LOSS, "Wrong packets in the ring are dropped, not told.";
        PACKET_ORIGDEV: Bool = c::PACKET_ORIGDEV, "The interface is told that the packet came by, not what it belongs to.";
        PACKET_QDISC_BYPASS: Bool = c::PACKET_QDISC_BYPASS, "What is sent goes by no queue.";
        PACKET_RESERVE: Size = c::PACKET_RESERVE, "Room before each packet in the ring.";
        PACKET_ROLLOVER_STATS: RolloverStatistics [get] = c::PACKET_ROLLOVER_STATS, "How many packets have gone to another socket of the group.";
        PACKET_RX_RING: RingSize [set] = c::PACKET_RX_RING, "The ring to receive in.";
        PACKET_STATISTICS: PacketStatistics [get] = c::PACKET_STATISTICS, "How many packets have come, which reading clears.";
        PACKET_TIMESTAMP: Timestamping = c::PACKET_TIMESTAMP, "Which timestamps packets of the ring bear.";
        PACKET_TX_HAS_OFF: Bool = c::PACKET_TX_HAS_OFF, "Packets to send say where they begin in their room of the ring.";
        PACKET_TX_RING: RingSize [set] = c::PACKET_TX_RING, "The ring to send from.";
        PACKET_VERSION: PacketVersion = c::PACKET_VERSION, "The form of headers in the ring.";
        PACKET_VNET_HDR: Bool = c::PACKET_VNET_HDR, "A virtual machine's header stands before each packet.";
        PACKET_VNET_HDR_SZ: Size = c::PACKET_VNET_HDR_SZ, "How long that header is." since "6.6";
    }
    SOL_CAN_RAW {
        CAN_RAW_ERR_FILTER: U32 = c::CAN_RAW_ERR_FILTER, "Which errors are received, as a mask.";
        CAN_RAW_FD_FRAMES: Bool = c::CAN_RAW_FD_FRAMES, "Frames of CAN FD are received and sent.";
        CAN_RAW_FILTER: Many<CanFilter> = c::CAN_RAW_FILTER, "Which frames are received; none without any filter.";
        CAN_RAW_JOIN_FILTERS: Bool = c::CAN_RAW_JOIN_FILTERS, "All filters have to fit, not one.";
        CAN_RAW_LOOPBACK: Bool = c::CAN_RAW_LOOPBACK, "Sent frames come to other sockets of this machine.";
        CAN_RAW_RECV_OWN_MSGS: Bool = c::CAN_RAW_RECV_OWN_MSGS, "Sent frames come to this socket.";
        CAN_RAW_XL_FRAMES: Bool = c::CAN_RAW_XL_FRAMES, "Frames of CAN XL are received and sent." since "6.2";
        CAN_RAW_XL_VCID_OPTS: Bytes = c::CAN_RAW_XL_VCID_OPTS, "Which virtual networks of CAN XL: flags, sent, received, mask." since "6.9";
    }
    SOL_CAN_ISOTP {
        CAN_ISOTP_LL_OPTS: IsoTpLink = c::CAN_ISOTP_LL_OPTS, "What frames are made.";
        CAN_ISOTP_OPTS: IsoTpOptions = c::CAN_ISOTP_OPTS, "How the socket behaves.";
        CAN_ISOTP_RECV_FC: IsoTpFlowControl = c::CAN_ISOTP_RECV_FC, "What the sender is asked for.";
        CAN_ISOTP_RX_STMIN: Nanoseconds = c::CAN_ISOTP_RX_STMIN, "Frames that come sooner than this are ignored, for tests.";
        CAN_ISOTP_TX_STMIN: Nanoseconds = c::CAN_ISOTP_TX_STMIN, "The time between frames, whatever the receiver asks for, for tests.";
    }
    SOL_CAN_J1939 {
        SO_J1939_ERRQUEUE: Bool = c::SO_J1939_ERRQUEUE, "What has become of transfers is told in the queue of errors.";
        SO_J1939_FILTER: Many<J1939Filter> [set] = c::SO_J1939_FILTER, "Which messages are received.";
        SO_J1939_PROMISC: Bool = c::SO_J1939_PROMISC, "Messages for others are received, too.";
        SO_J1939_SEND_PRIO: Int = c::SO_J1939_SEND_PRIO, "The priority of sent messages, from 0, the highest, to 7.";
    }
    SOL_TIPC {
        TIPC_CONN_TIMEOUT: Millis = c::TIPC_CONN_TIMEOUT, "How long connecting may take.";
        TIPC_DEST_DROPPABLE: Bool = c::TIPC_DEST_DROPPABLE, "Messages that nobody takes are dropped, not sent back.";
        TIPC_GROUP_JOIN: TipcGroup [set] = c::TIPC_GROUP_JOIN, "Join a group.";
        TIPC_GROUP_LEAVE: Empty [set] = c::TIPC_GROUP_LEAVE, "Leave the group.";
        TIPC_IMPORTANCE: Importance = c::TIPC_IMPORTANCE, "How important sent messages are.";
        TIPC_MCAST_BROADCAST: Empty [set] = c::TIPC_MCAST_BROADCAST, "What is sent to many is broadcast.";
        TIPC_MCAST_REPLICAST: Empty [set] = c::TIPC_MCAST_REPLICAST, "What is sent to many is sent to each.";
        TIPC_NODELAY: Bool [set] = c::TIPC_NODELAY, "Small messages are sent at once." since "5.5";
        TIPC_NODE_RECVQ_DEPTH: Int [get] = c::TIPC_NODE_RECVQ_DEPTH, "How many messages wait on this node.";
        TIPC_SOCK_RECVQ_DEPTH: Int [get] = c::TIPC_SOCK_RECVQ_DEPTH, "How many messages wait to be received.";
        TIPC_SOCK_RECVQ_USED: Int [get] = c::TIPC_SOCK_RECVQ_USED, "How much room they take, in bytes.";
        TIPC_SRC_DROPPABLE: Bool = c::TIPC_SRC_DROPPABLE, "Messages may be dropped when there are too many.";
    }
    SOL_RDS {
        RDS_CANCEL_SENT_TO: Address [set] = c::RDS_CANCEL_SENT_TO, "What was sent to an address and not acknowledged is given up.";
        RDS_CONG_MONITOR: Bool [set] = c::RDS_CONG_MONITOR, "Ports that become free to send to are told by a message.";
        RDS_FREE_MR: Bytes [set] = c::RDS_FREE_MR, "The peer may no longer use some memory.";
        RDS_GET_MR: Bytes [set] = c::RDS_GET_MR, "The peer may use some memory. Refused here: its addresses would be written to unchecked.";
        RDS_GET_MR_FOR_DEST: Bytes [set] = c::RDS_GET_MR_FOR_DEST, "The same for one destination. Refused here: its addresses would be written to unchecked.";
        RDS_RECVERR: Bool = c::RDS_RECVERR, "How direct accesses end is told by a message.";
        SO_RDS_MSG_RXPATH_LATENCY: Bytes [set] = c::SO_RDS_MSG_RXPATH_LATENCY, "How long each stage took comes with each message: how many stages, and which.";
        SO_RDS_TRANSPORT: RdsTransport = c::SO_RDS_TRANSPORT, "What carries the messages.";
    }
    SOL_ALG {
        ALG_SET_AEAD_AUTHSIZE: Length [set] = c::ALG_SET_AEAD_AUTHSIZE, "How long the authentication tag is.";
        ALG_SET_DRBG_ENTROPY: Secret [set] = c::ALG_SET_DRBG_ENTROPY, "What a generator of random numbers begins with, for tests." since "5.11";
        ALG_SET_KEY: Secret [set] = c::ALG_SET_KEY, "The key of the cipher or hash.";
        ALG_SET_KEY_BY_KEY_SERIAL: Int [set] = c::ALG_SET_KEY_BY_KEY_SERIAL, "The key, by its number in the kernel's keyring." since "6.2";
        ALG_SET_PUBKEY: Bytes<4096> [set] = c::ALG_SET_PUBKEY, "The public key. No kernel of Linux's own takes it.";
    }
    AF_VSOCK {
        SO_VM_SOCKETS_BUFFER_MAX_SIZE: Size64 = c::SO_VM_SOCKETS_BUFFER_MAX_SIZE, "The largest size that the buffer may be given.";
        SO_VM_SOCKETS_BUFFER_MIN_SIZE: Size64 = c::SO_VM_SOCKETS_BUFFER_MIN_SIZE, "The smallest size that the buffer may be given.";
        SO_VM_SOCKETS_BUFFER_SIZE: Size64 = c::SO_VM_SOCKETS_BUFFER_SIZE, "The size of the buffer.";
        SO_VM_SOCKETS_CONNECT_TIMEOUT: TimeVal = c::SO_VM_SOCKETS_CONNECT_TIMEOUT, "How long connecting may take.";
        SO_VM_SOCKETS_NONBLOCK_TXRX: Bool = c::SO_VM_SOCKETS_NONBLOCK_TXRX, "Sending and receiving may not sleep; only VMware's kernels have it.";
        SO_VM_SOCKETS_PEER_HOST_VM_ID: Int [get] = c::SO_VM_SOCKETS_PEER_HOST_VM_ID, "The number that the peer's machine has for VMware's host.";
        SO_VM_SOCKETS_TRUSTED: Int [get] = c::SO_VM_SOCKETS_TRUSTED, "Whether the peer is trusted; only VMware's kernels have it.";
    }
    SOL_XDP {
        XDP_MAX_TX_SKB_BUDGET: Int [set] = c::XDP_MAX_TX_SKB_BUDGET, "How many packets a call sends at most, with copies." since "6.18";
        XDP_MMAP_OFFSETS: Bytes<128> [get] = c::XDP_MMAP_OFFSETS, "Where the parts of the rings stand.";
        XDP_OPTIONS: U32 [get] = c::XDP_OPTIONS, "Whether packets are not copied: 1 if not." since "5.3";
        XDP_RX_RING: U32 [set] = c::XDP_RX_RING, "How many descriptors the ring to receive in has.";
        XDP_STATISTICS: XdpStatistics [get] = c::XDP_STATISTICS, "How many packets were dropped, and why.";
        XDP_TX_RING: U32 [set] = c::XDP_TX_RING, "How many descriptors the ring to send from has.";
        XDP_UMEM_COMPLETION_RING: U32 [set] = c::XDP_UMEM_COMPLETION_RING, "How many descriptors the ring of sent packets has.";
        XDP_UMEM_FILL_RING: U32 [set] = c::XDP_UMEM_FILL_RING, "How many descriptors the ring of free memory has.";
        XDP_UMEM_REG: Bytes [set] = c::XDP_UMEM_REG, "The memory of the packets. Refused here: its addresses would be written to unchecked.";
    }
    SOL_BLUETOOTH {
        BT_CHANNEL_POLICY: U32 = c::BT_CHANNEL_POLICY, "Which controllers may be used.";
        BT_CODEC: Bytes<256> = c::BT_CODEC, "The codec of speech." since "5.16";
        BT_DEFER_SETUP: U32 = c::BT_DEFER_SETUP, "Connections are accepted only once the application has looked.";
        BT_FLUSHABLE: U32 = c::BT_FLUSHABLE, "Packets may be given up.";
        BT_ISO_BASE: Bytes<256> = c::BT_ISO_BASE, "What a broadcast is made of." since "6.0";
        BT_ISO_QOS: Bytes<256> = c::BT_ISO_QOS, "How good an isochronous channel has to be." since "6.0";
        BT_MODE: U8 = c::BT_MODE, "How packets are sent again.";
        BT_PHY: U32 = c::BT_PHY, "Which radio links are used, as a mask.";
        BT_PKT_STATUS: U32 = c::BT_PKT_STATUS, "Whether a speech packet is right comes with each." since "5.9";
        BT_POWER: Bool8 = c::BT_POWER, "The link must not save power.";
        BT_RCVMTU: U16 = c::BT_RCVMTU, "The largest packet received, in bytes.";
        BT_SECURITY: BtSecurity = c::BT_SECURITY, "How safe the connection has to be.";
        BT_SNDMTU: U16 [get] = c::BT_SNDMTU, "The largest packet sent, in bytes.";
        BT_VOICE: U16 = c::BT_VOICE, "How speech is coded.";
    }
    SOL_HCI {
        HCI_DATA_DIR: Bool = c::HCI_DATA_DIR, "The direction comes with each packet.";
        HCI_FILTER: HciFilter = c::HCI_FILTER, "Which packets of the controller are received.";
        HCI_TIME_STAMP: Bool = c::HCI_TIME_STAMP, "The time comes with each packet.";
    }
    SOL_L2CAP {
        L2CAP_CONNINFO: BtConnection [get] = c::L2CAP_CONNINFO, "The connection.";
        L2CAP_LM: U32 = c::L2CAP_LM, "How safe the connection has to be, in the older form.";
        L2CAP_OPTIONS: L2capOptions = c::L2CAP_OPTIONS, "The link, in the older form.";
    }
    SOL_RFCOMM {
        RFCOMM_CONNINFO: BtConnection [get] = c::RFCOMM_CONNINFO, "The connection.";
        RFCOMM_LM: U32 = c::RFCOMM_LM, "How safe the connection has to be, in the older form.";
    }
    SOL_SCO {
        SCO_CONNINFO: BtConnection [get] = c::SCO_CONNINFO, "The connection.";
        SCO_OPTIONS: U16 [get] = c::SCO_OPTIONS, "The largest packet, in bytes.";
    }
    SOL_LLC {
        LLC_OPT_ACK_TMR_EXP: Seconds = c::LLC_OPT_ACK_TMR_EXP, "How long an acknowledgement is waited for.";
        LLC_OPT_BUSY_TMR_EXP: Seconds = c::LLC_OPT_BUSY_TMR_EXP, "How long a busy peer is waited for.";
        LLC_OPT_PKTINFO: Bool = c::LLC_OPT_PKTINFO, "The destination comes with each packet.";
        LLC_OPT_P_TMR_EXP: Seconds = c::LLC_OPT_P_TMR_EXP, "How long the answer to a poll is waited for.";
        LLC_OPT_REJ_TMR_EXP: Seconds = c::LLC_OPT_REJ_TMR_EXP, "How long a rejected packet is waited for.";
        LLC_OPT_RETRY: Int = c::LLC_OPT_RETRY, "How often a packet is sent again.";
        LLC_OPT_RX_WIN: Int = c::LLC_OPT_RX_WIN, "How many packets may be received without an acknowledgement.";
        LLC_OPT_SIZE: Size = c::LLC_OPT_SIZE, "The largest packet.";
        LLC_OPT_TX_WIN: Int = c::LLC_OPT_TX_WIN, "How many packets may be sent without an acknowledgement.";
    }
    SOL_PPPOL2TP {
        PPPOL2TP_SO_DEBUG: U32 = c::PPPOL2TP_SO_DEBUG, "What the kernel writes to its log, as a mask.";
        PPPOL2TP_SO_LNSMODE: Bool = c::PPPOL2TP_SO_LNSMODE, "This end is the server of the tunnel.";
        PPPOL2TP_SO_RECVSEQ: Bool = c::PPPOL2TP_SO_RECVSEQ, "Packets without a number are dropped.";
        PPPOL2TP_SO_REORDERTO: Millis = c::PPPOL2TP_SO_REORDERTO, "How long a packet out of order waits for those before it.";
        PPPOL2TP_SO_SENDSEQ: Bool = c::PPPOL2TP_SO_SENDSEQ, "Packets are sent with a number.";
    }
}
