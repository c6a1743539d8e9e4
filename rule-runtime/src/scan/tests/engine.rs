//! An engine that scans first against one that parses everything: the same of all that matters.

use super::{MAX_DEPTH, RECORDS, cases, change, changed, holds_together, object, space, value};
use crate::dispatch::MemoryLimits;
use crate::engine::{Engine, Origin, Outcome, Settings, Validate, Work};
use crate::framing::{Batch, Frame};
use crate::parse::Reason::{InvalidJson, UnknownTable};
use crate::rule::DispatchKey;
use crate::samples::{metadata, role_changes, rule};
use proptest::prelude::*;
use proptest::sample::select;
use rule_eval::text;
use rule_model::DateTime;
use std::sync::LazyLock;

static ENGINES: LazyLock<[Engine; 2]> = LazyLock::new(|| {
    [Validate::Structure, Validate::Full].map(|validate| {
        let starts = &[DispatchKey::Test("startswith patch")];
        let rules = [
            role_changes(metadata("R")),
            rule(metadata("S"), starts, |name, _| text::startswith(name, "patch")),
        ];
        let memory = MemoryLimits { names: 8, bytes: 4096 };
        let settings = Settings { max_depth: MAX_DEPTH, validate, memory, now: DateTime::UNIX_EPOCH };
        Engine::new(&crate::Ruleset { rules: &[], schemas: &[] }, &rules, settings)
    })
});

/// What the engine finds in records.
fn run(engine: &Engine, records: &[Vec<u8>], table: Option<usize>) -> Outcome {
    let mut batch = Batch::default();
    for record in records {
        let start = batch.bytes.len();
        batch.bytes.extend_from_slice(record);
        batch.frames.push(Frame::Record(start..batch.bytes.len()));
        batch.bytes.extend_from_slice(b"\n");
    }
    engine.worker().run(Work { source: "memory".into(), table, rereads: false, batch })
}

/// The same where the records lie in lines that are cut while they are looked at.
fn run_lines(engine: &Engine, records: &[Vec<u8>], table: Option<usize>) -> Outcome {
    let lines: Vec<u8> = records.iter().flat_map(|record| record.iter().chain(b"\n")).copied().collect();
    let mut outcome = Outcome::default();
    engine.worker().lines(Origin { table, rereads: false }, 0, &lines, &mut outcome);
    outcome
}

/// Lines must give what the records in them give.
fn assert_lines_give_the_same(engine: &Engine, records: &[Vec<u8>], table: Option<usize>) {
    let is_line = |record: &Vec<u8>| crate::framing::record_of(record).is_some_and(|it| it == record);
    if records.iter().any(|record| record.contains(&b'\n') || !is_line(record)) {
        return;
    }
    let (lines, framed) = (run_lines(engine, records, table), run(engine, records, table));
    assert_eq!(format!("{:?}", lines.matches), format!("{:?}", framed.matches));
    assert_eq!(lines.rejects, framed.rejects);
    assert_eq!((lines.records, lines.candidates), (framed.records, framed.candidates));
}

fn assert_same(records: &[Vec<u8>], table: Option<usize>) {
    ENGINES.iter().for_each(|engine| assert_lines_give_the_same(engine, records, table));
    let [fast, full] = ENGINES.each_ref().map(|engine| run(engine, records, table));
    let text: Vec<_> = records.iter().map(|record| String::from_utf8_lossy(record)).collect();
    assert_eq!(format!("{:?}", fast.matches), format!("{:?}", full.matches), "{text:?}");
    assert_eq!(format!("{:?}", fast.failures), format!("{:?}", full.failures), "{text:?}");
    assert_eq!((fast.records, fast.candidates), (full.records, full.candidates), "{text:?}");
    for reject in fast.rejects.iter().filter(|reject| !full.rejects.contains(reject)) {
        assert_eq!(reject.reason, UnknownTable, "{text:?}");
        assert!(full.rejects.iter().any(|other| other.offset == reject.offset), "{text:?}");
    }
    for reject in full.rejects.iter().filter(|reject| !fast.rejects.contains(reject)) {
        assert_eq!(reject.reason, InvalidJson, "{text:?}");
        assert!(holds_together(&reject.bytes), "{text:?}");
    }
}

fn bytes(records: &[&str]) -> Vec<Vec<u8>> {
    records.iter().map(|record| record.as_bytes().to_vec()).collect()
}

#[test]
fn only_records_that_hold_together_without_being_json_are_passed_over() {
    let records = bytes(&[
        r#"{"InitiatedBy":{},"OperationName":"x"}"#,
        r#"{"InitiatedBy":tru,"OperationName":"x"}"#,
        r#"{"InitiatedBy":{} "OperationName":"x"}"#,
        r#"{"InitiatedBy":tru,"OperationName":"update role"}"#,
        r#"{"InitiatedBy":{},"OperationName":"update role"}"#,
        r#"{"InitiatedBy":{},"OperationName":"x"}}"#,
        r#"{"unknown":1}"#,
        r#"{"unknown":tru}"#,
    ]);
    let [fast, full] = ENGINES.each_ref().map(|engine| run(engine, &records, None));
    let reasons = |outcome: &Outcome| outcome.rejects.iter().map(|reject| reject.reason).collect::<Vec<_>>();
    assert_eq!(reasons(&fast), [InvalidJson, InvalidJson, UnknownTable, UnknownTable]);
    assert_eq!(
        reasons(&full),
        [InvalidJson, InvalidJson, InvalidJson, InvalidJson, UnknownTable, InvalidJson]
    );
    assert_eq!((fast.matches.len(), full.matches.len()), (1, 1));
    assert_same(&records, None);
}

#[test]
fn escapes_do_not_hold_a_record_to_the_grammar_that_no_rule_asks_for() {
    for (record, reason) in [
        (r#"{"InitiatedBy":tru,"OperationName":"x\u0041"}"#, None),
        (r#"{"InitiatedBy":tru,"Operation\u004eame":"x"}"#, None),
        (r#"{"InitiatedBy":\ 1,"OperationName":"x"}"#, None),
        (r#"{"InitiatedBy":1,"OperationName":"x","\n\"":\"y"}"#, None),
        (r#"{"InitiatedBy":"\x","OperationName":"x"}"#, None),
        (r#"{"InitiatedBy":tru,"Operation\u004eame":"update\u0020role"}"#, Some(InvalidJson)),
        (r#"{"InitiatedBy":\ 1,"OperationName":"update role"}"#, Some(InvalidJson)),
        (r#"{"InitiatedBy":tru,"OperationName":7}"#, Some(InvalidJson)),
        (r#"{"InitiatedBy":tru,"OperationName":"x\n"}"#, Some(InvalidJson)),
        (r#"{"InitiatedBy":tru,"Operation\x4eame":"x"}"#, Some(InvalidJson)),
        ("{\"InitiatedBy\":1,\"OperationName\":\"x\",\"\\n\t\":1}", Some(InvalidJson)),
        (r#"{"unknown":tru,"\u0061":1}"#, Some(UnknownTable)),
        (r#"{"InitiatedBy":\ ],"OperationName":"x"}"#, Some(InvalidJson)),
        (r#"{"InitiatedBy":1,"OperationName":"x"}\"#, Some(InvalidJson)),
        (r#"\{"InitiatedBy":1,"OperationName":"x"}"#, Some(InvalidJson)),
    ] {
        let [fast, full] = ENGINES.each_ref().map(|engine| run(engine, &bytes(&[record]), None));
        assert_eq!(fast.rejects.first().map(|reject| reject.reason), reason, "{record}");
        assert_eq!(full.rejects.first().map(|reject| reject.reason), Some(InvalidJson), "{record}");
        assert_same(&bytes(&[record]), None);
    }
}

/// Records that rules match, nearly match, or match once their escapes are read.
fn near_match() -> impl Strategy<Value = Vec<u8>> {
    let key = select(vec![
        "OperationName",
        "OperationName",
        "operationName",
        r"Operation\u004eame",
        "InitiatedBy",
        "InitiatedBy",
        "Type",
        "Category",
        "x",
    ]);
    let value = select(vec![
        r#""Update role""#,
        r#""update ROLE""#,
        r#""Update\u0020role""#,
        r#""Patch x""#,
        r#""AuditLogs""#,
        "null",
        "7",
        r#"{"OperationName":"Update role"}"#,
        r#"["Update role"]"#,
        r#""x""#,
        r#""\"OperationName\":\"Update role\"""#,
        r#"["patch",1]"#,
        r#""\ud83d""#,
        "1e999",
    ]);
    let property = (key, space(), value).prop_map(|(key, space, value)| format!("\"{key}\"{space}:{value}"));
    (prop::collection::vec(property, 0..6), prop::collection::vec(change(), 0..2)).prop_map(
        |(properties, changes)| {
            changed(format!("{{\"InitiatedBy\":1,{}}}", properties.join(",")).as_bytes(), &changes)
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(cases(200)))]

    #[test]
    fn scanning_first_changes_no_alert_and_no_count(
        near in prop::collection::vec(near_match(), 0..6),
        other in object(value()),
        real in prop::collection::vec(((0..RECORDS.len()), prop::collection::vec(change(), 0..3)), 0..4),
        bytes in prop::collection::vec(any::<u8>(), 0..40),
        table in prop::option::weighted(0.2, 0_usize..12),
    ) {
        let real = real.iter().map(|(index, changes)| changed(RECORDS[*index].as_bytes(), changes));
        let records: Vec<_> = near.into_iter().chain(real).chain([other.into_bytes(), bytes]).collect();
        assert_same(&records, table);
    }
}
