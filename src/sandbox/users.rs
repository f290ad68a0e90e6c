//! The people who can log in at the sandbox. Their numbers begin with `00`, as no Norwegian number does.

use super::random::uuid_of;

/// A test user.
#[derive(Debug, PartialEq, Eq)]
pub struct User {
    /// The name that options and the control API use.
    pub id: &'static str,
    /// The phone number as MSISDN, digits only.
    pub phone: &'static str,
    /// E-mail address.
    pub email: &'static str,
    /// Given name.
    pub given_name: &'static str,
    /// Family name.
    pub family_name: &'static str,
    /// Date of birth, `YYYY-MM-DD`.
    pub birthdate: &'static str,
    /// Identity assurance: 0 to 3 (`telenor.identity.ial0` …).
    pub ial: u8,
    /// The highest authentication assurance the user can reach, 1 to 3: a wish beyond it is not met.
    pub highest_aal: u8,
    /// Whether the user goes by the e-mail address rather than by the phone number.
    pub goes_by_email: bool,
}

/// All of them. The first is who logs in where nobody else was asked for.
pub static USERS: [User; 3] = [
    User {
        id: "kari",
        phone: "4700000001",
        email: "kari@example.com",
        given_name: "Kari",
        family_name: "Nordmann",
        birthdate: "1985-03-14",
        ial: 2,
        highest_aal: 3,
        goes_by_email: false,
    },
    User {
        id: "ola",
        phone: "4700000002",
        email: "ola@example.com",
        given_name: "Ola",
        family_name: "Nordmann",
        birthdate: "1990-11-02",
        ial: 1,
        highest_aal: 2,
        goes_by_email: false,
    },
    User {
        id: "aase",
        phone: "4700000003",
        email: "aase@example.com",
        given_name: "Åse Marie",
        family_name: "Ødegård",
        birthdate: "1948-07-29",
        ial: 0,
        highest_aal: 1,
        goes_by_email: true,
    },
];

impl User {
    /// The user of that id, phone number (with or without `+47`, spaces allowed) or e-mail address.
    pub fn find(text: &str) -> Option<&'static Self> {
        let text = text.trim().to_lowercase();
        let number: String = text.chars().filter(|c| !c.is_whitespace() && !matches!(c, '+' | '-')).collect();
        let has_number = |user: &&Self| number == user.phone || (number.len() == 8 && user.phone.ends_with(&number));
        USERS.iter().find(|user| user.id == text || user.email == text || has_number(user))
    }

    /// `sub`: pairwise, another one for each client.
    pub fn subject(&self, client_id: &str) -> String {
        uuid_of(&format!("sub {} {client_id}", self.id))
    }

    /// `preferred_username`: the phone number or the e-mail address.
    pub fn preferred_username(&self) -> &'static str {
        if self.goes_by_email { self.email } else { self.phone }
    }

    /// Given and family name.
    pub fn name(&self) -> String {
        format!("{} {}", self.given_name, self.family_name)
    }

    /// The first letters of both names.
    pub fn initials(&self) -> String {
        self.given_name.chars().take(1).chain(self.family_name.chars().take(1)).collect()
    }

    /// A name of the user that is the same for all clients, one for each `kind` (`kurtid`, `tnuid` …).
    pub fn identifier(&self, kind: &str) -> String {
        uuid_of(&format!("{kind} {}", self.id))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_is_found_by_what_a_person_types() {
        for text in ["kari", "4700000001", "+47 00 00 00 01", "00000001", "Kari@Example.com"] {
            assert_eq!(User::find(text).map(|user| user.id), Some("kari"), "{text}");
        }
        for text in ["", "1", "4700000009", "+47"] {
            assert_eq!(User::find(text), None, "{text}");
        }
    }

    #[test]
    fn the_subject_differs_per_client() {
        assert_ne!(USERS[0].subject("a"), USERS[0].subject("b"));
        assert_ne!(USERS[0].subject("a"), USERS[1].subject("a"));
    }
}
