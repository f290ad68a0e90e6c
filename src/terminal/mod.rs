//! Output streams, colour, wrapping and tables.

pub mod layout;
mod links;
pub mod output;
pub mod qr_code;
pub mod styled_text;
pub mod table;
