//! Strict JSON: rejects whatever two parsers might read differently.

use crate::domain::text::printable;
use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;
use serde_json::{Map, Value};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

/// The members of one JSON object, with nothing after it.
///
/// # Errors
/// A printable clause: not UTF-8, a byte order mark, not JSON, not an object, nested deeper than 127 levels, a number
/// out of range, a lone surrogate, or a repeated name at any depth (RFC 8259 4; RFC 7515 4 and RFC 7519 4 allow
/// rejecting them).
pub fn parse_object(bytes: &[u8]) -> Result<Map<String, Value>, String> {
    parse_members(bytes, &|_| true)
}

/// As [`parse_object`], with only the members whose name is to be kept.
pub fn parse_members(bytes: &[u8], is_kept: &dyn Fn(&str) -> bool) -> Result<Map<String, Value>, String> {
    let text = std::str::from_utf8(bytes).map_err(|_| "it is not UTF-8".to_owned())?;
    let mut reader = serde_json::Deserializer::from_str(text);
    let clause = |error: serde_json::Error| printable(&error.to_string());
    let first = text.trim_ascii_start().as_bytes().first();
    if first == Some(&b'{') {
        let members = reader.deserialize_map(Members { is_kept }).map_err(clause)?;
        return reader.end().map(|()| members).map_err(clause);
    }
    StrictValue { is_kept: false }.deserialize(&mut reader).and_then(|_| reader.end()).map_err(clause)?;
    Err(match first {
        Some(b'n') => "it is null",
        Some(b'[') => "it is an array",
        _ => "it is a single value",
    }
    .to_owned())
}

/// Valid JSON without the space between its tokens, otherwise byte for byte.
pub fn minify(text: &str) -> Cow<'_, str> {
    // Tokens rarely have space. `fold` does not stop early, and is therefore vectorised.
    if !text.bytes().fold(false, |found, byte| found | byte.is_ascii_whitespace()) {
        return text.into();
    }
    let (mut in_string, mut escaped) = (false, false);
    let (mut kept, mut from) = (String::with_capacity(text.len()), 0);
    for (at, byte) in text.bytes().enumerate() {
        if !in_string && byte.is_ascii_whitespace() {
            kept += &text[from..at];
            from = at + 1;
        }
        in_string ^= byte == b'"' && !escaped;
        escaped = in_string && byte == b'\\' && !escaped;
    }
    (kept + &text[from..]).into()
}

/// Parses any value and rejects repeated names. One that is not kept is only checked. serde_json limits depth and numbers.
#[derive(Clone, Copy)]
struct StrictValue {
    is_kept: bool,
}

struct Members<'k> {
    is_kept: &'k dyn Fn(&str) -> bool,
}

/// A member's name, unescaped.
#[derive(Deserialize, PartialEq, Eq)]
struct Name<'n>(#[serde(borrow)] Cow<'n, str>);

impl<'de> DeserializeSeed<'de> for StrictValue {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for StrictValue {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(if self.is_kept { value.into() } else { Value::Null })
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Value, A::Error> {
        let mut kept = Vec::new();
        while let Some(element) = elements.next_element_seed(self)? {
            if self.is_kept {
                kept.push(element);
            }
        }
        Ok(kept.into())
    }

    fn visit_map<A: MapAccess<'de>>(self, members: A) -> Result<Value, A::Error> {
        Members { is_kept: &|_| self.is_kept }.visit_map(members).map(Value::Object)
    }
}

impl<'de> Visitor<'de> for Members<'_> {
    type Value = Map<String, Value>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Self::Value, A::Error> {
        let mut kept = Map::new();
        let mut names: Vec<Name<'de>> = Vec::new();
        while let Some(name) = members.next_key::<Name<'de>>()? {
            // serde_json itself would read the text in such a member.
            if name.0.starts_with("$serde_json::private::") {
                return Err(A::Error::custom("a name is reserved by the parser"));
            }
            let is_kept = (self.is_kept)(&name.0);
            let value = members.next_value_seed(StrictValue { is_kept })?;
            if is_kept {
                kept.insert(name.0.to_string(), value);
            }
            names.push(name);
        }
        // Length first: it differs for most names.
        names.sort_unstable_by(|Name(a), Name(b)| a.len().cmp(&b.len()).then_with(|| a.cmp(b)));
        match names.windows(2).find(|pair| pair[0] == pair[1]) {
            // serde_json appends the line and column.
            Some(pair) => {
                Err(A::Error::custom(format!("`{}` occurs twice in the object that ends", printable(&pair[0].0))))
            }
            None => Ok(kept),
        }
    }
}

/// An object's members, each value as written, so that numbers keep every digit. `None` if `object` is not a JSON object, or
/// repeats a name.
pub fn raw_members(object: &str) -> Option<BTreeMap<String, &RawValue>> {
    let mut reader = serde_json::Deserializer::from_str(object);
    let members = reader.deserialize_map(RawMembers).ok()?;
    reader.end().ok().map(|()| members)
}

struct RawMembers;

impl<'de> Visitor<'de> for RawMembers {
    type Value = BTreeMap<String, &'de RawValue>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Self::Value, A::Error> {
        let mut read = BTreeMap::new();
        while let Some((name, value)) = members.next_entry()? {
            if read.insert(name, value).is_some() {
                return Err(A::Error::custom("a name is repeated"));
            }
        }
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repeated_name_is_rejected_at_any_depth() {
        for text in [r#"{"a":1,"a":1}"#, r#"{"b":[{"a":1,"\u0061":2}]}"#] {
            for read in [parse_object(text.as_bytes()).err(), parse_members(text.as_bytes(), &|_| false).err()] {
                assert!(read.unwrap().contains("`a` occurs twice"), "{text}");
            }
        }
        assert!(parse_object(br#"{"a":{"a":1},"b":[{"a":1},{"a":2}]}"#).is_ok());
    }

    #[test]
    fn unambiguous_json_is_read_as_serde_json_reads_it() {
        let text =
            r#"{"n":null,"b":[true,false],"i":[0,-1,18446744073709551615,1.5],"s":["","a\u0041\n"],"o":{"o":{}}}"#;
        assert_eq!(parse_object(text.as_bytes()).map(Value::Object), Ok(serde_json::from_str(text).unwrap()));
    }

    // S112
    #[test]
    fn ambiguous_or_other_json_is_an_error_not_a_panic() {
        let deep = "[".repeat(100_000);
        let deep_object = r#"{"a":"#.repeat(100_000);
        for text in
            ["", "[]", "1", "\"x\"", "null", "{", "{} x", "{\"a\":1e400}", "{\"a\":\"\\ud800\"}", &deep, &deep_object]
        {
            assert!(parse_object(text.as_bytes()).is_err(), "{}", &text[..text.len().min(20)]);
        }
        for (text, what) in [(" []", "an array"), ("null", "null"), ("true", "a single value")] {
            assert_eq!(parse_object(text.as_bytes()), Err(format!("it is {what}")));
        }
        assert!(parse_object(b"\xef\xbb\xbf{}").is_err());
        // serde_json would read the text in it.
        assert!(parse_object(br#"{"a":{"$serde_json::private::RawValue":"1"}}"#).is_err());
        assert!(parse_object(b"{\"a\":\"\xff\"}").is_err());
    }

    #[test]
    fn minifying_keeps_digits_and_spaces_in_strings() {
        let text = "{ \"a\\\\\" : 100000000000000000000000000001 ,\n\t\"b \\\" c\" : [ 1.10 , \" \" ] }";
        assert_eq!(minify(text), "{\"a\\\\\":100000000000000000000000000001,\"b \\\" c\":[1.10,\" \"]}");
    }

    #[test]
    fn raw_members_are_split_correctly() {
        let object = r#"{"a":[{"b":1,"c":"}"}],"d\"\u003a,":"x:,\\","n":1e400,"o":{}}"#;
        let expected = [("a", r#"[{"b":1,"c":"}"}]"#), ("d\":,", r#""x:,\\""#), ("n", "1e400"), ("o", "{}")];
        let found = raw_members(object).unwrap();
        assert_eq!(found.iter().map(|(name, value)| (name.as_str(), value.get())).collect::<Vec<_>>(), expected);
        assert!(raw_members("{}").unwrap().is_empty());
    }
}
