//! `tidp profile …`: lists and changes the profiles in the configuration file. The client secret goes into the store.

mod add;
mod list;
mod options;
mod questions;
mod remove;
mod rename;
mod secret;
mod set;
mod show;
mod view;

use crate::cli::{Global, ProfileCommand};
use crate::domain::text::printable;
use crate::error::Result;
use crate::flows::profile_file::ProfileFile;
use crate::ports::Ports;
use crate::terminal::output::Output;
use view::ProfileView;

/// # Errors
/// `usage`, `config`, `store`.
pub fn run(ports: &Ports, out: &Output<'_>, global: &Global, what: &ProfileCommand) -> Result<()> {
    match what {
        ProfileCommand::Add(args) => add::run(ports, out, args),
        ProfileCommand::List => list::run(ports, out),
        ProfileCommand::Show { name } => show::run(ports, out, global, name.as_deref()),
        ProfileCommand::Use { name } => make_default(ports, out, name),
        ProfileCommand::Set { name, key, value } => set::run(ports, out, name, key, value),
        ProfileCommand::Unset { name, key } => set::unset(ports, out, name, key),
        ProfileCommand::Rename { name, new_name } => rename::run(ports, out, name, new_name),
        ProfileCommand::Remove { name } => remove::run(ports, out, name),
        ProfileCommand::Secret { name, remove } => secret::run(ports, out, global, name, *remove),
    }
}

fn make_default(ports: &Ports, out: &Output<'_>, name: &str) -> Result<()> {
    let file = ProfileFile::open(ports)?;
    let profile = file.make_default(name)?;
    out.note(&format!("`{}` is now the default profile.", printable(name)));
    if out.json { out.document(ProfileView::new(&profile, &file.configuration).to_json()) } else { Ok(()) }
}
