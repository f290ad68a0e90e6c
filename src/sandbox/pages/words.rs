//! The texts of the pages.

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    English,
    Norwegian,
}

impl Language {
    /// The first known language in `ui_locales` (OIDC Core 3.1.2.1), else in `Accept-Language`, else English.
    pub fn choose(ui_locales: Option<&str>, accept_language: Option<&str>) -> Self {
        let known = |tag: &str| match tag.trim().split(['-', ';', '_']).next().unwrap_or_default() {
            "en" => Some(Self::English),
            "no" | "nb" | "nn" => Some(Self::Norwegian),
            _ => None,
        };
        let requested = ui_locales.unwrap_or_default().split(' ').find_map(known);
        requested.or_else(|| accept_language.unwrap_or_default().split(',').find_map(known)).unwrap_or(Self::English)
    }

    pub(super) fn words(self) -> &'static Words {
        match self {
            Self::English => &ENGLISH,
            Self::Norwegian => &NORWEGIAN,
        }
    }
}

/// All texts of one language.
pub(super) struct Words {
    pub lang: &'static str,
    pub sandbox: &'static str,
    pub notice: &'static str,
    pub footer: &'static str,
    pub log_in: &'static str,
    pub continue_to: &'static str,
    pub phone: &'static str,
    pub cancel: &'static str,
    pub test_users: &'static str,
    pub approve_as: &'static str,
    pub requested_scopes: &'static str,
    pub unknown_user: &'static str,
    pub device: &'static str,
    pub device_lead: &'static str,
    pub code: &'static str,
    pub approve: &'static str,
    pub deny: &'static str,
    pub approved: &'static str,
    pub approved_as: &'static str,
    pub denied: &'static str,
    pub back_to_device: &'static str,
    pub unknown_code: &'static str,
    pub asked_for_login: &'static str,
    pub nothing_asked: &'static str,
    pub account: &'static str,
    pub account_lead: &'static str,
    pub log_out: &'static str,
    pub log_out_lead: &'static str,
    pub logged_out: &'static str,
    pub close_page: &'static str,
    pub error: &'static str,
    pub error_lead: &'static str,
    pub back_to_app: &'static str,
    pub proceed: &'static str,
}

static ENGLISH: Words = Words {
    lang: "en",
    sandbox: "Sandbox",
    notice: "A stand-in for TelenorID+ on this machine. No real accounts.",
    footer: "runs on your own machine; nothing leaves it",
    log_in: "Log in",
    continue_to: "to continue to",
    phone: "Phone number",
    cancel: "Cancel",
    test_users: "Or continue as a test user",
    approve_as: "Or approve as",
    requested_scopes: "What the application asks for",
    unknown_user: "No test user has this number. Choose one below.",
    device: "Connect a device",
    device_lead: "Type the nine digits that the device shows.",
    code: "Code",
    approve: "Approve",
    deny: "Deny",
    approved: "The device is connected",
    approved_as: "It is logged in as",
    denied: "The device was denied",
    back_to_device: "You can close this page and go back to the device.",
    unknown_code: "No device waits for this code.",
    asked_for_login: "Your phone: logins to approve",
    nothing_asked: "No application asks for a login now. Reload the page after one does.",
    account: "Your account",
    account_lead: "TelenorID+ shows the user's own account here.",
    log_out: "Log out",
    log_out_lead: "Do you want to end your session at the sandbox?",
    logged_out: "You are logged out",
    close_page: "You can close this page.",
    error: "Login cannot continue",
    error_lead: "The browser was not sent back to the application. The reason:",
    back_to_app: "Back to the application",
    proceed: "Continue",
};

static NORWEGIAN: Words = Words {
    lang: "no",
    sandbox: "Sandkasse",
    notice: "En stedfortreder for TelenorID+ på denne maskinen. Ingen ekte kontoer.",
    footer: "kjører på din egen maskin; ingenting sendes ut",
    log_in: "Logg inn",
    continue_to: "for å fortsette til",
    phone: "Telefonnummer",
    cancel: "Avbryt",
    test_users: "Eller fortsett som testbruker",
    approve_as: "Eller godkjenn som",
    requested_scopes: "Hva applikasjonen ber om",
    unknown_user: "Ingen testbruker har dette nummeret. Velg en nedenfor.",
    device: "Koble til en enhet",
    device_lead: "Skriv inn de ni sifrene som enheten viser.",
    code: "Kode",
    approve: "Godkjenn",
    deny: "Avslå",
    approved: "Enheten er koblet til",
    approved_as: "Den er logget inn som",
    denied: "Innloggingen ble avslått",
    back_to_device: "Du kan lukke denne siden og gå tilbake til enheten.",
    unknown_code: "Ingen enhet venter på denne koden.",
    asked_for_login: "Telefonen din: innlogginger som venter på godkjenning",
    nothing_asked: "Ingen applikasjon ber om innlogging nå. Last siden på nytt når en gjør det.",
    account: "Kontoen din",
    account_lead: "Her viser TelenorID+ brukerens egen konto.",
    log_out: "Logg ut",
    log_out_lead: "Vil du avslutte økten din i sandkassen?",
    logged_out: "Du er logget ut",
    close_page: "Du kan lukke denne siden.",
    error: "Innloggingen kan ikke fortsette",
    error_lead: "Nettleseren ble ikke sendt tilbake til applikasjonen. Grunnen:",
    back_to_app: "Tilbake til applikasjonen",
    proceed: "Fortsett",
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ui_locales_precede_accept_language() {
        let choose = Language::choose;
        assert_eq!(choose(Some("de no"), Some("en-GB")), Language::Norwegian);
        assert_eq!(choose(Some("de"), Some("nb-NO,nb;q=0.9,en;q=0.8")), Language::Norwegian);
        assert_eq!(choose(Some("en"), Some("nb")), Language::English);
        assert_eq!(choose(None, None), Language::English);
    }
}
