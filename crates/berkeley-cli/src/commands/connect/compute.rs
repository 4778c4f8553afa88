//! The kernel's cryptography: all of the input, and one answer.

use std::io::Read;

use berkeley::{MsgFlags, Socket};

use super::{Arguments, Transfer};
use crate::failure::{Exit, Failure};

/// How much is given to the kernel at a time.
const PIECE: u64 = 1 << 16;

/// Gives the input to an algorithm and takes what it computes.
pub(super) fn run(
    socket: &Socket,
    arguments: &Arguments,
    transfer: &mut Transfer<'_>,
) -> Result<(), Failure> {
    let mut input = std::io::stdin().lock();
    let mut is_last = arguments.recv_only;
    while !is_last {
        let mut piece = Vec::new();
        (&mut input)
            .take(PIECE)
            .read_to_end(&mut piece)
            .map_err(|error| Failure::new(Exit::Send, format!("standard input: {error}")))?;
        is_last = (piece.len() as u64) < PIECE;
        let flags = if is_last { MsgFlags::empty() } else { MsgFlags::MORE };
        transfer.sent += socket.send_with(&piece, flags)? as u64;
    }
    let mut answer = vec![0; PIECE as usize];
    // Random numbers come for as long as they are asked for; this is one answer.
    let room = if arguments.recv_only { 64 } else { answer.len() };
    let len = socket.recv(answer.get_mut(..room).unwrap_or_default())?;
    transfer.take(answer.get(..len).unwrap_or_default(), arguments)?;
    Ok(())
}
