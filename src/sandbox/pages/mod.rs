//! The HTML pages, in English and Norwegian. They load nothing, and `maud` escapes what is put into them.

pub mod console;
mod words;

use super::engine::{AuthorizationRequest, PolledLogin};
use super::{Language, OAuthError, User};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use maud::{DOCTYPE, Markup, PreEscaped, html};
use sha2::{Digest, Sha256};
use std::sync::Arc;
use words::Words;

const STYLE: &str = include_str!("style.css");

/// Sends the only form of its page.
const SUBMIT: &str = "document.forms[0].submit()";

/// A document and its `Content-Security-Policy`.
pub struct Page {
    pub html: String,
    pub policy: String,
}

/// The login page of a pending request; `unknown` is what was typed there before, and is no user's.
pub fn login(
    language: Language,
    id: &str,
    request: &AuthorizationRequest,
    unknown: Option<&str>,
    users: &[Arc<User>],
) -> Page {
    let (w, unknown_user) = (Words::of(language), unknown.is_some());
    let phone = unknown.or(request.login_hint.as_deref()).filter(|phone| !phone.is_empty());
    let phone = phone.or(users.first().map(|user| user.phone.as_str()));
    let content = html! {
        p.lead { (w.continue_to) " " b { (request.client_id) } }
        @if unknown_user { p.alert #why role="alert" { (w.unknown_user) } }
        form method="post" action="/account/login" {
            input type="hidden" name="request" value=(id);
            label for="phone" { (w.phone) }
            input #phone name="phone" type="text" inputmode="tel" autocomplete="off" autofocus required value=(phone.unwrap_or_default())
                aria-invalid=[unknown_user.then_some("true")] aria-describedby=[unknown_user.then_some("why")];
            div.actions {
                button.primary name="action" value="login" { (w.log_in) }
                button name="action" value="cancel" formnovalidate { (w.cancel) }
            }
            (test_users(w.test_users, users, true))
        }
        details {
            summary { (w.requested_scopes) }
            ul.scopes { @for scope in &request.scopes { li { (scope) } } }
        }
    };
    document(w, w.log_in, &content, &form_source(&request.destination.redirect_uri), None)
}

/// The page on which the user types a device's code.
pub fn device(language: Language, user_code: &str, unknown_code: bool, users: &[Arc<User>]) -> Page {
    let w = Words::of(language);
    let content = html! {
        p.lead { (w.device_lead) }
        @if unknown_code { p.alert role="alert" { (w.unknown_code) } }
        form method="post" action="/device" {
            label for="code" { (w.code) }
            input.code #code name="user_code" inputmode="numeric" autocomplete="off" autofocus required
                value=(user_code);
            div.actions {
                button.primary name="action" value="approve" { (w.approve) }
                button name="action" value="cancel" { (w.deny) }
            }
            (test_users(w.approve_as, users, false))
        }
    };
    document(w, w.device, &content, "", None)
}

/// The result of the device page: who is logged in there now, or that the login was denied.
pub fn device_done(language: Language, user: Option<&User>) -> Page {
    let w = Words::of(language);
    let content = html! {
        @if let Some(user) = user { p.lead { (w.approved_as) " " b { (user.name()) } "." } }
        p.lead { (w.back_to_device) }
    };
    document(w, if user.is_some() { w.approved } else { w.denied }, &content, "", None)
}

/// The logins that a backend asked for, as their users' phones show them.
pub fn ciba(language: Language, asked: &[&PolledLogin]) -> Page {
    let w = Words::of(language);
    let content = html! {
        @if asked.is_empty() { p.lead { (w.nothing_asked) } }
        @for login in asked {
            form method="post" action="/ciba" {
                p.lead {
                    @if let Some(user) = &login.user { b { (user.name()) } ": " }
                    (w.continue_to) " " b { (login.client_id) }
                }
                @if let Some(message) = &login.binding_message { p { code { (message) } } }
                input type="hidden" name="user_code" value=(login.user_code);
                div.actions {
                    button.primary name="action" value="approve" { (w.approve) }
                    button name="action" value="cancel" { (w.deny) }
                }
            }
        }
    };
    document(w, w.asked_for_login, &content, "", None)
}

pub fn account(language: Language) -> Page {
    let w = Words::of(language);
    message(w, w.account, w.account_lead)
}

pub fn confirm_logout(language: Language) -> Page {
    let w = Words::of(language);
    let content = html! {
        p.lead { (w.log_out_lead) }
        form method="post" action="/connect/endsession" {
            div.actions { button.primary name="action" value="logout" { (w.log_out) } }
        }
    };
    document(w, w.log_out, &content, "", None)
}

pub fn logged_out(language: Language) -> Page {
    let w = Words::of(language);
    message(w, w.logged_out, w.close_page)
}

/// An error that must not be redirected.
pub fn error(language: Language, error: &OAuthError) -> Page {
    let w = Words::of(language);
    let content = html! {
        p.lead { (w.error_lead) }
        dl {
            dt { "error" } dd { code { (error.error) } }
            dt { "error_description" } dd { (error.reason.sentence(language)) }
        }
    };
    document(w, w.error, &content, "", None)
}

/// A page that posts an authorization response (OAuth 2.0 Form Post Response Mode).
pub fn form_post(language: Language, uri: &str, params: &[(&'static str, String)]) -> Page {
    let w = Words::of(language);
    let content = html! {
        form method="post" action=(uri) {
            @for (name, value) in params { input type="hidden" name=(name) value=(value); }
            div.actions { button.primary { (w.proceed) } }
        }
    };
    document(w, w.back_to_app, &content, &form_source(uri), Some(SUBMIT))
}

fn message(words: &Words, title: &str, text: &str) -> Page {
    document(words, title, &html! { p.lead { (text) } }, "", None)
}

/// One button for each test user. `skip_validation`: they work while the form's input is empty.
fn test_users(legend: &str, users: &[Arc<User>], skip_validation: bool) -> Markup {
    html! {
        fieldset {
            legend { (legend) }
            @for user in users {
                button.user name="user" value=(user.id) formnovalidate[skip_validation] {
                    span.face aria-hidden="true" { (user.initials()) }
                    span.who { b { (user.name()) } small { (user.preferred_username()) } }
                    small.level { "ial" (user.ial) " · aal" (user.max_aal) }
                }
            }
        }
    }
}

/// The document around `content`. `form_source` is what its form may reach besides the sandbox.
fn document(words: &Words, title: &str, content: &Markup, form_source: &str, script: Option<&str>) -> Page {
    let head = html! {
        title { (title) " – tidp sandbox" }
        style { (PreEscaped(STYLE)) }
    };
    let body = html! {
        body {
            p.ribbon role="note" { strong { (words.sandbox) } " " span { (words.notice) } }
            main.card { h1 { (title) } (content) }
            footer { "tidp · " (words.footer) }
            @if let Some(script) = script { script { (PreEscaped(script)) } }
        }
    };
    let style_source = hash_source(STYLE);
    let script_source = script.map(|script| format!("; script-src {}", hash_source(script))).unwrap_or_default();
    let policy = format!(
        "default-src 'none'; style-src {style_source}{script_source}; form-action 'self' {form_source}; \
         base-uri 'none'; frame-ancestors 'none'"
    );
    Page { html: page(words.lang, &head, &body), policy }
}

/// The whole text of a page with this end of its `head`.
fn page(lang: &str, head: &Markup, body: &Markup) -> String {
    let html = html! {
        (DOCTYPE)
        html lang=(lang) {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta name="robots" content="noindex";
                (head)
            }
            (body)
        }
    };
    html.into_string()
}

fn hash_source(text: &str) -> String {
    format!("'sha256-{}'", STANDARD.encode(Sha256::digest(text)))
}

/// The CSP source for a form whose response redirects to `uri`: browsers apply `form-action` to redirects too.
fn form_source(uri: &str) -> String {
    match url::Url::parse(uri) {
        Ok(url) if url.origin().is_tuple() => url.origin().ascii_serialization(),
        Ok(url) => format!("{}:", url.scheme()),
        Err(_) => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sandbox::reason::Reason;

    #[test]
    fn values_are_escaped() {
        let evil = "\"><script>alert('x')</script>&amp;";
        let description = OAuthError::invalid_request(Reason::Described { text: evil.to_owned() });
        for page in [
            device(Language::English, evil, false, &[]),
            error(Language::English, &description),
            form_post(Language::English, "http://127.0.0.1:1/", &[("state", evil.to_owned())]),
        ] {
            assert!(!page.html.contains("<script>alert"), "{}", page.html);
            assert!(page.html.contains("&quot;&gt;&lt;script&gt;alert('x')&lt;/script&gt;&amp;amp;"));
            // A single quote needs no escape while no attribute is quoted with it.
            assert!(!page.html.contains("='"), "{}", page.html);
        }
    }

    #[test]
    fn a_form_reaches_only_the_sandbox_and_the_redirect_uri() {
        for (uri, source) in [
            ("http://127.0.0.1:7/cb", "'self' http://127.0.0.1:7;"),
            ("app.example:/cb", "'self' app.example:;"),
            ("https://app.example/cb", "'self' https://app.example;"),
        ] {
            assert!(form_post(Language::English, uri, &[]).policy.contains(source), "{uri}");
        }
        assert!(!logged_out(Language::English).policy.contains("script-src"));
    }
}
