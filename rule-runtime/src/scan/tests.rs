//! The scan against three slower ways to the same answers: a state machine that goes byte by byte, the parser of the
//! engine, and the definition by the values of `serde_json`.

mod engine;

use super::{Buffers, Doubt, End, Scan, Sight, Unclear, Wanted};
use crate::recognize::Recognizable;
use crate::{Event, Parser};
use proptest::prelude::*;
use proptest::sample::{Index, select};
use rule_eval::{json, record};
use rule_model::schema::definition;
use rule_model::schema::recognition::Recognizer;
use rule_model::{Column, Schema, Value, tables};
use std::sync::LazyLock;

/// How many cases a property is tried on: `PROPTEST_CASES`, or else so many.
pub(crate) fn cases(count: u32) -> u32 {
    std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(count)
}

const MAX_DEPTH: usize = 6;

/// Operations at odd places: nested, joined by dots, in a column of two paths.
const ODD: &str = r#"
name = "Odd"
operation = "Op"
[[shape]]
present = ["odd.kind"]
absent = ["odd.not"]
[columns]
Op = { type = "string", paths = ["odd.op.name", "op"] }
"#;

const DOTTED: &str = r#"
name = "Dotted"
operation = "a.b.c"
dotted = true
[[shape]]
equals = { "a.kind" = "dotted" }
[columns]
"a.b.c" = { type = "string" }
"#;

static TABLES: LazyLock<Vec<&'static Schema>> = LazyLock::new(|| {
    let odd = [ODD, DOTTED].map(|text| &*Box::leak(Box::new(definition::parse(text).unwrap())));
    tables::ALL.iter().copied().chain(odd).collect()
});

/// Further columns that are asked for, of whatever table.
const FIELDS: [usize; 2] = [0, 5];

struct Subjects {
    recognizer: Recognizer<'static>,
    /// By all instructions that this machine has.
    scans: Vec<Scan>,
}

static SUBJECTS: LazyLock<Subjects> = LazyLock::new(|| {
    let wanted = |schema: &&'static Schema| Wanted { schema, time: true, fields: FIELDS.to_vec() };
    let scan = Scan::new(&TABLES.iter().map(wanted).collect::<Vec<_>>(), MAX_DEPTH);
    Subjects {
        recognizer: Recognizer::new(TABLES.iter().copied()),
        scans: vec![scan.clone().portable(), scan.clone().without_avx512(), scan],
    }
});

/// What is seen of a record: the table and, as each table would read them, operation and time. `None` each where the answer is
/// left to the parser.
type Answer = Result<(Option<usize>, Vec<[Option<String>; 4]>), Doubt>;

/// What the scan says, which it must the fast way, the slow way, and again when it has seen the layout before.
fn scanned(record: &[u8]) -> Answer {
    let mut answers = Vec::new();
    for scan in &SUBJECTS.scans {
        let mut buffers = Buffers::default();
        answers.push(answer(|table| owned(scan.see_slowly(record, table, &mut Buffers::default()))));
        // A layout is remembered when it comes for the second time.
        for _ in 0..4 {
            answers.push(answer(|table| match scan.see(record, End::Bytes, table, &mut buffers) {
                Some((length, sight)) => {
                    assert_eq!(length, record.len());
                    owned(sight)
                }
                None => owned(scan.see_slowly(record, table, &mut Buffers::default())),
            }));
        }
        if !record.contains(&b'\n') {
            let line = [record, b"\n{\"next\":1}\n"].concat();
            let found = scan.see(&line, End::Line, None, &mut buffers).map(|(length, _)| length);
            assert_eq!(found.unwrap_or(record.len()), record.len());
        }
    }
    let first = answers.swap_remove(0);
    for answer in answers {
        assert_eq!(answer, first, "{}", String::from_utf8_lossy(record));
    }
    first
}

type Owned = Result<(Option<usize>, [Option<String>; 4]), Doubt>;

fn owned(sight: Result<Sight<'_>, Doubt>) -> Owned {
    let sight = sight?;
    let owned =
        |text: Result<Option<&str>, Unclear>| text.ok().map(|text| text.unwrap_or_default().to_owned());
    let [first, second] = sight.fields.map(owned);
    let text = |bytes: &'_ [u8]| std::str::from_utf8(bytes).unwrap().to_owned();
    let operation = sight.operation.ok().map(text);
    let time = sight.time.ok().map(|time| time.map(text).unwrap_or_default());
    Ok((sight.table, [operation, time, first, second]))
}

fn answer(mut see: impl FnMut(Option<usize>) -> Owned) -> Answer {
    let recognized = see(None);
    let by_table: Result<Vec<_>, Doubt> = (0..TABLES.len()).map(|table| Ok(see(Some(table))?.1)).collect();
    let (table, texts) = match recognized {
        // Only a text that tells tables apart is in doubt.
        Err(Doubt::Escape) if by_table.is_ok() => (None, None),
        recognized => recognized.map(|(table, texts)| (table, Some(texts)))?,
    };
    let by_table = by_table?;
    if let (Some(table), Some(texts)) = (table, texts) {
        assert_eq!(texts, by_table[table]);
    }
    Ok((table, by_table))
}

/// What a reader finds that reads whole records: the table and, as each table would read them, operation and time as text.
type Read = Option<(Option<usize>, Vec<[String; 4]>)>;

fn parsed(record: &[u8]) -> Read {
    let mut parser = Parser::new(MAX_DEPTH);
    let json = parser.parse(record).ok()?;
    let text = |table: &'static Schema, column: Option<usize>| {
        column.map_or(String::new(), |column| Event::new(table, json).text(column).into_owned())
    };
    let texts = |table: &&'static Schema| {
        let columns = [table.operation, table.time, Some(FIELDS[0]), Some(FIELDS[1])];
        columns.map(|column| text(table, column))
    };
    let table = SUBJECTS.recognizer.recognize(&Recognizable::of(json));
    Some((table, TABLES.iter().map(texts).collect()))
}

/// The same by definition; `None` where `serde_json` reads no object.
fn defined(record: &[u8]) -> Read {
    let value = json::parse(std::str::from_utf8(record).ok()?).ok()?;
    let bag = value.as_bag()?;
    let text = |column: Option<&Column>| {
        column.map_or(String::new(), |column| json::display(&record::field(bag, column)).to_string())
    };
    let texts = |table: &&Schema| {
        let columns = [table.operation, table.time, Some(FIELDS[0]), Some(FIELDS[1])];
        columns.map(|column| text(column.and_then(|column| table.columns.get(column))))
    };
    Some((SUBJECTS.recognizer.recognize(bag), TABLES.iter().map(texts).collect()))
}

/// Whether the record holds together, byte by byte.
fn holds_together(record: &[u8]) -> bool {
    let (mut open, mut in_string, mut escaped, mut ended) = (Vec::new(), false, false, false);
    for byte in record {
        if in_string {
            match byte {
                _ if *byte < 0x20 => return false,
                _ if escaped => escaped = false,
                b'\\' => escaped = true,
                b'"' => in_string = false,
                _ => {}
            }
            continue;
        }
        match byte {
            b' ' | b'\t' | b'\n' | b'\r' => {}
            _ if ended => return false,
            b'{' | b'[' if open.len() < MAX_DEPTH => open.push(*byte),
            b'{' | b'[' => return false,
            b'}' | b']' if open.pop() != Some(byte - 2) => return false,
            b'}' | b']' => ended = open.is_empty(),
            b'"' => in_string = true,
            _ => {}
        }
        // Before its first bracket a record has nothing but white space, and that bracket opens an object.
        if !ended && !matches!(byte, b' ' | b'\t' | b'\n' | b'\r') && open.first() != Some(&b'{') {
            return false;
        }
    }
    ended && std::str::from_utf8(record).is_ok()
}

fn assert_agrees(record: &[u8]) {
    let text = String::from_utf8_lossy(record);
    let answer = scanned(record);
    let (parsed, defined) = (parsed(record), defined(record));
    match &answer {
        Ok((table, texts)) => {
            assert!(holds_together(record), "taken: {text}");
            for (reader, expected) in [("parser", &parsed), ("definition", &defined)] {
                let Some((expected_table, expected_texts)) = expected else { continue };
                assert!(
                    table.is_none() || table == expected_table,
                    "{reader}: {table:?} {expected_table:?} {text}"
                );
                for ((seen, expected), schema) in texts.iter().zip(expected_texts).zip(&*TABLES) {
                    let columns = [schema.operation, schema.time, Some(FIELDS[0]), Some(FIELDS[1])];
                    for ((seen, expected), column) in seen.iter().zip(expected).zip(columns) {
                        let Some(column) = column.and_then(|column| schema.columns.get(column)) else {
                            continue;
                        };
                        // What an event reads is converted from the text.
                        let convert =
                            |text: &String| json::display(&record::convert(&Value::string(text), column.ty));
                        assert!(
                            seen.as_ref().is_none_or(|seen| convert(seen) == **expected),
                            "{reader}: {seen:?} {expected:?} in {}.{}: {text}",
                            schema.name,
                            column.name
                        );
                    }
                }
                if !record.contains(&b'\\') {
                    assert_eq!(table, expected_table, "{reader}, without escapes: {text}");
                }
            }
        }
        Err(Doubt::Broken) => {
            assert!(!holds_together(record), "broken: {text}");
            assert_eq!(parsed, None, "broken for the scan alone: {text}");
        }
        Err(Doubt::Escape) => assert!(record.contains(&b'\\'), "no escape: {text}"),
    }
}

#[test]
fn operations_and_tables_are_found_without_a_parser() {
    for (record, table, operation) in [
        (r#"{"Type":"AuditLogs","OperationName":"Update user"}"#, "AuditLogs", "Update user"),
        (r#"{"InitiatedBy":{},"operationName":"Défaut — x"}"#, "AuditLogs", "Défaut — x"),
        (r#"{"InitiatedBy":"{\"a\":\"}\"}","OperationName":"a","OperationName":"b"}"#, "AuditLogs", "b"),
        (
            r#"{"InitiatedBy":[{"OperationName":"no"}],"OperationName":null,"operationName":"b"}"#,
            "AuditLogs",
            "b",
        ),
        (" { \"InitiatedBy\" :\t1 ,\r \"OperationName\" \n: \"x\" } \n", "AuditLogs", "x"),
        (r#"{"InitiatedBy":{}}"#, "AuditLogs", ""),
        (r#"{"Operation":"Add","Workload":"x"}"#, "UnifiedAuditLog", "Add"),
        (r#"{"event":{"kind":"event","action":"Set"}}"#, "O365Audit", "Set"),
        (r#"{"event.dataset":"o365.audit","event.action":"Set"}"#, "O365Audit", "Set"),
        (r#"{"odd":{"kind":1,"op":{"name":"deep"}},"op":"flat"}"#, "Odd", "deep"),
        (r#"{"odd":{"kind":1,"op":{"name":null}},"op":"flat"}"#, "Odd", "flat"),
        (r#"{"odd":{"kind":1,"op":{"name":"x"},"op":{}}}"#, "Odd", ""),
        (r#"{"a":{"kind":"dotted","b.c":"x"}}"#, "Dotted", "x"),
        (r#"{"a":{"kind":"dotted"},"a.b":{"c":"y"}}"#, "Dotted", "y"),
    ] {
        let position = TABLES.iter().position(|schema| schema.is_called(table)).unwrap();
        let (found, texts) = scanned(record.as_bytes()).unwrap();
        assert_eq!(found, Some(position), "{record}");
        assert_eq!(texts[position][0].as_deref(), Some(operation), "{record}");
        assert_agrees(record.as_bytes());
    }
}

#[test]
fn what_is_unusual_is_left_to_the_parser() {
    let audit_logs = TABLES.iter().position(|schema| schema.is_called("AuditLogs")).unwrap();
    for record in [
        r#"{"Type":"AuditLogs","OperationName":"a\u0062"}"#,
        r#"{"Type":"AuditLogs","OperationName":7}"#,
        r#"{"Type":"AuditLogs","OperationName":["a"]}"#,
        r#"{"Type":"AuditLogs","OperationName":{"a":1}}"#,
        r#"{"Type":"AuditLogs","OperationName":true}"#,
    ] {
        let (_, texts) = scanned(record.as_bytes()).unwrap();
        assert_eq!(texts[audit_logs][0], None, "{record}");
        assert_agrees(record.as_bytes());
    }
    for record in [r#"{"Operation\u004eame":"a"}"#, r#"{"any\\thing":"a"}"#, r#"{"a":\ 1}"#, r#"{"a":1\}"#] {
        assert_eq!(scanned(record.as_bytes()), Err(Doubt::Escape), "{record}");
        assert_agrees(record.as_bytes());
    }
}

#[test]
fn records_that_do_not_hold_together_are_broken() {
    let long = |inner: &str| format!("{{\"a\":\"{}\"{inner}", "x".repeat(3000));
    for record in [
        String::new(),
        " ".into(),
        "[1]".into(),
        "\"text\"".into(),
        "{".into(),
        "{\"a".into(),
        "{\"a\":[}".into(),
        "{\"a\":[1}]".into(),
        "{}}".into(),
        "{} {}".into(),
        "{}x".into(),
        "x{}".into(),
        "\u{c}{}".into(),
        "{}\u{c}".into(),
        "\u{feff}{}".into(),
        "{\"a\":\"\n\"}".into(),
        "{\"a\":\"b\\\"}".into(),
        "{\"a\":[[[[[[]]]]]]}".into(),
        long(""),
        long("]"),
        long("}}"),
        long("\u{0}}\""),
    ] {
        assert_eq!(scanned(record.as_bytes()), Err(Doubt::Broken), "{record}");
        assert_agrees(record.as_bytes());
    }
    for record in [&b"{\"a\":\"\xff\"}"[..], b"{\"a\":\xff}", b"{\"a\":\"\xc3\"}", b"{}\xa0"] {
        assert_eq!(scanned(record), Err(Doubt::Broken));
        assert_agrees(record);
    }
}

#[test]
fn every_length_and_every_cut_is_judged_alike() {
    for padding in 0..200 {
        let record = format!(
            r#"{{"p":"{}","InitiatedBy":{{"q":[{{"\\\"":"\\"}}]}},"OperationName" : "Update"}}"#,
            "x".repeat(padding)
        );
        assert_agrees(record.as_bytes());
        for cut in (0..record.len()).step_by(7) {
            assert_agrees(&record.as_bytes()[..cut]);
        }
    }
}

pub(crate) fn space() -> impl Strategy<Value = &'static str> {
    select(vec![
        "",
        "",
        "",
        "",
        " ",
        "\t",
        "\r\n",
        "                                                             ",
    ])
}

/// Keys that tables ask for, plain and escaped, and others.
fn key() -> impl Strategy<Value = String> {
    let plain = select(vec![
        "OperationName",
        "operationName",
        "Operation",
        "eventName",
        "EventName",
        "event",
        "event.action",
        "action",
        "dataset",
        "event.dataset",
        "Type",
        "Category",
        "category",
        "properties",
        "Properties",
        "InitiatedBy",
        "TimeGenerated",
        "Details",
        "Caller",
        "Workload",
        "CreationTime",
        "@timestamp",
        "time",
        "o365",
        "audit",
        "o365.audit",
        "odd",
        "op",
        "name",
        "kind",
        "not",
        "a",
        "b",
        "c",
        "a.b",
        "b.c",
        "a.b.c",
        "a.kind",
        "ActionType",
        "Identity",
        "identity",
        "AuditEventId",
        "initiatedBy",
        "actionId",
        "é",
        "",
        "other",
    ]);
    prop_oneof![
        20 => plain.prop_map(str::to_owned),
        1 => select(vec![r"Operation\u004eame", r"\u0061", r"od\u0064", r"\\", r#"\""#, r"a\n"]).prop_map(str::to_owned),
        1 => any::<String>().prop_map(|text| json::write(&Value::string(text)).trim_matches('"').to_owned()),
    ]
}

pub(crate) fn value() -> impl Strategy<Value = String> {
    let text = select(vec![
        r#""""#,
        r#""Update user""#,
        r#""2024-03-01T10:00:00Z""#,
        r#""AuditLogs""#,
        r#""SignInLogs""#,
        r#""dotted""#,
        r#""o365.audit""#,
        r#""x\\""#,
        r#""\"}]""#,
        r#""{\"a\":[1,\"\\\\\"]}""#,
        r#""a:b""#,
        r#""Défaut""#,
        r#""\u0041dd""#,
        r#""OperationName""#,
        r#""                                                                                                    ""#,
    ]);
    let scalar = prop_oneof![
        6 => text.prop_map(str::to_owned),
        2 => select(vec!["null", "true", "false", "0", "-1.5e3", "12345678901234567890"]).prop_map(str::to_owned),
        1 => any::<String>().prop_map(|text| json::write(&Value::string(text))),
    ];
    scalar.prop_recursive(4, 24, 5, |inner| {
        prop_oneof![
            (prop::collection::vec(inner.clone(), 0..4), space())
                .prop_map(|(items, space)| format!("[{space}{}]", items.join(&format!("{space},")))),
            object(inner),
        ]
    })
}

pub(crate) fn object(value: impl Strategy<Value = String>) -> impl Strategy<Value = String> {
    let property = (key(), space(), space(), value)
        .prop_map(|(key, before, after, value)| format!("\"{key}\"{before}:{after}{value}"));
    (prop::collection::vec(property, 0..7), space(), space()).prop_map(|(properties, before, after)| {
        format!("{{{before}{}{after}}}", properties.join(&format!("{after},{before}")))
    })
}

/// One change to a record, at a place that is a fraction of its length.
#[derive(Clone, Debug)]
pub(crate) enum Change {
    Replace(Index, u8),
    Insert(Index, u8),
    Remove(Index, usize),
    Repeat(Index, usize),
    Cut(Index),
}

pub(crate) fn change() -> impl Strategy<Value = Change> {
    let byte = || prop_oneof![4 => select(b"{}[]:,\"\\ \n\x00\x1fn0u".to_vec()), 1 => any::<u8>()];
    prop_oneof![
        (any::<Index>(), byte()).prop_map(|(at, byte)| Change::Replace(at, byte)),
        (any::<Index>(), byte()).prop_map(|(at, byte)| Change::Insert(at, byte)),
        (any::<Index>(), 1_usize..80).prop_map(|(at, length)| Change::Remove(at, length)),
        (any::<Index>(), 1_usize..80).prop_map(|(at, length)| Change::Repeat(at, length)),
        any::<Index>().prop_map(Change::Cut),
    ]
}

pub(crate) fn changed(record: &[u8], changes: &[Change]) -> Vec<u8> {
    let mut record = record.to_vec();
    for change in changes {
        if record.is_empty() {
            break;
        }
        let length = record.len();
        let range = |at: &Index, wanted: usize| {
            let start = at.index(length);
            start..length.min(start + wanted)
        };
        match change {
            Change::Replace(at, byte) => record[at.index(length)] = *byte,
            Change::Insert(at, byte) => record.insert(at.index(length), *byte),
            Change::Remove(at, wanted) => drop(record.drain(range(at, *wanted))),
            Change::Repeat(at, wanted) => {
                let copy = record[range(at, *wanted)].to_vec();
                record.splice(at.index(length)..at.index(length), copy);
            }
            Change::Cut(at) => record.truncate(at.index(length)),
        }
    }
    record
}

/// Records as sources write them.
pub(crate) static RECORDS: LazyLock<Vec<&'static str>> = LazyLock::new(|| {
    let demo = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../detector/samples/demo.ndjson"));
    let others = [
        r#"{"category":"AuditLogs","identity":"a@contoso.com","operationName":"Patch MobileApp","properties":{"ActivityDate":"2024-03-01T10:00:00.000Z","Actor":{"ActorType":1,"UserPermissions":["*"],"UPN":"müller@contoso.com"},"AuditEventId":"1","Category":3,"TargetDisplayNames":["Script: \"cleanup.ps1\" \\ v2"],"Targets":[{"ModifiedProperties":[{"Name":"Intent","New":"Required"}],"Name":null}]},"resultType":"Success","time":"2024-03-01T10:00:00.000Z"}"#,
        r#"{"@timestamp":"2024-03-01T10:00:00.000Z","ecs":{"version":"8.11.0"},"event":{"action":"New-ManagementRoleAssignment","category":["web"],"dataset":"o365.audit","outcome":"success","provider":"Exchange"},"o365":{"audit":{"Parameters":{"Role":"x"},"RecordType":"1"}},"user":{"id":"a"}}"#,
        r#"{"TimeGenerated":"2021-08-02T13:29:25.983Z","OperationName":"Update application – Certificates and secrets management ","Category":"ApplicationManagement","AdditionalDetails":"[{\"key\":\"User-Agent\",\"value\":\"Mozilla/5.0 (Windows NT; \\\"x\\\")\"}]","InitiatedBy":"{\"user\":{\"id\":\"a\",\"displayName\":null}}","Type":"AuditLogs"}"#,
    ];
    demo.lines().chain(others).collect()
});

#[test]
fn records_as_sources_write_them_need_no_parser() {
    for record in &*RECORDS {
        let (table, texts) = scanned(record.as_bytes()).unwrap();
        assert!(table.is_some_and(|table| texts[table].iter().all(Option::is_some)), "{record}");
        assert_agrees(record.as_bytes());
    }
}

/// Holds what is seen of records, each by itself, against what is seen of them with the layouts of all in memory.
fn assert_memory_does_not_show(records: &[Vec<u8>]) {
    for scan in &SUBJECTS.scans {
        let mut buffers = Buffers::default();
        for record in records.iter().chain(records).chain(records) {
            let alone = owned(scan.see_slowly(record, None, &mut Buffers::default()));
            let seen = match scan.see(record, End::Bytes, None, &mut buffers) {
                Some((_, sight)) => owned(sight),
                None => alone.clone(),
            };
            assert_eq!(seen, alone, "{}", String::from_utf8_lossy(record));
        }
    }
}

#[test]
fn a_record_that_is_almost_of_a_layout_is_not_of_it() {
    let like = |record: &str, others: &[&str]| {
        let others = others.iter().map(|other| other.as_bytes().to_vec());
        let records: Vec<_> = [record.as_bytes().to_vec()].into_iter().chain(others).collect();
        assert_memory_does_not_show(&records);
        records.iter().for_each(|record| assert_agrees(record));
    };
    like(
        r#"{"Id":"1","InitiatedBy":{},"OperationName":"a"}"#,
        &[
            r#"{"Id":"1","InitiatedBy":{},"operationName":"a"}"#,
            r#"{"Id":"1","InitiatedBy":{},"xOperationName":"a"}"#,
            r#"{"Id":"1","InitiatedBy":{},"x\"OperationName":"a"}"#,
            r#"{"Id":"1","InitiatedBy":{},"x\\\"OperationName":"a"}"#,
            r#"{"Id":"1","x":{"InitiatedBy":{}},"OperationName":"a"}"#,
            r#"{"Id":"1","InitiatedBy":null,"OperationName":"a"}"#,
            r#"{"Id":"1","InitiatedBy":{},"OperationName":null}"#,
            r#"{"Id":"1","InitiatedBy":{},"OperationName":{}}"#,
            r#"{"Id":"1","InitiatedBy":{},"OperationName":"a\n"}"#,
            r#"{"Id":"1","InitiatedBy":{},"OperationName" :"a"}"#,
            r#"{"Id":"1","InitiatedBy":{},"OperationName":   "b"}"#,
            r#" {"Id":"1","InitiatedBy":{},"OperationName":"a"}"#,
            r#"{ "Id":"1","InitiatedBy":{},"OperationName":"a"}"#,
            r#"{ "a\"Id":"1","InitiatedBy":{},"OperationName":"a"}"#,
            r#"{"Id":"1","InitiatedBy":{},"OperationName":"a","OperationName":"b"}"#,
            r#"{"Id":"1","InitiatedBy":{},"OperationName":"a","Properties":1}"#,
        ],
    );
    like(
        r#"{"event":{"kind":"event","dataset":"o365.audit","action":"Set"},"user":{"id":1}}"#,
        &[
            r#"{"event":{"kind":"event","dataset":"o365.audit","actiom":"Set"},"user":{"id":1}}"#,
            r#"{"event":{"kind":"event","dataset":"o365.other","action":"Set"},"user":{"id":1}}"#,
            r#"{"event":{"kind":"event","dataset":"o365.audit\u0000","action":"Set"},"user":{"id":1}}"#,
            r#"{"event":[{"kind":"event","dataset":"o365.audit","action":"Set"}],"user":{"id":1}}"#,
            r#"{"event":{"kind":"event","dataset":"o365.audit"},"user":{"action":"Set"}}"#,
            r#"{"event":{"kind":"event","dataset":"o365.audit","action":{"action":"x"}},"user":{"id":1}}"#,
            r#"{"event":{"kind":"event","dataset":"o365.audit","action":"Set"},"event":{"id":1}}"#,
        ],
    );
    like(
        r#"{"Type":"AuditLogs","AKeyOfMoreThanSixteenBytes":1,"OperationName":"a"}"#,
        &[
            r#"{"Type":"AuditLogs","BKeyOfMoreThanSixteenBytes":1,"OperationName":"a"}"#,
            r#"{"Type":"AuditLogs","AKeyOfMoreThanSixtyyBytes":1,"OperationName":"a"}"#,
            r#"{"Type":"AuditLog","AKeyOfMoreThanSixteenBytes":1,"OperationName":"a"}"#,
            r#"{"Type":"AuditLogs2","AKeyOfMoreThanSixteenBytes":1,"OperationName":"a"}"#,
            r#"{"Type":null,"AKeyOfMoreThanSixteenBytes":1,"OperationName":"a"}"#,
        ],
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(cases(300)))]

    #[test]
    fn layouts_of_other_records_do_not_show(
        record in prop_oneof![
            object(value()),
            (0..RECORDS.len()).prop_map(|index| RECORDS[index].to_owned()),
        ],
        changes in prop::collection::vec(prop::collection::vec(change(), 1..3), 1..6),
    ) {
        let record = record.into_bytes();
        let others = changes.iter().map(|changes| changed(&record, changes));
        assert_memory_does_not_show(&[record.clone()].into_iter().chain(others).collect::<Vec<_>>());
    }

    #[test]
    fn any_bytes_are_judged_alike(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        assert_agrees(&bytes);
    }

    #[test]
    fn any_structure_is_judged_alike(bytes in prop::collection::vec(select(b"{{}}[]::,\"\"\"\\a 1n\n\x01\xc3\xa9".to_vec()), 0..200)) {
        assert_agrees(&bytes);
        assert_agrees(&[b"{".as_slice(), &bytes, b"}"].concat());
    }

    #[test]
    fn any_object_is_judged_alike(before in space(), object in object(value()), after in space()) {
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
