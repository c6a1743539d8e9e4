//! Bodies of rules as they are read, and what is said of those that cannot be.

use super::*;
use crate::rule::written::{Events, EventsKind, Test};

const RULE: &str = r##"<AuditLogs>
    /// Title
    ///
    /// Description.
    id: "x", severity: High,
    attack: { Persistence: [T1098, T1078.004] },
    schedule: every 1d over 14d, trigger: >= 3,
    alert_key: A, B,
    runbook: r#"say "so"."#,

    | where A in ("x, test", "y:z") and B == "|"
    | parse C with "a:" D:string "b"

    entities: { Account { FullName: A }, IP { Address: B } },
    test "one" fires { "a": { "b": [1, 2] } } -> { A: "x", N: 3 }
    test "two" silent AuditLogs [ {}, {} ], SigninLogs { "c": 1 }
    test "three" fires { AuditLogs: [ {} ], SigninLogs: {} }
    test "four" silent file "x.ndjson"
    tags: ["t"]
    "##;

fn parsed(text: &str) -> Rule {
    let (rule, faults) = parse(text);
    assert_eq!(faults, []);
    rule
}

#[test]
fn fields_and_tests_may_stand_before_and_after_the_query() {
    let rule = parsed(RULE);
    assert_eq!(rule.table.as_ref().unwrap().text, "AuditLogs");
    let lines: Vec<_> = rule.documentation.iter().map(|line| line.text.as_str()).collect();
    assert_eq!(lines, [" Title", "", " Description."]);
    let names: Vec<_> = rule.fields.iter().map(|field| field.name.text.as_str()).collect();
    let expected =
        ["id", "severity", "attack", "schedule", "trigger", "alert_key", "runbook", "entities", "tags"];
    assert_eq!(names, expected);
    let query = rule.query.unwrap().text(RULE);
    assert!(query.starts_with("| where A in") && query.ends_with("D:string \"b\""), "{query}");
}

#[test]
fn a_value_is_read_by_its_form() {
    let rule = parsed(RULE);
    let value = |name: &str| &rule.fields.iter().find(|field| field.name.text == name).unwrap().value.kind;
    assert_eq!(value("id"), &SettingKind::Text("x".to_owned()));
    assert_eq!(value("severity"), &SettingKind::Word);
    assert_eq!(value("schedule"), &SettingKind::Every(Timespan::days(1), Timespan::days(14)));
    let trigger = Trigger { comparison: Comparison::GreaterOrEqual, rows: 3 };
    assert_eq!(value("trigger"), &SettingKind::Comparison(trigger));
    assert!(matches!(value("alert_key"), SettingKind::List(items) if items.len() == 2));
    assert!(matches!(value("runbook"), SettingKind::Raw(content) if content.text(RULE) == "say \"so\"."));
    assert!(matches!(value("entities"), SettingKind::Map(entries) if entries.len() == 2));
}

#[test]
fn a_test_names_its_events_tables_and_columns() {
    let tests = parsed(RULE).tests;
    let tables = |test: &Test| {
        let name = |events: &Events| events.table.as_ref().map(|table| table.text.to_string());
        test.events.iter().map(name).collect::<Vec<_>>()
    };
    let named = |name: &str| Some(name.to_owned());
    assert_eq!(tests.iter().map(|test| test.fires).collect::<Vec<_>>(), [true, false, true, false]);
    assert_eq!(tables(&tests[0]), [None]);
    assert_eq!(tests[0].expected.len(), 2);
    assert_eq!(tables(&tests[1]), [named("AuditLogs"), named("SigninLogs")]);
    assert_eq!(tables(&tests[2]), [named("AuditLogs"), named("SigninLogs")]);
    assert_eq!(tests[3].events[0].kind, EventsKind::File("x.ndjson".to_owned()));
}

#[test]
fn a_query_may_name_its_own_source() {
    for query in ["AuditLogs | where x == 1", "let a = 1;\nT | where x == a", "union A, B | count"] {
        let text = format!("id: \"x\",\nseverity: High,\n{query}\ntest \"a\" silent {{}}");
        assert_eq!(parsed(&text).query.unwrap().text(&text), query);
    }
}

#[test]
fn each_fault_is_reported_once_and_the_rest_is_read() {
    for (text, messages) in [
        ("id: , severity: High", &["expected a value, found `,`"][..]),
        ("id: [\"a\" \"b\"], x: 1", &["expected `,` or `]`, found `\"b\"`"]),
        ("test \"a\" fire {} x: 1", &["a test has no verdict `fire`"]),
        (
            "schedule: every day, x: y z: {",
            &[
                "expected a span of time such as `5m`, `1h` or `1d`, found `day`",
                "expected `}`, found the end of the rule",
            ],
        ),
        ("| where (a", &["this bracket is not closed"]),
        ("id: \"a", &["this text is not closed"]),
        ("| count id: 1 | take 1", &["a second query in one rule"]),
    ] {
        let faults = parse(text).1;
        assert_eq!(faults.iter().map(|fault| fault.message.as_str()).collect::<Vec<_>>(), messages, "{text}");
    }
}
