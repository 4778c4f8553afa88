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

    /// `ip(7)`, `IP_ADD_MEMBERSHIP`
    ip_mreqn = "struct ip_mreqn" in "netinet/in.h" {
        imr_multiaddr: [u8; 4], imr_address: [u8; 4], imr_ifindex: i32,
    }
    /// `ip(7)`, `IP_ADD_SOURCE_MEMBERSHIP`
    ip_mreq_source = "struct ip_mreq_source" in "netinet/in.h" {
        imr_multiaddr: [u8; 4], imr_interface: [u8; 4], imr_sourceaddr: [u8; 4],
    }
    /// RFC 3678; the sources follow one another from `imsf_slist` on
    ip_msfilter = "struct ip_msfilter" in "netinet/in.h" {
        imsf_multiaddr: [u8; 4], imsf_interface: [u8; 4], imsf_fmode: u32, imsf_numsrc: u32,
        imsf_slist: [u8; 4],
    }
    /// `ipv6(7)`
    ipv6_mreq = "struct ipv6_mreq" in "netinet/in.h" {
        ipv6mr_multiaddr: [u8; 16], ipv6mr_interface: u32,
    }
    /// RFC 3678
    group_req = "struct group_req" in "netinet/in.h" { gr_interface: u32, gr_group: AnyAddr }
    /// RFC 3678
    group_source_req = "struct group_source_req" in "netinet/in.h" {
        gsr_interface: u32, gsr_group: AnyAddr, gsr_source: AnyAddr,
    }
    /// RFC 3678; the sources follow one another from `gf_slist` on
    group_filter = "struct group_filter" in "netinet/in.h" {
        gf_interface: u32, gf_group: AnyAddr, gf_fmode: u32, gf_numsrc: u32, gf_slist: AnyAddr,
    }
    /// RFC 3542, section 3.2: 256 bits, in words of 32
    icmp6_filter = "struct icmp6_filter" in "netinet/icmp6.h" { icmp6_filt: [u8; 32] }
    /// RFC 3542; the kernel's documentation of flow labels
    in6_flowlabel_req = "struct in6_flowlabel_req" in "linux/in6.h" {
        flr_dst: [u8; 16], flr_label: Be<u32>, flr_action: u8, flr_share: u8, flr_flags: u16,
        flr_expires: u16, flr_linger: u16, _flr_pad: u32,
    }
    /// The kernel's documentation of filters
    sock_filter = "struct sock_filter" in "linux/filter.h" { code: u16, jt: u8, jf: u8, k: u32 }
    /// The kernel's documentation of filters
    sock_fprog = "struct sock_fprog" in "linux/filter.h" { len: u16, filter: usize }
    /// The kernel's documentation of `SO_TXTIME`
    sock_txtime = "struct sock_txtime" in "linux/net_tstamp.h" { clockid: i32, flags: u32 }

    /// `tcp(7)`, `TCP_INFO`; it grows with the kernel
    tcp_info = "struct tcp_info" in "linux/tcp.h" {
        tcpi_state: u8, tcpi_ca_state: u8, tcpi_retransmits: u8, tcpi_probes: u8, tcpi_backoff: u8,
        tcpi_options: u8, _tcpi_wscale: u8, _tcpi_app_limited: u8, tcpi_rto: u32, tcpi_ato: u32,
        tcpi_snd_mss: u32, tcpi_rcv_mss: u32, tcpi_unacked: u32, tcpi_sacked: u32, tcpi_lost: u32,
        tcpi_retrans: u32, tcpi_fackets: u32, tcpi_last_data_sent: u32, tcpi_last_ack_sent: u32,
        tcpi_last_data_recv: u32, tcpi_last_ack_recv: u32, tcpi_pmtu: u32, tcpi_rcv_ssthresh: u32,
        tcpi_rtt: u32, tcpi_rttvar: u32, tcpi_snd_ssthresh: u32, tcpi_snd_cwnd: u32,
        tcpi_advmss: u32, tcpi_reordering: u32, tcpi_rcv_rtt: u32, tcpi_rcv_space: u32,
        tcpi_total_retrans: u32, tcpi_pacing_rate: u64, tcpi_max_pacing_rate: u64,
        tcpi_bytes_acked: u64, tcpi_bytes_received: u64, tcpi_segs_out: u32, tcpi_segs_in: u32,
        tcpi_notsent_bytes: u32, tcpi_min_rtt: u32, tcpi_data_segs_in: u32,
        tcpi_data_segs_out: u32, tcpi_delivery_rate: u64, tcpi_busy_time: u64,
        tcpi_rwnd_limited: u64, tcpi_sndbuf_limited: u64, tcpi_delivered: u32,
        tcpi_delivered_ce: u32, tcpi_bytes_sent: u64, tcpi_bytes_retrans: u64,
        tcpi_dsack_dups: u32, tcpi_reord_seen: u32, tcpi_rcv_ooopack: u32, tcpi_snd_wnd: u32,
        tcpi_rcv_wnd: u32, tcpi_rehash: u32, tcpi_total_rto: u16, tcpi_total_rto_recoveries: u16,
        tcpi_total_rto_time: u32, tcpi_received_ce: u32, tcpi_delivered_e1_bytes: u32,
        tcpi_delivered_e0_bytes: u32, tcpi_delivered_ce_bytes: u32, tcpi_received_e1_bytes: u32,
        tcpi_received_e0_bytes: u32, tcpi_received_ce_bytes: u32,
    }
    /// `tcp(7)`, `TCP_REPAIR`
    tcp_repair_opt = "struct tcp_repair_opt" in "linux/tcp.h" { opt_code: u32, opt_val: u32 }
    /// `tcp(7)`, `TCP_REPAIR`
    tcp_repair_window = "struct tcp_repair_window" in "linux/tcp.h" {
        snd_wl1: u32, snd_wnd: u32, max_window: u32, rcv_wnd: u32, rcv_wup: u32,
    }
    /// RFC 2385
    tcp_md5sig = "struct tcp_md5sig" in "linux/tcp.h" {
        tcpm_addr: AnyAddr, tcpm_flags: u8, tcpm_prefixlen: u8, tcpm_keylen: u16,
        tcpm_ifindex: i32, tcpm_key: [u8; 80],
    }
    /// RFC 8684; it grows with the kernel
    mptcp_info = "struct mptcp_info" in "linux/mptcp.h" {
        mptcpi_subflows: u8, mptcpi_add_addr_signal: u8, mptcpi_add_addr_accepted: u8,
        mptcpi_subflows_max: u8, mptcpi_add_addr_signal_max: u8, mptcpi_add_addr_accepted_max: u8,
        mptcpi_flags: u32, mptcpi_token: u32, mptcpi_write_seq: u64, mptcpi_snd_una: u64,
        mptcpi_rcv_nxt: u64, mptcpi_local_addr_used: u8, mptcpi_local_addr_max: u8,
        mptcpi_csum_enabled: u8, mptcpi_retransmits: u32, mptcpi_bytes_retrans: u64,
        mptcpi_bytes_sent: u64, mptcpi_bytes_received: u64, mptcpi_bytes_acked: u64,
        mptcpi_subflows_total: u8, _reserved: [u8; 3], mptcpi_last_data_sent: u32,
        mptcpi_last_data_recv: u32, mptcpi_last_ack_recv: u32,
    }
    /// What stands before a list about the subflows
    mptcp_subflow_data = "struct mptcp_subflow_data" in "linux/mptcp.h" {
        size_subflow_data: u32, num_subflows: u32, size_kernel: u32, size_user: u32,
    }
    /// Both ends of a subflow
    mptcp_subflow_addrs = "struct mptcp_subflow_addrs" in "linux/mptcp.h" {
        ss_local: AnyAddr, ss_remote: AnyAddr,
    }

    /// The kernel's documentation of TLS
    tls12_crypto_info_aes_gcm_128 = "struct tls12_crypto_info_aes_gcm_128" in "linux/tls.h" {
        version["info.version"]: u16, cipher_type["info.cipher_type"]: u16, iv: [u8; 8],
        key: [u8; 16], salt: [u8; 4], rec_seq: [u8; 8],
    }
    /// The kernel's documentation of TLS
    tls12_crypto_info_aes_gcm_256 = "struct tls12_crypto_info_aes_gcm_256" in "linux/tls.h" {
        version["info.version"]: u16, cipher_type["info.cipher_type"]: u16, iv: [u8; 8],
        key: [u8; 32], salt: [u8; 4], rec_seq: [u8; 8],
    }
    /// The kernel's documentation of TLS
    tls12_crypto_info_aes_ccm_128 = "struct tls12_crypto_info_aes_ccm_128" in "linux/tls.h" {
        version["info.version"]: u16, cipher_type["info.cipher_type"]: u16, iv: [u8; 8],
        key: [u8; 16], salt: [u8; 4], rec_seq: [u8; 8],
    }
    /// The kernel's documentation of TLS
    tls12_crypto_info_chacha20_poly1305 = "struct tls12_crypto_info_chacha20_poly1305" in "linux/tls.h" {
        version["info.version"]: u16, cipher_type["info.cipher_type"]: u16, iv: [u8; 12],
        key: [u8; 32], rec_seq: [u8; 8],
    }

    /// `packet(7)`, `PACKET_ADD_MEMBERSHIP`
    packet_mreq = "struct packet_mreq" in "linux/if_packet.h" {
        mr_ifindex: i32, mr_type: u16, mr_alen: u16, mr_address: [u8; 8],
    }
    /// `packet(7)`, `PACKET_STATISTICS`; the third number in version 3 alone
    tpacket_stats_v3 = "struct tpacket_stats_v3" in "linux/if_packet.h" {
        tp_packets: u32, tp_drops: u32, tp_freeze_q_cnt: u32,
    }
    /// `packet(7)`, `PACKET_FANOUT`
    tpacket_rollover_stats = "struct tpacket_rollover_stats" in "linux/if_packet.h" {
        tp_all: u64, tp_huge: u64, tp_failed: u64,
    }
    /// `packet(7)`, `PACKET_RX_RING`
    tpacket_req = "struct tpacket_req" in "linux/if_packet.h" {
        tp_block_size: u32, tp_block_nr: u32, tp_frame_size: u32, tp_frame_nr: u32,
    }

    /// Controller area network
    can_filter = "struct can_filter" in "linux/can.h" { can_id: u32, can_mask: u32 }
    /// ISO 15765-2
    can_isotp_options = "struct can_isotp_options" in "linux/can/isotp.h" {
        flags: u32, frame_txtime: u32, ext_address: u8, txpad_content: u8, rxpad_content: u8,
        rx_ext_address: u8,
    }
    /// ISO 15765-2
    can_isotp_fc_options = "struct can_isotp_fc_options" in "linux/can/isotp.h" {
        bs: u8, stmin: u8, wftmax: u8,
    }
    /// ISO 15765-2
    can_isotp_ll_options = "struct can_isotp_ll_options" in "linux/can/isotp.h" {
        mtu: u8, tx_dl: u8, tx_flags: u8,
    }
    /// SAE J1939
    j1939_filter = "struct j1939_filter" in "linux/can/j1939.h" {
        name: u64, name_mask: u64, pgn: u32, pgn_mask: u32, addr: u8, addr_mask: u8,
    }
    /// The kernel's documentation of TIPC
    tipc_group_req = "struct tipc_group_req" in "linux/tipc.h" {
        r#type["type"]: u32, instance: u32, scope: u32, flags: u32,
    }
    /// The kernel's documentation of AF_XDP
    xdp_statistics = "struct xdp_statistics" in "linux/if_xdp.h" {
        rx_dropped: u64, rx_invalid_descs: u64, tx_invalid_descs: u64, rx_ring_full: u64,
        rx_fill_ring_empty_descs: u64, tx_ring_empty_descs: u64,
    }
    /// Bluetooth
    bt_security = "struct bt_security" in "bluetooth/bluetooth.h" { level: u8, key_size: u8 }
    /// Bluetooth, logical links
    l2cap_options = "struct l2cap_options" in "bluetooth/l2cap.h" {
        omtu: u16, imtu: u16, flush_to: u16, mode: u8, fcs: u8, max_tx: u8, txwin_size: u16,
    }
    /// Bluetooth, logical links
    l2cap_conninfo = "struct l2cap_conninfo" in "bluetooth/l2cap.h" {
        hci_handle: u16, dev_class: [u8; 3],
    }
    /// Bluetooth, controllers
    hci_filter = "struct hci_filter" in "bluetooth/hci.h" {
        type_mask: u32, event_mask_low["event_mask[0]"]: u32,
        event_mask_high["event_mask[1]"]: u32, opcode: u16,
    }

    /// RFC 6458, section 8.1.1
    sctp_rtoinfo = "struct sctp_rtoinfo" in "linux/sctp.h" {
        srto_assoc_id: i32, srto_initial: u32, srto_max: u32, srto_min: u32,
    }
    /// RFC 6458, section 8.1.2
    sctp_assocparams = "struct sctp_assocparams" in "linux/sctp.h" {
        sasoc_assoc_id: i32, sasoc_asocmaxrxt: u16, sasoc_number_peer_destinations: u16,
        sasoc_peer_rwnd: u32, sasoc_local_rwnd: u32, sasoc_cookie_life: u32,
    }
    /// RFC 6458, section 8.1.9; packed in C, and so without the alignment of an address
    sctp_prim = "struct sctp_prim" in "linux/sctp.h" { ssp_assoc_id: i32, ssp_addr: [u8; 128] }
    /// RFC 6458, section 8.1.12; packed in C
    sctp_paddrparams = "struct sctp_paddrparams" in "linux/sctp.h" {
        spp_assoc_id: i32, spp_address: [u8; 128], spp_hbinterval: u32, spp_pathmaxrxt: u16,
        spp_pathmtu: [u8; 4], spp_sackdelay: [u8; 4], spp_flags: [u8; 4],
        spp_ipv6_flowlabel: [u8; 4], spp_dscp: u8,
    }
    /// RFC 6458, section 8.1.19
    sctp_sack_info = "struct sctp_sack_info" in "linux/sctp.h" {
        sack_assoc_id: i32, sack_delay: u32, sack_freq: u32,
    }
    /// RFC 6458, section 8.1.15
    sctp_assoc_value = "struct sctp_assoc_value" in "linux/sctp.h" {
        assoc_id: i32, assoc_value: u32,
    }
    /// RFC 8260, section 4.3
    sctp_stream_value = "struct sctp_stream_value" in "linux/sctp.h" {
        assoc_id: i32, stream_id: u16, stream_value: u16,
    }
    /// RFC 6458, section 6.2.2
    sctp_event = "struct sctp_event" in "linux/sctp.h" {
        se_assoc_id: i32, se_type: u16, se_on: u8,
    }
    /// RFC 6458, section 6.2.1; it grows with the kernel
    sctp_event_subscribe = "struct sctp_event_subscribe" in "linux/sctp.h" {
        sctp_data_io_event: u8, sctp_association_event: u8, sctp_address_event: u8,
        sctp_send_failure_event: u8, sctp_peer_error_event: u8, sctp_shutdown_event: u8,
        sctp_partial_delivery_event: u8, sctp_adaptation_layer_event: u8,
        sctp_authentication_event: u8, sctp_sender_dry_event: u8, sctp_stream_reset_event: u8,
        sctp_assoc_reset_event: u8, sctp_stream_change_event: u8,
        sctp_send_failure_event_event: u8,
    }
    /// RFC 6458, section 8.2.2; packed in C
    sctp_paddrinfo = "struct sctp_paddrinfo" in "linux/sctp.h" {
        spinfo_assoc_id: i32, spinfo_address: [u8; 128], spinfo_state: i32, spinfo_cwnd: u32,
        spinfo_srtt: u32, spinfo_rto: u32, spinfo_mtu: u32,
    }
    /// RFC 6458, section 8.2.1
    sctp_status = "struct sctp_status" in "linux/sctp.h" {
        sstat_assoc_id: i32, sstat_state: i32, sstat_rwnd: u32, sstat_unackdata: u16,
        sstat_penddata: u16, sstat_instrms: u16, sstat_outstrms: u16,
        sstat_fragmentation_point: u32, spinfo_assoc_id["sstat_primary.spinfo_assoc_id"]: i32,
        spinfo_address["sstat_primary.spinfo_address"]: [u8; 128],
        spinfo_state["sstat_primary.spinfo_state"]: i32,
        spinfo_cwnd["sstat_primary.spinfo_cwnd"]: u32,
        spinfo_srtt["sstat_primary.spinfo_srtt"]: u32, spinfo_rto["sstat_primary.spinfo_rto"]: u32,
        spinfo_mtu["sstat_primary.spinfo_mtu"]: u32,
    }
    /// RFC 6458, section 8.3.6
    sctp_authkeyid = "struct sctp_authkeyid" in "linux/sctp.h" {
        scact_assoc_id: i32, scact_keynumber: u16,
    }
    /// RFC 7829, section 7.2
    sctp_paddrthlds_v2 = "struct sctp_paddrthlds_v2" in "linux/sctp.h" {
        spt_assoc_id: i32, spt_address: AnyAddr, spt_pathmaxrxt: u16, spt_pathpfthld: u16,
        spt_pathcpthld: u16,
    }
    /// RFC 7829, section 7.2
    sctp_paddrthlds = "struct sctp_paddrthlds" in "linux/sctp.h" {
        spt_assoc_id: i32, spt_address: AnyAddr, spt_pathmaxrxt: u16, spt_pathpfthld: u16,
    }
    /// RFC 6458, section 8.1.26
    sctp_default_prinfo = "struct sctp_default_prinfo" in "linux/sctp.h" {
        pr_assoc_id: i32, pr_value: u32, pr_policy: u16,
    }
    /// RFC 7496, section 4.4
    sctp_prstatus = "struct sctp_prstatus" in "linux/sctp.h" {
        sprstat_assoc_id: i32, sprstat_sid: u16, sprstat_policy: u16,
        sprstat_abandoned_unsent: u64, sprstat_abandoned_sent: u64,
    }
    /// What an association has counted
    sctp_assoc_stats = "struct sctp_assoc_stats" in "linux/sctp.h" {
        sas_assoc_id: i32, sas_obs_rto_ipaddr: AnyAddr, sas_maxrto: u64, sas_isacks: u64,
        sas_osacks: u64, sas_opackets: u64, sas_ipackets: u64, sas_rtxchunks: u64,
        sas_outofseqtsns: u64, sas_idupchunks: u64, sas_gapcnt: u64, sas_ouodchunks: u64,
        sas_iuodchunks: u64, sas_oodchunks: u64, sas_iodchunks: u64, sas_octrlchunks: u64,
        sas_ictrlchunks: u64,
    }
    /// RFC 6525, section 6.3.4
    sctp_add_streams = "struct sctp_add_streams" in "linux/sctp.h" {
        sas_assoc_id: i32, sas_instrms: u16, sas_outstrms: u16,
    }
    /// RFC 6951, section 6.1
    sctp_udpencaps = "struct sctp_udpencaps" in "linux/sctp.h" {
        sue_assoc_id: i32, sue_address: AnyAddr, sue_port: Be<u16>,
    }
    /// RFC 8899
    sctp_probeinterval = "struct sctp_probeinterval" in "linux/sctp.h" {
        spi_assoc_id: i32, spi_address: AnyAddr, spi_interval: u32,
    }
}
