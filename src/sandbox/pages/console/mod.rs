//! The console: the page at the issuer that shows what a policy does to an application. `maud` renders its frame; its
//! scripts fill it from the control API, with text nodes only.

mod words;

use super::{Page, hash_source, page};
use crate::sandbox::Language;
use maud::{Markup, PreEscaped, html};
use serde_json::json;
use words::Words;

const STYLE: &str = include_str!("console.css");

/// The scripts by their paths. The first one is the page's; it imports the others.
pub const SCRIPTS: [(&str, &str); 6] = [
    ("/sandbox/console.js", include_str!("console.js")),
    ("/sandbox/dom.js", include_str!("dom.js")),
    ("/sandbox/logins.js", include_str!("logins.js")),
    ("/sandbox/requests.js", include_str!("requests.js")),
    ("/sandbox/sessions.js", include_str!("sessions.js")),
    ("/sandbox/settings.js", include_str!("settings.js")),
];

/// The console. `endpoints` are those that can fail.
pub fn console(language: Language, endpoints: &[&str]) -> Page {
    let w = Words::of(language);
    let other = if w.lang == "en" { "no" } else { "en" };
    let head = html! {
        title { (w.title) }
        style { (PreEscaped(STYLE)) }
        script type="module" src=(SCRIPTS[0].0) {}
    };
    let body = html! {
        body data-words=(json!(w)) {
            header {
                div.brand { h1 { (w.title) } p { (w.notice) } }
                div.clock {
                    span.label #clock-label { (w.clock) }
                    time #now aria-labelledby="clock-label" { "–" }
                    small #offset {}
                }
                a.language href={ "/?lang=" (other) } lang=(other) hreflang=(other) { (w.other_language) }
            }
            (controls(w, endpoints))
            p.offline #offline role="alert" hidden { (w.offline) }
            main {
                section.sessions aria-labelledby="sessions-title" {
                    div.title { h2 #sessions-title { (w.sessions) } (legend(w)) }
                    div #logins aria-live="polite" {}
                    div #sessions {}
                }
                section.settings aria-labelledby="settings-title" {
                    h2 #settings-title { (w.settings) }
                    div #settings {}
                }
                section.requests aria-labelledby="requests-title" {
                    div.title {
                        h2 #requests-title { (w.requests) }
                        label.check { input #only-refused type="checkbox"; (w.only_refused) }
                    }
                    ol #requests {}
                }
            }
            footer { "tidp · " (w.footer) }
        }
    };
    let policy = format!(
        "default-src 'none'; script-src 'self'; style-src {}; connect-src 'self'; form-action 'none'; base-uri 'none'; \
         frame-ancestors 'none'",
        hash_source(STYLE)
    );
    Page { html: page(w.lang, &head, &body), policy }
}

fn controls(w: &Words, endpoints: &[&str]) -> Markup {
    let moves = [("60", w.minute), ("600", w.ten_minutes), ("3600", w.hour), ("86400", w.day)];
    let acts = [("sso/end", w.end_sso), ("revoke", w.revoke), ("keys/rotate", w.rotate_keys)];
    html! {
        div.controls {
            fieldset {
                legend { (w.move_clock) }
                @for (seconds, text) in moves { button type="button" data-advance=(seconds) { (text) } }
                label.check title=(w.age_hint) { input #age name="age" type="checkbox" aria-describedby="age-hint"; (w.age) }
                small #age-hint hidden { (w.age_hint) }
            }
            fieldset {
                legend { (w.provider) }
                @for (control, text) in acts { button type="button" data-control=(control) { (text) } }
            }
            form #fail {
                fieldset {
                    legend { (w.fail_next) }
                    input name="times" type="number" min="1" max="99" value="1" required aria-label=(w.fail_count);
                    select name="endpoint" aria-label=(w.fail_endpoint) {
                        @for name in endpoints { option selected[*name == "token"] { (name) } }
                    }
                    select name="how" aria-label=(w.fail_how) {
                        @for status in ["503", "500", "429"] { option value=(status) { (status) } }
                        option value="lost" { (w.fail_lost) }
                    }
                    button { (w.fail_plan) }
                }
            }
            p #done role="status" {}
        }
    }
}

fn legend(w: &Words) -> Markup {
    let marks = [
        ("renewed", w.mark_renewed),
        ("refreshed", w.mark_refreshed),
        ("refused", w.mark_refused),
        ("sso_ended", w.mark_sso_ended),
        ("revoked", w.mark_revoked),
    ];
    html! {
        ul.legend {
            @for (kind, text) in marks { li { i.mark data-kind=(kind) aria-hidden="true" {} (text) } }
        }
    }
}
