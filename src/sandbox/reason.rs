//! Why the sandbox answered as it did. The OAuth response does not say everything: TelenorID+ gives few details either.

use crate::domain::time::{Seconds, Time};

/// Defines [`Reason`]: the reasons with data, whose sentences `pages/sentence.rs` has, and those that are one sentence, each
/// with its code and the sentence in English and Norwegian.
macro_rules! reasons {
    (with { $($with_data:tt)+ } $($name:ident, $code:literal: $english:literal, $norwegian:literal;)+) => {
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub enum Reason { $($with_data)+ $($name,)+ }

        impl Reason {
            /// The code and the sentence in both languages, if it has no data.
            const fn fixed(&self) -> Option<(&'static str, &'static str, &'static str)> {
                match self {
                    $(Self::$name => Some(($code, $english, $norwegian)),)+
                    _ => None,
                }
            }
        }
    };
}

reasons! {
    with {
        // A login.
        Started { ends_at: Time, lifetime: Seconds, sliding: bool },
        // A refresh.
        Renewed { ends_at: Time, rotated: bool },
        /// `same_second`: it was renewed, to the second that it had.
        EndIsUnmoved { ends_at: Time, rotated: bool, same_second: bool },
        NoNewRefreshToken { sso_ended_at: Option<Time>, ends_at: Time },
        RefreshTokenUsed { at: Time },
        RefreshTokenExpired { lifetime: Seconds, at: Time, ago: Seconds },
        RefreshTokenRevoked { at: Time },
        // A code.
        CodeExpired { lifetime: Seconds, ago: Seconds },
        // A request that is not as it must be.
        MissingParameter { name: &'static str },
        MissingScopes { required: String },
        UnregisteredRedirectUri { received: String, client_id: String, registered: String },
        UnknownClient { received: String, registered: String },
        // A change.
        ClockMoved { by: Seconds },
        Aged { by: Seconds },
        /// Any other, in the words of the response (English).
        Described(String),
    }
    // A login.
    PolicyWithoutRefreshTokens, "policy_without_refresh_tokens":
        "no refresh token: this client's policy issues none",
        "ikke noe refresh token: klientens policy gir ingen";
    NoOfflineAccess, "no_offline_access":
        "no refresh token: the scope offline_access was not asked for",
        "ikke noe refresh token: det ble ikke bedt om offline_access";
    NoUser, "no_user":
        "a token for the client itself: no user, no session, no refresh token",
        "et token for klienten selv: ingen bruker, ingen økt, ikke noe refresh token";
    LoginRequired, "login_required":
        "no SSO session can be reused",
        "ingen SSO-økt kan gjenbrukes";
    LoginCancelled, "login_cancelled": "the user cancelled the login", "brukeren avbrøt innloggingen";
    LoginOver, "login_over":
        "this login is over or unknown: begin again in the application",
        "denne innloggingen er over eller ukjent: begynn på nytt i applikasjonen";
    // A refused refresh.
    UnknownRefreshToken, "unknown_refresh_token":
        "this refresh token was never issued here, or a restart has forgotten it",
        "dette refresh-tokenet ble aldri utstedt her, eller ble glemt ved en omstart";
    SessionRevoked, "session_revoked":
        "the session was revoked, because its code was used twice",
        "økten ble trukket tilbake fordi koden ble brukt to ganger";
    RefreshTokenOfOtherClient, "refresh_token_of_other_client":
        "this refresh token was issued to another client",
        "dette refresh-tokenet ble utstedt til en annen klient";
    ScopeWidened, "scope_widened":
        "a refresh cannot have more scopes than the login; the refresh token still works",
        "en refresh kan ikke få flere scopes enn innloggingen; tokenet virker fortsatt";
    ProfileWithoutScope, "profile_without_scope":
        "tnuId needs the scope account.profiles",
        "tnuId krever scopet account.profiles";
    UnknownProfile, "unknown_profile": "tnuId is not a profile of this user", "tnuId er ikke en profil hos denne brukeren";
    // A refused code.
    UnknownCode, "unknown_code":
        "this code was never issued here, or a restart has forgotten it",
        "denne koden ble aldri utstedt her, eller ble glemt ved en omstart";
    CodeUsed, "code_used":
        "an attempt with this code has failed already: a code has one try",
        "et forsøk med denne koden har alt mislyktes: en kode har bare ett";
    CodeReplayed, "code_replayed":
        "this code was used twice, which revokes the tokens of its session",
        "koden ble brukt to ganger, og det trekker tilbake øktens tokens";
    CodeOfOtherClient, "code_of_other_client":
        "this code was issued to another client",
        "denne koden ble utstedt til en annen klient";
    OtherRedirectUri, "other_redirect_uri":
        "redirect_uri is not the one of the authorization request",
        "redirect_uri er en annen enn i autorisasjonsforespørselen";
    WrongVerifier, "wrong_verifier":
        "code_verifier does not match the code_challenge of the authorization request",
        "code_verifier passer ikke til code_challenge i autorisasjonsforespørselen";
    // A client that was not authenticated.
    NoClientId, "no_client_id":
        "the request names no client, or its Authorization header is not Basic",
        "forespørselen nevner ingen klient, eller Authorization er ikke Basic";
    NoSecret, "no_secret":
        "this client has a secret, and the request has none",
        "klienten har en hemmelighet, men forespørselen har ingen";
    SecretOfPublicClient, "secret_of_public_client":
        "this client is public, and the request has a secret",
        "klienten er offentlig, men forespørselen har en hemmelighet";
    WrongSecret, "wrong_secret": "the client secret is wrong", "klienthemmeligheten er feil";
    AuthenticatedTwice, "authenticated_twice":
        "the client authenticates in two ways",
        "klienten autentiserer seg på to måter";
    OtherClientId, "other_client_id":
        "client_id is another client than the one that authenticates",
        "client_id er en annen klient enn den som autentiserer seg";
    OnlyApis, "only_apis":
        "only an API may ask (--introspection refresh-tokens lets clients ask too)",
        "bare et API kan spørre (med --introspection refresh-tokens kan klienter det også)";
    PublicClientAlone, "public_client_alone":
        "a public client cannot act for itself",
        "en offentlig klient kan ikke handle på egne vegne";
    CibaOfPublicClient, "ciba_of_public_client":
        "CIBA is for confidential clients",
        "CIBA er for konfidensielle klienter";
    // A request that is not as it must be.
    RepeatedParameter, "repeated_parameter": "a parameter is repeated", "en parameter er gjentatt";
    LongParameter, "long_parameter": "a parameter is too long", "en parameter er for lang";
    UnknownGrantType, "unknown_grant_type": "this grant_type is not supported", "denne grant_type støttes ikke";
    UnknownScope, "unknown_scope":
        "scope is missing or names one that is unknown",
        "scope mangler eller nevner et som er ukjent";
    ScopeOfUser, "scope_of_user":
        "without a user there are only API scopes",
        "uten en bruker finnes bare scopes for API-er";
    RequestObject, "request_object": "request objects are not supported", "request-objekter støttes ikke";
    OtherResponseType, "other_response_type": "only response_type code is supported", "bare response_type code støttes";
    OtherResponseMode, "other_response_mode":
        "response_mode is neither query nor form_post",
        "response_mode er verken query eller form_post";
    WrongChallenge, "wrong_challenge":
        "code_challenge is not an S256 challenge",
        "code_challenge er ikke laget med S256";
    NoChallenge, "no_challenge":
        "code_challenge is missing: this client needs PKCE",
        "code_challenge mangler: klienten må bruke PKCE";
    OtherChallengeMethod, "other_challenge_method":
        "code_challenge_method is not S256",
        "code_challenge_method er ikke S256";
    WrongPrompt, "wrong_prompt":
        "prompt is unknown, or none with another one",
        "prompt er ukjent, eller none sammen med en annen";
    WrongMaxAge, "wrong_max_age": "max_age is not a number of seconds", "max_age er ikke et antall sekunder";
    // A device or another slow login.
    LoginPending, "login_pending": "the user has not answered yet", "brukeren har ikke svart ennå";
    PolledTooFast, "polled_too_fast":
        "asked sooner than the interval allows; it is 5 s longer from now on",
        "spurte før intervallet var over; det er 5 s lengre fra nå av";
    LoginExpired, "login_expired": "the user did not answer in time", "brukeren svarte ikke i tide";
    LoginDenied, "login_denied": "the user refused the login", "brukeren avslo innloggingen";
    UnknownPolledLogin, "unknown_polled_login":
        "no login of this client waits with this code: it was never begun here, or has given its tokens",
        "ingen innlogging hos denne klienten venter med denne koden: den ble aldri begynt her, eller har gitt sine tokens";
    UnknownUserCode, "unknown_user_code": "no device waits for this code", "ingen enhet venter på denne koden";
    UnknownUser, "unknown_user": "no test user fits", "ingen testbruker passer";
    TwoLoginHints, "two_login_hints":
        "give either login_hint or login_hint_token",
        "oppgi enten login_hint eller login_hint_token";
    UnknownLoginHint, "unknown_login_hint":
        "login_hint_token is unknown or was used",
        "login_hint_token er ukjent eller ble brukt";
    LoginHintExpired, "login_hint_expired":
        "login_hint_token has expired: prepare the login again",
        "login_hint_token er utløpt: forbered innloggingen på nytt";
    OtherBindingMessage, "other_binding_message":
        "binding_message is not the one that was prepared",
        "binding_message er en annen enn den som ble forberedt";
    WrongExpiry, "wrong_expiry":
        "requested_expiry is not between 1 and 300",
        "requested_expiry er ikke mellom 1 og 300";
    // A token that is shown.
    NoAccessToken, "no_access_token": "the request has no access token", "forespørselen har ikke noe access token";
    AccessTokenInvalid, "access_token_invalid":
        "the access token has expired, was revoked, or is not of this sandbox",
        "access tokenet er utløpt, trukket tilbake eller ikke fra denne sandkassen";
    NoOpenidScope, "no_openid_scope":
        "the access token has no scope openid, or no user",
        "access tokenet har ikke scopet openid, eller ingen bruker";
    NoIdTokenHint, "no_id_token_hint": "id_token_hint is missing", "id_token_hint mangler";
    WrongIdTokenHint, "wrong_id_token_hint":
        "id_token_hint does not validate: it is no ID token of this sandbox",
        "id_token_hint er ikke gyldig: det er ikke et ID-token fra denne sandkassen";
    // Any request.
    CrossOrigin, "cross_origin":
        "this form was not sent from a page of the sandbox",
        "skjemaet ble ikke sendt fra en av sandkassens sider";
    LongBody, "long_body": "the body is too long, or no text", "innholdet er for langt, eller ikke tekst";
    TooManyRequests, "too_many_requests": "too many requests at once", "for mange forespørsler på en gang";
    UnknownPath, "unknown_path": "there is nothing at this address", "det er ingenting på denne adressen";
    OtherMethod, "other_method": "this endpoint has no such method", "endepunktet har ikke denne metoden";
    // A failure that was planned.
    PlannedFailure, "planned_failure":
        "this failure was planned in the console or by /sandbox/fail",
        "denne feilen var planlagt i konsollen eller med /sandbox/fail";
    ResponseLost, "response_lost":
        "the request was carried out, and its response lost: as planned",
        "forespørselen ble utført, men svaret gikk tapt: som planlagt";
    // A change.
    SsoWasEnded, "sso_was_ended":
        "the SSO session was ended: the next refresh gives no new refresh token",
        "SSO-økten ble avsluttet: neste refresh gir ikke noe nytt refresh token";
    AllRevoked, "all_revoked": "all refresh tokens were revoked", "alle refresh-tokener ble trukket tilbake";
    ClientRevoked, "client_revoked": "the client revoked its refresh token", "klienten trakk tilbake sitt refresh token";
}

impl Reason {
    /// A name that never changes, for tests.
    pub const fn code(&self) -> &'static str {
        if let Some((code, ..)) = self.fixed() {
            return code;
        }
        match self {
            Self::Started { .. } => "started",
            Self::Renewed { .. } => "renewed",
            Self::EndIsUnmoved { .. } => "end_is_unmoved",
            Self::NoNewRefreshToken { .. } => "no_new_refresh_token",
            Self::RefreshTokenUsed { .. } => "refresh_token_used",
            Self::RefreshTokenExpired { .. } => "refresh_token_expired",
            Self::RefreshTokenRevoked { .. } => "refresh_token_revoked",
            Self::CodeExpired { .. } => "code_expired",
            Self::MissingParameter { .. } => "missing_parameter",
            Self::MissingScopes { .. } => "missing_scopes",
            Self::UnregisteredRedirectUri { .. } => "unregistered_redirect_uri",
            Self::UnknownClient { .. } => "unknown_client",
            Self::ClockMoved { .. } => "clock_moved",
            Self::Aged { .. } => "aged",
            _ => "described",
        }
    }

    /// The times that it names.
    pub fn times(&mut self) -> Vec<&mut Time> {
        match self {
            Self::Started { ends_at, .. }
            | Self::Renewed { ends_at, .. }
            | Self::EndIsUnmoved { ends_at, .. }
            | Self::NoNewRefreshToken { sso_ended_at: None, ends_at } => vec![ends_at],
            Self::NoNewRefreshToken { sso_ended_at: Some(at), ends_at } => vec![at, ends_at],
            Self::RefreshTokenUsed { at } | Self::RefreshTokenExpired { at, .. } | Self::RefreshTokenRevoked { at } => {
                vec![at]
            }
            _ => Vec::new(),
        }
    }

    /// The sentence in English and Norwegian, if it has no data.
    pub const fn fixed_sentence(&self) -> Option<(&'static str, &'static str)> {
        match self.fixed() {
            Some((_, english, norwegian)) => Some((english, norwegian)),
            None => None,
        }
    }
}
