//! A crate's own table is recognised, named on the command line, and alerted on, as the built-in ones are.

use rule_model::DateTime;
use rule_runtime::dispatch::MemoryLimits;
use rule_runtime::engine::{Engine, Outcome, Settings, Validate, Work};
use rule_runtime::framing::{Batch, Frame};

fn engine() -> Engine {
    let settings = Settings {
        max_depth: 64,
        validate: Validate::Structure,
        memory: MemoryLimits::default(),
        now: DateTime::UNIX_EPOCH,
    };
    Engine::new(&own_table::RULES, own_table::RULES.rules, settings)
}

fn run(engine: &Engine, table: Option<usize>, record: &str) -> Outcome {
    let frames = vec![Frame::Record(0..record.len())];
    let batch = Batch {
        bytes: record.as_bytes().to_vec().into(),
        offset: 0,
        frames,
        taken: record.len() as u64,
        ..Batch::default()
    };
    engine.worker().run(Work { source: "test".into(), table, rereads: false, batch })
}

#[test]
fn the_ruleset_lists_the_table_once_and_the_rules_share_it() {
    assert_eq!(own_table::RULES.schemas.len(), 1);
    let inputs = own_table::RULES.rules.iter().flat_map(|rule| rule.inputs());
    for input in inputs {
        assert!(std::ptr::eq(input.schema, own_table::RULES.schemas[0]));
    }
}

#[test]
fn a_record_of_the_table_is_recognised_and_alerted_on() {
    let engine = engine();
    let outcome = run(&engine, None, r#"{"At":"2024-03-01T22:00:00Z","Action":"open","DoorId":7}"#);
    assert_eq!((outcome.rejects.len(), outcome.matches.len()), (0, 1));
    assert_eq!(engine.rules()[outcome.matches[0].rule].metadata.id, "doors-vault");
}

#[test]
fn the_table_can_be_named_by_name_and_alias() {
    let engine = engine();
    let table = engine.table("Doors");
    assert!(table.is_some() && table == engine.table("Gates"));
    let outcome = run(&engine, table, r#"{"At":"2024-03-01T22:00:00Z","Action":"refuse"}"#);
    assert_eq!((outcome.rejects.len(), outcome.passed.len()), (0, 1));
}
