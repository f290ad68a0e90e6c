//! `tidp policy simulate`: what would happen to a session, played and shown.

pub mod chart;
pub mod comparison;
pub mod report;
pub mod simulator;
