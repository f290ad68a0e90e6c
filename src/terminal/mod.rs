//! The one place that knows streams, colour, wrapping and tables.

pub mod layout;
pub mod output;
