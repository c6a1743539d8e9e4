//! The parser on whole texts: what it takes, what it says of what it does not take, and that nothing makes it fall over.

use proptest::prelude::*;
use rule_lang::parser::{parse, parse_continuation};
use rule_lang::syntax::{ExprKind, OperatorKind, Statement};

const SAMPLES: &str = include_str!("data/samples.kql");
const FAULTS: &str = include_str!("data/faults.kql");

fn texts(file: &'static str) -> impl Iterator<Item = &'static str> {
    file.split("//---\n")
}

#[test]
fn samples_of_the_whole_grammar_parse() {
    for text in texts(SAMPLES) {
        let (script, diagnostics) = parse(text);
        assert!(diagnostics.is_empty(), "{text}\n{diagnostics:?}");
        assert!(!script.statements.is_empty(), "{text}");
    }
}

#[test]
fn every_fault_is_reported_once_at_its_column() {
    for case in texts(FAULTS) {
        let (text, expected) = case.split_once("\n//! ").expect("a text and its faults");
        let found: Vec<(usize, String)> =
            parse(text).1.into_iter().map(|d| (d.position(text).column, d.message)).collect();
        let expected: Vec<(usize, &str)> = expected
            .trim_end()
            .split("\n//! ")
            .map(|line| line.split_once(": ").expect("a column and a message"))
            .map(|(column, message)| (column.parse().expect("a column"), message))
            .collect();
        assert_eq!(found.len(), expected.len(), "{text}\n{found:?}");
        for ((column, message), (expected_column, expected_message)) in found.iter().zip(&expected) {
            assert_eq!(column, expected_column, "{text}\n{found:?}");
            assert!(message.starts_with(expected_message), "{text}\n{message}");
        }
    }
}

#[test]
fn a_chain_of_ten_thousand_conditions_is_one_list() {
    for word in ["or", "and"] {
        let text = format!("T | where a == 0{}", format!(" {word} a == 1").repeat(10_000));
        let (script, diagnostics) = parse(&text);
        assert!(diagnostics.is_empty());
        let Statement::Query(query) = &script.statements[0] else { panic!("no query") };
        let ExprKind::Pipe(_, operators) = &query.kind else { panic!("no pipe") };
        let OperatorKind::Where(condition) = &operators[0].kind else { panic!("no where") };
        let (ExprKind::Or(items) | ExprKind::And(items)) = &condition.kind else { panic!("no chain") };
        assert_eq!(items.len(), 10_001);
    }
}

#[test]
fn too_deep_a_nest_is_a_fault_and_no_overflow() {
    let shapes = [
        ("print ", "(", "1", ")"),
        ("print ", "f(", "1", ")"),
        ("print ", "-f(", "1", ")"),
        ("print a", "[a", "[0]", "]"),
        ("print dynamic(", "[", "1", "]"),
        ("print dynamic(", "{\"a\":", "1", "}"),
        ("", "toscalar(T | where a in (", "b", "))"),
        ("T | mv-apply a on ", "(mv-apply a on ", "(take 1)", ")"),
        ("", "let f = () { ", "print 1", " };"),
        ("print ", "a + (a * (", "1", "))"),
        ("print a", ".a", "", ""),
        ("print a", " + a", "", ""),
        ("print a", " * a[0].b + a", "", ""),
    ];
    for (head, open, middle, close) in shapes {
        let text = format!("{head}{}{middle}{}", open.repeat(5_000), close.repeat(5_000));
        let (_, diagnostics) = parse(&text);
        assert!(!diagnostics.is_empty(), "{head}{open}");
        assert!(diagnostics.len() < 10, "{head}{open}: {} faults", diagnostics.len());
    }
}

#[test]
fn nests_that_people_write_are_not_too_deep() {
    let text = format!("print {}1{}", "iff(a == 1, 'x', ".repeat(60), ")".repeat(60));
    assert!(parse(&text).1.is_empty());
}

/// Words, signs and broken pieces, from which the parser's every branch can be reached.
fn token_soup() -> impl Strategy<Value = String> {
    let pieces: Vec<&'static str> = SAMPLES.split_whitespace().collect();
    let odd = prop::sample::select(vec![
        "\"", "'", "`", "(", ")", "[", "]", "{", "}", "|", ";", ",", "é", "💥", "\\", "\n",
    ]);
    prop::collection::vec(prop_oneof![4 => prop::sample::select(pieces), 1 => odd], 0..60)
        .prop_map(|words| words.join(" "))
}

/// Fails where the parser panics or a diagnostic lies outside of the text or within a character.
fn check(text: &str) {
    for diagnostics in [parse(text).1, parse_continuation(text).1] {
        for diagnostic in diagnostics {
            let (start, end) = (diagnostic.span.start as usize, diagnostic.span.end as usize);
            assert!(text.get(start..end).is_some(), "{start}..{end} in {text:?}: {diagnostic}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_text_is_survived(text in any::<String>()) {
        check(&text);
    }

    #[test]
    fn any_bytes_are_survived(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        check(&String::from_utf8_lossy(&bytes));
    }

    #[test]
    fn any_words_in_any_order_are_survived(text in token_soup()) {
        check(&text);
    }

    #[test]
    fn any_beginning_of_a_query_is_survived(cut in 0..SAMPLES.len()) {
        check(SAMPLES.get(..cut).unwrap_or_default().rsplit("//---\n").next().unwrap_or_default());
    }
}
