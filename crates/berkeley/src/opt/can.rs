//! What options of CAN sockets hold.

use std::time::Duration;

use super::records::{Bits, Ns, flags, records};

flags! {
    /// How an ISO 15765-2 socket behaves.
    #[doc(alias = "can_isotp_options")]
    IsoTpFlags: u32, "flags" {
        /// Only listen. `CAN_ISOTP_LISTEN_MODE`
        LISTEN_MODE = 0x0001;
        /// Extended addresses. `CAN_ISOTP_EXTEND_ADDR`
        EXTEND_ADDR = 0x0002;
        /// Fill up what is sent. `CAN_ISOTP_TX_PADDING`
        TX_PADDING = 0x0004;
        /// What is received is filled up. `CAN_ISOTP_RX_PADDING`
        RX_PADDING = 0x0008;
        /// Check how long the filling is. `CAN_ISOTP_CHK_PAD_LEN`
        CHK_PAD_LEN = 0x0010;
        /// Check what the filling is. `CAN_ISOTP_CHK_PAD_DATA`
        CHK_PAD_DATA = 0x0020;
        /// Never send and receive at once. `CAN_ISOTP_HALF_DUPLEX`
        HALF_DUPLEX = 0x0040;
        /// Ignore the receiver's shortest time between frames. `CAN_ISOTP_FORCE_TXSTMIN`
        FORCE_TXSTMIN = 0x0080;
        /// Ignore frames that come sooner than that. `CAN_ISOTP_FORCE_RXSTMIN`
        FORCE_RXSTMIN = 0x0100;
        /// Another extended address to receive at. `CAN_ISOTP_RX_EXT_ADDR`
        RX_EXT_ADDR = 0x0200;
        /// A send waits until it has ended. `CAN_ISOTP_WAIT_TX_DONE`
        WAIT_TX_DONE = 0x0400;
        /// Single frames to all. `CAN_ISOTP_SF_BROADCAST`
        SF_BROADCAST = 0x0800;
        /// Several frames to all, without flow control. `CAN_ISOTP_CF_BROADCAST`
        CF_BROADCAST = 0x1000;
        /// The time between frames changes with each packet. `CAN_ISOTP_DYN_FC_PARMS`
        DYN_FC_PARMS = 0x2000;
    }
}

records! {
    /// Which frames to receive: those whose identifier, in the bits of the mask, is this one.
    ///
    /// `CAN_INV_FILTER`, bit 29 of the identifier, turns it round.
    ///
    /// See the kernel's documentation of CAN.
    #[doc(alias = "can_filter")]
    CanFilter = can_filter, "identifier and mask" {
        /// The identifier.
        id: u32 = can_id,
        /// The bits that count.
        mask: u32 = can_mask,
    }
    /// How an ISO 15765-2 socket behaves.
    ///
    /// See the kernel's documentation of ISO-TP.
    #[doc(alias = "can_isotp_options")]
    IsoTpOptions = can_isotp_options, "options" {
        /// Which of the rest hold, and more.
        flags: IsoTpFlags as Bits<IsoTpFlags> = flags,
        /// How long sending a frame takes.
        frame_time: Duration as Ns = frame_txtime,
        /// The extended address.
        extended_address: u8 = ext_address,
        /// What fills up frames that are sent.
        send_padding: u8 = txpad_content,
        /// What fills up frames that are received.
        receive_padding: u8 = rxpad_content,
        /// The extended address to receive at.
        receive_extended_address: u8 = rx_ext_address,
    }
    /// What an ISO 15765-2 socket asks the sender for.
    ///
    /// See the kernel's documentation of ISO-TP.
    #[doc(alias = "can_isotp_fc_options")]
    IsoTpFlowControl = can_isotp_fc_options, "flow control" {
        /// After how many frames to wait for more flow control; zero is never.
        block_size: u8 = bs,
        /// The shortest time between frames: up to 127 in milliseconds, from 0xF1 to 0xF9 in
        /// hundreds of microseconds.
        separation: u8 = stmin,
        /// How often the sender may be told to wait.
        waits: u8 = wftmax,
    }
    /// What frames an ISO 15765-2 socket makes.
    ///
    /// See the kernel's documentation of ISO-TP.
    #[doc(alias = "can_isotp_ll_options")]
    IsoTpLink = can_isotp_ll_options, "frames" {
        /// The size of the frame's structure in bytes: 16 for CAN, 72 for CAN FD.
        mtu: u8 = mtu,
        /// How much payload a frame has at most, in bytes.
        payload: u8 = tx_dl,
        /// The frame's flags.
        flags: u8 = tx_flags,
    }
    /// Which messages a J1939 socket receives: those that agree in the bits of the masks.
    ///
    /// See the kernel's documentation of J1939.
    #[doc(alias = "j1939_filter")]
    J1939Filter = j1939_filter, "names, groups and addresses" {
        /// The sender's name.
        name: u64 = name,
        /// The bits of it that count.
        name_mask: u64 = name_mask,
        /// The parameter group.
        pgn: u32 = pgn,
        /// The bits of it that count.
        pgn_mask: u32 = pgn_mask,
        /// The sender's address.
        addr: u8 = addr,
        /// The bits of it that count.
        addr_mask: u8 = addr_mask,
    }
}
