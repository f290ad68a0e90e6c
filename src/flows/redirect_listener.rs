//! The loopback server that the redirect URI leads to.

use crate::error::{Result, SetupError};
use crate::ports::{ListenAt, Listener, Ports};

/// A server that listens there until it is dropped.
///
/// # Errors
/// `config`, if another program has the port, or the machine lacks the address.
pub fn listen(ports: &Ports, at: &ListenAt) -> Result<Box<dyn Listener>> {
    ports.callback.listen(at).map_err(|what| {
        let port = at.port.map(|port| format!(":{port}")).unwrap_or_default();
        SetupError::NoListener(format!("cannot listen on {}{port}, where the redirect URI leads: {what}", at.host))
            .into()
    })
}
