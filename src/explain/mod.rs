//! What a session can expect, as words and pictures. Pure.

pub mod claims;
pub mod login_messages;
pub mod outlook;
pub mod refresh_messages;
pub mod session_view;
pub mod simulation;
pub mod timeline;
