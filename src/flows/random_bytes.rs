//! Random bytes for identifiers that nobody can guess.

use crate::error::{Error, Result};
use crate::flows::context::Context;

/// Bytes from the system's random number generator.
///
/// # Errors
/// `failed`, if the system has none to give.
pub fn random_bytes<const N: usize>(context: &Context<'_>) -> Result<[u8; N]> {
    let mut bytes = [0; N];
    let failed = |error| Error::failed(format!("the system's random number generator failed: {error}"));
    context.ports.entropy.fill(&mut bytes).map_err(failed)?;
    Ok(bytes)
}
