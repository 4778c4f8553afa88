//! The kernel's structures: addresses, control messages, values of options.
//!
//! One row each, in the order of the manual pages that describe them. `layout_probe` compares
//! every one with the system's headers.

use super::layout::structures;

structures! {
    /// `packet(7)`; the hardware address may go on behind the structure.
    sockaddr_ll = "struct sockaddr_ll" in "linux/if_packet.h" {
        sll_family: u16, sll_protocol: Be<u16>, sll_ifindex: i32, sll_hatype: u16,
        sll_pkttype: u8, sll_halen: u8, sll_addr: [u8; 8],
    }
    /// `netlink(7)`
    sockaddr_nl = "struct sockaddr_nl" in "linux/netlink.h" {
        nl_family: u16, nl_pad: u16, nl_pid: u32, nl_groups: u32,
    }
    /// `vsock(7)`
    sockaddr_vm = "struct sockaddr_vm" in "linux/vm_sockets.h" {
        svm_family: u16, svm_reserved1: u16, svm_port: u32, svm_cid: u32, svm_flags: u8,
        svm_zero: [u8; 3],
    }
    /// Controller area network: raw and BCM look at the interface alone.
    sockaddr_can = "struct sockaddr_can" in "linux/can.h" {
        can_family: u16, can_ifindex: i32, name["can_addr.j1939.name"]: u64,
        pgn["can_addr.j1939.pgn"]: u32, addr["can_addr.j1939.addr"]: u8,
    }
    /// Its other form, of ISO 15765-2.
    sockaddr_can_tp = "struct sockaddr_can" in "linux/can.h" {
        can_family: u16, can_ifindex: i32, rx_id["can_addr.tp.rx_id"]: u32,
        tx_id["can_addr.tp.tx_id"]: u32, _union: u64,
    }
    /// TIPC's three forms share the place: socket, name and range.
    sockaddr_tipc = "struct sockaddr_tipc" in "linux/tipc.h" {
        family: u16, addrtype: u8, scope: i8, v1["addr.nameseq.type"]: u32,
        v2["addr.nameseq.lower"]: u32, v3["addr.nameseq.upper"]: u32,
    }
    /// The kernel's cryptography.
    sockaddr_alg = "struct sockaddr_alg" in "linux/if_alg.h" {
        salg_family: u16, salg_type: [u8; 14], salg_feat: u32, salg_mask: u32,
        salg_name: [u8; 64],
    }
    /// Qualcomm's router.
    sockaddr_qrtr = "struct sockaddr_qrtr" in "linux/qrtr.h" {
        sq_family: u16, sq_node: u32, sq_port: u32,
    }
    /// Express data path.
    sockaddr_xdp = "struct sockaddr_xdp" in "linux/if_xdp.h" {
        sxdp_family: u16, sxdp_flags: u16, sxdp_ifindex: u32, sxdp_queue_id: u32,
        sxdp_shared_umem_fd: u32,
    }
    /// Bluetooth, logical links. The addresses of devices stand least significant byte first.
    sockaddr_l2 = "struct sockaddr_l2" in "bluetooth/l2cap.h" {
        l2_family: u16, l2_psm: [u8; 2], l2_bdaddr: [u8; 6], l2_cid: [u8; 2],
        l2_bdaddr_type: u8,
    }
    /// Bluetooth, serial lines.
    sockaddr_rc = "struct sockaddr_rc" in "bluetooth/rfcomm.h" {
        rc_family: u16, rc_bdaddr: [u8; 6], rc_channel: u8,
    }
    /// Bluetooth, speech.
    sockaddr_sco = "struct sockaddr_sco" in "bluetooth/sco.h" {
        sco_family: u16, sco_bdaddr: [u8; 6],
    }
    /// Bluetooth, controllers.
    sockaddr_hci = "struct sockaddr_hci" in "bluetooth/hci.h" {
        hci_family: u16, hci_dev: u16, hci_channel: u16,
    }

    /// `recvmsg(2)`, `cmsg(3)`
    cmsghdr = "struct cmsghdr" in "sys/socket.h" {
        cmsg_len: usize, cmsg_level: i32, cmsg_type: i32,
    }
    /// `unix(7)`
    ucred = "struct ucred" in "sys/socket.h" { pid: i32, uid: u32, gid: u32 }
    /// `ip(7)`
    in_pktinfo = "struct in_pktinfo" in "netinet/in.h" {
        ipi_ifindex: u32, ipi_spec_dst: [u8; 4], ipi_addr: [u8; 4],
    }
    /// RFC 3542
    in6_pktinfo = "struct in6_pktinfo" in "netinet/in.h" {
        ipi6_addr: [u8; 16], ipi6_ifindex: u32,
    }
    /// RFC 3542
    ip6_mtuinfo = "struct ip6_mtuinfo" in "netinet/in.h" {
        sin6_family["ip6m_addr.sin6_family"]: u16, sin6_port["ip6m_addr.sin6_port"]: Be<u16>,
        sin6_flowinfo["ip6m_addr.sin6_flowinfo"]: u32, sin6_addr["ip6m_addr.sin6_addr"]: [u8; 16],
        sin6_scope_id["ip6m_addr.sin6_scope_id"]: u32, ip6m_mtu: u32,
    }
    /// `socket(7)`, `SO_TIMESTAMP`
    timeval = "struct timeval" in "sys/time.h" { tv_sec: c::time_t, tv_usec: c::suseconds_t }
    /// `socket(7)`, `SO_TIMESTAMPNS`
    timespec = "struct timespec" in "time.h" { tv_sec: c::time_t, tv_nsec: c::c_long }
    /// `ip(7)`, the queue of errors
    sock_extended_err = "struct sock_extended_err" in "linux/errqueue.h" {
        ee_errno: i32, ee_origin: u8, ee_type: u8, ee_code: u8, ee_pad: u8, ee_info: u32,
        ee_data: u32,
    }
    /// Where the original packet stands within an ICMP error, RFC 4884.
    sock_ee_data_rfc4884 = "struct sock_ee_data_rfc4884" in "linux/errqueue.h" {
        len: u16, flags: u8, reserved: u8,
    }
    /// The interface and the length on the wire of a packet that hardware has stamped.
    scm_ts_pktinfo = "struct scm_ts_pktinfo" in "linux/net_tstamp.h" {
        if_index: u32, pkt_length: u32, reserved: [u8; 8],
    }
    /// `packet(7)`, what comes with each packet
    tpacket_auxdata = "struct tpacket_auxdata" in "linux/if_packet.h" {
        tp_status: u32, tp_len: u32, tp_snaplen: u32, tp_mac: u16, tp_net: u16, tp_vlan_tci: u16,
        tp_vlan_tpid: u16,
    }
    /// The initialisation vector of the kernel's cryptography; the bytes follow.
    af_alg_iv = "struct af_alg_iv" in "linux/if_alg.h" { ivlen: u32 }

    /// RFC 6458, section 5.3.1
    sctp_initmsg = "struct sctp_initmsg" in "linux/sctp.h" {
        sinit_num_ostreams: u16, sinit_max_instreams: u16, sinit_max_attempts: u16,
        sinit_max_init_timeo: u16,
    }
    /// RFC 6458, section 5.3.2
    sctp_sndrcvinfo = "struct sctp_sndrcvinfo" in "linux/sctp.h" {
        sinfo_stream: u16, sinfo_ssn: u16, sinfo_flags: u16, sinfo_ppid: u32, sinfo_context: u32,
        sinfo_timetolive: u32, sinfo_tsn: u32, sinfo_cumtsn: u32, sinfo_assoc_id: i32,
    }
    /// RFC 6458, section 5.3.4
    sctp_sndinfo = "struct sctp_sndinfo" in "linux/sctp.h" {
        snd_sid: u16, snd_flags: u16, snd_ppid: u32, snd_context: u32, snd_assoc_id: i32,
    }
    /// RFC 6458, section 5.3.5
    sctp_rcvinfo = "struct sctp_rcvinfo" in "linux/sctp.h" {
        rcv_sid: u16, rcv_ssn: u16, rcv_flags: u16, rcv_ppid: u32, rcv_tsn: u32, rcv_cumtsn: u32,
        rcv_context: u32, rcv_assoc_id: i32,
    }
    /// RFC 6458, section 5.3.6
    sctp_nxtinfo = "struct sctp_nxtinfo" in "linux/sctp.h" {
        nxt_sid: u16, nxt_flags: u16, nxt_ppid: u32, nxt_length: u32, nxt_assoc_id: i32,
    }
    /// RFC 6458, section 5.3.7
    sctp_prinfo = "struct sctp_prinfo" in "linux/sctp.h" { pr_policy: u16, pr_value: u32 }
}
