//! The same recording for other programs.

mod chrome;
mod otlp;
mod pcapng;
mod strace;

pub use self::chrome::chrome;
pub use self::otlp::otlp;
pub use self::pcapng::pcapng;
pub use self::strace::strace;
use crate::model::Trace;
use crate::record::Nanos;

/// What to add to the recording's clock to have nanoseconds since 1970; zero if nobody told.
fn epoch(trace: &Trace) -> Nanos {
    let told = trace.processes.iter().find_map(|process| Some((process.wall?, process.start)));
    told.map(|(wall, start)| ((wall * 1e9) as Nanos).saturating_sub(start)).unwrap_or_default()
}
