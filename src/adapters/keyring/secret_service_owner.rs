//! The program behind the Secret Service. The bus is asked, because the program itself may hang.

use super::secret_service::bus_address;
use crate::domain::text::printable;
use crate::ports::{Backend, Env};
use zbus::blocking::Connection;
use zbus::blocking::fdo::DBusProxy;
use zbus::names::BusName;

/// The owner of the service's name; the service is not started for that. `env` names the bus in messages.
pub(super) fn backend(env: &Env) -> Backend {
    let Ok(connection) = Connection::session() else { return Backend::NoBus(bus_address(env)) };
    let owner = DBusProxy::new(&connection).and_then(|bus| {
        let name = BusName::try_from("org.freedesktop.secrets")?;
        Ok(bus.get_connection_unix_process_id(name)?)
    });
    owner.map_or(Backend::NoService, |process| Backend::Program(format!("Secret Service ({})", program_name(process))))
}

/// The name of the keyring that this process is, or the process's own. The kernel cuts that after 15 bytes.
fn program_name(process: u32) -> String {
    const KEYRINGS: [(&str, &str); 5] = [
        ("gnome-keyring", "gnome-keyring"),
        ("kwalletd", "KWallet"),
        ("ksecretd", "KWallet"),
        ("keepassxc", "KeePassXC"),
        ("oo7", "oo7"),
    ];
    let name = std::fs::read_to_string(format!("/proc/{process}/comm")).unwrap_or_default();
    match KEYRINGS.iter().find(|(start, _)| name.starts_with(start)) {
        Some((_, keyring)) => (*keyring).to_owned(),
        None if name.trim().is_empty() => "an unknown program".to_owned(),
        None => printable(name.trim()),
    }
}
