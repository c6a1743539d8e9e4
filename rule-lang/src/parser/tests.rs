//! What the parser makes of texts, and what it says of faulty ones.

use super::*;
use crate::syntax::{OperatorKind, Statement};

fn faults(text: &str) -> Vec<String> {
    parse(text).1.iter().map(|d| format!("{}: {}", d.span.start, d.message)).collect()
}

#[test]
fn everyday_queries_parse() {
    for text in [
        "T | where a == 1 and b =~ 'x' or not(c)",
        "T | where x in ('a', 'b') | summarize n = count(), dcount(y) by bin(t, 1h), z",
        "let n = 5; let f = (a:long, b:string = 'x') { T | where c == a }; f(n) | take n",
        "A | join kind=leftouter (B | project k) on k, $left.x == $right.y | sort by t desc nulls last",
    ] {
        assert_eq!(faults(text), Vec::<String>::new(), "{text}");
    }
}

#[test]
fn a_rule_continues_from_its_table() {
    let (expr, diagnostics) = parse_continuation("| where a == 1 | extend b = 2");
    assert!(diagnostics.is_empty());
    let ExprKind::Pipe(None, operators) = expr.kind else { panic!("{expr:?}") };
    assert!(matches!(operators[0].kind, OperatorKind::Where(_)));
    assert!(matches!(operators[1].kind, OperatorKind::Extend(_)));
}

#[test]
fn a_name_in_brackets_is_a_name() {
    let (script, _) = parse("['a b'] | count");
    let Statement::Query(query) = &script.statements[0] else { panic!("{script:?}") };
    let ExprKind::Pipe(Some(source), _) = &query.kind else { panic!("{query:?}") };
    assert!(matches!(&source.kind, ExprKind::Name(name) if name.text == "a b"));
}
