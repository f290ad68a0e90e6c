//! `tidp refresh`: refreshes if that is due, and prints what it did and why.

use crate::cli;
use crate::domain::decision::{DEFAULT_MIN_TTL, Intent};
use crate::domain::policy::Policy;
use crate::domain::session::{Renewal, Sso};
use crate::domain::warning::WarningCode;
use crate::error::{Error, Result};
use crate::explain::refresh_messages::renewal_messages;
use crate::flows::client_credentials::{self, MachineTokenSource};
use crate::flows::context::Context;
use crate::flows::refresh::{FreshSession, TokenSource};
use crate::flows::{advisory_warnings, refresh_if_due};
use crate::oidc::token::RefreshParameters;
use crate::ports::Reporter;
use crate::terminal::output::Output;
use serde_json::{Value, json};

pub fn run(context: &Context<'_>, out: &Output<'_>, args: &cli::Refresh) -> Result<()> {
    let intent = if args.claims {
        Intent::Claims
    } else if args.force || args.tnu_id.is_some() {
        Intent::Force
    } else {
        // The same threshold as `token`, so that the two never disagree about what is due.
        Intent::AccessToken { min_ttl: DEFAULT_MIN_TTL }
    };
    if args.tnu_id.is_some() {
        if !context.profile.is_telenorid_plus() {
            return Err(Error::usage("--tnu-id: only TelenorID+ knows it, and this profile has another provider"));
        }
        context.require_user("there is no user with other profiles")?;
    }
    if context.profile.is_machine() {
        return request_machine_token(context, out, args);
    }
    let before = context.session()?;
    let parameters = RefreshParameters { scopes: None, tnu_id: args.tnu_id.as_deref() };
    let fresh = refresh_if_due::ensure_fresh(context, parameters, &before, intent)?;
    let document = report(context, out, &fresh);
    if intent == Intent::Claims && fresh.session.id_token == before.id_token {
        let login = context.command("tidp login");
        let what = "the provider returned no new ID token, so the claims are as old as before";
        out.warn(WarningCode::ClaimsNotUpdated, format!("{what}; a login returns new ones: `{login}`"));
    }
    advisory_warnings::warn_if_due(context, &fresh.session, None);
    out.document_if_json(|| document)
}

/// Requests a new token for a client that acts for itself, which has nothing to refresh.
fn request_machine_token(context: &Context<'_>, out: &Output<'_>, args: &cli::Refresh) -> Result<()> {
    if args.claims {
        context.require_user("there are no claims to update")?;
    }
    let (token, source) = client_credentials::refresh(context, args.force)?;
    let until = context.when(token.access_token.expires_at);
    let (note, reason) = match source {
        MachineTokenSource::Kept => (format!("Not due: the access token is valid until {until}."), "not_due"),
        MachineTokenSource::RequestedElsewhere => {
            (format!("Another tidp has just requested a token, which is valid until {until}."), "adopted")
        }
        MachineTokenSource::Requested => (
            format!(
                "Requested a new access token, valid until {until}. There is no refresh token, and none is needed."
            ),
            if args.force { "forced" } else { "expired" },
        ),
    };
    out.note(&note);
    out.document_if_json(|| {
        json!({
            "refreshed": source == MachineTokenSource::Requested,
            "reason": reason,
            "rotated": false,
            "renewed": false,
            "access_token_expires_at": token.access_token.expires_at.rfc3339(),
            "refresh_token_expires_at": null,
        })
    })
}

/// Says what was done and why, and returns it as JSON.
fn report(context: &Context<'_>, out: &Output<'_>, fresh: &FreshSession) -> Value {
    let outlook = context.outlook(&fresh.session, context.ports.clock.now());
    let access_token_expires_at = fresh.session.access_token.expires_at;
    let until = context.when(access_token_expires_at);
    let (refreshed, reason, rotated, renewed) = match fresh.source {
        TokenSource::Stored => {
            let end = outlook.end_before_refresh(&context.words(&|time| context.when(time)));
            let end = end.map_or_else(String::new, |end| format!(", but {end}"));
            out.note(&format!("Not due: the access token is valid until {until}{end}."));
            (false, json!("not_due"), false, Some(false))
        }
        TokenSource::RefreshedElsewhere => {
            out.note(&format!("Another tidp has just refreshed; its access token is valid until {until}."));
            let renewed = match outlook.sso {
                Sso::Active => Some(true),
                Sso::Ended => Some(false),
                Sso::Unknown => None,
            };
            (false, json!("adopted"), false, renewed)
        }
        TokenSource::Refreshed(reason, renewal) => {
            out.note(&format!("Refreshed: the access token is valid until {until}."));
            let (note, warning) = renewal_messages(&outlook, renewal, &|time| context.when(time));
            if let Some(warning) = warning {
                out.warn(WarningCode::SsoEnded, warning);
            }
            out.note(&note);
            (true, json!(reason), renewal == Renewal::New, was_renewed(renewal, outlook.policy))
        }
    };
    json!({
        "refreshed": refreshed,
        "reason": reason,
        "rotated": rotated,
        "renewed": renewed,
        "access_token_expires_at": access_token_expires_at.rfc3339(),
        "refresh_token_expires_at": outlook.expiry.map(|expiry| expiry.expires_at.rfc3339()),
    })
}

/// Whether the refresh token now expires later; `None` if that cannot be known.
fn was_renewed(renewal: Renewal, policy: Option<&Policy>) -> Option<bool> {
    match (policy, renewal) {
        (Some(policy), _) if !policy.sliding => Some(false),
        (Some(policy), Renewal::None) if !policy.reports_sso => None,
        (_, Renewal::None) => Some(false),
        (Some(_), Renewal::New) => Some(true),
        (None, Renewal::New) | (_, Renewal::Same) => None,
    }
}
