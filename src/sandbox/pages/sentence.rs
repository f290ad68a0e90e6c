//! Reasons as one plain sentence. Times are RFC 3339 in UTC, which the console shows in the browser's time zone.

use super::Language;
use crate::domain::time::Seconds;
use crate::sandbox::reason::Reason;

/// The reason in that language.
pub fn sentence(reason: &Reason, language: Language) -> String {
    match language {
        Language::English => english(reason),
        Language::Norwegian => norwegian(reason),
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
        Reason::PolicyWithoutRefreshTokens => "no refresh token: this client's policy issues none".into(),
        Reason::NoOfflineAccess => "no refresh token: the scope offline_access was not asked for".into(),
        Reason::NoUser => "a token for the client itself: no user, no session, no refresh token".into(),
        Reason::Renewed { ends_at, rotated } => {
            format!("renewed: the session now ends at {ends_at}{}", if *rotated { ROTATED } else { "" })
        }
        Reason::EndIsUnmoved { ends_at, rotated } => {
            format!("not renewed: the session still ends at {ends_at}{}", if *rotated { ROTATED } else { "" })
        }
        Reason::NoNewRefreshToken { sso_ended_at: Some(at), ends_at } => {
            format!("no new refresh token: the SSO session ended at {at}; the old one works until {ends_at}")
        }
        Reason::NoNewRefreshToken { sso_ended_at: None, ends_at } => {
            format!("no new refresh token: the SSO session has ended; the old one works until {ends_at}")
        }
        Reason::UnknownRefreshToken => "this refresh token was never issued here, or a restart has forgotten it".into(),
        Reason::RefreshTokenUsed { at } => format!("this refresh token was used at {at} already: rotation"),
        Reason::RefreshTokenExpired { lifetime, at, ago } => {
            format!("the refresh token expired {} ago, at {at}; it is valid for {}", ago.to_text(), lifetime.to_text())
        }
        Reason::RefreshTokenRevoked { at } => format!("this refresh token was revoked at {at}"),
        Reason::SessionRevoked => "the session was revoked, because its code was used twice".into(),
        Reason::RefreshTokenOfOtherClient => "this refresh token was issued to another client".into(),
        Reason::ScopeWidened => {
            "a refresh cannot have more scopes than the login; the refresh token still works".into()
        }
        Reason::UnknownCode => "this code was never issued here, or a restart has forgotten it".into(),
        Reason::CodeUsed => "an attempt with this code has failed already: a code has one try".into(),
        Reason::CodeReplayed => "this code was used twice, which revokes the tokens of its session".into(),
        Reason::CodeExpired { lifetime, ago } => {
            format!("the code expired {} ago; it is valid for {}", ago.to_text(), lifetime.to_text())
        }
        Reason::CodeOfOtherClient => "this code was issued to another client".into(),
        Reason::OtherRedirectUri => "redirect_uri is not the one of the authorization request".into(),
        Reason::WrongVerifier => "code_verifier does not match the code_challenge of the authorization request".into(),
        Reason::UnknownClient { received, registered } => {
            format!("client_id {received} is not registered; registered: {registered}")
        }
        Reason::UnregisteredRedirectUri { received, client_id, registered } => {
            format!("redirect_uri {received} is not registered for client_id {client_id}; registered: {registered}")
        }
        Reason::NoSecret => "this client has a secret, and the request has none".into(),
        Reason::SecretOfPublicClient => "this client is public, and the request has a secret".into(),
        Reason::WrongSecret => "the client secret is wrong".into(),
        Reason::LoginPending => "the user has not answered yet".into(),
        Reason::PolledTooFast => "asked sooner than the interval allows; it is 5 s longer from now on".into(),
        Reason::LoginExpired => "the user did not answer in time".into(),
        Reason::LoginDenied => "the user said no".into(),
        Reason::PlannedFailure => "this failure was planned in the console or by /sandbox/fail".into(),
        Reason::ResponseLost => "the request was carried out, and its response lost: as planned".into(),
        Reason::SsoWasEnded => "the SSO session was ended: the next refresh gives no new refresh token".into(),
        Reason::AllRevoked => "all refresh tokens were revoked".into(),
        Reason::ClientRevoked => "the client revoked its refresh token".into(),
        Reason::ClockMoved { by } => format!("the clock was moved {} {}", by.to_text(), direction(*by, "on", "back")),
        Reason::Described(text) => text.clone(),
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
        Reason::PolicyWithoutRefreshTokens => "ikke noe refresh token: klientens policy gir ingen".into(),
        Reason::NoOfflineAccess => "ikke noe refresh token: det ble ikke bedt om offline_access".into(),
        Reason::NoUser => "et token for klienten selv: ingen bruker, ingen økt, ikke noe refresh token".into(),
        Reason::Renewed { ends_at, rotated } => {
            format!("fornyet: økten slutter nå {ends_at}{}", if *rotated { ROTERT } else { "" })
        }
        Reason::EndIsUnmoved { ends_at, rotated } => {
            format!("ikke fornyet: økten slutter fortsatt {ends_at}{}", if *rotated { ROTERT } else { "" })
        }
        Reason::NoNewRefreshToken { sso_ended_at: Some(at), ends_at } => {
            format!("ikke noe nytt refresh token: SSO-økten ble avsluttet {at}; det gamle virker til {ends_at}")
        }
        Reason::NoNewRefreshToken { sso_ended_at: None, ends_at } => {
            format!("ikke noe nytt refresh token: SSO-økten er avsluttet; det gamle virker til {ends_at}")
        }
        Reason::UnknownRefreshToken => {
            "dette refresh-tokenet ble aldri utstedt her, eller ble glemt ved en omstart".into()
        }
        Reason::RefreshTokenUsed { at } => format!("dette refresh-tokenet ble allerede brukt {at}: rotasjon"),
        Reason::RefreshTokenExpired { lifetime, at, ago } => {
            format!("refresh-tokenet utløp for {} siden, {at}; det gjelder i {}", varighet(*ago), varighet(*lifetime))
        }
        Reason::RefreshTokenRevoked { at } => format!("dette refresh-tokenet ble trukket tilbake {at}"),
        Reason::SessionRevoked => "økten ble trukket tilbake fordi koden ble brukt to ganger".into(),
        Reason::RefreshTokenOfOtherClient => "dette refresh-tokenet ble utstedt til en annen klient".into(),
        Reason::ScopeWidened => "en refresh kan ikke få flere scopes enn innloggingen; tokenet virker fortsatt".into(),
        Reason::UnknownCode => "denne koden ble aldri utstedt her, eller ble glemt ved en omstart".into(),
        Reason::CodeUsed => "et forsøk med denne koden har alt mislyktes: en kode har bare ett".into(),
        Reason::CodeReplayed => "koden ble brukt to ganger, og det trekker tilbake øktens tokens".into(),
        Reason::CodeExpired { lifetime, ago } => {
            format!("koden utløp for {} siden; den gjelder i {}", varighet(*ago), varighet(*lifetime))
        }
        Reason::CodeOfOtherClient => "denne koden ble utstedt til en annen klient".into(),
        Reason::OtherRedirectUri => "redirect_uri er en annen enn i autorisasjonsforespørselen".into(),
        Reason::WrongVerifier => "code_verifier passer ikke til code_challenge i autorisasjonsforespørselen".into(),
        Reason::UnknownClient { received, registered } => {
            format!("client_id {received} er ikke registrert; registrert: {registered}")
        }
        Reason::UnregisteredRedirectUri { received, client_id, registered } => {
            format!("redirect_uri {received} er ikke registrert for client_id {client_id}; registrert: {registered}")
        }
        Reason::NoSecret => "klienten har en hemmelighet, men forespørselen har ingen".into(),
        Reason::SecretOfPublicClient => "klienten er offentlig, men forespørselen har en hemmelighet".into(),
        Reason::WrongSecret => "klienthemmeligheten er feil".into(),
        Reason::LoginPending => "brukeren har ikke svart ennå".into(),
        Reason::PolledTooFast => "spurte før intervallet var over; det er 5 s lengre fra nå av".into(),
        Reason::LoginExpired => "brukeren svarte ikke i tide".into(),
        Reason::LoginDenied => "brukeren sa nei".into(),
        Reason::PlannedFailure => "denne feilen var planlagt i konsollen eller med /sandbox/fail".into(),
        Reason::ResponseLost => "forespørselen ble utført, men svaret gikk tapt: som planlagt".into(),
        Reason::SsoWasEnded => "SSO-økten ble avsluttet: neste refresh gir ikke noe nytt refresh token".into(),
        Reason::AllRevoked => "alle refresh-tokener ble trukket tilbake".into(),
        Reason::ClientRevoked => "klienten trakk tilbake sitt refresh token".into(),
        Reason::ClockMoved { by } => {
            format!("klokken ble stilt {} {}", varighet(*by), direction(*by, "fram", "tilbake"))
        }
        Reason::Described(text) => text.clone(),
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
