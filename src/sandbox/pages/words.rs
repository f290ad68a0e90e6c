//! The texts of the pages.

/// Defines `Words`: each text by its name, in English and Norwegian.
macro_rules! words {
    ($($name:ident: $english:literal, $norwegian:literal;)+) => {
        #[derive(serde::Serialize)]
        pub(in crate::sandbox::pages) struct Words { $(pub $name: &'static str,)+ }

        impl Words {
            pub fn of(language: crate::sandbox::language::Language) -> &'static Self {
                use crate::sandbox::language::Language::{English, Norwegian};
                match language {
                    English => &Self { $($name: $english,)+ },
                    Norwegian => &Self { $($name: $norwegian,)+ },
                }
            }
        }
    };
}
pub(super) use words;

words! {
    lang: "en", "no";
    sandbox: "Sandbox", "Sandkasse";
    notice: "A stand-in for TelenorID+ on this machine. No real accounts.",
        "En stedfortreder for TelenorID+ på denne maskinen. Ingen ekte kontoer.";
    footer: "runs on your own machine; nothing leaves it", "kjører på din egen maskin; ingenting sendes ut";
    log_in: "Log in", "Logg inn";
    continue_to: "to continue to", "for å fortsette til";
    phone: "Phone number", "Telefonnummer";
    cancel: "Cancel", "Avbryt";
    test_users: "Or continue as a test user", "Eller fortsett som testbruker";
    approve_as: "Or approve as", "Eller godkjenn som";
    requested_scopes: "What the application asks for", "Hva applikasjonen ber om";
    unknown_user: "No test user has this number. Choose one below.",
        "Ingen testbruker har dette nummeret. Velg en nedenfor.";
    device: "Connect a device", "Koble til en enhet";
    device_lead: "Type the nine digits that the device shows.", "Skriv inn de ni sifrene som enheten viser.";
    code: "Code", "Kode";
    approve: "Approve", "Godkjenn";
    deny: "Deny", "Avslå";
    approved: "The device is connected", "Enheten er koblet til";
    approved_as: "It is logged in as", "Den er logget inn som";
    denied: "The device was denied", "Innloggingen ble avslått";
    back_to_device: "You can close this page and go back to the device.",
        "Du kan lukke denne siden og gå tilbake til enheten.";
    unknown_code: "No device waits for this code.", "Ingen enhet venter på denne koden.";
    asked_for_login: "Your phone: logins to approve", "Telefonen din: innlogginger som venter på godkjenning";
    nothing_asked: "No application asks for a login now. Reload the page after one does.",
        "Ingen applikasjon ber om innlogging nå. Last siden på nytt når en gjør det.";
    account: "Your account", "Kontoen din";
    account_lead: "TelenorID+ shows the user's own account here.", "Her viser TelenorID+ brukerens egen konto.";
    log_out: "Log out", "Logg ut";
    log_out_lead: "Do you want to end your session at the sandbox?", "Vil du avslutte økten din i sandkassen?";
    logged_out: "You are logged out", "Du er logget ut";
    close_page: "You can close this page.", "Du kan lukke denne siden.";
    error: "Login cannot continue", "Innloggingen kan ikke fortsette";
    error_lead: "The browser was not sent back to the application. The reason:",
        "Nettleseren ble ikke sendt tilbake til applikasjonen. Grunnen:";
    back_to_app: "Back to the application", "Tilbake til applikasjonen";
    proceed: "Continue", "Fortsett";
}
