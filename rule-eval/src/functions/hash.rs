//! Hashes of values.
//!
//! `hash()` is xxHash64 of a value's bytes: of a text its UTF-8, of a date its ticks, of a number its binary form, in
//! little-endian order. The cryptographic ones hash the value's text. Both follow from the documented examples, of
//! texts and dates; the bytes of other types are inferred.
//! Source: Kusto documentation, the pages of the functions.

use super::arguments::long;
use crate::Context;
use crate::function::{Accepts, Function, Param, Signature};
use crate::json;
use md5::Md5;
use rule_model::{Type, Value};
use sha1::Sha1;
use sha2::{Digest, Sha256};
use std::borrow::Cow;
use std::fmt::Write;
use xxhash_rust::xxh64::xxh64;

const LONG: Accepts = Accepts::Type(Type::Long);
const HASH: &[Signature] =
    &[Signature::new(&[Param::one("source", Accepts::Any), Param::optional("mod", LONG)], Type::Long)];
const DIGEST: &[Signature] = &[Signature::new(&[Param::one("source", Accepts::Any)], Type::String)];

pub(crate) static FUNCTIONS: &[Function] = &[
    Function::scalar(
        "hash",
        "A hash of the value as a long, or its remainder modulo a number.",
        HASH,
        hash,
        &[
            ("hash('World')", "1846988464401551951"),
            ("hash('World', 100)", "51"),
            ("hash(datetime(2015-01-01))", "1380966698541616202"),
        ],
    )
    .also(&["hash_xxhash64"]),
    Function::scalar(
        "hash_md5",
        "The MD5 hash of the value's text, in hexadecimal.",
        DIGEST,
        |_, args| digest::<Md5>(&args[0]),
        &[("hash_md5('World')", "'f5a7924e621e84c9280a9a27e1bcb7f6'")],
    ),
    Function::scalar(
        "hash_sha1",
        "The SHA-1 hash of the value's text, in hexadecimal.",
        DIGEST,
        |_, args| digest::<Sha1>(&args[0]),
        &[("hash_sha1('World')", "'70c07ec18ef89c5309bbb0937f3a6342411e1fdd'")],
    ),
    Function::scalar(
        "hash_sha256",
        "The SHA-256 hash of the value's text, in hexadecimal.",
        DIGEST,
        |_, args| digest::<Sha256>(&args[0]),
        &[
            ("hash_sha256('World')", "'78ae647dc5544d227130a0682a51e30bc7777fbb6d8a8f17007463a3ecd1d524'"),
            (
                "hash_sha256(datetime(2020-01-01))",
                "'ba666752dc1a20eb750b0eb64e780cc4c968bc9fb8813461c1d7e750f302d71d'",
            ),
        ],
    ),
];

fn hash(_: &mut Context, args: &[Value]) -> Value {
    let hash = xxh64(&bytes(&args[0]), 0) as i64;
    match args.get(1).map(long) {
        None => hash.into(),
        Some(modulus) => modulus.filter(|m| *m > 0).map(|m| hash.rem_euclid(m)).into(),
    }
}

fn bytes(value: &Value) -> Cow<'_, [u8]> {
    match value {
        Value::Bool(b) => vec![u8::from(*b)].into(),
        Value::Int(n) => n.to_le_bytes().to_vec().into(),
        Value::Long(n) => n.to_le_bytes().to_vec().into(),
        Value::Real(n) => n.to_le_bytes().to_vec().into(),
        Value::DateTime(instant) => instant.0.to_le_bytes().to_vec().into(),
        Value::Timespan(span) => span.0.to_le_bytes().to_vec().into(),
        Value::Guid(guid) => guid.0.to_be_bytes().to_vec().into(),
        Value::String(text) => text.as_bytes().into(),
        Value::Null | Value::Decimal(_) | Value::Array(_) | Value::Bag(_) => {
            json::display(value).as_bytes().to_vec().into()
        }
    }
}

fn digest<D: Digest>(value: &Value) -> Value {
    let mut text = String::new();
    for byte in D::digest(json::display(value).as_bytes()).as_slice() {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    text.into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use rule_model::DateTime;

    #[test]
    fn hashes_are_those_that_the_documentation_shows() {
        let mut context = Context::at(DateTime::UNIX_EPOCH);
        let date = Value::from(DateTime::parse_iso("2015-01-01").unwrap());
        assert_eq!(hash(&mut context, &["World".into()]), Value::Long(1_846_988_464_401_551_951));
        assert_eq!(hash(&mut context, &[date]), Value::Long(1_380_966_698_541_616_202));
        assert_eq!(digest::<Md5>(&"World".into()), "f5a7924e621e84c9280a9a27e1bcb7f6".into());
        let date = Value::from(DateTime::parse_iso("2020-01-01").unwrap());
        assert_eq!(digest::<Md5>(&date), "786c530672d1f8db31fee25ea8a9390b".into());
    }
}
