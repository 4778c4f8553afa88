//! Berkeley's sockets under other people's loops and protocols.
//!
//! The library knows none of them: a [`berkeley::Socket`] is `AsFd`, and all its calls take
//! `&self` and never wait with a timeout of zero. That is all a loop needs, so that every family,
//! control message, batch and option is there under each of them. The examples show how, and the
//! tests run them:
//!
//! | under | by | example |
//! |---|---|---|
//! | mio | `SourceFd` | `under_mio` |
//! | async-io, and so smol; polling below it | `Async<Socket>` | `under_async_io` |
//! | compio | `PollFd<Socket>` | `under_compio` |

pub mod quic;
