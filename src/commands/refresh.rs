//! `tidp refresh`: refreshes if that is due, and says what it did and why.

use crate::cli::{self, Global};
use crate::domain::decision::{DEFAULT_MIN_TTL, Intent};
use crate::domain::policy::Policy;
use crate::domain::session::{RefreshReason, RefreshTokenExpiry, Renewal, Session, Sso};
use crate::error::{Result, with_profile};
use crate::flows::advisory_warnings;
use crate::flows::context::Context;
use crate::flows::refresh::{self, TokenSource};
use crate::ports::Ports;
use crate::terminal::output::Output;
use serde_json::{Value, json};

/// Runs it.
///
/// # Errors
/// As the contract's exit codes say.
pub fn run(ports: &Ports, out: &Output<'_>, global: &Global, args: &cli::Refresh) -> Result<()> {
    let intent = match (args.claims, args.force) {
        (_, true) => Intent::Force,
        (true, _) => Intent::Claims,
        // The same threshold as `token`, so that the two never disagree about what is due.
        _ => Intent::AccessToken { min_ttl: DEFAULT_MIN_TTL },
    };
    Context::open(ports, out, global)?.run(|context| {
        let before = context.session()?;
        let claims_before = before.id_token.clone();
        let obtained = refresh::ensure_fresh(context, before, intent)?;
        tell(context, &obtained.session, obtained.source);
        if intent == Intent::Claims && obtained.session.id_token == claims_before {
            context.out.warn(
                "claims_not_updated",
                format!(
                    "no new ID token came, so the claims are as old as before; a login brings new ones: `{}`",
                    with_profile("tidp login", context.profile.name_in_hints.as_deref())
                ),
            );
        }
        advisory_warnings::warn_if_due(context, &obtained.session, None);
        if out.json { out.document(document(context, &obtained.session, obtained.source)) } else { Ok(()) }
    })
}

/// What happened, for a person.
pub fn tell(context: &Context<'_>, session: &Session, source: TokenSource) {
    let now = context.ports.clock.now();
    let out = context.out;
    let token_until = out.when(session.access_token.expires_at, now);
    match source {
        TokenSource::Stored(_) => out.note(&format!("Not due: the access token is valid until {token_until}.")),
        TokenSource::RefreshedElsewhere => {
            out.note(&format!("Another tidp has just refreshed; its access token is valid until {token_until}."))
        }
        TokenSource::Refreshed(_, renewal) => {
            out.note(&format!("Refreshed: the access token is valid until {token_until}."));
            out.note(&renewal_told(context, session, renewal));
        }
    }
}

fn renewal_told(context: &Context<'_>, session: &Session, renewal: Renewal) -> String {
    let now = context.ports.clock.now();
    let when = |life: RefreshTokenExpiry| context.out.when(life.expires_at_earliest, now);
    let policy = context.profile.policy.as_ref();
    let life = policy.and_then(|policy| RefreshTokenExpiry::from_session(session, policy));
    match (policy, life, renewal) {
        (Some(policy), Some(life), _) if !policy.sliding => {
            format!("The refresh token keeps its end under {}: {}.", policy.name.as_str(), when(life))
        }
        (Some(_), Some(life), Renewal::New) => format!("The refresh token was renewed: it lives until {}.", when(life)),
        (Some(_), Some(life), Renewal::Same) => format!(
            "The same refresh token came back: if that renewed it, it lives until {}; rely on {}.",
            context.out.when(life.expires_at, now),
            when(life)
        ),
        (Some(policy), Some(life), Renewal::None) if !policy.reports_sso => format!(
            "No new refresh token came back; the old one stays: if the refresh renewed it, it lives until {}; rely on {}.",
            context.out.when(life.expires_at, now),
            when(life)
        ),
        (Some(_), Some(life), Renewal::None) => {
            let end = when(life);
            context.out.warn("sso_ended", format!("the SSO session has ended: no refresh token came back, and the old one keeps its end, {end}. Refreshing will not renew it; a login will"));
            "The refresh token was not renewed.".to_owned()
        }
        (_, _, Renewal::New) => "A new refresh token came.".to_owned(),
        (_, _, Renewal::Same) => "The same refresh token came back.".to_owned(),
        (_, _, Renewal::None) => "No refresh token came back; the old one stays.".to_owned(),
    }
}

fn document(context: &Context<'_>, session: &Session, source: TokenSource) -> Value {
    let policy = context.profile.policy.as_ref();
    let life = policy.and_then(|policy| RefreshTokenExpiry::from_session(session, policy));
    let (refreshed, reason, rotated, renewed) = match source {
        TokenSource::Stored(_) => (false, "not_due", false, Some(false)),
        TokenSource::RefreshedElsewhere => (false, "adopted", false, adopted_renewal(session, policy)),
        TokenSource::Refreshed(reason, renewal) => {
            (true, reason_name(reason), renewal == Renewal::New, renewed(renewal, policy))
        }
    };
    json!({
        "refreshed": refreshed,
        "reason": reason,
        "rotated": rotated,
        "renewed": renewed,
        "access_token_expires_at": session.access_token.expires_at.rfc3339(),
        "refresh_token_expires_at": life.map(|life| life.expires_at.rfc3339()),
    })
}

/// Whether the refresh token's end moved; `None` where that cannot be known.
fn renewed(renewal: Renewal, policy: Option<&Policy>) -> Option<bool> {
    match (policy, renewal) {
        (Some(policy), _) if !policy.sliding => Some(false),
        (Some(policy), Renewal::None) if !policy.reports_sso => None,
        (_, Renewal::None) => Some(false),
        (Some(_), Renewal::New) => Some(true),
        (None, Renewal::New) | (_, Renewal::Same) => None,
    }
}

fn adopted_renewal(session: &Session, policy: Option<&Policy>) -> Option<bool> {
    match policy.map(|policy| Sso::from_session(session, policy))? {
        Sso::Active => Some(true),
        Sso::Ended => Some(false),
        Sso::Unknown => None,
    }
}

fn reason_name(reason: RefreshReason) -> &'static str {
    match reason {
        RefreshReason::Expired => "expired",
        RefreshReason::Claims => "claims",
        RefreshReason::Forced => "forced",
        RefreshReason::Keepalive => "keepalive",
    }
}
