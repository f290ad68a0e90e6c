//! What a session can expect, as words and pictures. Pure.

pub mod claims;
pub mod outlook;
pub mod simulation;
pub mod timeline;
