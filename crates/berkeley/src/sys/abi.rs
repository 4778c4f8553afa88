//! The platform's numbers and structures: those of the `libc` crate, and those it lacks.

#![allow(dead_code, reason = "a table of what there is, not of what is used")]

pub(crate) use libc::*;

/// What Linux's headers define and the `libc` crate does not.
#[cfg(any(target_os = "linux", target_os = "android"))]
mod missing {
    pub(crate) const SIOCATMARK: u32 = 0x8905;
    pub(crate) const SOCK_DIAG_BY_FAMILY: u16 = 20;
    // Families, levels and options.
    pub(crate) const SOL_IPX: i32 = 256;
    pub(crate) const SOL_AX25: i32 = 257;
    pub(crate) const SOL_ATALK: i32 = 258;
    pub(crate) const SOL_NETROM: i32 = 259;
    pub(crate) const SOL_ROSE: i32 = 260;
    pub(crate) const IPX_TYPE: i32 = 1;
    pub(crate) const PACKET_FASTROUTE: i32 = 6;
    pub(crate) const EAI_ADDRFAMILY: i32 = -9;
    pub(crate) const ETHERTYPE_ARP: i32 = 0x806;
    pub(crate) const ETHERTYPE_IP: i32 = 0x800;
    pub(crate) const ETHERTYPE_IPV6: i32 = 0x86dd;
    pub(crate) const ETHERTYPE_VLAN: i32 = 0x8100;
    pub(crate) const INADDR_ALLHOSTS_GROUP: u32 = 0xe0000001;
    pub(crate) const INADDR_MAX_LOCAL_GROUP: u32 = 0xe00000ff;
    pub(crate) const INADDR_UNSPEC_GROUP: u32 = 0xe0000000;
    pub(crate) const IPPORT_RESERVED: i32 = 1024;
    pub(crate) const IPPORT_USERRESERVED: i32 = 5000;
    pub(crate) const IPV6_JOIN_GROUP: i32 = libc::IPV6_ADD_MEMBERSHIP;
    pub(crate) const IPV6_LEAVE_GROUP: i32 = libc::IPV6_DROP_MEMBERSHIP;
    pub(crate) const IPV6_RTHDR_TYPE_0: i32 = 0;
    pub(crate) const IP_MAX_MEMBERSHIPS: i32 = 20;
    pub(crate) const NI_MAXSERV: i32 = 32;

    // The kernel's ciphers, as CPython numbers them: no header has these three.
    pub(crate) const ALG_OP_SIGN: i32 = 2;
    pub(crate) const ALG_OP_VERIFY: i32 = 3;

    // VSOCK.
    pub(crate) const VM_SOCKETS_INVALID_VERSION: u32 = 0xffffffff;
    pub(crate) const IOCTL_VM_SOCKETS_GET_LOCAL_CID: libc::Ioctl = libc::_IO(7, 0xb9);

    // `linux/rds.h`.
    pub(crate) const RDS_RDMA_DONTWAIT: i32 = 0x10;
    pub(crate) const RDS_RDMA_FENCE: i32 = 0x2;
    pub(crate) const RDS_RDMA_INVALIDATE: i32 = 0x4;
    pub(crate) const RDS_RDMA_NOTIFY_ME: i32 = 0x20;
    pub(crate) const RDS_RDMA_READWRITE: i32 = 0x1;
    pub(crate) const RDS_RDMA_SILENT: i32 = 0x40;
    pub(crate) const RDS_RDMA_USE_ONCE: i32 = 0x8;

    // `linux/tipc.h`.
    pub(crate) const TIPC_ADDR_ID: i32 = 3;
    pub(crate) const TIPC_ADDR_NAME: i32 = 2;
    pub(crate) const TIPC_ADDR_NAMESEQ: i32 = 1;
    pub(crate) const TIPC_CFG_SRV: i32 = 0;
    pub(crate) const TIPC_CLUSTER_SCOPE: i32 = 2;
    pub(crate) const TIPC_CRITICAL_IMPORTANCE: i32 = 3;
    pub(crate) const TIPC_HIGH_IMPORTANCE: i32 = 2;
    pub(crate) const TIPC_LOW_IMPORTANCE: i32 = 0;
    pub(crate) const TIPC_MEDIUM_IMPORTANCE: i32 = 1;
    pub(crate) const TIPC_NODE_SCOPE: i32 = 3;
    pub(crate) const TIPC_PUBLISHED: i32 = 1;
    pub(crate) const TIPC_SUBSCR_TIMEOUT: i32 = 3;
    pub(crate) const TIPC_SUB_CANCEL: i32 = 4;
    pub(crate) const TIPC_SUB_PORTS: i32 = 1;
    pub(crate) const TIPC_SUB_SERVICE: i32 = 2;
    pub(crate) const TIPC_TOP_SRV: i32 = 1;
    pub(crate) const TIPC_WAIT_FOREVER: i32 = -1;
    pub(crate) const TIPC_WITHDRAWN: i32 = 2;
    pub(crate) const TIPC_ZONE_SCOPE: i32 = 1;

    // `linux/can/bcm.h`, where they have no prefix.
    pub(crate) const CAN_BCM_CAN_FD_FRAME: i32 = 0x800;
    pub(crate) const CAN_BCM_RX_ANNOUNCE_RESUME: i32 = 0x100;
    pub(crate) const CAN_BCM_RX_CHANGED: i32 = 12;
    pub(crate) const CAN_BCM_RX_CHECK_DLC: i32 = 0x40;
    pub(crate) const CAN_BCM_RX_DELETE: i32 = 6;
    pub(crate) const CAN_BCM_RX_FILTER_ID: i32 = 0x20;
    pub(crate) const CAN_BCM_RX_NO_AUTOTIMER: i32 = 0x80;
    pub(crate) const CAN_BCM_RX_READ: i32 = 7;
    pub(crate) const CAN_BCM_RX_RTR_FRAME: i32 = 0x400;
    pub(crate) const CAN_BCM_RX_SETUP: i32 = 5;
    pub(crate) const CAN_BCM_RX_STATUS: i32 = 10;
    pub(crate) const CAN_BCM_RX_TIMEOUT: i32 = 11;
    pub(crate) const CAN_BCM_SETTIMER: i32 = 0x1;
    pub(crate) const CAN_BCM_STARTTIMER: i32 = 0x2;
    pub(crate) const CAN_BCM_TX_ANNOUNCE: i32 = 0x8;
    pub(crate) const CAN_BCM_TX_COUNTEVT: i32 = 0x4;
    pub(crate) const CAN_BCM_TX_CP_CAN_ID: i32 = 0x10;
    pub(crate) const CAN_BCM_TX_DELETE: i32 = 2;
    pub(crate) const CAN_BCM_TX_EXPIRED: i32 = 9;
    pub(crate) const CAN_BCM_TX_READ: i32 = 3;
    pub(crate) const CAN_BCM_TX_RESET_MULTI_IDX: i32 = 0x200;
    pub(crate) const CAN_BCM_TX_SEND: i32 = 4;
    pub(crate) const CAN_BCM_TX_SETUP: i32 = 1;
    pub(crate) const CAN_BCM_TX_STATUS: i32 = 8;

    // `linux/can/isotp.h`.
    pub(crate) const CAN_ISOTP_CHK_PAD_DATA: i32 = 0x20;
    pub(crate) const CAN_ISOTP_CHK_PAD_LEN: i32 = 0x10;
    pub(crate) const CAN_ISOTP_DEFAULT_EXT_ADDRESS: i32 = 0;
    pub(crate) const CAN_ISOTP_DEFAULT_FLAGS: i32 = 0;
    pub(crate) const CAN_ISOTP_DEFAULT_FRAME_TXTIME: i32 = 50000;
    pub(crate) const CAN_ISOTP_DEFAULT_LL_MTU: i32 = 16;
    pub(crate) const CAN_ISOTP_DEFAULT_LL_TX_DL: i32 = 8;
    pub(crate) const CAN_ISOTP_DEFAULT_LL_TX_FLAGS: i32 = 0;
    pub(crate) const CAN_ISOTP_DEFAULT_PAD_CONTENT: i32 = 0xcc;
    pub(crate) const CAN_ISOTP_DEFAULT_RECV_BS: i32 = 0;
    pub(crate) const CAN_ISOTP_DEFAULT_RECV_STMIN: i32 = 0;
    pub(crate) const CAN_ISOTP_DEFAULT_RECV_WFTMAX: i32 = 0;
    pub(crate) const CAN_ISOTP_EXTEND_ADDR: i32 = 0x2;
    pub(crate) const CAN_ISOTP_FORCE_RXSTMIN: i32 = 0x100;
    pub(crate) const CAN_ISOTP_FORCE_TXSTMIN: i32 = 0x80;
    pub(crate) const CAN_ISOTP_HALF_DUPLEX: i32 = 0x40;
    pub(crate) const CAN_ISOTP_LISTEN_MODE: i32 = 0x1;
    pub(crate) const CAN_ISOTP_RX_EXT_ADDR: i32 = 0x200;
    pub(crate) const CAN_ISOTP_RX_PADDING: i32 = 0x8;
    pub(crate) const CAN_ISOTP_SF_BROADCAST: i32 = 0x800;
    pub(crate) const CAN_ISOTP_TX_PADDING: i32 = 0x4;
    pub(crate) const CAN_ISOTP_WAIT_TX_DONE: i32 = 0x400;

    // BlueZ's headers.
    pub(crate) const BDADDR_BREDR: i32 = 0;
    pub(crate) const BDADDR_LE_PUBLIC: i32 = 1;
    pub(crate) const BDADDR_LE_RANDOM: i32 = 2;
    pub(crate) const BTPROTO_HCI: i32 = 1;
    pub(crate) const BTPROTO_L2CAP: i32 = 0;
    pub(crate) const BTPROTO_RFCOMM: i32 = 3;
    pub(crate) const BTPROTO_SCO: i32 = 2;
    pub(crate) const BT_CHANNEL_POLICY_BREDR_ONLY: i32 = 0;
    pub(crate) const BT_CHANNEL_POLICY_BREDR_PREFERRED: i32 = 1;
    pub(crate) const BT_FLUSHABLE_OFF: i32 = 0;
    pub(crate) const BT_FLUSHABLE_ON: i32 = 1;
    pub(crate) const BT_MODE_BASIC: i32 = 0;
    pub(crate) const BT_MODE_ERTM: i32 = 1;
    pub(crate) const BT_MODE_EXT_FLOWCTL: i32 = 4;
    pub(crate) const BT_MODE_LE_FLOWCTL: i32 = 3;
    pub(crate) const BT_MODE_STREAMING: i32 = 2;
    pub(crate) const BT_PHY_BR_1M_1SLOT: i32 = 0x1;
    pub(crate) const BT_PHY_BR_1M_3SLOT: i32 = 0x2;
    pub(crate) const BT_PHY_BR_1M_5SLOT: i32 = 0x4;
    pub(crate) const BT_PHY_EDR_2M_1SLOT: i32 = 0x8;
    pub(crate) const BT_PHY_EDR_2M_3SLOT: i32 = 0x10;
    pub(crate) const BT_PHY_EDR_2M_5SLOT: i32 = 0x20;
    pub(crate) const BT_PHY_EDR_3M_1SLOT: i32 = 0x40;
    pub(crate) const BT_PHY_EDR_3M_3SLOT: i32 = 0x80;
    pub(crate) const BT_PHY_EDR_3M_5SLOT: i32 = 0x100;
    pub(crate) const BT_PHY_LE_1M_RX: i32 = 0x400;
    pub(crate) const BT_PHY_LE_1M_TX: i32 = 0x200;
    pub(crate) const BT_PHY_LE_2M_RX: i32 = 0x1000;
    pub(crate) const BT_PHY_LE_2M_TX: i32 = 0x800;
    pub(crate) const BT_PHY_LE_CODED_RX: i32 = 0x4000;
    pub(crate) const BT_PHY_LE_CODED_TX: i32 = 0x2000;
    pub(crate) const BT_POWER_FORCE_ACTIVE_OFF: i32 = 0;
    pub(crate) const BT_POWER_FORCE_ACTIVE_ON: i32 = 1;
    pub(crate) const BT_SECURITY_FIPS: i32 = 4;
    pub(crate) const BT_SECURITY_HIGH: i32 = 3;
    pub(crate) const BT_SECURITY_LOW: i32 = 1;
    pub(crate) const BT_SECURITY_MEDIUM: i32 = 2;
    pub(crate) const BT_SECURITY_SDP: i32 = 0;
    pub(crate) const BT_VOICE_CVSD_16BIT: i32 = 0x60;
    pub(crate) const BT_VOICE_TRANSPARENT: i32 = 0x3;
    pub(crate) const BT_VOICE_TRANSPARENT_16BIT: i32 = 0x63;
    pub(crate) const HCI_CHANNEL_CONTROL: i32 = 3;
    pub(crate) const HCI_CHANNEL_LOGGING: i32 = 4;
    pub(crate) const HCI_CHANNEL_MONITOR: i32 = 2;
    pub(crate) const HCI_CHANNEL_RAW: i32 = 0;
    pub(crate) const HCI_CHANNEL_USER: i32 = 1;
    pub(crate) const HCI_DEV_NONE: i32 = 0xffff;
    pub(crate) const L2CAP_LM_AUTH: i32 = 0x2;
    pub(crate) const L2CAP_LM_ENCRYPT: i32 = 0x4;
    pub(crate) const L2CAP_LM_MASTER: i32 = 0x1;
    pub(crate) const L2CAP_LM_RELIABLE: i32 = 0x10;
    pub(crate) const L2CAP_LM_SECURE: i32 = 0x20;
    pub(crate) const L2CAP_LM_TRUSTED: i32 = 0x8;

    pub(crate) const AF_KCM: i32 = 41;
    pub(crate) const AF_QIPCRTR: i32 = 42;
    pub(crate) const AF_SMC: i32 = 43;
    pub(crate) const AF_MCTP: i32 = 45;
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
    // On these machines alone the crate lacks them.
    #[cfg(target_arch = "s390x")]
    pub(crate) const SO_TIMESTAMP_NEW: i32 = 63;
    #[cfg(target_arch = "s390x")]
    pub(crate) const SO_TIMESTAMPNS_NEW: i32 = 64;
    #[cfg(target_arch = "s390x")]
    pub(crate) const SO_TIMESTAMPING_NEW: i32 = 65;
    pub(crate) const SO_EE_CODE_ZEROCOPY_COPIED: u8 = 1;
    pub(crate) const SO_EE_ORIGIN_ZEROCOPY: u8 = 5;
    pub(crate) const SO_EE_ORIGIN_TXTIME: u8 = 6;
}

#[cfg(any(target_os = "linux", target_os = "android"))]
pub(crate) use missing::*;

#[cfg(any(target_os = "linux", target_os = "android"))]
pub(crate) use super::option_numbers::*;
