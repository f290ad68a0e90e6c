//! The texts of the console.

use crate::sandbox::pages::words::words;

words! {
    lang: "en", "no";
    title: "TelenorID+ sandbox", "TelenorID+ sandkasse";
    notice: "A stand-in on this machine. No real accounts.", "En stedfortreder på denne maskinen. Ingen ekte kontoer.";
    other_language: "Norsk", "English";
    clock: "Sandbox clock", "Sandkassens klokke";
    ahead: "{} ahead", "{} foran";
    behind: "{} behind", "{} etter";
    in_step: "as on this machine", "som på denne maskinen";
    stopped: "stopped", "stoppet";
    move_clock: "Move the clock", "Still klokken";
    minute: "+1 min", "+1 min";
    ten_minutes: "+10 min", "+10 min";
    hour: "+1 h", "+1 t";
    day: "+1 day", "+1 dag";
    age: "age the sessions instead", "gjør øktene eldre i stedet";
    age_hint: "For libraries that check ID tokens by this machine's clock. Access tokens are signed and stay as they are.", "For biblioteker som kontrollerer ID-tokens mot denne maskinens klokke. Access tokens er signert og blir som de er.";
    done_age: "The sessions were aged", "Øktene er gjort eldre";
    provider: "Provider", "Leverandør";
    end_sso: "End SSO", "Avslutt SSO";
    revoke: "Revoke all refresh tokens", "Trekk tilbake alle refresh-tokener";
    rotate_keys: "Rotate keys", "Roter nøkler";
    fail_next: "Fail the next", "La de neste feile";
    fail_count: "How many", "Antall";
    fail_endpoint: "Endpoint", "Endepunkt";
    fail_how: "How", "Hvordan";
    fail_lost: "done, response lost", "utført, men svaret gikk tapt";
    fail_plan: "Plan", "Planlegg";
    sessions: "Sessions", "Økter";
    requests: "Requests", "Forespørsler";
    no_sessions: "No session yet", "Ingen økter ennå";
    no_sessions_lead: "Give your app the settings beside this and log in. The session appears here by itself.", "Gi appen din innstillingene på denne siden, og logg inn. Økten dukker opp her av seg selv.";
    no_requests: "No requests yet.", "Ingen forespørsler ennå.";
    earlier: "Show {} earlier", "Vis {} tidligere";
    only_refused: "Only refused", "Bare avslåtte";
    lives_until: "lives until", "varer til";
    ended: "ended", "sluttet";
    revoked: "revoked", "trukket tilbake";
    time_in: "in {}", "om {}";
    time_ago: "{} ago", "for {} siden";
    at: "at", "i";
    login: "login", "innlogging";
    end: "end", "slutt";
    now: "now", "nå";
    mark_started: "login", "innlogging";
    mark_refreshed: "refresh", "refresh";
    mark_renewed: "renewal", "fornyelse";
    mark_refused: "refused", "avslått";
    mark_sso_ended: "SSO ended", "SSO avsluttet";
    mark_revoked: "revoked", "trukket tilbake";
    sso_ended: "SSO session ended {}: no more renewals", "SSO-økten tok slutt {}: ingen flere fornyelser";
    no_refresh_token: "no refresh token: only its access token", "uten refresh token, bare et access token";
    last_refused: "Last refused", "Sist avslått";
    asked: "asked", "forespørsel";
    answered: "answered", "svar";
    settings: "Settings for your app", "Innstillinger for appen din";
    client: "Client", "Klient";
    library: "Library", "Bibliotek";
    issuer: "Issuer", "Utsteder";
    client_type: "Client type", "Klienttype";
    policy: "Policy", "Policy";
    secret: "Client secret", "Klienthemmelighet";
    secret_hidden: "Open the console by the address that the terminal shows.", "Åpne konsollen med adressen som terminalen viser.";
    redirect_uri: "Redirect URI", "Redirect URI";
    copy: "Copy", "Kopier";
    copied: "Copied", "Kopiert";
    needs_no_secret: "This library is for clients without a secret.", "Dette biblioteket er for klienter uten hemmelighet.";
    offline: "The sandbox does not answer. It may have ended; this page goes on when it is back.", "Sandkassen svarer ikke. Den er kanskje avsluttet; siden fortsetter når den er tilbake.";
    failed: "That did not work: {}", "Det gikk ikke: {}";
    done_clock: "The clock was moved", "Klokken er stilt";
    done_sso: "SSO sessions ended: {}", "SSO-økter avsluttet: {}";
    done_revoke: "Refresh tokens revoked: {}", "Refresh-tokener trukket tilbake: {}";
    done_keys: "There is a new signing key", "Det er en ny signeringsnøkkel";
    done_fail: "Planned", "Planlagt";
    footer: "runs on your own machine; nothing leaves it", "kjører på din egen maskin; ingenting sendes ut";
    approve: "Approve", "Godkjenn";
    deny: "Deny", "Avslå";
    approve_as: "Approve as", "Godkjenn som";
    device_waits: "A device waits", "En enhet venter";
    asked_of: "A login is asked of {}", "Innlogging for {}";
    waits_until: "waits until", "venter til";
    waits_since: "since {}", "siden {}";
    user_code: "User code", "Brukerkode";
    binding_message: "Message", "Melding";
    any_port: "(any port and path, with PKCE)", "(enhver port og sti, med PKCE)";
    done_approve: "The login was approved", "Innloggingen er godkjent";
    done_deny: "The login was denied", "Innloggingen er avslått";
    endpoint_authorize: "Authorization", "Autorisasjon";
    endpoint_login: "Login page", "Innloggingsside";
    endpoint_userinfo: "Userinfo", "Userinfo";
    endpoint_discovery: "Discovery", "Discovery";
    endpoint_jwks: "Keys", "Nøkler";
    endpoint_end_session: "Logout", "Utlogging";
    endpoint_custom_logout: "Logout without a browser", "Utlogging uten nettleser";
    endpoint_revocation: "Revocation", "Tilbaketrekking";
    endpoint_introspection: "Introspection", "Introspeksjon";
    endpoint_device_authorization: "Device authorization", "Enhetsautorisasjon";
    endpoint_device: "Device page", "Enhetsside";
    endpoint_token: "Token", "Token";
    endpoint_ciba: "CIBA request", "CIBA-forespørsel";
    endpoint_ciba_prepare_bankid: "BankID preparation", "BankID-forberedelse";
    endpoint_ciba_page: "Phone page", "Telefonside";
    endpoint_self_service: "Link to the account page", "Lenke til kontosiden";
    endpoint_account: "Account page", "Kontoside";
    endpoint_home: "Console", "Konsoll";
    grant_authorization_code: "Login", "Innlogging";
    grant_refresh_token: "Refresh", "Refresh";
    grant_client_credentials: "Machine token", "Maskintoken";
    grant_device_code: "Device poll", "Enheten spør";
    grant_ciba: "CIBA poll", "CIBA-spørring";
    control: "Control", "Styring";
    unknown_path: "Unknown address", "Ukjent adresse";
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sandbox::language::Language;
    use serde_json::{Value, json};
    use std::collections::BTreeSet;

    #[test]
    fn the_scripts_use_only_words_that_there_are() {
        let known = json!(Words::of(Language::English));
        for script in crate::sandbox::pages::console::SCRIPTS.map(|(_, text)| text) {
            let used: BTreeSet<&str> = script
                .split("words.")
                .skip(1)
                .filter_map(|rest| rest.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').next())
                .collect();
            for name in used.into_iter().filter(|name| !name.is_empty()) {
                assert!(known.get(name).is_some(), "{name}");
            }
        }
    }

    #[test]
    fn a_text_with_a_place_has_it_in_both_languages() {
        let [english, norwegian] = [Language::English, Language::Norwegian].map(|l| json!(Words::of(l)));
        for (name, text) in english.as_object().unwrap() {
            let places = |text: &Value| text.as_str().unwrap().matches("{}").count();
            assert_eq!(places(text), places(&norwegian[name]), "{name}");
        }
    }
}
