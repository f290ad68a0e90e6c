//! `tidp token`: a valid access token on stdout, refreshed only when that is due.

use crate::cli::{self, Global, TokenFormat};
use crate::domain::decision::{DEFAULT_MIN_TTL, Intent};
use crate::domain::session::{AccessToken, Session};
use crate::domain::time::{Seconds, Time};
use crate::error::{Error, NetworkError, Result, SessionError, SetupError, Situation};
use crate::flows::access_token_cache;
use crate::flows::advisory_warnings;
use crate::flows::context::Context;
use crate::flows::refresh;
use crate::ports::{Env, Ports};
use crate::terminal::output::Output;
use serde_json::{Value, json};

/// A refresh succeeded and is stored, but too late: the next run refreshes again.
const ENDED_ON_ITS_WAY: &str = "the access token that the refresh brought has ended already: while its answer was on its \
     way, this machine slept or its clock was set; run it again";

/// A token about to be printed.
struct Printed<'a> {
    token: &'a str,
    expires_at: Time,
    /// An access token's; `None` for an ID token.
    scopes: Option<&'a [String]>,
}

/// Runs it.
///
/// # Errors
/// As the contract's exit codes say; stdout then stays empty.
pub fn run(ports: &Ports, out: &Output<'_>, global: &Global, args: &cli::Token) -> Result<()> {
    let format = format(args.format, out.json)?;
    if format == TokenFormat::ExecCredential {
        api_version(&ports.env)?;
    }
    let context = Context::open(ports, out, global)?;
    context.run(
        |context| if args.id_token { id_token(context, args, format) } else { access_token(context, args, format) },
    )
}

fn format(format: Option<TokenFormat>, json: bool) -> Result<TokenFormat> {
    match (format, json) {
        (None, true) => Ok(TokenFormat::Json),
        (Some(TokenFormat::Json | TokenFormat::ExecCredential) | None, _) | (Some(_), false) => {
            Ok(format.unwrap_or_default())
        }
        (Some(_), true) => Err(Error::usage("--json and a --format that is not JSON exclude each other")),
    }
}

/// The version of an ExecCredential: the one that kubectl asks for, which takes no other. Only what differs in nothing
/// that is said here is spoken.
fn api_version(env: &Env) -> Result<&'static str> {
    const SPOKEN: [&str; 2] = ["client.authentication.k8s.io/v1", "client.authentication.k8s.io/v1beta1"];
    let Some(info) = env.get("KUBERNETES_EXEC_INFO") else { return Ok(SPOKEN[0]) };
    let info: Option<Value> = serde_json::from_str(info).ok();
    let asked = info.as_ref().and_then(|info| info.get("apiVersion")?.as_str());
    let spoken = SPOKEN.into_iter().find(|version| asked == Some(version));
    spoken.ok_or_else(|| SetupError::ExecCredentialVersion(asked.map(str::to_owned)).into())
}

fn access_token(context: &Context<'_>, args: &cli::Token, format: TokenFormat) -> Result<()> {
    let (token, scopes) = obtain(context, min_ttl(args.min_ttl.as_deref())?, !args.no_refresh)?;
    print(
        context,
        format,
        &Printed { token: token.value.expose(), expires_at: token.expires_at, scopes: Some(&scopes) },
    )
}

/// `--min-ttl`, if it was given.
///
/// # Errors
/// `usage`, if it is no duration.
pub fn min_ttl(text: Option<&str>) -> Result<Option<Seconds>> {
    text.map(Seconds::parse).transpose().map_err(|what| Error::usage(format!("--min-ttl: {what}")))
}

/// A valid access token and its scopes: cached, stored, or refreshed.
///
/// # Errors
/// As the contract says of `tidp token`.
pub fn obtain(context: &Context<'_>, asked: Option<Seconds>, may_refresh: bool) -> Result<(AccessToken, Vec<String>)> {
    let min_ttl = asked.unwrap_or(DEFAULT_MIN_TTL);
    if let Some(cached) = access_token_cache::get(context, min_ttl) {
        return Ok((cached.access_token, cached.scopes));
    }
    let intent = Intent::AccessToken { min_ttl };
    let before = context.session()?;
    sensible(min_ttl, &before.access_token, asked)?;
    if !may_refresh {
        return stored(context, before, asked);
    }
    match refresh::obtain(context, before.clone(), intent) {
        Ok(obtained) => {
            // Before the token is cached, for the cache keeps when the next warning is due.
            advisory_warnings::in_passing(context, &obtained.session, Some(obtained.how));
            if matches!(obtained.how, refresh::How::NotDue(_)) {
                access_token_cache::offer(context, &obtained.session);
            }
            sensible(min_ttl, &obtained.session.access_token, asked)?;
            if context.ports.clock.now() >= obtained.session.access_token.expires_at {
                return Err(NetworkError::Unreachable(ENDED_ON_ITS_WAY.into()).into());
            }
            Ok((obtained.session.access_token, obtained.session.scopes))
        }
        // What is still valid is served, with a warning, rather than nothing; but not what a logout has just ended.
        Err(error) if !has_ended(&error) && serves(context, &before.access_token, asked) => {
            let what = error.report().message;
            context.out.warn(
                "refresh_failed",
                format!(
                    "{what}. The access token at hand still works until {}",
                    context.out.local(before.access_token.expires_at)
                ),
            );
            Ok((before.access_token, before.scopes))
        }
        Err(error) => Err(error),
    }
}

/// Whether the session at hand is known to be another process's no more: ended, or replaced.
fn has_ended(error: &Error) -> bool {
    matches!(error.situation, Situation::Session(SessionError::NoSession | SessionError::Changed { .. }))
}

/// A token that can never have as much life left as is asked for would be refreshed on every call.
fn sensible(min_ttl: Seconds, token: &AccessToken, asked: Option<Seconds>) -> Result<()> {
    let lifetime = token.expires_at.since(token.obtained_at);
    if asked.is_none() || min_ttl < lifetime {
        return Ok(());
    }
    Err(Error::usage(format!(
        "--min-ttl {} is not below the token's lifetime of {}",
        min_ttl.to_text(),
        lifetime.to_text()
    )))
}

/// `--no-refresh`: what is at hand, if it has enough life left.
fn stored(context: &Context<'_>, session: Session, asked: Option<Seconds>) -> Result<(AccessToken, Vec<String>)> {
    if serves(context, &session.access_token, asked) {
        advisory_warnings::in_passing(context, &session, None);
        return Ok((session.access_token, session.scopes));
    }
    Err(SessionError::RefreshForbidden.into())
}

/// Whether the token is valid now, with what was explicitly asked for left; not if the clock has gone back.
fn serves(context: &Context<'_>, token: &AccessToken, asked: Option<Seconds>) -> bool {
    let now = context.ports.clock.now();
    let trusted = token.obtained_at <= now.plus(crate::domain::time::CLOCK_TOLERANCE);
    trusted && now < token.expires_at.minus(asked.unwrap_or(Seconds::ZERO))
}

fn id_token(context: &Context<'_>, args: &cli::Token, format: TokenFormat) -> Result<()> {
    let before = context.session()?;
    let (session, how) = if args.no_refresh {
        (before.clone(), None)
    } else {
        let obtained = refresh::obtain(context, before.clone(), Intent::IdToken)?;
        (obtained.session, Some(obtained.how))
    };
    advisory_warnings::in_passing(context, &session, how);
    let now = context.ports.clock.now();
    // One that has just been accepted is valid by the provider's clock, whatever this machine's says.
    let is_new = matches!(how, Some(refresh::How::Refreshed(..))) && session.id_token != before.id_token;
    let token = session.id_token.as_ref().filter(|token| is_new || now < token.expires_at);
    let Some(token) = token else {
        return Err(match args.no_refresh {
            true => SessionError::RefreshForbidden,
            false => SessionError::NoIdToken,
        }
        .into());
    };
    print(context, format, &Printed { token: token.value.expose(), expires_at: token.expires_at, scopes: None })
}

fn print(context: &Context<'_>, format: TokenFormat, printed: &Printed<'_>) -> Result<()> {
    let token = printed.token;
    // It goes into headers, shell code and curl's configuration: nothing but a token's own characters may be in it
    // (RFC 6750 2.1).
    if !token.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._~+/=".contains(&b)) {
        return Err(Error::invalid("the token holds characters that no bearer token has"));
    }
    let name = if printed.scopes.is_some() { "access_token" } else { "id_token" };
    match format {
        TokenFormat::Raw => context.out.answer(&format!("{token}\n")),
        TokenFormat::Header => context.out.answer(&format!("Authorization: Bearer {token}\n")),
        TokenFormat::Curl => context.out.answer(&format!("header = \"Authorization: Bearer {token}\"\n")),
        // Quoted, for a shell expands a word that begins with `~`; no token holds a quote.
        TokenFormat::Env => context.out.answer(&format!("export TIDP_{}='{token}'\n", name.to_ascii_uppercase())),
        TokenFormat::Json => {
            let mut document = json!({
                name: token,
                "expires_at": printed.expires_at.rfc3339(),
                "expires_in": printed.expires_at.left(context.ports.clock.now()).0,
            });
            if let Some(scopes) = printed.scopes {
                document["token_type"] = "Bearer".into();
                document["scope"] = scopes.join(" ").into();
            }
            context.out.document(document)
        }
        TokenFormat::ExecCredential => context.out.document(json!({
            "apiVersion": api_version(&context.ports.env)?,
            "kind": "ExecCredential",
            "status": { "token": token, "expirationTimestamp": printed.expires_at.rfc3339() },
        })),
    }
}
