//! The shape of plans.

use super::{Operator, Options, Source, Tables, check_script, parser, tables};
use crate::compile_query;
use crate::syntax::{Script, Statement};
use rule_model::plan::{ExprKind, Plan};

fn plan(query: &str) -> Plan {
    compile_query(query, &tables()).expect(query).plan
}

#[test]
fn a_table_used_once_is_put_in_line_and_one_used_twice_is_bound() {
    let once = plan("let X = T | where b > 1; X | where f");
    assert!(once.bindings.is_empty());
    assert_eq!(once.root.source, Source::Table("T".into()));
    assert_eq!(once.root.stages.len(), 2);

    let twice = plan("let X = T | where b > 1; X | join kind=inner X on a");
    assert_eq!(twice.bindings.len(), 1);
    assert_eq!(twice.root.source, Source::Binding(0));
}

#[test]
fn a_table_that_nothing_reads_is_dropped() {
    assert!(plan("let X = T | count; U | take 1").bindings.is_empty());
    assert!(plan("let X = U; let Y = X | count; let Z = Y | union Y; T").bindings.is_empty());
}

#[test]
fn constants_fold_and_conversions_are_calls() {
    let plan = plan("T | where b > 60 * 2 and strlen(d.x) == 3");
    let Operator::Where(predicate) = &plan.root.stages[0].operator else { panic!("{plan:?}") };
    let text = format!("{predicate:?}");
    assert!(text.contains("Long(120)") && text.contains("Call(\"tostring\""), "{text}");
}

#[test]
fn a_rule_continues_the_table_of_its_head_and_carries_what_its_title_needs() {
    let options =
        Options { continue_from: Some("T".into()), carry: vec!["r".into(), "a".into(), "x".into()] };
    let (query, errors) = parser::parse_continuation("| extend x = 1 | project a, b | where b > 1");
    assert!(errors.is_empty(), "{errors:?}");
    let script = Script { statements: vec![Statement::Query(query)] };
    let checked = check_script(&script, &tables(), &options);
    let plan = checked.plan.unwrap_or_else(|| panic!("{:?}", checked.diagnostics));
    let names: Vec<&str> = plan.root.output().iter().map(|c| c.name.as_str()).collect();
    assert_eq!((names.as_slice(), plan.visible), (["a", "b", "$hidden:r", "$hidden:x"].as_slice(), 2));
}

#[test]
fn the_column_of_an_open_table_reads_by_name() {
    let plan = compile_query("New | where a.b == 1", &crate::catalog::AnyTable(Tables::default()))
        .expect("open")
        .plan;
    let Operator::Where(predicate) = &plan.root.stages[0].operator else { panic!("{plan:?}") };
    assert!(matches!(&predicate.kind, ExprKind::Call(name, args)
        if name == "==" && matches!(&args[0].kind, ExprKind::Property(..))));
}
