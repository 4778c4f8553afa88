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
//!
//! In a runtime of Tokio there is [`berkeley::tokio`], which reads and writes as libraries expect:
//!
//! | protocol | by | here |
//! |---|---|---|
//! | HTTP/1 and HTTP/2 over TLS | hyper, tokio-rustls | [`web`], example `https` |
//! | QUIC | quinn | [`quic`], example `quic_copy` |

pub mod certs;
pub mod quic;
pub mod web;
