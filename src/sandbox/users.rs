//! The test users. Their phone numbers begin with `00`, which no Norwegian number does.

use super::random::uuid_of;
use serde_json::{Map, Value};
use std::sync::Arc;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    pub id: String,
    /// MSISDN, digits only.
    pub phone: String,
    pub email: String,
    pub given_name: String,
    pub family_name: String,
    /// `YYYY-MM-DD`.
    pub birthdate: String,
    /// Identity assurance level, 0 to 3.
    pub ial: u8,
    /// The highest authentication assurance level the user can reach, 1 to 3.
    pub max_aal: u8,
    /// Whether `preferred_username` is the email address instead of the phone number.
    pub prefers_email: bool,
    /// Further claims, in the ID token and userinfo.
    pub claims: Map<String, Value>,
}

/// The test users of every sandbox; the first is the default.
pub fn default_users() -> Vec<Arc<User>> {
    let user = |id, given_name, family_name, phone: &str, birthdate: &str| User {
        phone: phone.to_owned(),
        birthdate: birthdate.to_owned(),
        ..User::new(id, given_name, family_name)
    };
    let kari = user("kari", "Kari", "Nordmann", "4700000001", "1985-03-14");
    let ola = user("ola", "Ola", "Nordmann", "4700000002", "1990-11-02");
    let aase = user("aase", "Åse Marie", "Ødegård", "4700000003", "1948-07-29");
    let ola = User { ial: 1, max_aal: 2, ..ola };
    let aase = User { ial: 0, max_aal: 1, prefers_email: true, ..aase };
    [kari, ola, aase].map(Arc::new).into()
}

/// The user with that id, phone number (`+47` and spaces are optional) or email address, as a person types them.
pub fn find<'a>(users: &'a [Arc<User>], text: &str) -> Option<&'a Arc<User>> {
    let name = text.trim().to_lowercase();
    let is_name = |known: &str| !name.is_empty() && known.to_lowercase() == name;
    users.iter().find(|user| is_name(&user.id) || is_name(&user.email) || user.has_phone(text))
}

impl User {
    /// A user with `ID@example.com`, a phone number that follows from the id, and the highest levels.
    pub fn new(id: &str, given_name: &str, family_name: &str) -> Self {
        let number = id.bytes().fold(7_u32, |number, byte| (number * 31 + u32::from(byte)) % 9_000);
        Self {
            id: id.to_owned(),
            phone: format!("470000{:04}", 1_000 + number),
            email: format!("{id}@example.com"),
            given_name: given_name.to_owned(),
            family_name: family_name.to_owned(),
            birthdate: "1980-01-01".to_owned(),
            ial: 2,
            max_aal: 3,
            prefers_email: false,
            claims: Map::new(),
        }
    }

    pub fn has_phone(&self, text: &str) -> bool {
        let number: String = text.chars().filter(|c| !c.is_whitespace() && !matches!(c, '+' | '-')).collect();
        number == self.phone || (number.len() == 8 && self.phone.ends_with(&number))
    }

    /// The pairwise `sub`.
    pub fn subject(&self, client_id: &str) -> String {
        uuid_of(&format!("sub {} {client_id}", self.id))
    }

    pub fn preferred_username(&self) -> &str {
        if self.prefers_email { &self.email } else { &self.phone }
    }

    pub fn name(&self) -> String {
        format!("{} {}", self.given_name, self.family_name)
    }

    pub fn initials(&self) -> String {
        self.given_name.chars().take(1).chain(self.family_name.chars().take(1)).collect()
    }

    /// The profiles among which `tnuId` chooses; the first is the usual one.
    pub fn tnu_ids(&self) -> [String; 2] {
        [self.identifier("tnuid"), self.identifier("tnuid of the second profile")]
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
        let users = default_users();
        let find = |text| find(&users, text).map(|user| user.id.as_str());
        for text in ["kari", "4700000001", "+47 00 00 00 01", "00000001", "Kari@Example.com"] {
            assert_eq!(find(text), Some("kari"), "{text}");
        }
        for text in ["", "1", "4700000009", "+47"] {
            assert_eq!(find(text), None, "{text}");
        }
    }

    #[test]
    fn the_subject_differs_per_client() {
        let users = default_users();
        assert_ne!(users[0].subject("a"), users[0].subject("b"));
        assert_ne!(users[0].subject("a"), users[1].subject("a"));
    }
}
