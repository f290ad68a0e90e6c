//! JSON read strictly: what two readers could understand differently is refused.

use crate::domain::text::printable;
use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;
use serde_json::{Map, Value};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

/// What is kept of an object's members while it is read.
pub trait MemberSlots {
    /// The place of the member `name`; `None` if its value is only checked.
    fn slot(&mut self, name: &str) -> Option<&mut Value>;
}

/// All of them.
impl MemberSlots for Map<String, Value> {
    fn slot(&mut self, name: &str) -> Option<&mut Value> {
        Some(self.entry(name).or_insert(Value::Null))
    }
}

/// Reads one JSON object and nothing after it.
///
/// # Errors
/// Those of [`parse_members`].
pub fn parse_object(bytes: &[u8]) -> Result<Map<String, Value>, String> {
    let mut all = Map::new();
    parse_members(bytes, &mut all)?;
    Ok(all)
}

/// Reads one JSON object and nothing after it, once, and keeps what `kept` has a place for.
///
/// # Errors
/// A printable clause saying why not: no UTF-8, a byte order mark, no JSON, no object, nested deeper than 127 levels,
/// a number beyond a double's range, a lone surrogate, or, anywhere inside, an object with two members of one name
/// (RFC 8259 4; RFC 7515 4 and RFC 7519 4 let a reader refuse them).
pub fn parse_members(bytes: &[u8], kept: &mut impl MemberSlots) -> Result<(), String> {
    let text = std::str::from_utf8(bytes).map_err(|_| "it is not UTF-8".to_owned())?;
    let mut reader = serde_json::Deserializer::from_str(text);
    let told = |error: serde_json::Error| printable(&error.to_string());
    let first = text.trim_ascii_start().as_bytes().first();
    if first == Some(&b'{') {
        return reader.deserialize_map(Members(kept)).and_then(|()| reader.end()).map_err(told);
    }
    Strict { keep: false }.deserialize(&mut reader).and_then(|_| reader.end()).map_err(told)?;
    Err(match first {
        Some(b'n') => "it is null",
        Some(b'[') => "it is an array",
        _ => "it is a single value",
    }
    .to_owned())
}

/// `text`, which must be valid JSON, without the space between its tokens: one line, everything else byte for byte.
pub fn minified(text: &str) -> Cow<'_, str> {
    // Tokens rarely have any, and a loop without an early end is done many bytes at once.
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

/// Reads any value, refusing duplicate names; one that is not kept becomes a null or another value without a cost. The
/// reader itself bounds the depth and the numbers.
#[derive(Clone, Copy)]
struct Strict {
    keep: bool,
}

/// Reads an object's members.
struct Members<'k, K>(&'k mut K);

/// Has no place for any.
struct Nothing;

/// A member's name, its escapes read.
#[derive(Deserialize, PartialEq, Eq)]
struct Name<'n>(#[serde(borrow)] Cow<'n, str>);

impl MemberSlots for Nothing {
    fn slot(&mut self, _: &str) -> Option<&mut Value> {
        None
    }
}

impl<'de> DeserializeSeed<'de> for Strict {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict {
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
        Ok(if self.keep { value.into() } else { Value::Null })
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Value, A::Error> {
        let mut kept = Vec::new();
        while let Some(element) = elements.next_element_seed(self)? {
            if self.keep {
                kept.push(element);
            }
        }
        Ok(kept.into())
    }

    fn visit_map<A: MapAccess<'de>>(self, members: A) -> Result<Value, A::Error> {
        let mut kept = Map::new();
        if self.keep {
            Members(&mut kept).visit_map(members)?;
        } else {
            Members(&mut Nothing).visit_map(members)?;
        }
        Ok(kept.into())
    }
}

impl<'de, K: MemberSlots> Visitor<'de> for Members<'_, K> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
        let mut names: Vec<Name<'de>> = Vec::new();
        while let Some(name) = members.next_key::<Name<'de>>()? {
            match self.0.slot(&name.0) {
                Some(place) => *place = members.next_value_seed(Strict { keep: true })?,
                None => drop(members.next_value_seed(Strict { keep: false })?),
            }
            names.push(name);
        }
        // The length first: it tells most names apart.
        names.sort_unstable_by(|Name(a), Name(b)| a.len().cmp(&b.len()).then_with(|| a.cmp(b)));
        match names.windows(2).find(|pair| pair[0] == pair[1]) {
            // The reader adds "at line … column …", where it is by now.
            Some(pair) => {
                Err(A::Error::custom(format!("`{}` occurs twice in the object that ends", printable(&pair[0].0))))
            }
            None => Ok(()),
        }
    }
}

/// The members of a JSON object, each value as its text writes it, so that numbers keep every digit. Empty if `object` is
/// no valid JSON object.
pub fn raw_members(object: &str) -> BTreeMap<String, &RawValue> {
    serde_json::from_str(object).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_occurs_twice_is_refused_at_any_depth() {
        for text in [r#"{"a":1,"a":1}"#, r#"{"b":[{"a":1,"\u0061":2}]}"#] {
            for read in [parse_object(text.as_bytes()).err(), parse_members(text.as_bytes(), &mut Nothing).err()] {
                assert!(read.unwrap().contains("`a` occurs twice"), "{text}");
            }
        }
        assert!(parse_object(br#"{"a":{"a":1},"b":[{"a":1},{"a":2}]}"#).is_ok());
    }

    #[test]
    fn what_has_one_reading_is_read_as_everybody_reads_it() {
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
        assert!(parse_object(b"{\"a\":\"\xff\"}").is_err());
    }

    #[test]
    fn minifying_keeps_digits_and_spaces_in_strings() {
        let text = "{ \"a\\\\\" : 100000000000000000000000000001 ,\n\t\"b \\\" c\" : [ 1.10 , \" \" ] }";
        assert_eq!(minified(text), "{\"a\\\\\":100000000000000000000000000001,\"b \\\" c\":[1.10,\" \"]}");
    }

    #[test]
    fn members_are_told_apart_whatever_their_strings_hold() {
        let object = r#"{"a":[{"b":1,"c":"}"}],"d\"\u003a,":"x:,\\","n":1e400,"o":{}}"#;
        let expected = [("a", r#"[{"b":1,"c":"}"}]"#), ("d\":,", r#""x:,\\""#), ("n", "1e400"), ("o", "{}")];
        let found = raw_members(object);
        assert_eq!(found.iter().map(|(name, value)| (name.as_str(), value.get())).collect::<Vec<_>>(), expected);
        assert!(raw_members("{}").is_empty());
    }
}
