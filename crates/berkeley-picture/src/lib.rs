//! Draws and explains recorded socket calls.
//!
//! A recording is made of lines of JSON, one for each system call of a program's sockets (the schema
//! `berkeley.trace/1`). [`Trace::read`] puts one or more of them together, finds which sockets are
//! two ends of one conversation, and which calls moved the same bytes. From that come a page that
//! needs no network ([`html`]), a picture for documents ([`svg`]), a text for terminals ([`text`]),
//! and [`explain`]: what went wrong, and what to do.
//!
//! ```
//! use berkeley_picture::{Look, Trace, text};
//!
//! let trace = Trace::read([r#"{"ev":"call","t":1,"dur":0.001,"pid":1,"op":"recv","ret":5}"#]);
//! assert!(text(&trace, &Look::default()).iter().any(|line| line.contains("recv()")));
//! ```

mod draw;
mod export;
mod model;
mod ops;
mod page;
mod record;
mod rules;
mod say;
mod stat;
pub mod words;

pub use draw::svg::svg;
pub use draw::text::{Look, list, text};
pub use export::{chrome, otlp, pcapng, strace};
pub use model::{
    Attempt, Call, Link, LinkKind, Live, Outcome, Process, Sample, Socket, Thread, Trace,
};
pub use page::html;
pub use record::{CallLine, InfoLine, Nanos, Record, SocketLine, parse_line};
pub use rules::{Finding, Level, explain};
pub use say::span;
pub use stat::{Stat, stat};
