//! The options of `tidp profile add`.

use crate::cli::ProfileAdd;
use crate::flows::profile_file::NewProfile;

/// What a profile needs and the command line leaves out.
pub(super) fn missing_options(args: &ProfileAdd) -> Vec<&'static str> {
    let has_provider = args.issuer.is_some() || args.environment.is_some();
    [
        ("--client-id <ID>", args.client_id.is_some()),
        ("<--issuer <URL>|--environment <ENVIRONMENT>>", has_provider),
        ("<NAME>", args.name.is_some()),
    ]
    .into_iter()
    .filter_map(|(option, is_there)| (!is_there).then_some(option))
    .collect()
}

/// The profile that the options describe.
pub(super) fn new_profile(args: &ProfileAdd) -> NewProfile<'_> {
    let texts = [
        ("issuer", args.issuer.as_deref()),
        ("environment", args.environment.as_deref()),
        ("client_id", args.client_id.as_deref()),
        ("client_type", args.client_type.as_deref()),
        ("grant", args.grant.as_deref()),
        ("policy", args.policy.as_deref()),
        ("redirect_uri", args.redirect_uri.as_deref()),
        ("auth_method", args.auth_method.as_deref()),
    ];
    NewProfile {
        name: args.name.as_deref().unwrap_or_default(),
        texts: texts.into_iter().filter_map(|(key, text)| Some((key, text?))).collect(),
        scopes: args.scope.iter().flat_map(|scope| scope.split_whitespace()).collect(),
    }
}
