//! The generated code of every shipped rule gives the rows that the evaluator gives for the rule's plan, on its own
//! test events and on what becomes of them when keys go missing and values change their case or type.
#![allow(clippy::expect_used, reason = "a test fails by panicking")]

use rule_lang::rule::typed::{self, Rule};
use rule_lang::rule::{self, Files, trial};
use rule_lang::schemas::Schemas;
use rule_runtime::rule::{Expectation, Test};
use rule_runtime::testing;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

struct Beside(PathBuf);

impl Files for Beside {
    fn read(&self, path: &str) -> Result<String, String> {
        std::fs::read_to_string(self.0.join(path)).map_err(|error| error.to_string())
    }
}

#[test]
fn generated_code_and_evaluator_give_the_same_rows() {
    let schemas = Schemas::builtin();
    for compiled in rules::RULES.rules {
        let rule = rule_of(compiled.module, &schemas);
        for test in compiled.tests {
            for events in variants(test.events) {
                let expected = evaluated(&rule, &events, &schemas);
                let found = testing::rows(compiled, &leaked(&events));
                assert_eq!(found, expected, "{} on {events:?}", compiled.module);
            }
        }
    }
}

type Events = Vec<(Option<String>, String)>;

/// The rule of a module, compiled again from its source.
fn rule_of(module: &str, schemas: &Schemas) -> Rule {
    let within = module.split("::").skip(1).collect::<Vec<_>>().join("/");
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../rules/src/{within}.rs"));
    let source = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let (_, body) = source.split_once("rule! {").expect("the file of a rule calls the macro");
    let (body, _) = body.rsplit_once('}').expect("the call is closed");
    let outcome =
        rule::compile(body, schemas, &Beside(path.parent().map(Path::to_owned).unwrap_or_default()));
    outcome.rule.unwrap_or_else(|| panic!("{module}: {:?}", outcome.diagnostics))
}

fn evaluated(rule: &Rule, events: &Events, schemas: &Schemas) -> Result<Vec<rule_eval::Row>, String> {
    let test = typed::Test {
        name: String::new(),
        span: rule_lang::Span::default(),
        fires: true,
        events: events.clone(),
        expected: Vec::new(),
    };
    trial::rows(rule, &test, schemas).map(|table| table.rows)
}

/// The same events as a compiled rule holds them.
fn leaked(events: &Events) -> Test {
    let text = |text: &String| -> &'static str { Box::leak(text.clone().into_boxed_str()) };
    let events: Vec<_> = events.iter().map(|(table, json)| (table.as_ref().map(text), text(json))).collect();
    Test { name: "", expect: Expectation::Fires(&[]), events: Box::leak(events.into_boxed_slice()) }
}

/// The events, and all of them with one value of one of them changed.
fn variants(events: &[(Option<&str>, &str)]) -> Vec<Events> {
    let events: Events =
        events.iter().map(|(table, json)| (table.map(str::to_owned), (*json).to_owned())).collect();
    let mut variants = vec![events.clone()];
    for (index, (table, json)) in events.iter().enumerate() {
        let event: Value = serde_json::from_str(json).expect("events of tests are JSON");
        for changed in changes(&event).into_iter().filter(Value::is_object) {
            let mut variant = events.clone();
            variant[index] = (table.clone(), changed.to_string());
            variants.push(variant);
        }
    }
    variants
}

/// The value with one change somewhere in it.
fn changes(value: &Value) -> Vec<Value> {
    match value {
        Value::Object(properties) => {
            let mut changed = vec![json!({}), json!(value.to_string())];
            for (name, inner) in properties {
                let mut without = properties.clone();
                without.remove(name);
                changed.push(without.into());
                changed.extend(changes(inner).into_iter().map(|inner| {
                    let mut with = properties.clone();
                    with.insert(name.clone(), inner);
                    with.into()
                }));
            }
            changed
        }
        Value::Array(items) => {
            let mut changed = vec![json!([]), json!(value.to_string())];
            for (index, item) in items.iter().enumerate() {
                changed.extend(changes(item).into_iter().map(|item| {
                    let mut with = items.clone();
                    with[index] = item;
                    with.into()
                }));
            }
            changed
        }
        Value::String(text) => {
            vec![
                json!(text.to_uppercase()),
                json!(format!("x{text} ")),
                json!(""),
                json!(null),
                json!(7),
                json!([text]),
            ]
        }
        _ => vec![json!(null), json!(value.to_string()), json!({"a": value})],
    }
}
