//! `tidp profile add`.

use super::options::{missing_options, new_profile};
use super::questions;
use super::view::ProfileView;
use crate::cli::ProfileAdd;
use crate::config::{self, AuthMethod};
use crate::error::{Error, Result};
use crate::flows::profile_file::ProfileFile;
use crate::flows::profile_session;
use crate::ports::Ports;
use crate::terminal::output::Output;

pub fn run(ports: &Ports, out: &Output<'_>, args: &ProfileAdd) -> Result<()> {
    let asked;
    let args = match &missing_options(args)[..] {
        [] => args,
        _ if out.can_ask() => {
            asked = questions::ask(ports, out, args)?;
            &asked
        }
        missing => {
            let missing = missing.join(" ");
            return Err(Error::usage(format!("the following required arguments were not provided: {missing}")));
        }
    };
    let new = new_profile(args);
    config::check_profile_name(new.name)?;
    let file = ProfileFile::open_or_create(ports)?;
    let is_first = !file.has_profiles();
    let profile = file.add(&new)?;
    out.note(&format!("Added the profile `{}`{}.", new.name, if is_first { ", the default" } else { "" }));
    profile_session::warn_of_earlier_entries(ports, out, &file, &profile);
    let option = if is_first { String::new() } else { format!(" --profile {}", new.name) };
    if let Some(advice) = profile.debugger_redirect_advice().filter(|_| !profile.is_machine()) {
        out.note(&format!("{advice}."));
    }
    let secret = match profile.auth_method {
        AuthMethod::None => String::new(),
        _ => format!("tidp profile secret {}, then ", new.name),
    };
    let next = if profile.is_machine() { "token" } else { "login" };
    out.note(&format!("Next: {secret}tidp {next}{option}"));
    if out.json { out.document(ProfileView::new(&profile, &file.configuration).to_json()) } else { Ok(()) }
}
