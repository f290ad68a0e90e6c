//! The test users. Their phone numbers begin with `00`, which no Norwegian number does.

use super::random::uuid_of;

#[derive(Debug, PartialEq, Eq)]
pub struct User {
    /// The name in the control API.
    pub id: &'static str,
    /// MSISDN, digits only.
    pub phone: &'static str,
    pub email: &'static str,
    pub given_name: &'static str,
    pub family_name: &'static str,
    /// `YYYY-MM-DD`.
    pub birthdate: &'static str,
    /// Identity assurance level, 0 to 3.
    pub ial: u8,
    /// The highest authentication assurance level the user can reach, 1 to 3.
    pub max_aal: u8,
    /// Whether `preferred_username` is the email address instead of the phone number.
    pub prefers_email: bool,
}

/// The first is the default.
pub static USERS: [User; 3] = [
    User {
        id: "kari",
        phone: "4700000001",
        email: "kari@example.com",
        given_name: "Kari",
        family_name: "Nordmann",
        birthdate: "1985-03-14",
        ial: 2,
        max_aal: 3,
        prefers_email: false,
    },
    User {
        id: "ola",
        phone: "4700000002",
        email: "ola@example.com",
        given_name: "Ola",
        family_name: "Nordmann",
        birthdate: "1990-11-02",
        ial: 1,
        max_aal: 2,
        prefers_email: false,
    },
    User {
        id: "aase",
        phone: "4700000003",
        email: "aase@example.com",
        given_name: "Åse Marie",
        family_name: "Ødegård",
        birthdate: "1948-07-29",
        ial: 0,
        max_aal: 1,
        prefers_email: true,
    },
];

impl User {
    /// The user with that id, phone number (`+47` and spaces are optional) or email address.
    pub fn find(text: &str) -> Option<&'static Self> {
        let text = text.trim().to_lowercase();
        let number: String = text.chars().filter(|c| !c.is_whitespace() && !matches!(c, '+' | '-')).collect();
        let has_number = |user: &&Self| number == user.phone || (number.len() == 8 && user.phone.ends_with(&number));
        USERS.iter().find(|user| user.id == text || user.email == text || has_number(user))
    }

    /// The pairwise `sub`.
    pub fn subject(&self, client_id: &str) -> String {
        uuid_of(&format!("sub {} {client_id}", self.id))
    }

    pub fn preferred_username(&self) -> &'static str {
        if self.prefers_email { self.email } else { self.phone }
    }

    pub fn name(&self) -> String {
        format!("{} {}", self.given_name, self.family_name)
    }

    pub fn initials(&self) -> String {
        self.given_name.chars().take(1).chain(self.family_name.chars().take(1)).collect()
    }

    /// An identifier that is the same for all clients; `kind` is `kurtid`, `tnuid` …
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
