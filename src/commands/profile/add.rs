//! `tidp profile add`.

use super::view::ProfileView;
use crate::cli::ProfileAdd;
use crate::config::{self, AuthMethod};
use crate::error::Result;
use crate::flows::profile_file::{NewProfile, ProfileFile};
use crate::ports::Ports;
use crate::terminal::output::Output;

pub fn run(ports: &Ports, out: &Output<'_>, args: &ProfileAdd) -> Result<()> {
    config::check_profile_name(&args.name)?;
    let file = ProfileFile::open_or_create(ports)?;
    let is_first = !file.has_profiles();
    let profile = file.add(&new_profile(args))?;
    out.note(&format!("Added the profile `{}`{}.", args.name, if is_first { ", the default" } else { "" }));
    let option = if is_first { String::new() } else { format!(" --profile {}", args.name) };
    if profile.auth_method != AuthMethod::None {
        out.note(&format!("Its client secret goes into the store: tidp profile secret {}", args.name));
    }
    if let Some(advice) = profile.debugger_redirect_advice().filter(|_| !profile.is_machine()) {
        out.note(&format!("{advice}."));
    }
    let next = if profile.is_machine() { "token" } else { "login" };
    out.note(&format!("Next: tidp {next}{option}"));
    if out.json { out.document(ProfileView::new(&profile, &file.configuration).to_json()) } else { Ok(()) }
}

fn new_profile(args: &ProfileAdd) -> NewProfile<'_> {
    let texts = [
        ("issuer", args.issuer.as_deref()),
        ("environment", args.environment.as_deref()),
        ("client_id", Some(args.client_id.as_str())),
        ("client_type", args.client_type.as_deref()),
        ("grant", args.grant.as_deref()),
        ("policy", args.policy.as_deref()),
        ("redirect_uri", args.redirect_uri.as_deref()),
        ("auth_method", args.auth_method.as_deref()),
    ];
    NewProfile {
        name: &args.name,
        texts: texts.into_iter().filter_map(|(key, text)| Some((key, text?))).collect(),
        scopes: args.scope.iter().flat_map(|scope| scope.split_whitespace()).collect(),
    }
}
