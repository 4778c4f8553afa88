//! The options of SCTP.

use super::super::*;
use super::options;
use crate::sys::c;

options! {
    IPPROTO_SCTP {
        SCTP_ADAPTATION_LAYER: U32 = c::SCTP_ADAPTATION_LAYER, "What the peer is told of the layer above. RFC 5061.";
        SCTP_ADD_STREAMS: SctpAddStreams [set] = c::SCTP_ADD_STREAMS, "Adds streams. RFC 6525.";
        SCTP_ASCONF_SUPPORTED: SctpValue = c::SCTP_ASCONF_SUPPORTED, "Addresses may be changed later. RFC 5061." since "5.4";
        SCTP_ASSOCINFO: SctpAssociation = c::SCTP_ASSOCINFO, "The limits of the association.";
        SCTP_AUTH_ACTIVE_KEY: SctpKeyId = c::SCTP_AUTH_ACTIVE_KEY, "The key that is used.";
        SCTP_AUTH_CHUNK: U8 [set] = c::SCTP_AUTH_CHUNK, "A kind of chunk that has to be authenticated.";
        SCTP_AUTH_DEACTIVATE_KEY: SctpKeyId [set] = c::SCTP_AUTH_DEACTIVATE_KEY, "A key that is no longer used." since "4.17";
        SCTP_AUTH_DELETE_KEY: SctpKeyId [set] = c::SCTP_AUTH_DELETE_KEY, "A key to forget.";
        SCTP_AUTH_KEY: Secret [set] = c::SCTP_AUTH_KEY, "A key: association, number and length, then its bytes. RFC 6458, section 8.3.3.";
        SCTP_AUTH_SUPPORTED: SctpValue = c::SCTP_AUTH_SUPPORTED, "Chunks may be authenticated. RFC 4895." since "5.4";
        SCTP_AUTOCLOSE: Seconds = c::SCTP_AUTOCLOSE, "After how long an idle association ends, of sockets with several; zero is never.";
        SCTP_AUTO_ASCONF: Bool = c::SCTP_AUTO_ASCONF, "New addresses of this machine are told to peers.";
        SCTP_CONTEXT: SctpValue = c::SCTP_CONTEXT, "What messages are named by that do not say so themselves.";
        SCTP_DEFAULT_PRINFO: SctpDefaultPartial = c::SCTP_DEFAULT_PRINFO, "How long to try to deliver messages that do not say so themselves.";
        SCTP_DEFAULT_SEND_PARAM: SctpSendReceive = c::SCTP_DEFAULT_SEND_PARAM, "How to send messages that do not say so themselves, in the older form.";
        SCTP_DEFAULT_SNDINFO: SctpSend = c::SCTP_DEFAULT_SNDINFO, "How to send messages that do not say so themselves.";
        #[alias("SCTP_DELAYED_ACK_TIME", "SCTP_DELAYED_ACK")]
        SCTP_DELAYED_SACK: SctpDelayedAck = c::SCTP_DELAYED_SACK, "How acknowledgements are delayed.";
        SCTP_DISABLE_FRAGMENTS: Bool = c::SCTP_DISABLE_FRAGMENTS, "Messages that are too large are refused, not split.";
        SCTP_ECN_SUPPORTED: SctpValue = c::SCTP_ECN_SUPPORTED, "Routers may notify congestion." since "5.4";
        SCTP_ENABLE_STREAM_RESET: SctpValue = c::SCTP_ENABLE_STREAM_RESET, "What the peer may ask for: 1 streams, 2 the association, 4 more streams. RFC 6525.";
        SCTP_EVENT: SctpEvent = c::SCTP_EVENT, "Whether to be told of one kind of event." since "5.0";
        SCTP_EVENTS: SctpEvents = c::SCTP_EVENTS, "What to be told of, in the older form.";
        #[alias("SCTP_EXPOSE_PF_STATE")]
        SCTP_EXPOSE_POTENTIALLY_FAILED_STATE: SctpValue = c::SCTP_EXPOSE_POTENTIALLY_FAILED_STATE, "Doubtful addresses are told. RFC 7829." since "5.5";
        SCTP_FRAGMENT_INTERLEAVE: Int = c::SCTP_FRAGMENT_INTERLEAVE, "Parts of several messages may be received in turn: 0, 1 or 2.";
        SCTP_GET_ASSOC_ID_LIST: Bytes<1024> [get] = c::SCTP_GET_ASSOC_ID_LIST, "The associations: how many, then each.";
        SCTP_GET_ASSOC_NUMBER: U32 [get] = c::SCTP_GET_ASSOC_NUMBER, "How many associations there are.";
        SCTP_GET_ASSOC_STATS: SctpStatistics [get] = c::SCTP_GET_ASSOC_STATS, "What the association has counted.";
        SCTP_GET_LOCAL_ADDRS: Bytes<1024> [get] = c::SCTP_GET_LOCAL_ADDRS, "This side's addresses: association and number, then each.";
        SCTP_GET_PEER_ADDRS: Bytes<1024> [get] = c::SCTP_GET_PEER_ADDRS, "The peer's addresses: association and number, then each.";
        SCTP_GET_PEER_ADDR_INFO: SctpPathInfo [get] = c::SCTP_GET_PEER_ADDR_INFO, "One of the peer's addresses.";
        SCTP_HMAC_IDENT: Bytes = c::SCTP_HMAC_IDENT, "How chunks are authenticated: how many algorithms, then each in 16 bits.";
        SCTP_INITMSG: SctpInit = c::SCTP_INITMSG, "How to open associations.";
        SCTP_INTERLEAVING_SUPPORTED: SctpValue = c::SCTP_INTERLEAVING_SUPPORTED, "Parts of several messages may be sent in turn. RFC 8260.";
        SCTP_I_WANT_MAPPED_V4_ADDR: Bool = c::SCTP_I_WANT_MAPPED_V4_ADDR, "Addresses of IPv4 are told as mapped ones of IPv6.";
        SCTP_LOCAL_AUTH_CHUNKS: Bytes<512> [get] = c::SCTP_LOCAL_AUTH_CHUNKS, "The kinds of chunks that this side wants authenticated.";
        SCTP_MAXSEG: SctpValue = c::SCTP_MAXSEG, "From which size on messages are split, in bytes; zero is by the path.";
        SCTP_MAX_BURST: SctpValue = c::SCTP_MAX_BURST, "How many packets may be sent at once.";
        SCTP_NODELAY: Bool = c::SCTP_NODELAY, "Small messages are sent at once.";
        SCTP_PARTIAL_DELIVERY_POINT: Size = c::SCTP_PARTIAL_DELIVERY_POINT, "From which size on the parts of a message are received one by one.";
        SCTP_PEER_ADDR_PARAMS: SctpPath = c::SCTP_PEER_ADDR_PARAMS, "How the peer's addresses are watched.";
        SCTP_PEER_ADDR_THLDS: SctpThresholds = c::SCTP_PEER_ADDR_THLDS, "How often one of the peer's addresses may fail.";
        SCTP_PEER_ADDR_THLDS_V2: SctpThresholdsV2 = c::SCTP_PEER_ADDR_THLDS_V2, "The same with one more number." since "5.5";
        SCTP_PEER_AUTH_CHUNKS: Bytes<512> [get] = c::SCTP_PEER_AUTH_CHUNKS, "The kinds of chunks that the peer wants authenticated.";
        SCTP_PLPMTUD_PROBE_INTERVAL: SctpProbing = c::SCTP_PLPMTUD_PROBE_INTERVAL, "How often the largest packet of a path is searched for. RFC 8899." since "5.14";
        SCTP_PRIMARY_ADDR: SctpAddress = c::SCTP_PRIMARY_ADDR, "Which of the peer's addresses is sent to.";
        SCTP_PR_ASSOC_STATUS: SctpAbandoned [get] = c::SCTP_PR_ASSOC_STATUS, "How many messages of the association have been given up.";
        SCTP_PR_STREAM_STATUS: SctpAbandoned [get] = c::SCTP_PR_STREAM_STATUS, "How many messages of a stream have been given up.";
        SCTP_PR_SUPPORTED: SctpValue = c::SCTP_PR_SUPPORTED, "Messages may be given up. RFC 3758.";
        SCTP_RECONFIG_SUPPORTED: SctpValue = c::SCTP_RECONFIG_SUPPORTED, "Streams may be added and begin anew. RFC 6525.";
        SCTP_RECVNXTINFO: Bool = c::SCTP_RECVNXTINFO, "What the next message will be comes with each.";
        SCTP_RECVRCVINFO: Bool = c::SCTP_RECVRCVINFO, "How it was received comes with each message.";
        SCTP_REMOTE_UDP_ENCAPS_PORT: SctpEncapsulation = c::SCTP_REMOTE_UDP_ENCAPS_PORT, "The UDP port that carries SCTP to the peer. RFC 6951." since "5.11";
        SCTP_RESET_ASSOC: Int [set] = c::SCTP_RESET_ASSOC, "All streams of this association begin anew. RFC 6525.";
        SCTP_RESET_STREAMS: Bytes<1024> [set] = c::SCTP_RESET_STREAMS, "Streams begin anew: association, flags and number, then each. RFC 6525.";
        SCTP_REUSE_PORT: Bool = c::SCTP_REUSE_PORT, "Several sockets may bind one address." since "4.19";
        SCTP_RTOINFO: SctpTimeouts = c::SCTP_RTOINFO, "After how long what is not acknowledged is sent again.";
        SCTP_SET_PEER_PRIMARY_ADDR: SctpAddress [set] = c::SCTP_SET_PEER_PRIMARY_ADDR, "Which of this side's addresses the peer shall send to.";
        SCTP_STATUS: SctpStatus [get] = c::SCTP_STATUS, "Everything that the kernel knows of the association.";
        SCTP_STREAM_SCHEDULER: SctpValue = c::SCTP_STREAM_SCHEDULER, "Which stream is sent first. RFC 8260.";
        SCTP_STREAM_SCHEDULER_VALUE: SctpStreamValue = c::SCTP_STREAM_SCHEDULER_VALUE, "A stream's priority. RFC 8260.";
    }
}
