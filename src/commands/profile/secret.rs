//! `tidp profile secret`.

use crate::cli::Global;
use crate::domain::session::EntryKey;
use crate::domain::text::printable;
use crate::error::{Error, Result};
use crate::flows::context::Context;
use crate::ports::Ports;
use crate::terminal::output::Output;
use serde_json::json;

pub fn run(ports: &Ports, out: &Output<'_>, global: &Global, name: &str, remove: bool) -> Result<()> {
    let global = Global { profile: Some(name.to_owned()), ..global.clone() };
    Context::open(ports, out, global.profile.as_deref())?.run(|context| {
        let entry = EntryKey::ClientSecret(context.key.clone()).name();
        if remove {
            let _lock = context.lock(&entry)?;
            let had_one = context.store.delete(&entry)?;
            out.note(if had_one { "Removed the client secret." } else { "There was no client secret." });
            return if out.json { out.document(json!({ "profile": name, "client_secret": false })) } else { Ok(()) };
        }
        let prompt = format!(
            "Client secret of `{}` at {}: ",
            printable(&context.profile.client_id),
            printable(&context.profile.issuer)
        );
        let secret = ports
            .terminal
            .read_secret(&prompt)
            .map_err(|error| Error::failed(format!("cannot read the secret: {error}")))?;
        if secret.is_empty() {
            return Err(Error::usage("the client secret is empty"));
        }
        let _lock = context.lock(&entry)?;
        context.store.save(&entry, &secret)?;
        out.note(&format!(
            "Stored the client secret of `{}` in the {} store.",
            printable(name),
            context.store.name().as_str()
        ));
        if out.json { out.document(json!({ "profile": name, "client_secret": true })) } else { Ok(()) }
    })
}
