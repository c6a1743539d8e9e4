//! The parser against simd-json, which it replaces, and against `serde_json`: the same accepted, for the same reasons refused,
//! the same read.

use super::*;
use crate::scan::tests::{RECORDS, cases, change, changed, object, space, value};
use crate::scan::{Buffers, End, Scan};
use proptest::prelude::*;
use proptest::sample::select;
use rule_eval::json;
use rule_model::{Bag, Value};
use serde::de::IgnoredAny;
use simd_json::{ErrorType, Node as TapeNode, StaticNode};
use std::sync::LazyLock;

const MAX_DEPTH: usize = 6;

/// Scans by all instructions that this machine has.
static SCANS: LazyLock<Vec<Scan>> = LazyLock::new(|| {
    let scan = Scan::new(&[], MAX_DEPTH);
    vec![scan.clone().portable(), scan.clone().without_avx512(), scan]
});

/// What a record is read as, which must be the same whichever way its strings are found.
fn read(record: &[u8]) -> Result<Value, Reason> {
    let mut parser = Parser::new(MAX_DEPTH);
    let read = parser.parse(record).map(Json::to_value);
    for scan in &*SCANS {
        let mut buffers = Buffers::default();
        assert!(scan.see(record, End::Bytes, None, &mut buffers).is_some());
        if let Some(strings) = scan.strings(record, &mut buffers) {
            let again = parser.parse_scanned(record, strings).map(Json::to_value);
            assert_eq!(again, read, "{}", String::from_utf8_lossy(record));
        }
    }
    read
}

/// What simd-json reads. It has no text for half a surrogate pair: an escape of U+FFFD is put in its place.
fn read_by_simd_json(record: &[u8]) -> Result<Value, Reason> {
    let parse = |mut bytes: Vec<u8>| {
        let mut buffers = simd_json::Buffers::with_max_depth(bytes.len(), MAX_DEPTH);
        let mut tape = simd_json::Tape(Vec::new());
        simd_json::fill_tape(&mut bytes, &mut buffers, &mut tape)
            .map(|()| (matches!(tape.0.first(), Some(TapeNode::Object { .. })), value_of(&mut tape.0.iter())))
    };
    let parsed =
        parse(record.to_vec()).or_else(|error| without_lone_surrogates(record).map_or(Err(error), parse));
    match parsed {
        Ok((true, value)) => Ok(value),
        Ok((false, _)) => Err(Reason::NotAnObject),
        Err(error) if *error.error() == ErrorType::DepthLimitExceeded => Err(Reason::TooDeep),
        Err(_) => Err(reason::of_fault(Fault::Syntax, record)),
    }
}

fn value_of<'t>(nodes: &mut impl Iterator<Item = &'t TapeNode<'t>>) -> Value {
    match nodes.next() {
        Some(TapeNode::String(text)) => Value::string(*text),
        Some(TapeNode::Static(StaticNode::Bool(truth))) => Value::Bool(*truth),
        Some(TapeNode::Static(StaticNode::I64(number))) => Value::Long(*number),
        Some(TapeNode::Static(StaticNode::U64(number))) => {
            i64::try_from(*number).map_or(Value::Real(*number as f64), Value::Long)
        }
        Some(TapeNode::Static(StaticNode::F64(number))) if *number == 0.0 && number.is_sign_negative() => {
            Value::Long(0)
        }
        Some(TapeNode::Static(StaticNode::F64(number))) => Value::Real(*number),
        Some(TapeNode::Array { len, .. }) => (0..*len).map(|_| value_of(nodes)).collect::<Vec<_>>().into(),
        Some(TapeNode::Object { len, .. }) => {
            let mut bag = Bag::new();
            for _ in 0..*len {
                let key = value_of(nodes);
                bag.insert(key.as_str().unwrap(), value_of(nodes));
            }
            bag.into()
        }
        Some(TapeNode::Static(StaticNode::Null)) | None => Value::Null,
    }
}

/// The record with each `\u` escape of half a surrogate pair replaced by that of U+FFFD; `None` where there is none.
fn without_lone_surrogates(record: &[u8]) -> Option<Vec<u8>> {
    let unit = |at: usize| {
        let digits = record.get(at..at + 6)?.strip_prefix(b"\\u")?;
        u16::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
    };
    let (mut repaired, mut at) = (record.to_vec(), 0);
    while at < record.len() {
        at += match (record[at], unit(at), unit(at + 6)) {
            (b'\\', Some(0xd800..0xdc00), Some(0xdc00..0xe000)) => 12,
            (b'\\', Some(0xd800..0xe000), _) => {
                repaired[at..at + 6].copy_from_slice(b"\\ufffd");
                6
            }
            (b'\\', ..) => 2,
            _ => 1,
        };
    }
    (repaired != record).then_some(repaired)
}

/// Whether a text is an object by JSON's grammar alone, within the depth.
fn is_object_by_grammar(record: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(record) else { return false };
    let is_json = serde_json::from_str::<IgnoredAny>(text).is_ok();
    is_json && text.trim_start().starts_with('{') && depth(record) <= MAX_DEPTH
}

/// How deep a text nests that is JSON.
fn depth(record: &[u8]) -> usize {
    let (mut depth, mut deepest, mut in_string, mut escaped) = (0, 0, false, false);
    for byte in record {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => in_string = !in_string,
            b'{' | b'[' if !in_string => depth += 1,
            b'}' | b']' if !in_string => depth -= 1,
            _ => {}
        }
        deepest = deepest.max(depth);
    }
    deepest
}

fn assert_agrees(record: &[u8]) {
    let text = String::from_utf8_lossy(record);
    let read = read(record);
    assert_eq!(read.is_ok(), is_object_by_grammar(record), "{read:?}: {text}");
    match (&read, read_by_simd_json(record)) {
        // Numbers beyond a double's range, which simd-json refuses.
        (Ok(value), Err(Reason::InvalidJson)) => assert!(has_infinite(value), "{text}"),
        (_, by_simd_json) => assert_eq!(read, by_simd_json, "{text}"),
    }
    if let (Ok(value), Ok(text)) = (&read, std::str::from_utf8(record))
        && let Ok(by_serde_json) = json::parse(text)
    {
        assert_eq!(*value, by_serde_json, "{text}");
    }
}

fn has_infinite(value: &Value) -> bool {
    match value {
        Value::Real(number) => number.is_infinite(),
        Value::Array(items) => items.iter().any(has_infinite),
        Value::Bag(bag) => bag.iter().any(|(_, value)| has_infinite(value)),
        _ => false,
    }
}

#[test]
fn every_refusal_has_its_reason() {
    for (record, reason) in [
        (&br#"{"a":[{"b":[[{}]]}]}"#[..], None),
        (b"{}", None),
        (b" \t\r\n{ } \n", None),
        (br#"{"a":"\ud83d"}"#, None),
        (br#"{"a":"\ud83dx\udc00\ude00"}"#, None),
        (br#"{"a":"\\ud83d"}"#, None),
        (br#"{"\ud83d\n":1}"#, None),
        (br#"{"\n" :1,"\t": 1,"\r":1}"#, None),
        (b"{\"a\":1e400,\"b\":-1E+9999}", None),
        (b"[1]", Some(Reason::NotAnObject)),
        (b"[]", Some(Reason::NotAnObject)),
        (b"\"text\"", Some(Reason::NotAnObject)),
        (b"12", Some(Reason::NotAnObject)),
        (b" null ", Some(Reason::NotAnObject)),
        (b"hello", Some(Reason::InvalidJson)),
        (b"{\"a\":1}}", Some(Reason::InvalidJson)),
        (b"{\"a\":1} {\"b\":2}", Some(Reason::InvalidJson)),
        (b"{\"a\" 1}", Some(Reason::InvalidJson)),
        (b"{\"a\":1,}", Some(Reason::InvalidJson)),
        (b"{\"a\":[1,]}", Some(Reason::InvalidJson)),
        (b"{,}", Some(Reason::InvalidJson)),
        (b"{\"a\"}", Some(Reason::InvalidJson)),
        (b"{\"a\":1]", Some(Reason::InvalidJson)),
        (b"{'a':1}", Some(Reason::InvalidJson)),
        (br#"{"a":"\x"}"#, Some(Reason::InvalidJson)),
        (br#"{"a":"\ud8"}"#, Some(Reason::InvalidJson)),
        (br#"{"a":\"b"}"#, Some(Reason::InvalidJson)),
        (br#"{"a":\ 1}"#, Some(Reason::InvalidJson)),
        (b"{\"a\":\"\x01\"}", Some(Reason::InvalidJson)),
        (b"{", Some(Reason::CutOff)),
        (b"{\"a\":1", Some(Reason::CutOff)),
        (b"{\"a\":\"x", Some(Reason::CutOff)),
        (b"{\"a\":\"x\\", Some(Reason::CutOff)),
        (b"{\"a\":\"\xc3", Some(Reason::CutOff)),
        (b"{\"a\":\"\xff\"}", Some(Reason::InvalidUtf8)),
        (br#"{"a":[{"b":[[[[]]]]}]}"#, Some(Reason::TooDeep)),
        (b"", Some(Reason::InvalidJson)),
    ] {
        assert_eq!(read(record).err(), reason, "{}", String::from_utf8_lossy(record));
        assert_agrees(record);
    }
}

#[test]
fn memory_carries_nothing_from_one_record_to_the_next() {
    let mut parser = Parser::default();
    for record in [&br#"{"a":"long \n text","b":[1,2,3]}"#[..], b"{\"broken", b"{}"] {
        let _reason = parser.parse(record).err();
    }
    assert_eq!(parser.parse(b"{}").map(|record| record.properties().count()), Ok(0));
}

#[test]
fn long_records_and_every_length_around_a_block_are_read() {
    for padding in (0..200).chain([1000, 65_400, 65_480, 65_536, 200_000]) {
        let record =
            format!(r#"{{"p":"{}\"","a\u0062":[{{"c":"\\"}},-1.5e3],"d":"\n"}}"#, "x".repeat(padding));
        let mut parser = Parser::new(MAX_DEPTH);
        let value = parser.parse(record.as_bytes()).map(Json::to_value);
        assert_eq!(value, Ok(json::parse(&record).unwrap()), "{padding}");
        if padding < 2000 {
            assert_agrees(record.as_bytes());
        }
    }
}

/// A number, or nearly one.
fn number() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<i64>().prop_map(|number| number.to_string()),
        any::<u64>().prop_map(|number| number.to_string()),
        any::<f64>().prop_map(|number| format!("{number:e}")),
        (-1e20..1e20).prop_map(|number: f64| format!("{number:?}")),
        "-?[0-9]{1,25}(\\.[0-9]{1,25})?([eE][+-]?[0-9]{1,4})?",
        "[-+0-9.eE]{1,8}",
    ]
}

/// A string without its quotes, or nearly one.
fn written() -> impl Strategy<Value = String> {
    let part = prop_oneof![
        4 => select(vec![
            r"\n", r"\\", r#"\""#, r"\/", r"\b", r"\f", r"\r", r"\t", r"\u00e9", r"\uD83D", r"\ude00", r"\ud83d\ude00",
            "é", "\u{1f600}", " ", "{", "]", ":", "\u{7f}",
        ]).prop_map(str::to_owned),
        4 => "[a-z ]{0,40}",
        1 => select(vec![r"\x", r"\u12", r"\uzzzz", r"\U0041", "\t", "\0"]).prop_map(str::to_owned),
    ];
    prop::collection::vec(part, 0..12).prop_map(|parts| parts.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(cases(300)))]

    #[test]
    fn any_bytes_are_judged_alike(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        assert_agrees(&bytes);
    }

    #[test]
    fn any_structure_is_judged_alike(bytes in prop::collection::vec(select(b"{{}}[]::,,\"\"\"\\a 10-n\n\x01\xc3\xa9".to_vec()), 0..60)) {
        assert_agrees(&bytes);
        assert_agrees(&[b"{\"a\":".as_slice(), &bytes, b"}"].concat());
    }

    #[test]
    fn any_number_is_read_alike(number in number(), space in space()) {
        assert_agrees(format!("{{\"a\":{number}{space},\"b\":[{number},{number}]}}").as_bytes());
    }

    #[test]
    fn any_string_is_read_alike(key in written(), text in written(), more in written()) {
        assert_agrees(format!("{{\"{key}\":\"{text}\",\"b\":[\"{more}\",\"{text}\"]}}").as_bytes());
    }

    #[test]
    fn any_object_is_read_alike(before in space(), object in object(value()), after in space()) {
        assert_agrees(format!("{before}{object}{after}").as_bytes());
    }

    #[test]
    fn any_change_to_an_object_is_judged_alike(object in object(value()), changes in prop::collection::vec(change(), 1..4)) {
        assert_agrees(&changed(object.as_bytes(), &changes));
    }

    #[test]
    fn any_change_to_a_real_record_is_judged_alike(
        record in (0..RECORDS.len()).prop_map(|index| RECORDS[index]),
        changes in prop::collection::vec(change(), 0..4),
    ) {
        assert_agrees(&changed(record.as_bytes(), &changes));
    }
}
