//! The options of TCP, Multipath TCP, TLS, UDP and what is like them.

use super::super::*;
use super::options;
use crate::sys::c;

options! {
    IPPROTO_TCP {
        TCP_AO_ADD_KEY: Secret [set] = c::TCP_AO_ADD_KEY, "Adds a key to authenticate segments with. RFC 5925." since "6.7";
        TCP_AO_DEL_KEY: Bytes<256> [set] = c::TCP_AO_DEL_KEY, "Removes a key." since "6.7";
        TCP_AO_GET_KEYS: Secret [get] = c::TCP_AO_GET_KEYS, "The keys that segments are authenticated with." since "6.7";
        TCP_AO_INFO: Bytes = c::TCP_AO_INFO, "How segments are authenticated." since "6.7";
        TCP_AO_REPAIR: Bytes = c::TCP_AO_REPAIR, "The authentication of a connection that is being moved." since "6.7";
        TCP_CC_INFO: Bytes [get] = c::TCP_CC_INFO, "What the congestion control algorithm tells of itself, if it does.";
        TCP_CONGESTION: Text = c::TCP_CONGESTION, "The congestion control algorithm.";
        TCP_CORK: Bool = c::TCP_CORK, "Only full packets are sent until this is switched off.";
        TCP_DEFER_ACCEPT: Seconds = c::TCP_DEFER_ACCEPT, "Accepting waits for data, this long at most.";
        TCP_DELACK_MAX_US: Microseconds = c::TCP_DELACK_MAX_US, "How long an acknowledgement may be delayed at most." since "6.15";
        TCP_FASTOPEN: Int = c::TCP_FASTOPEN, "How many connections may be pending with data in the first packet.";
        TCP_FASTOPEN_CONNECT: Bool = c::TCP_FASTOPEN_CONNECT, "Connecting waits for the first data to send along." since "4.11";
        TCP_FASTOPEN_KEY: Secret = c::TCP_FASTOPEN_KEY, "The key, of 16 or 32 bytes, that cookies for data in the first packet are made with." since "4.15";
        TCP_FASTOPEN_NO_COOKIE: Bool = c::TCP_FASTOPEN_NO_COOKIE, "Data in the first packet needs no cookie." since "4.15";
        TCP_INFO: TcpInfo [get] = c::TCP_INFO, "Everything that the kernel knows of the connection.";
        #[alias("TCP_CM_INQ")]
        TCP_INQ: Bool = c::TCP_INQ, "How much more there is to receive comes with what is received." since "4.18";
        TCP_IS_MPTCP: Bool [get] = c::TCP_IS_MPTCP, "Whether the connection is Multipath TCP." since "6.9";
        TCP_KEEPCNT: Int = c::TCP_KEEPCNT, "How many keepalive probes may go unanswered.";
        TCP_KEEPIDLE: Seconds = c::TCP_KEEPIDLE, "How long a connection is idle before it is probed.";
        TCP_KEEPINTVL: Seconds = c::TCP_KEEPINTVL, "How long between keepalive probes.";
        TCP_LINGER2: Int = c::TCP_LINGER2, "For how many seconds a closed socket waits for the peer's end; −1 is not at all.";
        TCP_MAXSEG: Size = c::TCP_MAXSEG, "The largest segment.";
        TCP_MD5SIG: TcpSignature [set] = c::TCP_MD5SIG, "The key that a peer's segments are signed with. RFC 2385.";
        TCP_MD5SIG_EXT: TcpSignature [set] = c::TCP_MD5SIG_EXT, "The same for many peers, by a prefix or an interface." since "4.13";
        #[alias("Nagle")]
        TCP_NODELAY: Bool = c::TCP_NODELAY, "Small segments are sent at once: no Nagle algorithm.";
        TCP_NOTSENT_LOWAT: Size = c::TCP_NOTSENT_LOWAT, "How much unsent data still lets the socket be writable.";
        TCP_QUEUE_SEQ: U32 = c::TCP_QUEUE_SEQ, "The number of the next byte, of a connection that is being moved.";
        TCP_QUICKACK: Bool = c::TCP_QUICKACK, "Acknowledgements are sent at once.";
        TCP_REPAIR: Repair = c::TCP_REPAIR, "The connection is being moved to another socket or machine.";
        TCP_REPAIR_OPTIONS: Many<RepairOption> [set] = c::TCP_REPAIR_OPTIONS, "What both sides had agreed on, of a connection that is being moved.";
        TCP_REPAIR_QUEUE: TcpQueue = c::TCP_REPAIR_QUEUE, "Which queue is read and written, of a connection that is being moved.";
        TCP_REPAIR_WINDOW: RepairWindow = c::TCP_REPAIR_WINDOW, "The windows of a connection that is being moved.";
        TCP_RTO_MAX_MS: Millis = c::TCP_RTO_MAX_MS, "After how long at most what is not acknowledged is sent again." since "6.15";
        TCP_RTO_MIN_US: Microseconds = c::TCP_RTO_MIN_US, "After how long at least what is not acknowledged is sent again." since "6.15";
        TCP_SAVED_SYN: Bytes<512> [get] = c::TCP_SAVED_SYN, "The headers of the packet that asked for this connection; they are told once.";
        TCP_SAVE_SYN: Int = c::TCP_SAVE_SYN, "Keep the headers of packets that ask for connections: 1 from IP on, 2 from the link on.";
        TCP_SYNCNT: Int = c::TCP_SYNCNT, "How often a request to connect is repeated.";
        TCP_THIN_DUPACK: Bool = c::TCP_THIN_DUPACK, "Without effect since Linux 4.11.";
        TCP_THIN_LINEAR_TIMEOUTS: Bool = c::TCP_THIN_LINEAR_TIMEOUTS, "A stream that sends little does not double its timeouts.";
        TCP_TIMESTAMP: U32 = c::TCP_TIMESTAMP, "The clock of timestamps, of a connection that is being moved.";
        TCP_TX_DELAY: Microseconds = c::TCP_TX_DELAY, "Everything is sent this much later, for tests." since "5.3";
        TCP_ULP: Text = c::TCP_ULP, "What stands between the application and TCP, such as tls.";
        TCP_USER_TIMEOUT: Millis = c::TCP_USER_TIMEOUT, "How long sent data may stay unacknowledged.";
        TCP_WINDOW_CLAMP: Size = c::TCP_WINDOW_CLAMP, "The largest window that is told to the peer.";
        TCP_ZEROCOPY_RECEIVE: Bytes [get] = c::TCP_ZEROCOPY_RECEIVE, "Receiving into mapped memory. Its addresses are refused here: they would be written to unchecked.";
    }
    SOL_MPTCP {
        MPTCP_FULL_INFO: Bytes [get] = c::MPTCP_FULL_INFO, "All of the following. Its addresses are refused here: they would be written to unchecked." since "6.5";
        MPTCP_INFO: MptcpInfo [get] = c::MPTCP_INFO, "Everything that the kernel knows of the connection." since "5.16";
        MPTCP_SUBFLOW_ADDRS: Subflows [get] = c::MPTCP_SUBFLOW_ADDRS, "The addresses of each subflow." since "5.16";
        MPTCP_TCPINFO: SubflowInfos [get] = c::MPTCP_TCPINFO, "What TCP knows of each subflow." since "5.16";
    }
    SOL_TLS {
        TLS_RX: TlsKeys = c::TLS_RX, "The keys to decrypt with." since "4.17";
        TLS_RX_EXPECT_NO_PAD: Bool = c::TLS_RX_EXPECT_NO_PAD, "Records of TLS 1.3 are taken to have no padding." since "6.0";
        TLS_TX: TlsKeys = c::TLS_TX, "The keys to encrypt with." since "4.13";
        TLS_TX_ZEROCOPY_RO: Bool = c::TLS_TX_ZEROCOPY_RO, "Files are sent without a copy, and do not change meanwhile." since "5.19";
    }
    IPPROTO_UDP {
        UDP_CORK: Bool = c::UDP_CORK, "Everything that is sent until this is switched off is one datagram.";
        UDP_ENCAP: Encapsulation = c::UDP_ENCAP, "What the datagrams carry.";
        UDP_GRO: Bool = c::UDP_GRO, "Datagrams of one size may be received as one." since "5.0";
        UDP_NO_CHECK6_RX: Bool = c::UDP_NO_CHECK6_RX, "Datagrams without a checksum are received, over IPv6.";
        UDP_NO_CHECK6_TX: Bool = c::UDP_NO_CHECK6_TX, "Datagrams are sent without a checksum, over IPv6.";
        UDP_SEGMENT: Size = c::UDP_SEGMENT, "What is sent is split into datagrams of this size." since "4.18";
    }
    IPPROTO_UDPLITE {
        UDPLITE_RECV_CSCOV: Size = c::UDPLITE_RECV_CSCOV, "How many bytes the checksum must cover of what is received. RFC 3828.";
        UDPLITE_SEND_CSCOV: Size = c::UDPLITE_SEND_CSCOV, "How many bytes the checksum covers of what is sent. RFC 3828.";
    }
    SOL_DCCP {
        DCCP_SOCKOPT_AVAILABLE_CCIDS: Bytes [get] = c::DCCP_SOCKOPT_AVAILABLE_CCIDS, "The congestion control identifiers that there are. RFC 4340.";
        DCCP_SOCKOPT_CCID: U8 [set] = c::DCCP_SOCKOPT_CCID, "The congestion control of both directions.";
        DCCP_SOCKOPT_CCID_RX_INFO: Bytes [get] = c::DCCP_SOCKOPT_CCID_RX_INFO, "What the congestion control of what is received tells.";
        DCCP_SOCKOPT_CCID_TX_INFO: Bytes [get] = c::DCCP_SOCKOPT_CCID_TX_INFO, "What the congestion control of what is sent tells.";
        DCCP_SOCKOPT_GET_CUR_MPS: Size [get] = c::DCCP_SOCKOPT_GET_CUR_MPS, "The largest packet.";
        DCCP_SOCKOPT_QPOLICY_ID: Int = c::DCCP_SOCKOPT_QPOLICY_ID, "Which packet is sent first: the oldest (0), or by priority (1).";
        DCCP_SOCKOPT_QPOLICY_TXQLEN: Int = c::DCCP_SOCKOPT_QPOLICY_TXQLEN, "How many packets may wait to be sent.";
        DCCP_SOCKOPT_RECV_CSCOV: Int = c::DCCP_SOCKOPT_RECV_CSCOV, "How much the checksum must cover of what is received.";
        DCCP_SOCKOPT_RX_CCID: Int = c::DCCP_SOCKOPT_RX_CCID, "The congestion control of what is received.";
        DCCP_SOCKOPT_SEND_CSCOV: Int = c::DCCP_SOCKOPT_SEND_CSCOV, "How much the checksum covers of what is sent.";
        DCCP_SOCKOPT_SERVER_TIMEWAIT: Bool = c::DCCP_SOCKOPT_SERVER_TIMEWAIT, "The server keeps the connection's end in mind, not the client.";
        DCCP_SOCKOPT_SERVICE: Bytes = c::DCCP_SOCKOPT_SERVICE, "The service codes, 4 bytes each in the order of the network.";
        DCCP_SOCKOPT_TX_CCID: Int = c::DCCP_SOCKOPT_TX_CCID, "The congestion control of what is sent.";
    }
    SOL_SMC {
        SMC_LIMIT_HS: Bool = c::SMC_LIMIT_HS, "Fewer connections try shared memory when there are many at once." since "5.18";
    }
    SOL_KCM {
        KCM_RECV_DISABLE: Bool = c::KCM_RECV_DISABLE, "This socket of a multiplexer receives nothing.";
    }
}
