//! SelectionReason the sandbox answered as it did. The OAuth response leaves much of it out, as TelenorID+'s does.

use super::Language;
use crate::domain::time::{Seconds, Time};
use serde::Serialize;
use serde_json::{Value, json};

/// What a sentence can name.
trait Part {
    fn text(&self, language: Language) -> String;

    fn age(&mut self, _back: impl Fn(&mut Time)) {}
}

/// RFC 3339 in UTC, which the console shows in the browser's time zone.
impl Part for Time {
    fn text(&self, _: Language) -> String {
        self.rfc3339()
    }

    fn age(&mut self, back: impl Fn(&mut Time)) {
        back(self);
    }
}

impl Part for Seconds {
    fn text(&self, language: Language) -> String {
        match language {
            Language::English => self.to_text(),
            Language::Norwegian => {
                self.to_text().replace(" days", " dager").replace(" day", " dag").replace(" h", " t")
            }
        }
    }
}

impl Part for String {
    fn text(&self, _: Language) -> String {
        self.clone()
    }
}

/// Whether the old refresh token is used up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Rotation(pub bool);

impl Part for Rotation {
    fn text(&self, language: Language) -> String {
        match (self.0, language) {
            (false, _) => String::new(),
            (true, Language::English) => "; the old refresh token is used up".to_owned(),
            (true, Language::Norwegian) => "; det gamle refresh-tokenet er brukt opp".to_owned(),
        }
    }
}

/// The names that are registered, and whether it is a redirect URI that stands for any port.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Registered(pub Vec<(String, bool)>);

impl Part for Registered {
    fn text(&self, language: Language) -> String {
        let (none, note) = match language {
            Language::English => ("none", " (any port and path, with PKCE)"),
            Language::Norwegian => ("ingen", " (enhver port og sti, med PKCE)"),
        };
        let text = |(name, any_port): &(String, bool)| format!("{name}{}", if *any_port { note } else { "" });
        match &self.0[..] {
            [] => none.to_owned(),
            names => names.iter().map(text).collect::<Vec<_>>().join(", "),
        }
    }
}

/// Defines [`Reason`]: each variant with its data, and the sentence in English and Norwegian.
macro_rules! reasons {
    ($($(#[$about:meta])* $name:ident $({ $($field:ident: $type:ty),+ })?: $english:literal, $norwegian:literal;)+) => {
        #[derive(Clone, Debug, PartialEq, Eq, Serialize)]
        #[serde(tag = "code", rename_all = "snake_case")]
        pub enum Reason { $($(#[$about])* $name $({ $($field: $type),+ })?,)+ }

        impl Reason {
            /// The reason as one plain sentence.
            pub fn sentence(&self, language: Language) -> String {
                match self {
                    $(Self::$name $({ $($field),+ })? => {
                        $($(let $field = $field.text(language);)+)?
                        match language {
                            Language::English => format!($english),
                            Language::Norwegian => format!($norwegian),
                        }
                    })+
                }
            }

            /// Moves the times that it names by `back`.
            pub fn age(&mut self, back: impl Fn(&mut Time)) {
                match self {
                    $(Self::$name $({ $($field),+ })? => { $($($field.age(&back);)+)? })+
                }
            }
        }
    };
}

reasons! {
    // A login.
    #[serde(rename = "started")]
    StartedSliding { ends_at: Time, lifetime: Seconds }:
        "the session ends at {ends_at}; each refresh moves that to {lifetime} after it",
        "økten slutter {ends_at}; hver refresh flytter slutten til {lifetime} etter seg";
    #[serde(rename = "started")]
    StartedFixed { ends_at: Time, lifetime: Seconds }:
        "the session ends at {ends_at}, {lifetime} after the login; no refresh moves that",
        "økten slutter {ends_at}, {lifetime} etter innloggingen; ingen refresh flytter slutten";
    PolicyWithoutRefreshTokens: "no refresh token: this client's policy issues none",
        "ikke noe refresh token: klientens policy gir ingen";
    NoOfflineAccess: "no refresh token: the scope offline_access was not asked for",
        "ikke noe refresh token: det ble ikke bedt om offline_access";
    NoUser: "a token for the client itself: no user, no session, no refresh token",
        "et token for klienten selv: ingen bruker, ingen økt, ikke noe refresh token";
    LoginRequired: "no SSO session can be reused", "ingen SSO-økt kan gjenbrukes";
    LoginCancelled: "the user cancelled the login", "brukeren avbrøt innloggingen";
    LoginOver: "this login is over or unknown: begin again in the application",
        "denne innloggingen er over eller ukjent: begynn på nytt i applikasjonen";
    // A refresh.
    Renewed { ends_at: Time, rotation: Rotation }:
        "renewed: the session now ends at {ends_at}{rotation}",
        "fornyet: økten slutter nå {ends_at}{rotation}";
    EndIsUnmoved { ends_at: Time, rotation: Rotation }:
        "not renewed: the session still ends at {ends_at}{rotation}",
        "ikke fornyet: økten slutter fortsatt {ends_at}{rotation}";
    /// Renewed, but to the same second as before.
    #[serde(rename = "end_is_unmoved")]
    RenewedInSameSecond { ends_at: Time, rotation: Rotation }:
        "renewed within the same second: the session still ends at {ends_at}{rotation}",
        "fornyet i samme sekund: økten slutter fortsatt {ends_at}{rotation}";
    NoNewRefreshToken { ends_at: Time }:
        "no new refresh token: the SSO session has ended; the old one works until {ends_at}",
        "ikke noe nytt refresh token: SSO-økten er avsluttet; det gamle virker til {ends_at}";
    #[serde(rename = "no_new_refresh_token")]
    NoNewRefreshTokenSince { sso_ended_at: Time, ends_at: Time }:
        "no new refresh token: the SSO session ended at {sso_ended_at}; the old one works until {ends_at}",
        "ikke noe nytt refresh token: SSO-økten ble avsluttet {sso_ended_at}; det gamle virker til {ends_at}";
    // A refused refresh.
    RefreshTokenUsed { at: Time }:
        "this refresh token was used at {at} already: rotation",
        "dette refresh-tokenet ble allerede brukt {at}: rotasjon";
    RefreshTokenExpired { lifetime: Seconds, at: Time, ago: Seconds }:
        "the refresh token expired {ago} ago, at {at}; it is valid for {lifetime}",
        "refresh-tokenet utløp for {ago} siden, {at}; det gjelder i {lifetime}";
    RefreshTokenRevoked { at: Time }:
        "this refresh token was revoked at {at}",
        "dette refresh-tokenet ble trukket tilbake {at}";
    UnknownRefreshToken: "this refresh token was never issued here, or a restart has forgotten it",
        "dette refresh-tokenet ble aldri utstedt her, eller ble glemt ved en omstart";
    SessionRevoked: "the session was revoked, because its code was used twice",
        "økten ble trukket tilbake fordi koden ble brukt to ganger";
    RefreshTokenOfOtherClient: "this refresh token was issued to another client",
        "dette refresh-tokenet ble utstedt til en annen klient";
    ScopeWidened: "a refresh cannot have more scopes than the login; the refresh token still works",
        "en refresh kan ikke få flere scopes enn innloggingen; tokenet virker fortsatt";
    ProfileWithoutScope: "tnuId needs the scope account.profiles", "tnuId krever scopet account.profiles";
    UnknownProfile: "tnuId is not a profile of this user", "tnuId er ikke en profil hos denne brukeren";
    // A refused code.
    CodeExpired { lifetime: Seconds, ago: Seconds }:
        "the code expired {ago} ago; it is valid for {lifetime}",
        "koden utløp for {ago} siden; den gjelder i {lifetime}";
    UnknownCode: "this code was never issued here, or a restart has forgotten it",
        "denne koden ble aldri utstedt her, eller ble glemt ved en omstart";
    CodeUsed: "an attempt with this code has failed already: a code has one try",
        "et forsøk med denne koden har alt mislyktes: en kode har bare ett";
    CodeReplayed: "this code was used twice, which revokes the tokens of its session",
        "koden ble brukt to ganger, og det trekker tilbake øktens tokens";
    CodeOfOtherClient: "this code was issued to another client", "denne koden ble utstedt til en annen klient";
    OtherRedirectUri: "redirect_uri is not the one of the authorization request",
        "redirect_uri er en annen enn i autorisasjonsforespørselen";
    WrongVerifier: "code_verifier does not match the code_challenge of the authorization request",
        "code_verifier passer ikke til code_challenge i autorisasjonsforespørselen";
    // A client that was not authenticated.
    UnknownClient { received: String, registered: Registered }:
        "client_id {received} is not registered; registered: {registered}",
        "client_id {received} er ikke registrert; registrert: {registered}";
    NoClientId: "the request names no client, or its Authorization header is not Basic",
        "forespørselen nevner ingen klient, eller Authorization er ikke Basic";
    NoSecret: "this client has a secret, and the request has none",
        "klienten har en hemmelighet, men forespørselen har ingen";
    SecretOfPublicClient: "this client is public, and the request has a secret",
        "klienten er offentlig, men forespørselen har en hemmelighet";
    WrongSecret: "the client secret is wrong", "klienthemmeligheten er feil";
    AuthenticatedTwice: "the client authenticates in two ways", "klienten autentiserer seg på to måter";
    OtherClientId: "client_id is another client than the one that authenticates",
        "client_id er en annen klient enn den som autentiserer seg";
    OnlyApis: "only an API may ask (--introspection refresh-tokens lets clients ask too)",
        "bare et API kan spørre (med --introspection refresh-tokens kan klienter det også)";
    PublicClientAlone: "a public client cannot act for itself", "en offentlig klient kan ikke handle på egne vegne";
    CibaOfPublicClient: "CIBA is for confidential clients", "CIBA er for konfidensielle klienter";
    // A request that is not as it must be.
    MissingParameter { name: String }: "{name} is missing", "{name} mangler";
    MissingScopes { required: String }: "scope must contain {required}", "scope må inneholde {required}";
    UnregisteredRedirectUri { received: String, client_id: String, registered: Registered }:
        "redirect_uri {received} is not registered for client_id {client_id}; registered: {registered}",
        "redirect_uri {received} er ikke registrert for client_id {client_id}; registrert: {registered}";
    RepeatedParameter: "a parameter is repeated", "en parameter er gjentatt";
    LongParameter: "a parameter is too long", "en parameter er for lang";
    UnknownGrantType: "this grant_type is not supported", "denne grant_type støttes ikke";
    UnknownScope: "scope is missing or names one that is unknown", "scope mangler eller nevner et som er ukjent";
    ScopeOfUser: "without a user there are only API scopes", "uten en bruker finnes bare scopes for API-er";
    RequestObject: "request objects are not supported", "request-objekter støttes ikke";
    OtherResponseType: "only response_type code is supported", "bare response_type code støttes";
    OtherResponseMode: "response_mode is neither query nor form_post", "response_mode er verken query eller form_post";
    WrongChallenge: "code_challenge is not an S256 challenge", "code_challenge er ikke laget med S256";
    NoChallenge: "code_challenge is missing: this client needs PKCE", "code_challenge mangler: klienten må bruke PKCE";
    OtherChallengeMethod: "code_challenge_method is not S256", "code_challenge_method er ikke S256";
    WrongPrompt: "prompt is unknown, or none with another one", "prompt er ukjent, eller none sammen med en annen";
    WrongMaxAge: "max_age is not a number of seconds", "max_age er ikke et antall sekunder";
    // A device or another slow login.
    LoginPending: "the user has not answered yet", "brukeren har ikke svart ennå";
    PolledTooFast: "asked sooner than the interval allows; it is 5 s longer from now on",
        "spurte før intervallet var over; det er 5 s lengre fra nå av";
    LoginExpired: "the user did not answer in time", "brukeren svarte ikke i tide";
    LoginDenied: "the user refused the login", "brukeren avslo innloggingen";
    UnknownPolledLogin: "no login of this client waits with this code: it was never begun here, or has given its tokens",
        "ingen innlogging hos denne klienten venter med denne koden: den ble aldri begynt her, eller har gitt sine tokens";
    UnknownUserCode: "no device waits for this code", "ingen enhet venter på denne koden";
    UnknownUser: "no test user fits", "ingen testbruker passer";
    TwoLoginHints: "give either login_hint or login_hint_token", "oppgi enten login_hint eller login_hint_token";
    UnknownLoginHint: "login_hint_token is unknown or was used", "login_hint_token er ukjent eller ble brukt";
    LoginHintExpired: "login_hint_token has expired: prepare the login again",
        "login_hint_token er utløpt: forbered innloggingen på nytt";
    OtherBindingMessage: "binding_message is not the one that was prepared",
        "binding_message er en annen enn den som ble forberedt";
    WrongExpiry: "requested_expiry is not between 1 and 300", "requested_expiry er ikke mellom 1 og 300";
    // A token that is shown.
    NoAccessToken: "the request has no access token", "forespørselen har ikke noe access token";
    AccessTokenInvalid: "the access token has expired, was revoked, or is not of this sandbox",
        "access tokenet er utløpt, trukket tilbake eller ikke fra denne sandkassen";
    NoOpenidScope: "the access token has no scope openid, or no user",
        "access tokenet har ikke scopet openid, eller ingen bruker";
    NoIdTokenHint: "id_token_hint is missing", "id_token_hint mangler";
    WrongIdTokenHint: "id_token_hint does not validate: it is no ID token of this sandbox",
        "id_token_hint er ikke gyldig: det er ikke et ID-token fra denne sandkassen";
    // Any request.
    CrossOrigin: "this form was not sent from a page of the sandbox",
        "skjemaet ble ikke sendt fra en av sandkassens sider";
    LongBody: "the body is too long, or no text", "innholdet er for langt, eller ikke tekst";
    TooManyRequests: "too many requests at once", "for mange forespørsler på en gang";
    UnknownPath: "there is nothing at this address", "det er ingenting på denne adressen";
    OtherMethod: "this endpoint has no such method", "endepunktet har ikke denne metoden";
    // A failure that was planned.
    PlannedFailure: "this failure was planned in the console or by /sandbox/fail",
        "denne feilen var planlagt i konsollen eller med /sandbox/fail";
    ResponseLost: "the request was carried out, and its response lost: as planned",
        "forespørselen ble utført, men svaret gikk tapt: som planlagt";
    // A change.
    #[serde(rename = "clock_moved")]
    ClockMovedOn { by: Seconds }: "the clock was moved {by} on", "klokken ble stilt {by} fram";
    #[serde(rename = "clock_moved")]
    ClockMovedBack { by: Seconds }: "the clock was moved {by} back", "klokken ble stilt {by} tilbake";
    Aged { by: Seconds }:
        "all that happened is now {by} older; access tokens stay as they are",
        "alt som har skjedd, er nå {by} eldre; access tokens blir som de er";
    SsoWasEnded: "the SSO session was ended: the next refresh gives no new refresh token",
        "SSO-økten ble avsluttet: neste refresh gir ikke noe nytt refresh token";
    AllRevoked: "all refresh tokens were revoked", "alle refresh-tokener ble trukket tilbake";
    ClientRevoked: "the client revoked its refresh token", "klienten trakk tilbake sitt refresh token";
    /// Any other, in the words of the response (English).
    Described { text: String }: "{text}", "svaret sier: {text}";
}

impl Reason {
    /// A name that never changes, for tests: the variant's in snake case.
    pub fn code(&self) -> Value {
        json!(self)["code"].take()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
                Reason::StartedFixed { ends_at, lifetime: Seconds::days(14) },
                "the session ends at 2027-01-15T08:00:00Z, 14 days after the login; no refresh moves that",
                "økten slutter 2027-01-15T08:00:00Z, 14 dager etter innloggingen; ingen refresh flytter slutten",
            ),
            (
                Reason::ClockMovedBack { by: Seconds(-3_600) },
                "the clock was moved 1 h back",
                "klokken ble stilt 1 t tilbake",
            ),
            (
                Reason::Renewed { ends_at, rotation: Rotation(true) },
                "renewed: the session now ends at 2027-01-15T08:00:00Z; the old refresh token is used up",
                "fornyet: økten slutter nå 2027-01-15T08:00:00Z; det gamle refresh-tokenet er brukt opp",
            ),
            (
                Reason::UnknownClient {
                    received: "x".to_owned(),
                    registered: Registered(vec![("a".to_owned(), true)]),
                },
                "client_id x is not registered; registered: a (any port and path, with PKCE)",
                "client_id x er ikke registrert; registrert: a (enhver port og sti, med PKCE)",
            ),
            (
                Reason::UnknownClient { received: "x".to_owned(), registered: Registered(Vec::new()) },
                "client_id x is not registered; registered: none",
                "client_id x er ikke registrert; registrert: ingen",
            ),
        ] {
            assert_eq!(reason.sentence(Language::English), english);
            assert_eq!(reason.sentence(Language::Norwegian), norwegian);
        }
    }
}
