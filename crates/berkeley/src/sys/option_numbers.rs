//! The numbers of options that Linux's headers define and the `libc` crate does not, in the order
//! of the headers. Those of `SOL_SOCKET` are the same on every architecture but PA-RISC and SPARC.

// asm-generic/socket.h
#[cfg(not(any(target_arch = "sparc", target_arch = "sparc64")))]
pub(crate) const SO_RCVPRIORITY: i32 = 82;
#[cfg(any(target_arch = "sparc", target_arch = "sparc64"))]
pub(crate) const SO_RCVPRIORITY: i32 = 0x5b;
#[cfg(not(any(target_arch = "sparc", target_arch = "sparc64")))]
pub(crate) const SO_PASSRIGHTS: i32 = 83;
#[cfg(any(target_arch = "sparc", target_arch = "sparc64"))]
pub(crate) const SO_PASSRIGHTS: i32 = 0x5c;
#[cfg(not(any(target_arch = "sparc", target_arch = "sparc64")))]
pub(crate) const SO_INQ: i32 = 84;
#[cfg(any(target_arch = "sparc", target_arch = "sparc64"))]
pub(crate) const SO_INQ: i32 = 0x5d;

// linux/in.h, linux/in6.h
pub(crate) const IP_RECVRETOPTS: i32 = 7;
pub(crate) const IP_RECVERR_RFC4884: i32 = 26;
pub(crate) const IP_LOCAL_PORT_RANGE: i32 = 51;
pub(crate) const IPV6_RECVERR_RFC4884: i32 = 31;

// linux/icmp.h, linux/icmpv6.h
pub(crate) const ICMP_FILTER: i32 = 1;
pub(crate) const ICMPV6_FILTER: i32 = 1;

// linux/tcp.h
pub(crate) const TCP_TX_DELAY: i32 = 37;
pub(crate) const TCP_AO_ADD_KEY: i32 = 38;
pub(crate) const TCP_AO_DEL_KEY: i32 = 39;
pub(crate) const TCP_AO_INFO: i32 = 40;
pub(crate) const TCP_AO_GET_KEYS: i32 = 41;
pub(crate) const TCP_AO_REPAIR: i32 = 42;
pub(crate) const TCP_IS_MPTCP: i32 = 43;
pub(crate) const TCP_RTO_MAX_MS: i32 = 44;
pub(crate) const TCP_RTO_MIN_US: i32 = 45;
pub(crate) const TCP_DELACK_MAX_US: i32 = 46;

// linux/udp.h, net/udplite.h
pub(crate) const UDPLITE_SEND_CSCOV: i32 = 10;
pub(crate) const UDPLITE_RECV_CSCOV: i32 = 11;

// linux/mptcp.h
pub(crate) const SOL_MPTCP: i32 = 284;
pub(crate) const MPTCP_INFO: i32 = 1;
pub(crate) const MPTCP_TCPINFO: i32 = 2;
pub(crate) const MPTCP_SUBFLOW_ADDRS: i32 = 3;
pub(crate) const MPTCP_FULL_INFO: i32 = 4;

// linux/can/isotp.h, linux/can/raw.h
pub(crate) const SCM_CAN_RAW_ERRQUEUE: i32 = 1;
pub(crate) const SOL_CAN_ISOTP: i32 = 106;
pub(crate) const CAN_ISOTP_OPTS: i32 = 1;
pub(crate) const CAN_ISOTP_RECV_FC: i32 = 2;
pub(crate) const CAN_ISOTP_TX_STMIN: i32 = 3;
pub(crate) const CAN_ISOTP_RX_STMIN: i32 = 4;
pub(crate) const CAN_ISOTP_LL_OPTS: i32 = 5;
pub(crate) const CAN_RAW_XL_VCID_OPTS: i32 = 8;

// linux/tipc.h
pub(crate) const TIPC_IMPORTANCE: i32 = 127;
pub(crate) const TIPC_SRC_DROPPABLE: i32 = 128;
pub(crate) const TIPC_DEST_DROPPABLE: i32 = 129;
pub(crate) const TIPC_CONN_TIMEOUT: i32 = 130;
pub(crate) const TIPC_NODE_RECVQ_DEPTH: i32 = 131;
pub(crate) const TIPC_SOCK_RECVQ_DEPTH: i32 = 132;
pub(crate) const TIPC_MCAST_BROADCAST: i32 = 133;
pub(crate) const TIPC_MCAST_REPLICAST: i32 = 134;
pub(crate) const TIPC_GROUP_JOIN: i32 = 135;
pub(crate) const TIPC_GROUP_LEAVE: i32 = 136;
pub(crate) const TIPC_SOCK_RECVQ_USED: i32 = 137;
pub(crate) const TIPC_NODELAY: i32 = 138;

// linux/rds.h
pub(crate) const RDS_CANCEL_SENT_TO: i32 = 1;
pub(crate) const RDS_GET_MR: i32 = 2;
pub(crate) const RDS_FREE_MR: i32 = 3;
pub(crate) const RDS_RECVERR: i32 = 5;
pub(crate) const RDS_CONG_MONITOR: i32 = 6;
pub(crate) const RDS_GET_MR_FOR_DEST: i32 = 7;
pub(crate) const SO_RDS_TRANSPORT: i32 = 8;
pub(crate) const SO_RDS_MSG_RXPATH_LATENCY: i32 = 10;

// linux/sctp.h
pub(crate) const SCTP_GET_PEER_ADDRS: i32 = 108;
pub(crate) const SCTP_GET_LOCAL_ADDRS: i32 = 109;
pub(crate) const SCTP_GET_ASSOC_STATS: i32 = 112;
pub(crate) const SCTP_PR_SUPPORTED: i32 = 113;
pub(crate) const SCTP_DEFAULT_PRINFO: i32 = 114;
pub(crate) const SCTP_PR_ASSOC_STATUS: i32 = 115;
pub(crate) const SCTP_PR_STREAM_STATUS: i32 = 116;
pub(crate) const SCTP_RECONFIG_SUPPORTED: i32 = 117;
pub(crate) const SCTP_ENABLE_STREAM_RESET: i32 = 118;
pub(crate) const SCTP_RESET_STREAMS: i32 = 119;
pub(crate) const SCTP_RESET_ASSOC: i32 = 120;
pub(crate) const SCTP_ADD_STREAMS: i32 = 121;
pub(crate) const SCTP_STREAM_SCHEDULER: i32 = 123;
pub(crate) const SCTP_STREAM_SCHEDULER_VALUE: i32 = 124;
pub(crate) const SCTP_INTERLEAVING_SUPPORTED: i32 = 125;
pub(crate) const SCTP_EVENT: i32 = 127;
pub(crate) const SCTP_ASCONF_SUPPORTED: i32 = 128;
pub(crate) const SCTP_AUTH_SUPPORTED: i32 = 129;
pub(crate) const SCTP_ECN_SUPPORTED: i32 = 130;
pub(crate) const SCTP_EXPOSE_POTENTIALLY_FAILED_STATE: i32 = 131;
pub(crate) const SCTP_REMOTE_UDP_ENCAPS_PORT: i32 = 132;
pub(crate) const SCTP_PLPMTUD_PROBE_INTERVAL: i32 = 133;

// linux/vm_sockets.h
pub(crate) const SO_VM_SOCKETS_BUFFER_SIZE: i32 = 0;
pub(crate) const SO_VM_SOCKETS_BUFFER_MIN_SIZE: i32 = 1;
pub(crate) const SO_VM_SOCKETS_BUFFER_MAX_SIZE: i32 = 2;
pub(crate) const SO_VM_SOCKETS_PEER_HOST_VM_ID: i32 = 3;
pub(crate) const SO_VM_SOCKETS_TRUSTED: i32 = 5;
/// The one whose `timeval` is as wide as this platform's.
pub(crate) const SO_VM_SOCKETS_CONNECT_TIMEOUT: i32 =
    if size_of::<super::abi::time_t>() == size_of::<super::abi::c_long>() { 6 } else { 8 };
pub(crate) const SO_VM_SOCKETS_NONBLOCK_TXRX: i32 = 7;

// linux/if_xdp.h
pub(crate) const XDP_MAX_TX_SKB_BUDGET: i32 = 9;

// bluetooth/bluetooth.h and its companions
pub(crate) const SOL_HCI: i32 = 0;
pub(crate) const SOL_L2CAP: i32 = 6;
pub(crate) const SOL_SCO: i32 = 17;
pub(crate) const SOL_RFCOMM: i32 = 18;
pub(crate) const BT_SECURITY: i32 = 4;
pub(crate) const BT_DEFER_SETUP: i32 = 7;
pub(crate) const BT_FLUSHABLE: i32 = 8;
pub(crate) const BT_POWER: i32 = 9;
pub(crate) const BT_CHANNEL_POLICY: i32 = 10;
pub(crate) const BT_VOICE: i32 = 11;
pub(crate) const BT_SNDMTU: i32 = 12;
pub(crate) const BT_RCVMTU: i32 = 13;
pub(crate) const BT_PHY: i32 = 14;
pub(crate) const BT_MODE: i32 = 15;
pub(crate) const BT_PKT_STATUS: i32 = 16;
pub(crate) const BT_ISO_QOS: i32 = 17;
pub(crate) const BT_CODEC: i32 = 19;
pub(crate) const BT_ISO_BASE: i32 = 20;
pub(crate) const HCI_DATA_DIR: i32 = 1;
pub(crate) const HCI_FILTER: i32 = 2;
pub(crate) const HCI_TIME_STAMP: i32 = 3;
pub(crate) const L2CAP_OPTIONS: i32 = 1;
pub(crate) const L2CAP_CONNINFO: i32 = 2;
pub(crate) const L2CAP_LM: i32 = 3;
pub(crate) const RFCOMM_CONNINFO: i32 = 2;
pub(crate) const RFCOMM_LM: i32 = 3;
pub(crate) const SCO_OPTIONS: i32 = 1;
pub(crate) const SCO_CONNINFO: i32 = 2;

// linux/kcm.h, linux/smc.h, linux/llc.h, linux/if_pppol2tp.h
pub(crate) const SOL_KCM: i32 = 281;
pub(crate) const KCM_RECV_DISABLE: i32 = 1;
pub(crate) const SOL_SMC: i32 = 286;
pub(crate) const SMC_LIMIT_HS: i32 = 1;
pub(crate) const LLC_OPT_RETRY: i32 = 1;
pub(crate) const LLC_OPT_SIZE: i32 = 2;
pub(crate) const LLC_OPT_ACK_TMR_EXP: i32 = 3;
pub(crate) const LLC_OPT_P_TMR_EXP: i32 = 4;
pub(crate) const LLC_OPT_REJ_TMR_EXP: i32 = 5;
pub(crate) const LLC_OPT_BUSY_TMR_EXP: i32 = 6;
pub(crate) const LLC_OPT_TX_WIN: i32 = 7;
pub(crate) const LLC_OPT_RX_WIN: i32 = 8;
pub(crate) const LLC_OPT_PKTINFO: i32 = 9;
pub(crate) const PPPOL2TP_SO_DEBUG: i32 = 1;
pub(crate) const PPPOL2TP_SO_RECVSEQ: i32 = 2;
pub(crate) const PPPOL2TP_SO_SENDSEQ: i32 = 3;
pub(crate) const PPPOL2TP_SO_LNSMODE: i32 = 4;
pub(crate) const PPPOL2TP_SO_REORDERTO: i32 = 5;

// linux/if_alg.h of some distributions' kernels; Python names it
pub(crate) const ALG_SET_PUBKEY: i32 = 6;
