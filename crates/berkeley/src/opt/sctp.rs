//! What options of SCTP hold.
//!
//! Where a structure names an association, zero is the socket's own; of a socket with several
//! associations, ask with [`Socket::query`](crate::Socket::query).

use std::time::Duration;

use super::records::{Ms, Named, Network, Plainly, Sockaddr, Switch, Unaligned, named, records};
use crate::addr::Addr;

named! {
    /// The state of an association.
    #[doc(alias("SCTP_ESTABLISHED", "sctp_sstat_state"))]
    SctpState, "state" {
        /// There is none.
        EMPTY = 0, "none";
        /// It has ended.
        CLOSED = 1, "closed";
        /// The first packet has been sent.
        COOKIE_WAIT = 2, "cookie-wait";
        /// The peer's cookie has been sent back.
        COOKIE_ECHOED = 3, "cookie-echoed";
        /// Both sides send and receive.
        ESTABLISHED = 4, "established";
        /// This side is going to end it.
        SHUTDOWN_PENDING = 5, "shutdown-pending";
        /// This side has ended it.
        SHUTDOWN_SENT = 6, "shutdown-sent";
        /// The peer has ended it.
        SHUTDOWN_RECEIVED = 7, "shutdown-received";
        /// The peer has ended it, and knows that this is known.
        SHUTDOWN_ACK_SENT = 8, "shutdown-ack-sent";
    }
    /// The state of one of the peer's addresses.
    #[doc(alias("SCTP_ACTIVE", "sctp_spinfo_state"))]
    SctpPathState, "state" {
        /// It does not answer.
        INACTIVE = 0, "inactive";
        /// It may not answer any more.
        POTENTIALLY_FAILED = 1, "potentially-failed";
        /// It answers.
        ACTIVE = 2, "active";
        /// It has not answered yet.
        UNCONFIRMED = 3, "unconfirmed";
    }
}

records! {
    /// How to open an association.
    ///
    /// See RFC 6458, section 5.3.1.
    #[doc(alias = "sctp_initmsg")]
    SctpInit = sctp_initmsg, "streams and times" {
        /// How many streams to send on.
        out_streams: u16 = sinit_num_ostreams,
        /// How many streams the peer may send on.
        in_streams: u16 = sinit_max_instreams,
        /// How often to try.
        attempts: u16 = sinit_max_attempts,
        /// How long to wait between attempts at most, in milliseconds.
        timeout_ms: u16 = sinit_max_init_timeo,
    }
    /// How to send a message.
    ///
    /// See RFC 6458, section 5.3.4.
    #[doc(alias = "sctp_sndinfo")]
    SctpSend = sctp_sndinfo, "stream and flags" {
        /// The stream.
        stream: u16 = snd_sid,
        /// `SCTP_UNORDERED`, `SCTP_EOF` and others.
        flags: u16 = snd_flags,
        /// What the payload is, for the peer, in the order of the network.
        ppid: u32 = snd_ppid,
        /// What to name the message by if it fails.
        context: u32 = snd_context,
        /// The association.
        association: i32 = snd_assoc_id,
    }
    /// How to send a message, and how one was received, in the older form.
    ///
    /// See RFC 6458, section 5.3.2.
    #[doc(alias = "sctp_sndrcvinfo")]
    SctpSendReceive = sctp_sndrcvinfo, "stream and flags" {
        /// The stream.
        stream: u16 = sinfo_stream,
        /// The number within the stream.
        sequence: u16 = sinfo_ssn,
        /// `SCTP_UNORDERED`, `SCTP_EOF` and others.
        flags: u16 = sinfo_flags,
        /// What the payload is, for the peer, in the order of the network.
        ppid: u32 = sinfo_ppid,
        /// What to name the message by if it fails.
        context: u32 = sinfo_context,
        /// How long to try, in milliseconds.
        lifetime_ms: u32 = sinfo_timetolive,
        /// The number of its chunk.
        tsn: u32 = sinfo_tsn,
        /// The number up to which everything has been received.
        cumulative_tsn: u32 = sinfo_cumtsn,
        /// The association.
        association: i32 = sinfo_assoc_id,
    }
    /// After how long what is not acknowledged is sent again.
    ///
    /// See RFC 6458, section 8.1.1.
    #[doc(alias = "sctp_rtoinfo")]
    SctpTimeouts = sctp_rtoinfo, "times" {
        /// The association.
        association: i32 = srto_assoc_id,
        /// At first.
        initial: Duration as Ms = srto_initial,
        /// At most.
        max: Duration as Ms = srto_max,
        /// At least.
        min: Duration as Ms = srto_min,
    }
    /// An association as a whole.
    ///
    /// See RFC 6458, section 8.1.2.
    #[doc(alias = "sctp_assocparams")]
    SctpAssociation = sctp_assocparams, "limits" {
        /// The association.
        association: i32 = sasoc_assoc_id,
        /// How often to send again before the peer is given up.
        max_retransmits: u16 = sasoc_asocmaxrxt,
        /// How many addresses the peer has.
        peer_addresses: u16 = sasoc_number_peer_destinations,
        /// The peer's window, in bytes.
        peer_window: u32 = sasoc_peer_rwnd,
        /// This side's window, in bytes.
        local_window: u32 = sasoc_local_rwnd,
        /// How long a cookie is good for.
        cookie_life: Duration as Ms = sasoc_cookie_life,
    }
    /// One of an association's addresses.
    ///
    /// See RFC 6458, section 8.1.9.
    #[doc(alias = "sctp_prim")]
    SctpAddress = sctp_prim, "association and address" {
        /// The association.
        association: i32 = ssp_assoc_id,
        /// The address.
        addr: Option<Addr> as Sockaddr = ssp_addr,
    }
    /// How one of the peer's addresses, or all, are watched.
    ///
    /// See RFC 6458, section 8.1.12.
    #[doc(alias = "sctp_paddrparams")]
    SctpPath = sctp_paddrparams, "times and flags" {
        /// The association.
        association: i32 = spp_assoc_id,
        /// The address; none for all.
        addr: Option<Addr> as Sockaddr = spp_address,
        /// How long between heartbeats.
        heartbeat: Duration as Ms = spp_hbinterval,
        /// How often to send again before the address is given up.
        max_retransmits: u16 = spp_pathmaxrxt,
        /// The largest packet, in bytes.
        mtu: u32 as Unaligned<Plainly> = spp_pathmtu,
        /// How long an acknowledgement may be delayed.
        ack_delay: Duration as Unaligned<Ms> = spp_sackdelay,
        /// What to switch on and off, `SPP_HB_ENABLE` and others.
        flags: u32 as Unaligned<Plainly> = spp_flags,
        /// The flow label of IPv6.
        flow_label: u32 as Unaligned<Plainly> = spp_ipv6_flowlabel,
        /// The type of service.
        dscp: u8 = spp_dscp,
    }
    /// How acknowledgements are delayed.
    ///
    /// See RFC 6458, section 8.1.19.
    #[doc(alias = "sctp_sack_info")]
    SctpDelayedAck = sctp_sack_info, "time and number" {
        /// The association.
        association: i32 = sack_assoc_id,
        /// How long.
        delay: Duration as Ms = sack_delay,
        /// Until how many packets are waiting for it.
        packets: u32 = sack_freq,
    }
    /// A number that belongs to an association.
    ///
    /// See RFC 6458, section 8.1.15.
    #[doc(alias = "sctp_assoc_value")]
    SctpValue = sctp_assoc_value, "association and number" {
        /// The association.
        association: i32 = assoc_id,
        /// The number.
        value: u32 = assoc_value,
    }
    /// A number that belongs to a stream.
    ///
    /// See RFC 8260, section 4.3.
    #[doc(alias = "sctp_stream_value")]
    SctpStreamValue = sctp_stream_value, "stream and number" {
        /// The association.
        association: i32 = assoc_id,
        /// The stream.
        stream: u16 = stream_id,
        /// The number.
        value: u16 = stream_value,
    }
    /// Whether to be told of one kind of event.
    ///
    /// See RFC 6458, section 6.2.2.
    #[doc(alias = "sctp_event")]
    SctpEvent = sctp_event, "event" {
        /// The association.
        association: i32 = se_assoc_id,
        /// The kind, `SCTP_ASSOC_CHANGE` and others.
        kind: u16 = se_type,
        /// Whether.
        on: bool as Switch = se_on,
    }
    /// What to be told of, in the older form.
    ///
    /// See RFC 6458, section 6.2.1.
    #[doc(alias = "sctp_event_subscribe")]
    SctpEvents = sctp_event_subscribe, "events" {
        /// How each message was received.
        data_io: bool as Switch = sctp_data_io_event,
        /// Associations that come and go.
        association: bool as Switch = sctp_association_event,
        /// The peer's addresses.
        address: bool as Switch = sctp_address_event,
        /// Messages that were not sent, in the older form.
        send_failure: bool as Switch = sctp_send_failure_event,
        /// Errors that the peer tells.
        peer_error: bool as Switch = sctp_peer_error_event,
        /// The peer is ending it.
        shutdown: bool as Switch = sctp_shutdown_event,
        /// Only a part of a message was received.
        partial_delivery: bool as Switch = sctp_partial_delivery_event,
        /// The peer's adaptation layer.
        adaptation_layer: bool as Switch = sctp_adaptation_layer_event,
    } + newer {
        /// Keys.
        authentication: bool as Switch = sctp_authentication_event,
        /// There is nothing left to send.
        sender_dry: bool as Switch = sctp_sender_dry_event,
        /// Streams begin anew.
        stream_reset: bool as Switch = sctp_stream_reset_event,
        /// The association begins anew.
        association_reset: bool as Switch = sctp_assoc_reset_event,
        /// There are more streams, or fewer.
        stream_change: bool as Switch = sctp_stream_change_event,
        /// Messages that were not sent.
        send_failed: bool as Switch = sctp_send_failure_event_event,
    }
    /// One of the peer's addresses.
    ///
    /// See RFC 6458, section 8.2.2.
    #[doc(alias = "sctp_paddrinfo")]
    SctpPathInfo = sctp_paddrinfo, "what is known of a path" {
        /// The association.
        association: i32 = spinfo_assoc_id,
        /// The address.
        addr: Option<Addr> as Sockaddr = spinfo_address,
        /// Whether it answers.
        state: SctpPathState as Named<SctpPathState> = spinfo_state,
        /// The congestion window, in bytes.
        congestion_window: u32 = spinfo_cwnd,
        /// The time there and back, smoothed.
        rtt: Duration as Ms = spinfo_srtt,
        /// After how long data is sent again.
        rto: Duration as Ms = spinfo_rto,
        /// The largest packet, in bytes.
        mtu: u32 = spinfo_mtu,
    }
    /// What is known of an association.
    ///
    /// See RFC 6458, section 8.2.1.
    #[doc(alias = "sctp_status")]
    SctpStatus = sctp_status, "what SCTP knows" {
        /// The association.
        association: i32 = sstat_assoc_id,
        /// Its state.
        state: SctpState as Named<SctpState> = sstat_state,
        /// The peer's window, in bytes.
        peer_window: u32 = sstat_rwnd,
        /// How many chunks have not been acknowledged.
        unacked: u16 = sstat_unackdata,
        /// How many chunks wait to be received.
        pending: u16 = sstat_penddata,
        /// How many streams the peer sends on.
        in_streams: u16 = sstat_instrms,
        /// How many streams this side sends on.
        out_streams: u16 = sstat_outstrms,
        /// From which size on a message is split, in bytes.
        fragmentation_point: u32 = sstat_fragmentation_point,
        /// The address that is sent to.
        primary: Option<Addr> as Sockaddr = spinfo_address,
        /// Whether it answers.
        primary_state: SctpPathState as Named<SctpPathState> = spinfo_state,
        /// Its congestion window, in bytes.
        congestion_window: u32 = spinfo_cwnd,
        /// The time there and back, smoothed.
        rtt: Duration as Ms = spinfo_srtt,
        /// After how long data is sent again.
        rto: Duration as Ms = spinfo_rto,
        /// The largest packet, in bytes.
        mtu: u32 = spinfo_mtu,
    }
    /// The number of a key.
    ///
    /// See RFC 6458, section 8.3.6.
    #[doc(alias = "sctp_authkeyid")]
    SctpKeyId = sctp_authkeyid, "association and key" {
        /// The association.
        association: i32 = scact_assoc_id,
        /// The key.
        key: u16 = scact_keynumber,
    }
    /// How often one of the peer's addresses may fail.
    ///
    /// See RFC 7829, section 7.2.
    #[doc(alias = "sctp_paddrthlds")]
    SctpThresholds = sctp_paddrthlds, "thresholds" {
        /// The association.
        association: i32 = spt_assoc_id,
        /// The address; none for all.
        addr: Option<Addr> as Sockaddr = spt_address,
        /// Until it is given up.
        max_retransmits: u16 = spt_pathmaxrxt,
        /// Until it is taken for doubtful.
        potentially_failed: u16 = spt_pathpfthld,
    }
    /// [`SctpThresholds`] with one more.
    ///
    /// See RFC 7829, section 7.2.
    #[doc(alias = "sctp_paddrthlds_v2")]
    SctpThresholdsV2 = sctp_paddrthlds_v2, "thresholds" {
        /// The association.
        association: i32 = spt_assoc_id,
        /// The address; none for all.
        addr: Option<Addr> as Sockaddr = spt_address,
        /// Until it is given up.
        max_retransmits: u16 = spt_pathmaxrxt,
        /// Until it is taken for doubtful.
        potentially_failed: u16 = spt_pathpfthld,
        /// Until another one becomes the primary address.
        primary_change: u16 = spt_pathcpthld,
    }
    /// How long to try to deliver messages that do not say so themselves.
    ///
    /// See RFC 6458, section 8.1.26.
    #[doc(alias = "sctp_default_prinfo")]
    SctpDefaultPartial = sctp_default_prinfo, "policy and number" {
        /// The association.
        association: i32 = pr_assoc_id,
        /// The policy's number: milliseconds for a lifetime.
        value: u32 = pr_value,
        /// `SCTP_PR_SCTP_TTL` and others.
        policy: u16 = pr_policy,
    }
    /// How many messages have been given up. Set the policy to ask for, or all.
    ///
    /// See RFC 7496, section 4.4.
    #[doc(alias = "sctp_prstatus")]
    SctpAbandoned = sctp_prstatus, "messages" {
        /// The association.
        association: i32 = sprstat_assoc_id,
        /// The stream.
        stream: u16 = sprstat_sid,
        /// `SCTP_PR_SCTP_ALL` (0x80) or one policy.
        policy: u16 = sprstat_policy,
        /// Before they were sent.
        unsent: u64 = sprstat_abandoned_unsent,
        /// After that.
        sent: u64 = sprstat_abandoned_sent,
    }
    /// What an association has counted.
    #[doc(alias = "sctp_assoc_stats")]
    SctpStatistics = sctp_assoc_stats, "counts" {
        /// The association.
        association: i32 = sas_assoc_id,
        /// The address that had the longest timeout since the last reading.
        slowest: Option<Addr> as Sockaddr = sas_obs_rto_ipaddr,
        /// That timeout; zero if it has not changed.
        max_rto: Duration as Ms = sas_maxrto,
        /// Acknowledgements received.
        acks_in: u64 = sas_isacks,
        /// Acknowledgements sent.
        acks_out: u64 = sas_osacks,
        /// Packets sent.
        packets_out: u64 = sas_opackets,
        /// Packets received.
        packets_in: u64 = sas_ipackets,
        /// Chunks sent again.
        retransmitted: u64 = sas_rtxchunks,
        /// Chunks received ahead of time.
        out_of_sequence: u64 = sas_outofseqtsns,
        /// Chunks received twice.
        duplicates: u64 = sas_idupchunks,
        /// Gaps that the peer has told.
        gaps: u64 = sas_gapcnt,
        /// Chunks of data sent without an order.
        unordered_out: u64 = sas_ouodchunks,
        /// Chunks of data received without an order.
        unordered_in: u64 = sas_iuodchunks,
        /// Chunks of data sent in order.
        ordered_out: u64 = sas_oodchunks,
        /// Chunks of data received in order.
        ordered_in: u64 = sas_iodchunks,
        /// Other chunks sent.
        control_out: u64 = sas_octrlchunks,
        /// Other chunks received.
        control_in: u64 = sas_ictrlchunks,
    }
    /// More streams.
    ///
    /// See RFC 6525, section 6.3.4.
    #[doc(alias = "sctp_add_streams")]
    SctpAddStreams = sctp_add_streams, "streams" {
        /// The association.
        association: i32 = sas_assoc_id,
        /// How many more for the peer to send on.
        in_streams: u16 = sas_instrms,
        /// How many more to send on.
        out_streams: u16 = sas_outstrms,
    }
    /// The UDP port that carries SCTP to one of the peer's addresses.
    ///
    /// See RFC 6951, section 6.1.
    #[doc(alias = "sctp_udpencaps")]
    SctpEncapsulation = sctp_udpencaps, "address and port" {
        /// The association.
        association: i32 = sue_assoc_id,
        /// The address; none for all.
        addr: Option<Addr> as Sockaddr = sue_address,
        /// The port; zero for none.
        port: u16 as Network = sue_port,
    }
    /// How often the largest packet of a path is searched for.
    ///
    /// See RFC 8899.
    #[doc(alias = "sctp_probeinterval")]
    SctpProbing = sctp_probeinterval, "address and time" {
        /// The association.
        association: i32 = spi_assoc_id,
        /// The address; none for all.
        addr: Option<Addr> as Sockaddr = spi_address,
        /// How long between searches; zero is never.
        interval: Duration as Ms = spi_interval,
    }
}
