//! `tidp policy simulate`: a session simulated against the sandbox's engine, in words and pictures.

pub mod chart;
pub mod comparison;
pub mod event_table;
pub mod report;
pub mod scenario;
pub mod simulator;
