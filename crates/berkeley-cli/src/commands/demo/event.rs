//! What is recorded of a call, and what the picture is drawn from.

use std::time::Duration;

use serde::{Serialize, Serializer};

/// One call: who made it, what came of it, when, and how long it took.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub(crate) struct Event {
    pub(crate) side: Side,
    /// The socket's name in the picture; none for the call that makes it.
    pub(crate) socket: Option<&'static str>,
    /// The call's name in C.
    pub(crate) call: &'static str,
    pub(crate) args: String,
    /// What the call answered; empty if that was nothing but success.
    pub(crate) result: String,
    /// Whether the result is an error.
    pub(crate) failed: bool,
    /// Since the beginning of the exchange.
    #[serde(serialize_with = "seconds")]
    pub(crate) start: Duration,
    #[serde(serialize_with = "seconds")]
    pub(crate) duration: Duration,
    /// What the call makes go from one side to the other, in this order.
    pub(crate) arrows: Vec<Arrow>,
}

impl Event {
    /// When the call returned.
    pub(crate) fn end(&self) -> Duration {
        self.start + self.duration
    }
}

/// One of the two who talk.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Side {
    Server,
    Client,
}

/// Something that goes from one side to the other.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub(crate) struct Arrow {
    pub(crate) from: Side,
    pub(crate) label: String,
}

fn seconds<S: Serializer>(duration: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_f64(duration.as_secs_f64())
}
