# The names, signatures and types are those of Python's own module.
import socket as _stock
import sys
from collections.abc import Iterable
from ipaddress import IPv4Address, IPv6Address
from typing import Any, Final, Literal, Self, SupportsIndex, TypeAlias, final

from typing_extensions import Buffer

from berkeley import values as _values

_Address: TypeAlias = tuple[Any, ...] | str | Buffer
_Host: TypeAlias = str | IPv4Address | IPv6Address
_Interface: TypeAlias = str | int | IPv4Address | IPv6Address | None

# Not of Python's own module: many datagrams in one call.
@final
class Datagram(tuple[bytes, Any]):
    __match_args__: Final = ("data", "address")
    n_fields: Final = 7
    n_sequence_fields: Final = 2
    n_unnamed_fields: Final = 0
    def __new__(cls, sequence: Iterable[Any], dict: dict[str, Any] = ...) -> Self: ...
    if sys.version_info >= (3, 13):
        def __replace__(self, /, **changes: Any) -> Self: ...
    @property
    def data(self) -> bytes: ...
    @property
    def address(self) -> Any: ...
    @property
    def flags(self) -> int: ...
    @property
    def length(self) -> int: ...
    @property
    def ecn(self) -> int | None: ...
    @property
    def destination(self) -> str | None: ...
    @property
    def interface(self) -> int | None: ...

class socket(_stock.socket):
    def accept(self) -> tuple[socket, Any]: ...
    def send_batch(
        self,
        datagrams: Buffer | Iterable[Buffer | tuple[Buffer, _Address | None]],
        address: _Address | None = None,
        *,
        segment: SupportsIndex = 0,
    ) -> int: ...
    def recv_batch(
        self, count: SupportsIndex = 64, bufsize: SupportsIndex = 65535
    ) -> list[tuple[bytes, Any]]: ...
    def recvmsg_batch(
        self, count: SupportsIndex = 64, bufsize: SupportsIndex = 65535
    ) -> list[Datagram]: ...
    def set_recv_offload(self, on: bool, /) -> bool: ...
    def set_recv_details(self, on: bool, /) -> None: ...
    def set_deadline(self, seconds: float | None, /) -> None: ...
    @property
    def deadline(self) -> float | None: ...
    def recv_exactly(self, n: int, *, partial: bytes = b"") -> bytes: ...
    def recv_until(
        self, separator: bytes, limit: int = 65536, *, partial: bytes = b""
    ) -> bytes: ...
    def send_frame(
        self, data: Buffer, *, size: int = 4, byteorder: Literal["big", "little"] = "big"
    ) -> None: ...
    def recv_frame(
        self,
        limit: int = 1048576,
        *,
        size: int = 4,
        byteorder: Literal["big", "little"] = "big",
        partial: bytes = b"",
    ) -> bytes: ...

    # Values in the place of bytes.
    def get_option(self, option: str | tuple[int, int], question: Buffer | None = None) -> Any: ...
    def set_option(
        self,
        option: str | tuple[int, int],
        value: float | str | Buffer | list[Any] | tuple[Any, ...] | None,
    ) -> None: ...
    def tcp_info(self) -> _values.TcpInfo: ...
    def mptcp_info(self) -> _values.MptcpInfo: ...
    def set_keepalive(
        self,
        idle: float | None = None,
        interval: float | None = None,
        count: int | None = None,
        *,
        on: bool = True,
    ) -> None: ...
    def join_group(
        self, group: _Host, interface: _Interface = None, source: _Host | None = None
    ) -> None: ...
    def leave_group(
        self, group: _Host, interface: _Interface = None, source: _Host | None = None
    ) -> None: ...
    def block_source(self, group: _Host, source: _Host, interface: _Interface = None) -> None: ...
    def unblock_source(self, group: _Host, source: _Host, interface: _Interface = None) -> None: ...
    def set_multicast(
        self, *, ttl: int | None = None, loop: bool | None = None, interface: _Interface = None
    ) -> None: ...
    def dropped(self) -> int: ...
    def decode_control(self, ancdata: Iterable[tuple[int, int, Any]]) -> _values.ControlData: ...
    def recv_error(
        self, bufsize: SupportsIndex = 65535, *, wait: bool = False
    ) -> _values.QueuedError | None: ...
    def set_timestamps(
        self,
        receive: bool = True,
        send: bool = False,
        *,
        scheduled: bool = False,
        acknowledged: bool = False,
        hardware: bool = False,
    ) -> None: ...
    def recv_timestamped(
        self, bufsize: int, flags: int = 0
    ) -> tuple[bytes, _values.Timestamp | None, Any]: ...
    def send_fds(
        self,
        buffers: Iterable[Buffer],
        fds: Iterable[Any],
        flags: int = 0,
        address: _Address | None = None,
    ) -> int: ...
    def recv_fds(
        self, bufsize: int, maxfds: int, flags: int = 0
    ) -> tuple[bytes, list[int], int, Any]: ...

def getaddrinfo(
    host: bytes | str | None,
    port: bytes | str | int | None,
    family: int = 0,
    type: int = 0,
    proto: int = 0,
    flags: int = 0,
    *,
    timeout: float | None = None,
) -> list[
    tuple[
        _stock.AddressFamily,
        _stock.SocketKind,
        int,
        str,
        tuple[str, int] | tuple[str, int, int, int] | tuple[int, bytes],
    ]
]: ...
def getfqdn(name: str = "", *, timeout: float | None = None) -> str: ...
def create_connection(
    address: tuple[str | None, int],
    timeout: float | None = ...,
    source_address: _Address | None = None,
    *,
    all_errors: bool = False,
    total_timeout: float | None = None,
    happy_eyeballs_delay: float | None = None,
) -> socket: ...
def create_server(
    address: _Address,
    *,
    family: int = ...,
    backlog: int | None = None,
    reuse_port: bool = False,
    dualstack_ipv6: bool = False,
) -> socket: ...
def fromfd(
    fd: SupportsIndex,
    family: _stock.AddressFamily | int,
    type: _stock.SocketKind | int,
    proto: int = 0,
) -> socket: ...
def socketpair(
    family: int | _stock.AddressFamily | None = None,
    type: _stock.SocketKind | int = ...,
    proto: int = 0,
) -> tuple[socket, socket]: ...

# What is defined above stays.
from socket import *  # type: ignore[assignment]
from socket import (
    EAGAIN as EAGAIN,
    EBADF as EBADF,
    EWOULDBLOCK as EWOULDBLOCK,
    AddressInfo as AddressInfo,
    MsgFlag as MsgFlag,
    SocketIO as SocketIO,
)

# Typeshed knows these of Windows and of `_socket` alone.
from berkeley._berkeley import (
    AF_BLUETOOTH as AF_BLUETOOTH,
    BDADDR_ANY as BDADDR_ANY,
    BDADDR_LOCAL as BDADDR_LOCAL,
    BTPROTO_HCI as BTPROTO_HCI,
    BTPROTO_L2CAP as BTPROTO_L2CAP,
    BTPROTO_RFCOMM as BTPROTO_RFCOMM,
    BTPROTO_SCO as BTPROTO_SCO,
    HCI_DATA_DIR as HCI_DATA_DIR,
    HCI_FILTER as HCI_FILTER,
    HCI_TIME_STAMP as HCI_TIME_STAMP,
    IPX_TYPE as IPX_TYPE,
    RDS_CANCEL_SENT_TO as RDS_CANCEL_SENT_TO,
    RDS_CMSG_RDMA_ARGS as RDS_CMSG_RDMA_ARGS,
    RDS_CMSG_RDMA_DEST as RDS_CMSG_RDMA_DEST,
    RDS_CMSG_RDMA_MAP as RDS_CMSG_RDMA_MAP,
    RDS_CMSG_RDMA_STATUS as RDS_CMSG_RDMA_STATUS,
    RDS_CONG_MONITOR as RDS_CONG_MONITOR,
    RDS_FREE_MR as RDS_FREE_MR,
    RDS_GET_MR as RDS_GET_MR,
    RDS_GET_MR_FOR_DEST as RDS_GET_MR_FOR_DEST,
    RDS_RDMA_DONTWAIT as RDS_RDMA_DONTWAIT,
    RDS_RDMA_FENCE as RDS_RDMA_FENCE,
    RDS_RDMA_INVALIDATE as RDS_RDMA_INVALIDATE,
    RDS_RDMA_NOTIFY_ME as RDS_RDMA_NOTIFY_ME,
    RDS_RDMA_READWRITE as RDS_RDMA_READWRITE,
    RDS_RDMA_SILENT as RDS_RDMA_SILENT,
    RDS_RDMA_USE_ONCE as RDS_RDMA_USE_ONCE,
    RDS_RECVERR as RDS_RECVERR,
    SOL_ATALK as SOL_ATALK,
    SOL_AX25 as SOL_AX25,
    SOL_HCI as SOL_HCI,
    SOL_IPX as SOL_IPX,
    SOL_NETROM as SOL_NETROM,
    SOL_ROSE as SOL_ROSE,
)

# Names of newer Pythons.
if sys.version_info < (3, 12):
    from berkeley._berkeley import (
        ETH_P_ALL as ETH_P_ALL,
        ETHERTYPE_ARP as ETHERTYPE_ARP,
        ETHERTYPE_IP as ETHERTYPE_IP,
        ETHERTYPE_IPV6 as ETHERTYPE_IPV6,
        ETHERTYPE_VLAN as ETHERTYPE_VLAN,
        IP_ADD_SOURCE_MEMBERSHIP as IP_ADD_SOURCE_MEMBERSHIP,
        IP_BLOCK_SOURCE as IP_BLOCK_SOURCE,
        IP_DROP_SOURCE_MEMBERSHIP as IP_DROP_SOURCE_MEMBERSHIP,
        IP_PKTINFO as IP_PKTINFO,
        IP_UNBLOCK_SOURCE as IP_UNBLOCK_SOURCE,
        TCP_CC_INFO as TCP_CC_INFO,
        TCP_FASTOPEN_CONNECT as TCP_FASTOPEN_CONNECT,
        TCP_FASTOPEN_KEY as TCP_FASTOPEN_KEY,
        TCP_FASTOPEN_NO_COOKIE as TCP_FASTOPEN_NO_COOKIE,
        TCP_INQ as TCP_INQ,
        TCP_MD5SIG as TCP_MD5SIG,
        TCP_MD5SIG_EXT as TCP_MD5SIG_EXT,
        TCP_QUEUE_SEQ as TCP_QUEUE_SEQ,
        TCP_REPAIR as TCP_REPAIR,
        TCP_REPAIR_OPTIONS as TCP_REPAIR_OPTIONS,
        TCP_REPAIR_QUEUE as TCP_REPAIR_QUEUE,
        TCP_REPAIR_WINDOW as TCP_REPAIR_WINDOW,
        TCP_SAVE_SYN as TCP_SAVE_SYN,
        TCP_SAVED_SYN as TCP_SAVED_SYN,
        TCP_THIN_DUPACK as TCP_THIN_DUPACK,
        TCP_THIN_LINEAR_TIMEOUTS as TCP_THIN_LINEAR_TIMEOUTS,
        TCP_TIMESTAMP as TCP_TIMESTAMP,
        TCP_TX_DELAY as TCP_TX_DELAY,
        TCP_ULP as TCP_ULP,
        TCP_ZEROCOPY_RECEIVE as TCP_ZEROCOPY_RECEIVE,
    )

if sys.version_info < (3, 13):
    from berkeley._berkeley import (
        CAN_RAW_ERR_FILTER as CAN_RAW_ERR_FILTER,
        NI_IDN as NI_IDN,
        SO_BINDTOIFINDEX as SO_BINDTOIFINDEX,
    )

if sys.version_info < (3, 14):
    from berkeley._berkeley import (
        BDADDR_BREDR as BDADDR_BREDR,
        BDADDR_LE_PUBLIC as BDADDR_LE_PUBLIC,
        BDADDR_LE_RANDOM as BDADDR_LE_RANDOM,
        BT_CHANNEL_POLICY as BT_CHANNEL_POLICY,
        BT_CHANNEL_POLICY_BREDR_ONLY as BT_CHANNEL_POLICY_BREDR_ONLY,
        BT_CHANNEL_POLICY_BREDR_PREFERRED as BT_CHANNEL_POLICY_BREDR_PREFERRED,
        BT_CODEC as BT_CODEC,
        BT_DEFER_SETUP as BT_DEFER_SETUP,
        BT_FLUSHABLE as BT_FLUSHABLE,
        BT_FLUSHABLE_OFF as BT_FLUSHABLE_OFF,
        BT_FLUSHABLE_ON as BT_FLUSHABLE_ON,
        BT_ISO_QOS as BT_ISO_QOS,
        BT_MODE as BT_MODE,
        BT_MODE_BASIC as BT_MODE_BASIC,
        BT_MODE_ERTM as BT_MODE_ERTM,
        BT_MODE_EXT_FLOWCTL as BT_MODE_EXT_FLOWCTL,
        BT_MODE_LE_FLOWCTL as BT_MODE_LE_FLOWCTL,
        BT_MODE_STREAMING as BT_MODE_STREAMING,
        BT_PHY as BT_PHY,
        BT_PHY_BR_1M_1SLOT as BT_PHY_BR_1M_1SLOT,
        BT_PHY_BR_1M_3SLOT as BT_PHY_BR_1M_3SLOT,
        BT_PHY_BR_1M_5SLOT as BT_PHY_BR_1M_5SLOT,
        BT_PHY_EDR_2M_1SLOT as BT_PHY_EDR_2M_1SLOT,
        BT_PHY_EDR_2M_3SLOT as BT_PHY_EDR_2M_3SLOT,
        BT_PHY_EDR_2M_5SLOT as BT_PHY_EDR_2M_5SLOT,
        BT_PHY_EDR_3M_1SLOT as BT_PHY_EDR_3M_1SLOT,
        BT_PHY_EDR_3M_3SLOT as BT_PHY_EDR_3M_3SLOT,
        BT_PHY_EDR_3M_5SLOT as BT_PHY_EDR_3M_5SLOT,
        BT_PHY_LE_1M_RX as BT_PHY_LE_1M_RX,
        BT_PHY_LE_1M_TX as BT_PHY_LE_1M_TX,
        BT_PHY_LE_2M_RX as BT_PHY_LE_2M_RX,
        BT_PHY_LE_2M_TX as BT_PHY_LE_2M_TX,
        BT_PHY_LE_CODED_RX as BT_PHY_LE_CODED_RX,
        BT_PHY_LE_CODED_TX as BT_PHY_LE_CODED_TX,
        BT_PKT_STATUS as BT_PKT_STATUS,
        BT_POWER as BT_POWER,
        BT_POWER_FORCE_ACTIVE_OFF as BT_POWER_FORCE_ACTIVE_OFF,
        BT_POWER_FORCE_ACTIVE_ON as BT_POWER_FORCE_ACTIVE_ON,
        BT_RCVMTU as BT_RCVMTU,
        BT_SECURITY as BT_SECURITY,
        BT_SECURITY_FIPS as BT_SECURITY_FIPS,
        BT_SECURITY_HIGH as BT_SECURITY_HIGH,
        BT_SECURITY_LOW as BT_SECURITY_LOW,
        BT_SECURITY_MEDIUM as BT_SECURITY_MEDIUM,
        BT_SECURITY_SDP as BT_SECURITY_SDP,
        BT_SNDMTU as BT_SNDMTU,
        BT_VOICE as BT_VOICE,
        BT_VOICE_CVSD_16BIT as BT_VOICE_CVSD_16BIT,
        BT_VOICE_TRANSPARENT as BT_VOICE_TRANSPARENT,
        BT_VOICE_TRANSPARENT_16BIT as BT_VOICE_TRANSPARENT_16BIT,
        HCI_CHANNEL_CONTROL as HCI_CHANNEL_CONTROL,
        HCI_CHANNEL_LOGGING as HCI_CHANNEL_LOGGING,
        HCI_CHANNEL_MONITOR as HCI_CHANNEL_MONITOR,
        HCI_CHANNEL_RAW as HCI_CHANNEL_RAW,
        HCI_CHANNEL_USER as HCI_CHANNEL_USER,
        HCI_DEV_NONE as HCI_DEV_NONE,
        IP_FREEBIND as IP_FREEBIND,
        IP_RECVERR as IP_RECVERR,
        IP_RECVORIGDSTADDR as IP_RECVORIGDSTADDR,
        IP_RECVTTL as IP_RECVTTL,
        IPV6_RECVERR as IPV6_RECVERR,
        L2CAP_LM as L2CAP_LM,
        L2CAP_LM_AUTH as L2CAP_LM_AUTH,
        L2CAP_LM_ENCRYPT as L2CAP_LM_ENCRYPT,
        L2CAP_LM_MASTER as L2CAP_LM_MASTER,
        L2CAP_LM_RELIABLE as L2CAP_LM_RELIABLE,
        L2CAP_LM_SECURE as L2CAP_LM_SECURE,
        L2CAP_LM_TRUSTED as L2CAP_LM_TRUSTED,
        SO_ORIGINAL_DST as SO_ORIGINAL_DST,
        SOL_BLUETOOTH as SOL_BLUETOOTH,
        SOL_L2CAP as SOL_L2CAP,
        SOL_RFCOMM as SOL_RFCOMM,
        SOL_SCO as SOL_SCO,
        VMADDR_CID_LOCAL as VMADDR_CID_LOCAL,
    )

if sys.version_info < (3, 15):
    from berkeley._berkeley import (
        CAN_ISOTP_CHK_PAD_DATA as CAN_ISOTP_CHK_PAD_DATA,
        CAN_ISOTP_CHK_PAD_LEN as CAN_ISOTP_CHK_PAD_LEN,
        CAN_ISOTP_DEFAULT_EXT_ADDRESS as CAN_ISOTP_DEFAULT_EXT_ADDRESS,
        CAN_ISOTP_DEFAULT_FLAGS as CAN_ISOTP_DEFAULT_FLAGS,
        CAN_ISOTP_DEFAULT_FRAME_TXTIME as CAN_ISOTP_DEFAULT_FRAME_TXTIME,
        CAN_ISOTP_DEFAULT_LL_MTU as CAN_ISOTP_DEFAULT_LL_MTU,
        CAN_ISOTP_DEFAULT_LL_TX_DL as CAN_ISOTP_DEFAULT_LL_TX_DL,
        CAN_ISOTP_DEFAULT_LL_TX_FLAGS as CAN_ISOTP_DEFAULT_LL_TX_FLAGS,
        CAN_ISOTP_DEFAULT_PAD_CONTENT as CAN_ISOTP_DEFAULT_PAD_CONTENT,
        CAN_ISOTP_DEFAULT_RECV_BS as CAN_ISOTP_DEFAULT_RECV_BS,
        CAN_ISOTP_DEFAULT_RECV_STMIN as CAN_ISOTP_DEFAULT_RECV_STMIN,
        CAN_ISOTP_DEFAULT_RECV_WFTMAX as CAN_ISOTP_DEFAULT_RECV_WFTMAX,
        CAN_ISOTP_EXTEND_ADDR as CAN_ISOTP_EXTEND_ADDR,
        CAN_ISOTP_FORCE_RXSTMIN as CAN_ISOTP_FORCE_RXSTMIN,
        CAN_ISOTP_FORCE_TXSTMIN as CAN_ISOTP_FORCE_TXSTMIN,
        CAN_ISOTP_HALF_DUPLEX as CAN_ISOTP_HALF_DUPLEX,
        CAN_ISOTP_LISTEN_MODE as CAN_ISOTP_LISTEN_MODE,
        CAN_ISOTP_LL_OPTS as CAN_ISOTP_LL_OPTS,
        CAN_ISOTP_OPTS as CAN_ISOTP_OPTS,
        CAN_ISOTP_RECV_FC as CAN_ISOTP_RECV_FC,
        CAN_ISOTP_RX_EXT_ADDR as CAN_ISOTP_RX_EXT_ADDR,
        CAN_ISOTP_RX_PADDING as CAN_ISOTP_RX_PADDING,
        CAN_ISOTP_RX_STMIN as CAN_ISOTP_RX_STMIN,
        CAN_ISOTP_SF_BROADCAST as CAN_ISOTP_SF_BROADCAST,
        CAN_ISOTP_TX_PADDING as CAN_ISOTP_TX_PADDING,
        CAN_ISOTP_TX_STMIN as CAN_ISOTP_TX_STMIN,
        CAN_ISOTP_WAIT_TX_DONE as CAN_ISOTP_WAIT_TX_DONE,
        IPV6_HDRINCL as IPV6_HDRINCL,
        SOL_CAN_ISOTP as SOL_CAN_ISOTP,
    )
