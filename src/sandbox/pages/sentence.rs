//! Reasons as one plain sentence. Times are RFC 3339 in UTC, which the console shows in the browser's time zone.

use super::Language;
use crate::domain::time::Seconds;
use crate::sandbox::clients::ANY_PORT_NOTE;
use crate::sandbox::reason::Reason;

/// The reason in that language.
pub fn sentence(reason: &Reason, language: Language) -> String {
    match (language, reason.fixed_sentence()) {
        (Language::English, Some((english, _))) => english.to_owned(),
        (Language::Norwegian, Some((_, norwegian))) => norwegian.to_owned(),
        (Language::English, None) => english(reason),
        (Language::Norwegian, None) => norwegian(reason),
    }
}

fn english(reason: &Reason) -> String {
    match reason {
        Reason::Started { ends_at, lifetime, sliding: true } => {
            format!("the session ends at {ends_at}; each refresh moves that to {} after it", lifetime.to_text())
        }
        Reason::Started { ends_at, lifetime, sliding: false } => {
            format!("the session ends at {ends_at}, {} after the login; no refresh moves that", lifetime.to_text())
        }
        Reason::Renewed { ends_at, rotated } => {
            format!("renewed: the session now ends at {ends_at}{}", if *rotated { ROTATED } else { "" })
        }
        Reason::EndIsUnmoved { ends_at, rotated, same_second } => {
            let what = if *same_second { "renewed within the same second" } else { "not renewed" };
            format!("{what}: the session still ends at {ends_at}{}", if *rotated { ROTATED } else { "" })
        }
        Reason::NoNewRefreshToken { sso_ended_at: Some(at), ends_at } => {
            format!("no new refresh token: the SSO session ended at {at}; the old one works until {ends_at}")
        }
        Reason::NoNewRefreshToken { sso_ended_at: None, ends_at } => {
            format!("no new refresh token: the SSO session has ended; the old one works until {ends_at}")
        }
        Reason::RefreshTokenUsed { at } => format!("this refresh token was used at {at} already: rotation"),
        Reason::RefreshTokenExpired { lifetime, at, ago } => {
            format!("the refresh token expired {} ago, at {at}; it is valid for {}", ago.to_text(), lifetime.to_text())
        }
        Reason::RefreshTokenRevoked { at } => format!("this refresh token was revoked at {at}"),
        Reason::CodeExpired { lifetime, ago } => {
            format!("the code expired {} ago; it is valid for {}", ago.to_text(), lifetime.to_text())
        }
        Reason::UnknownClient { received, registered } => {
            format!("client_id {received} is not registered; registered: {registered}")
        }
        Reason::UnregisteredRedirectUri { received, client_id, registered } => {
            format!("redirect_uri {received} is not registered for client_id {client_id}; registered: {registered}")
        }
        Reason::ClockMoved { by } => format!("the clock was moved {} {}", by.to_text(), direction(*by, "on", "back")),
        Reason::Aged { by } => {
            format!("all that happened is now {} older; access tokens stay as they are", by.to_text())
        }
        Reason::MissingParameter { name } => format!("{name} is missing"),
        Reason::MissingScopes { required } => format!("scope must contain {required}"),
        Reason::Described(text) => text.clone(),
        fixed => fixed.code().to_owned(),
    }
}

const ROTATED: &str = "; the old refresh token is used up";

fn direction(by: Seconds, on: &'static str, back: &'static str) -> &'static str {
    if by.0 < 0 { back } else { on }
}

/// The duration in Norwegian, whose short units differ from the English ones only in days and hours.
fn varighet(duration: Seconds) -> String {
    duration.to_text().replace(" days", " dager").replace(" day", " dag").replace(" h", " t")
}

fn norwegian(reason: &Reason) -> String {
    match reason {
        Reason::Started { ends_at, lifetime, sliding: true } => {
            format!("økten slutter {ends_at}; hver refresh flytter slutten til {} etter seg", varighet(*lifetime))
        }
        Reason::Started { ends_at, lifetime, sliding: false } => {
            format!(
                "økten slutter {ends_at}, {} etter innloggingen; ingen refresh flytter slutten",
                varighet(*lifetime)
            )
        }
        Reason::Renewed { ends_at, rotated } => {
            format!("fornyet: økten slutter nå {ends_at}{}", if *rotated { ROTERT } else { "" })
        }
        Reason::EndIsUnmoved { ends_at, rotated, same_second } => {
            let what = if *same_second { "fornyet i samme sekund" } else { "ikke fornyet" };
            format!("{what}: økten slutter fortsatt {ends_at}{}", if *rotated { ROTERT } else { "" })
        }
        Reason::NoNewRefreshToken { sso_ended_at: Some(at), ends_at } => {
            format!("ikke noe nytt refresh token: SSO-økten ble avsluttet {at}; det gamle virker til {ends_at}")
        }
        Reason::NoNewRefreshToken { sso_ended_at: None, ends_at } => {
            format!("ikke noe nytt refresh token: SSO-økten er avsluttet; det gamle virker til {ends_at}")
        }
        Reason::RefreshTokenUsed { at } => format!("dette refresh-tokenet ble allerede brukt {at}: rotasjon"),
        Reason::RefreshTokenExpired { lifetime, at, ago } => {
            format!("refresh-tokenet utløp for {} siden, {at}; det gjelder i {}", varighet(*ago), varighet(*lifetime))
        }
        Reason::RefreshTokenRevoked { at } => format!("dette refresh-tokenet ble trukket tilbake {at}"),
        Reason::CodeExpired { lifetime, ago } => {
            format!("koden utløp for {} siden; den gjelder i {}", varighet(*ago), varighet(*lifetime))
        }
        Reason::UnknownClient { received, registered } => {
            format!("client_id {received} er ikke registrert; registrert: {registered}")
        }
        Reason::UnregisteredRedirectUri { received, client_id, registered } => {
            let registered = registered.replace(ANY_PORT_NOTE, " (enhver port og sti, med PKCE)");
            format!("redirect_uri {received} er ikke registrert for client_id {client_id}; registrert: {registered}")
        }
        Reason::ClockMoved { by } => {
            format!("klokken ble stilt {} {}", varighet(*by), direction(*by, "fram", "tilbake"))
        }
        Reason::Aged { by } => {
            format!("alt som har skjedd, er nå {} eldre; access tokens blir som de er", varighet(*by))
        }
        Reason::MissingParameter { name } => format!("{name} mangler"),
        Reason::MissingScopes { required } => format!("scope må inneholde {required}"),
        Reason::Described(text) => format!("svaret sier: {text}"),
        fixed => fixed.code().to_owned(),
    }
}

const ROTERT: &str = "; det gamle refresh-tokenet er brukt opp";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::time::Time;

    #[test]
    fn a_reason_is_a_plain_sentence_in_both_languages() {
        let at = Time::from_unix(1_800_000_000);
        let ends_at = at;
        for (reason, english, norwegian) in [
            (
                Reason::RefreshTokenUsed { at },
                "this refresh token was used at 2027-01-15T08:00:00Z already: rotation",
                "dette refresh-tokenet ble allerede brukt 2027-01-15T08:00:00Z: rotasjon",
            ),
            (
                Reason::RefreshTokenExpired { lifetime: Seconds::minutes(10), at, ago: Seconds(4) },
                "the refresh token expired 4 s ago, at 2027-01-15T08:00:00Z; it is valid for 10 min",
                "refresh-tokenet utløp for 4 s siden, 2027-01-15T08:00:00Z; det gjelder i 10 min",
            ),
            (
                Reason::Started { ends_at, lifetime: Seconds::days(14), sliding: false },
                "the session ends at 2027-01-15T08:00:00Z, 14 days after the login; no refresh moves that",
                "økten slutter 2027-01-15T08:00:00Z, 14 dager etter innloggingen; ingen refresh flytter slutten",
            ),
            (
                Reason::ClockMoved { by: Seconds(-3_600) },
                "the clock was moved 1 h back",
                "klokken ble stilt 1 t tilbake",
            ),
        ] {
            assert_eq!(sentence(&reason, Language::English), english);
            assert_eq!(sentence(&reason, Language::Norwegian), norwegian);
        }
    }
}
