//! The members of an operation's input as they came: out of the path, the query string and the body, read into one struct.
use crate::{
    money::RAW_VALUE,
    problem::{Checked, Problem},
};
use serde::{
    Deserializer,
    de::{self, DeserializeOwned, Error as _, IntoDeserializer, MapAccess, Visitor, value::MapDeserializer},
    forward_to_deserialize_any,
};
use serde_json::value::RawValue;
use std::{borrow::Cow, fmt};

/// Most members of one input: no operation has nearly as many.
const FIELDS_MAX: usize = 256;

/// Name and value of each member, in the order they are read: the path's ids first, since a malformed one is 404 before anything else is judged.
#[derive(Debug, Default)]
pub struct Fields {
    members: Vec<(String, Value)>,
    /// How many of the first come out of the path.
    in_path: usize,
}

#[derive(Debug)]
enum Value {
    /// Out of the path or the query string: read by the field's type.
    Text(String),
    Json(Box<RawValue>),
}

impl Fields {
    /// An id out of the path.
    pub fn push_path(&mut self, field: &str, text: String) {
        self.members.insert(self.in_path, (field.to_owned(), Value::Text(text)));
        self.in_path += 1;
    }

    /// The pairs of a query string. Errors: 400; 422 for U+0000, which the database cannot store.
    pub fn push_query(&mut self, query: &str) -> Checked<()> {
        let pairs: Vec<(String, String)> = serde_urlencoded::from_str(query).map_err(|_| Problem::malformed())?;
        if pairs.len() > FIELDS_MAX {
            return Err(Problem::malformed());
        }
        if pairs.iter().any(|(name, value)| name.contains('\0') || value.contains('\0')) {
            return Err(Problem::invalid("", "bad_text"));
        }
        self.members.extend(pairs.into_iter().map(|(name, value)| (name, Value::Text(value))));
        Ok(())
    }

    /// The members of a JSON object. Errors: 400 for what is no JSON; 422 for another value than an object, and for U+0000.
    pub fn push_json(&mut self, text: &[u8]) -> Checked<()> {
        let text = std::str::from_utf8(text).map_err(|_| Problem::malformed())?;
        let Members(members) = serde_json::from_str(text).map_err(|error| match error.classify() {
            serde_json::error::Category::Data => Problem::invalid("", "wrong_type"),
            _ => Problem::malformed().detail(error),
        })?;
        if has_nul(text) {
            return Err(Problem::invalid("", "bad_text"));
        }
        self.members.extend(members.into_iter().map(|(name, value)| (name, Value::Json(value))));
        Ok(())
    }

    /// Takes a member out, for what is not the operation's own.
    pub fn take(&mut self, name: &str) -> Option<Box<RawValue>> {
        let at = self.members.iter().position(|(member, value)| member == name && matches!(value, Value::Json(_)))?;
        match self.members.remove(at).1 {
            Value::Json(raw) => Some(raw),
            Value::Text(_) => None,
        }
    }

    /// The members as one JSON object.
    pub fn to_json(&self) -> Vec<u8> {
        let mut text = Vec::from(b"{");
        for (at, (name, value)) in self.members.iter().enumerate() {
            let separator: &[u8] = if at == 0 { b"" } else { b"," };
            text.extend(separator);
            text.extend(serde_json::to_vec(name).unwrap_or_default());
            text.push(b':');
            match value {
                Value::Json(raw) => text.extend(raw.get().as_bytes()),
                Value::Text(value) => text.extend(serde_json::to_vec(value).unwrap_or_default()),
            }
        }
        text.push(b'}');
        text
    }

    /// Divides the members by name.
    pub fn partition(self, is_first: impl Fn(&str) -> bool) -> (Self, Self) {
        let in_path = self.in_path;
        let (first, second) = self.members.into_iter().partition(|(name, _)| is_first(name));
        (Self { members: first, in_path: 0 }, Self { members: second, in_path })
    }

    /// Reads the members as `T`, which denies unknown ones.
    ///
    /// Errors: 404 for a malformed id in the path; 422 with the field named.
    pub fn read<T: DeserializeOwned>(&self) -> Checked<T> {
        let in_path: Vec<&str> = self.members[..self.in_path].iter().map(|(name, _)| name.as_str()).collect();
        // Only the path says which thing is meant.
        if let Some((name, _)) = self.members[self.in_path..].iter().find(|(name, _)| in_path.contains(&name.as_str())) {
            return Err(Problem::invalid(name, "unknown"));
        }
        let pairs = self.members.iter().map(|(name, value)| (name.as_str(), Source(value)));
        let reader = MapDeserializer::<_, serde_json::Error>::new(pairs);
        serde_path_to_error::deserialize(reader).map_err(|error| {
            let path = error.path().to_string();
            if in_path.contains(&path.as_str()) { Problem::not_found() } else { describe(&path, error.inner()) }
        })
    }
}

/// Reads one JSON value as `T`, such as the parts of a message.
///
/// Errors: 400 for what is no JSON, 422 with the field for what does not fit; U+0000 is 422 too.
pub fn parse<T: DeserializeOwned>(body: &[u8]) -> Checked<T> {
    let text = std::str::from_utf8(body).map_err(|_| Problem::malformed())?;
    let mut reader = serde_json::Deserializer::from_str(text);
    let value: T = serde_path_to_error::deserialize(&mut reader).map_err(|error| {
        let path = error.path().to_string();
        describe(&path, error.inner())
    })?;
    reader.end().map_err(|_| Problem::malformed())?;
    if has_nul(text) {
        return Err(Problem::invalid("", "bad_text"));
    }
    Ok(value)
}

/// Whether some string of this JSON text holds U+0000, escaped or (illegally) plain.
fn has_nul(text: &str) -> bool {
    text.match_indices("\\u0000").any(|(at, _)| text[..at].bytes().rev().take_while(|&b| b == b'\\').count() % 2 == 0)
        || text.contains('\0')
}

fn describe(path: &str, error: &serde_json::Error) -> Problem {
    use serde_json::error::Category;
    match error.classify() {
        Category::Data => field_of(path, &error.to_string()),
        _ => Problem::malformed().detail(error),
    }
}

/// Turns serde's sentence into field and code: it is the only source for which field was unknown or missing.
fn field_of(path: &str, sentence: &str) -> Problem {
    let quoted = sentence.split('`').nth(1).unwrap_or_default();
    let at = |name: &str| match path {
        "." | "" => name.to_owned(),
        path if path == name || path.ends_with(&format!(".{name}")) => path.to_owned(),
        path => format!("{path}.{name}"),
    };
    if sentence.starts_with("unknown field") {
        Problem::invalid(at(quoted), "unknown")
    } else if sentence.starts_with("missing field") {
        Problem::invalid(at(quoted), "required")
    } else if sentence.starts_with("invalid type") {
        Problem::invalid(path.trim_start_matches('.').to_owned(), "wrong_type")
    } else {
        Problem::invalid(path.trim_start_matches('.').to_owned(), "invalid").detail(sentence)
    }
}

/// A JSON object's members, each still text. A repeated one stays, so that the struct refuses it.
struct Members(Vec<(String, Box<RawValue>)>);

impl<'de> de::Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Checked<Self, D::Error> {
        struct Reader;
        impl<'de> Visitor<'de> for Reader {
            type Value = Members;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Checked<Members, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                    if members.len() > FIELDS_MAX {
                        return Err(A::Error::custom("too many members"));
                    }
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(Reader)
    }
}

/// A member's value as a deserializer.
#[derive(Clone, Copy)]
struct Source<'a>(&'a Value);

impl<'de> IntoDeserializer<'de, serde_json::Error> for Source<'de> {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

macro_rules! read {
    ($($method:ident => $parse:ident as $type:ty,)+) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Checked<V::Value, Self::Error> {
            match self.0 {
                Value::Json(raw) => serde_json::Deserializer::from_str(raw.get()).$method(visitor),
                Value::Text(text) => visitor.$parse(text.parse::<$type>().map_err(Self::Error::custom)?),
            }
        }
    )+};
}

impl<'de> Deserializer<'de> for Source<'de> {
    type Error = serde_json::Error;

    read! {
        deserialize_bool => visit_bool as bool,
        deserialize_i8 => visit_i8 as i8,
        deserialize_i16 => visit_i16 as i16,
        deserialize_i32 => visit_i32 as i32,
        deserialize_i64 => visit_i64 as i64,
        deserialize_u8 => visit_u8 as u8,
        deserialize_u16 => visit_u16 as u16,
        deserialize_u32 => visit_u32 as u32,
        deserialize_u64 => visit_u64 as u64,
        deserialize_f32 => visit_f32 as f32,
        deserialize_f64 => visit_f64 as f64,
    }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Checked<V::Value, Self::Error> {
        match self.0 {
            Value::Json(raw) => serde_json::Deserializer::from_str(raw.get()).deserialize_any(visitor),
            Value::Text(text) => visitor.visit_borrowed_str(text),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Checked<V::Value, Self::Error> {
        match self.0 {
            Value::Json(raw) => serde_json::Deserializer::from_str(raw.get()).deserialize_option(visitor),
            Value::Text(_) => visitor.visit_some(self),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, name: &'static str, visitor: V) -> Checked<V::Value, Self::Error> {
        match self.0 {
            Value::Json(raw) => serde_json::Deserializer::from_str(raw.get()).deserialize_newtype_struct(name, visitor),
            Value::Text(text) if name == RAW_VALUE => {
                let quoted = serde_json::to_string(text)?;
                serde_json::Deserializer::from_reader(quoted.as_bytes()).deserialize_newtype_struct(name, visitor)
            }
            Value::Text(_) => visitor.visit_newtype_struct(self),
        }
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Checked<V::Value, Self::Error> {
        match self.0 {
            Value::Json(raw) => serde_json::Deserializer::from_str(raw.get()).deserialize_enum(name, variants, visitor),
            Value::Text(text) => {
                let word: de::value::CowStrDeserializer<'de, Self::Error> = Cow::Borrowed(text.as_str()).into_deserializer();
                visitor.visit_enum(word)
            }
        }
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Checked<V::Value, Self::Error> {
        match self.0 {
            // A list would be taken for the fields by their order.
            Value::Json(raw) if raw.get().starts_with('[') => Err(Self::Error::custom("invalid type: sequence")),
            Value::Json(raw) => serde_json::Deserializer::from_str(raw.get()).deserialize_struct(name, fields, visitor),
            Value::Text(_) => self.deserialize_any(visitor),
        }
    }

    forward_to_deserialize_any! {
        char str string bytes byte_buf unit unit_struct seq tuple tuple_struct map identifier ignored_any i128 u128
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[allow(dead_code)]
    struct Input {
        id: Option<crate::ids::OrderId>,
        name: String,
        #[serde(default)]
        pings: Vec<Ping>,
        amount: Option<crate::money::Amount>,
        count: Option<u32>,
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[allow(dead_code)]
    struct Ping {
        lat: f64,
    }

    fn read(body: &str) -> Checked<Input> {
        let mut fields = Fields::default();
        fields.push_json(body.as_bytes())?;
        fields.read()
    }

    fn fault(problem: &Problem) -> (u16, String, String) {
        let error = problem.errors.first().cloned();
        (problem.status, error.as_ref().map_or(String::new(), |e| e.field.clone()), error.map_or(String::new(), |e| e.code))
    }

    #[test]
    fn each_fault_names_its_field() {
        for (body, field, code) in [
            (r#"{"name":"a","colour":1}"#, "colour", "unknown"),
            (r#"{}"#, "name", "required"),
            (r#"{"name":1}"#, "name", "wrong_type"),
            (r#"{"name":"a","pings":[{"lat":1,"lng":2}]}"#, "pings[0].lng", "unknown"),
            (r#"{"name":"a","pings":[{}]}"#, "pings[0].lat", "required"),
            (r#"{"name":"a\u0000"}"#, "", "bad_text"),
            (r#"["a"]"#, "", "wrong_type"),
        ] {
            let problem = read(body).expect_err(body);
            assert_eq!(fault(&problem), (422, field.to_owned(), code.to_owned()), "{body}");
        }
        assert_eq!(read(r#"{"name":"a","name":"b"}"#).expect_err("twice").status, 422);
    }

    #[test]
    fn what_is_no_json_is_malformed() {
        for body in ["{", "NaN", r#"{"name":"a"} x"#, r#"{"name":NaN}"#] {
            assert_eq!(read(body).expect_err(body).status, 400, "{body}");
        }
        let mut fields = Fields::default();
        assert_eq!(fields.push_json(b"{\"name\":\"\xff\"}").expect_err("no UTF-8").status, 400);
    }

    #[test]
    fn a_query_value_is_read_by_its_fields_type() {
        let mut fields = Fields::default();
        fields.push_query("name=7&count=7&amount=12.50").expect("pairs");
        let input: Input = fields.read().expect("fits");
        assert_eq!(
            (input.name.as_str(), input.count, input.amount.map(|amount| serde_json::json!(amount))),
            ("7", Some(7), Some(serde_json::json!("12.50")))
        );
        let mut fields = Fields::default();
        fields.push_query("name=a&count=x").expect("pairs");
        assert_eq!(fault(&fields.read::<Input>().expect_err("x")), (422, "count".into(), "invalid".into()));
    }

    #[test]
    fn a_malformed_id_of_the_path_is_404_before_anything_else_is_judged() {
        let mut fields = Fields::default();
        fields.push_json(br#"{"colour":1}"#).expect("JSON");
        fields.push_path("id", "nonsense".into());
        assert_eq!(fields.read::<Input>().expect_err("nonsense").status, 404);
        let mut fields = Fields::default();
        fields.push_json(br#"{"id":"0198c2e4-77aa-7001-9c31-0000000000ab","name":"a"}"#).expect("JSON");
        fields.push_path("id", "0198c2e4-77aa-7001-9c31-0000000000ab".into());
        assert_eq!(fault(&fields.read::<Input>().expect_err("twice")), (422, "id".into(), "unknown".into()));
    }
}
