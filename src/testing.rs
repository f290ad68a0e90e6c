//! What the tests and benchmarks use of the crate. It is not an interface: everything else stays private, so that the
//! compiler sees what nobody uses.

pub mod adapters {
    pub use crate::adapters::overflow_store::OverflowStore;
}
pub mod cli {
    pub use crate::cli::{Cli, examples};
}
pub mod commands {
    pub use crate::commands::help::{Block, TOPICS, Topic};
}
pub mod config {
    pub use crate::config::{Config, parse, profile, store};
}
pub mod domain {
    pub use crate::domain::{decision, policy, secret, session, time, warning};
}
pub mod explain {
    pub use crate::explain::{outlook::SessionOutlook, timeline::Timeline};
    pub mod simulation {
        pub use crate::explain::simulation::scenario::Scenario;
        pub use crate::explain::simulation::simulator::{Event, EventKind, Simulation, run, run_against};
    }
}
pub mod jwt {
    pub use crate::jwt::{Jws, Jwt};
}
pub mod oidc {
    pub use crate::oidc::{Owner, Problem, authorize, discovery, id_token, jwks, token, userinfo};
}
pub mod ports {
    pub use crate::ports::*;
}
pub mod terminal {
    pub use crate::terminal::{layout::fit, styled_text::Charset};
}
