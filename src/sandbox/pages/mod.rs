//! The pages: whole documents without any external resource, light and dark, in English and Norwegian. Everything
//! that is put in is escaped.

mod words;

pub use words::Language;

use super::clients::Client;
use super::engine::AuthorizeRequest;
use super::params::Refusal;
use super::users::USERS;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use sha2::{Digest, Sha256};
use words::Words;

/// The style sheet of all pages.
const STYLE: &str = include_str!("style.css");

/// Sends the only form of its page.
const SUBMIT: &str = "document.forms[0].submit()";

/// A document, and the content security policy it is sent with.
pub struct Page {
    /// The document.
    pub html: String,
    /// `Content-Security-Policy`.
    pub policy: String,
}

/// `text` as it may stand in an element or a quoted attribute.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            c => escaped.push(c),
        }
    }
    escaped
}

fn hash_source(text: &str) -> String {
    format!("'sha256-{}'", STANDARD.encode(Sha256::digest(text)))
}

/// What a form that ends in a redirect to `uri` must be allowed to reach: browsers apply `form-action` to it too.
fn target_source(uri: &str) -> String {
    match url::Url::parse(uri) {
        Ok(url) if url.origin().is_tuple() => url.origin().ascii_serialization(),
        Ok(url) => format!("{}:", url.scheme()),
        Err(_) => String::new(),
    }
}

/// The frame of every page. `inner` is markup; `form_target` is one more source that forms may reach.
fn frame(words: &Words, title: &str, inner: &str, form_target: &str, script: Option<&str>) -> Page {
    let script_element = script.map(|script| format!("<script>{script}</script>")).unwrap_or_default();
    let script_source = script.map(|script| format!("; script-src {}", hash_source(script))).unwrap_or_default();
    let html = format!(
        "<!doctype html>\n<html lang=\"{lang}\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n<meta name=\"robots\" content=\"noindex\">\n\
         <title>{title} · tidp sandbox</title>\n<style>{STYLE}</style>\n</head>\n<body>\n\
         <p class=\"ribbon\" role=\"note\"><strong>{sandbox}</strong> <span>{notice}</span></p>\n\
         <main class=\"card\">\n{inner}\n</main>\n\
         <footer>tidp · {footer}</footer>\n{script_element}</body>\n</html>\n",
        lang = words.lang,
        title = escape(title),
        sandbox = words.sandbox,
        notice = words.notice,
        footer = words.footer,
    );
    let style = hash_source(STYLE);
    let policy = format!(
        "default-src 'none'; style-src {style}{script_source}; form-action 'self' {form_target}; base-uri 'none'; \
         frame-ancestors 'none'"
    );
    Page { html, policy }
}

/// The login page.
pub fn login(language: Language, id: &str, request: &AuthorizeRequest, phone: &str, unknown_user: bool) -> Page {
    let w = language.words();
    let alert = if unknown_user {
        format!("<p class=\"alert\" id=\"why\" role=\"alert\">{}</p>", w.unknown_user)
    } else {
        String::new()
    };
    let described = if unknown_user { " aria-invalid=\"true\" aria-describedby=\"why\"" } else { "" };
    let phone = if phone.is_empty() { USERS[0].phone } else { phone };
    let scopes: String = request.scopes.iter().map(|scope| format!("<li>{}</li>", escape(scope))).collect();
    let inner = format!(
        "<h1>{title}</h1>\n<p class=\"lead\">{to} <b>{client}</b></p>\n{alert}\n\
         <form method=\"post\" action=\"/account/login\">\n<input type=\"hidden\" name=\"request\" value=\"{id}\">\n\
         <label for=\"phone\">{label}</label>\n\
         <input id=\"phone\" name=\"phone\" type=\"text\" inputmode=\"tel\" autocomplete=\"off\" autofocus required \
         value=\"{phone}\"{described}>\n\
         <div class=\"actions\"><button class=\"primary\" name=\"action\" value=\"login\">{log_in}</button>\
         <button name=\"action\" value=\"cancel\" formnovalidate>{cancel}</button></div>\n\
         <fieldset><legend>{choose}</legend>\n{users}</fieldset>\n</form>\n\
         <details><summary>{asks}</summary><ul class=\"scopes\">{scopes}</ul></details>",
        title = w.log_in,
        to = w.log_in_to,
        client = escape(&request.client_id),
        id = escape(id),
        label = w.phone,
        phone = escape(phone),
        log_in = w.log_in,
        cancel = w.cancel,
        choose = w.test_users,
        users = user_buttons(),
        asks = w.asks_for,
    );
    frame(w, w.log_in, &inner, &target_source(&request.redirect_uri), None)
}

/// One button for each test user.
fn user_buttons() -> String {
    let button = |user: &super::users::User| {
        let initials: String = user.given_name.chars().take(1).chain(user.family_name.chars().take(1)).collect();
        format!(
            "<button class=\"user\" name=\"user\" value=\"{id}\" formnovalidate><span class=\"face\" \
             aria-hidden=\"true\">{initials}</span><span class=\"who\"><b>{name}</b>\
             <small>{phone}</small></span><small class=\"level\">ial{ial} · aal{aal}</small></button>\n",
            id = user.id,
            name = escape(&user.name()),
            phone = escape(user.preferred_username()),
            ial = user.ial,
            aal = user.highest_aal,
        )
    };
    USERS.iter().map(button).collect()
}

/// The page on which a device's code is typed.
pub fn device(language: Language, user_code: &str, wrong: bool) -> Page {
    let w = language.words();
    let alert = if wrong { format!("<p class=\"alert\" role=\"alert\">{}</p>", w.wrong_code) } else { String::new() };
    let inner = format!(
        "<h1>{title}</h1>\n<p class=\"lead\">{lead}</p>\n{alert}\n<form method=\"post\" action=\"/device\">\n\
         <label for=\"code\">{label}</label>\n<input id=\"code\" class=\"code\" name=\"user_code\" inputmode=\"numeric\" \
         autocomplete=\"off\" autofocus required value=\"{code}\">\n\
         <div class=\"actions\"><button class=\"primary\" name=\"action\" value=\"approve\">{approve}</button>\
         <button name=\"action\" value=\"cancel\">{deny}</button></div>\n\
         <fieldset><legend>{choose}</legend>\n{users}</fieldset>\n</form>",
        title = w.device,
        lead = w.device_lead,
        label = w.code,
        code = escape(user_code),
        approve = w.approve,
        deny = w.deny,
        choose = w.test_users,
        users = user_buttons().replace(" formnovalidate", ""),
    );
    frame(w, w.device, &inner, "", None)
}

/// How the device page ended.
pub fn device_done(language: Language, approved: bool) -> Page {
    let w = language.words();
    let (title, text) = if approved { (w.approved, w.back_to_device) } else { (w.denied, w.back_to_device) };
    message(w, title, text)
}

/// The question whether to log out.
pub fn confirm_logout(language: Language) -> Page {
    let w = language.words();
    let inner = format!(
        "<h1>{title}</h1>\n<p class=\"lead\">{lead}</p>\n<form method=\"post\" action=\"/connect/endsession\">\n\
         <div class=\"actions\"><button class=\"primary\" name=\"action\" value=\"logout\">{title}</button></div></form>",
        title = w.log_out,
        lead = w.log_out_lead,
    );
    frame(w, w.log_out, &inner, "", None)
}

/// The end of a logout that goes nowhere else.
pub fn logged_out(language: Language) -> Page {
    let w = language.words();
    message(w, w.logged_out, w.may_close)
}

/// Why a request goes no further: never a redirect.
pub fn error(language: Language, refusal: &Refusal) -> Page {
    let w = language.words();
    let inner = format!(
        "<h1>{title}</h1>\n<p class=\"lead\">{lead}</p>\n<dl><dt>error</dt><dd><code>{error}</code></dd>\
         <dt>error_description</dt><dd>{description}</dd></dl>",
        title = w.error,
        lead = w.error_lead,
        error = refusal.error,
        description = escape(&refusal.description),
    );
    frame(w, w.error, &inner, "", None)
}

/// A page that posts an authorization response (OAuth 2.0 Form Post Response Mode).
pub fn form_post(language: Language, uri: &str, params: &[(&'static str, String)]) -> Page {
    let w = language.words();
    let field = |(name, value): &(&str, String)| {
        format!("<input type=\"hidden\" name=\"{}\" value=\"{}\">", escape(name), escape(value))
    };
    let inner = format!(
        "<h1>{title}</h1>\n<form method=\"post\" action=\"{uri}\">{fields}\
         <div class=\"actions\"><button class=\"primary\">{go}</button></div></form>",
        title = w.back_to_app,
        uri = escape(uri),
        fields = params.iter().map(field).collect::<String>(),
        go = w.go_on,
    );
    frame(w, w.back_to_app, &inner, &target_source(uri), Some(SUBMIT))
}

/// What a developer needs to point an application here.
pub fn home(language: Language, issuer: &str, clients: &[Client]) -> Page {
    let w = language.words();
    let row = |client: &Client| {
        format!(
            "<tr><td><code>{}</code></td><td>{}</td><td>{}</td></tr>\n",
            escape(&client.id),
            client.client_type.as_str(),
            client.policy.name.as_str()
        )
    };
    let inner = format!(
        "<h1>{title}</h1>\n<p class=\"lead\">issuer <code>{issuer}</code><br>\
         <a href=\"/.well-known/openid-configuration\">discovery</a> · <a href=\"/sandbox\">{state}</a></p>\n\
         <table><thead><tr><th>client_id</th><th>{kind}</th><th>{policy}</th></tr></thead>\n<tbody>{rows}</tbody></table>",
        title = w.home,
        issuer = escape(issuer),
        state = w.state,
        kind = w.client_type,
        policy = w.policy,
        rows = clients.iter().map(row).collect::<String>(),
    );
    frame(w, w.home, &inner, "", None)
}

fn message(words: &Words, title: &str, text: &str) -> Page {
    frame(words, title, &format!("<h1>{title}</h1>\n<p class=\"lead\">{text}</p>"), "", None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_put_into_a_page_cannot_leave_its_place() {
        let evil = "\"><script>alert('x')</script>&amp;";
        let description = Refusal::request(evil);
        for page in [
            device(Language::English, evil, false),
            error(Language::English, &description),
            form_post(Language::English, "http://127.0.0.1:1/", &[("state", evil.to_owned())]),
        ] {
            assert!(!page.html.contains("<script>alert"), "{}", page.html);
            assert!(page.html.contains("&quot;&gt;&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;&amp;amp;"));
        }
    }

    #[test]
    fn a_form_may_reach_only_the_sandbox_and_the_redirect_uri() {
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
