//! Pictures: as text, and as SVG.

pub(crate) mod lanes;
pub(crate) mod svg;
pub(crate) mod text;
