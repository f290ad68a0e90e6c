//! `tidp profile show`.

use super::view::{self, ProfileView};
use crate::cli::Global;
use crate::config;
use crate::error::Result;
use crate::flows::configuration::Configuration;
use crate::ports::{Env, Ports};
use crate::terminal::output::Output;

pub fn run(ports: &Ports, out: &Output<'_>, global: &Global, name: Option<&str>) -> Result<()> {
    let configured = Configuration::load(ports)?;
    // A named profile is shown as it is in the file, the one in use with what variables change.
    let (profile, env) = match name {
        Some(name) => (config::file_profile(name, &configured.config, configured.base())?, &Env::default()),
        None => (configured.profile(ports, global.profile.as_deref())?, &ports.env),
    };
    let settings = config::settings(&profile, &configured.config, env);
    let view = ProfileView::new(&profile, &configured);
    if !out.json {
        return out.page(&view.to_text(&settings));
    }
    let mut document = view.to_json();
    document["sources"] = view::sources(&settings);
    out.document(document)
}
