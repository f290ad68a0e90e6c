//! The page that `tidp policy` prints and `tidp policy --watch` redraws.

use crate::cli;
use crate::explain::outlook::SessionOutlook;
use crate::explain::policy_page::PolicyPage;
use crate::flows::context::Context;
use crate::terminal::output::Output;
use crate::terminal::styled_text::Charset;

/// The page for a person, at most `columns` wide.
pub(super) fn page(
    context: &Context<'_>,
    out: &Output<'_>,
    outlook: SessionOutlook<'_>,
    args: &cli::Policy,
    columns: usize,
) -> String {
    let profile = &context.profile;
    let page = PolicyPage {
        outlook,
        profile: &profile.name,
        client_type: profile.client_type,
        profile_flag: profile.name_in_hints.as_deref(),
        with_events: args.why,
        wrap_events: context.ports.terminal.stdout().is_terminal,
    };
    let charset = if args.ascii { Charset::Ascii } else { out.charset() };
    out.colors.render(&page.lines(columns, charset, &|time| out.local(time)))
}
