//! What the parser makes of texts, as trees written in brackets.

use super::*;
use crate::syntax::{Argument, LetValue, Operator, OperatorKind, PatternPart, Statement};
use rule_model::Value;

/// The tree of a query's expression: operators and calls in brackets, operator first.
fn shape(expr: &Expr) -> String {
    let all = |items: &[Expr]| items.iter().map(shape).collect::<Vec<_>>().join(" ");
    match &expr.kind {
        ExprKind::Literal(Value::String(text), _) => format!("'{text}'"),
        ExprKind::Literal(value, ty) => format!("{ty}:{}", literal(value)),
        ExprKind::Name(name) => name.text.to_string(),
        ExprKind::JoinSide(name) => format!("side {}", name.text),
        ExprKind::Star => "*".to_owned(),
        ExprKind::Pattern(text) => format!("<{text}>"),
        ExprKind::Property(value, name) => format!("{}.{}", shape(value), name.text),
        ExprKind::Element(value, index) => format!("{}[{}]", shape(value), shape(index)),
        ExprKind::Prefix(sign, value) => format!("({} {})", sign.text, shape(value)),
        ExprKind::And(items) => format!("(and {})", all(items)),
        ExprKind::Or(items) => format!("(or {})", all(items)),
        ExprKind::Infix(left, symbol, right) => format!("({} {} {})", symbol.text, shape(left), shape(right)),
        ExprKind::In(value, symbol, items) => format!("({} {} | {})", symbol.text, shape(value), all(items)),
        ExprKind::Between(value, symbol, low, high) => {
            format!("({} {} {} {})", symbol.text, shape(value), shape(low), shape(high))
        }
        ExprKind::Call(name, arguments) => format!("{}({})", name.text, arguments_shape(arguments)),
        ExprKind::Method(value, name, arguments) => {
            format!("{}.{}({})", shape(value), name.text, arguments_shape(arguments))
        }
        ExprKind::Parenthesized(inner) => format!("({})", shape(inner)),
        ExprKind::Pipe(source, operators) => {
            let source = source.as_deref().map(shape).unwrap_or_default();
            let words: Vec<_> = operators.iter().map(|operator| operator.keyword.text.as_str()).collect();
            format!("{source}|{}", words.join("|"))
        }
        other => format!("{other:?}"),
    }
}

fn arguments_shape(arguments: &[Argument]) -> String {
    let one = |argument: &Argument| match &argument.name {
        Some(name) => format!("{}={}", name.text, shape(&argument.value)),
        None => shape(&argument.value),
    };
    arguments.iter().map(one).collect::<Vec<_>>().join(", ")
}

fn literal(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Bool(b) => b.to_string(),
        Value::Int(n) => n.to_string(),
        Value::Long(n) => n.to_string(),
        Value::Real(n) => n.to_string(),
        Value::Decimal(n) => n.to_string(),
        Value::String(text) => text.to_string(),
        Value::DateTime(t) => t.to_string(),
        Value::Timespan(span) => span.to_string(),
        Value::Guid(guid) => guid.to_string(),
        Value::Array(items) => format!("[{}]", items.iter().map(literal).collect::<Vec<_>>().join(",")),
        Value::Bag(bag) => {
            bag.iter().map(|(name, value)| format!("{name}={}", literal(value))).collect::<Vec<_>>().join(",")
        }
    }
}

fn operator(text: &str) -> Operator {
    let (expr, diagnostics) = parse_continuation(text);
    assert!(diagnostics.is_empty(), "{text}: {diagnostics:?}");
    let ExprKind::Pipe(None, mut operators) = expr.kind else { panic!("{text}: {expr:?}") };
    operators.remove(0)
}

fn condition(text: &str) -> String {
    let OperatorKind::Where(condition) = operator(&format!("| where {text}")).kind else { panic!("{text}") };
    shape(&condition)
}

#[test]
fn operators_bind_as_in_kusto() {
    for (text, tree) in [
        ("a or b and c or d", "(or a (and b c) d)"),
        ("a == b and c", "(and (== a b) c)"),
        ("a + b * c - d", "(- (+ a (* b c)) d)"),
        ("a - b - c", "(- (- a b) c)"),
        ("a + b has c", "(+ a (has b c))"),
        ("a has b * c", "(* (has a b) c)"),
        ("a < b + c == d", "(== (< a (+ b c)) d)"),
        ("-a * b", "(* (- a) b)"),
        ("a - -b", "(- a (- b))"),
        ("a -- b", "(- a (- b))"),
        ("a in (1, b) or c !in~ ('x')", "(or (in a | long:1 b) (!in~ c | 'x'))"),
        ("a between (1 .. b + 1)", "(between a long:1 (+ b long:1))"),
        ("a matches regex 'x' and b", "(and (matches regex a 'x') b)"),
        ("a in (T | project b)", "(in a | T|project)"),
        ("* has 'x' or b : 'y'", "(or (has * 'x') (: b 'y'))"),
        ("not(a) and (b)", "(and not(a) (b))"),
        ("(a or b) and c", "(and ((or a b)) c)"),
        ("a = b", "(= a b)"),
    ] {
        assert_eq!(condition(text), tree, "{text}");
    }
}

#[test]
fn paths_take_names_indices_and_calls() {
    for (text, tree) in [
        ("a.b.c", "a.b.c"),
        ("a['b c'].d", "a.b c.d"),
        ("a.['b c'][0]", "a.b c[long:0]"),
        ("a[-1]", "a[(- long:1)]"),
        ("a[b]", "a[b]"),
        ("['a b'].kind", "a b.kind"),
        ("f(x)[0].y", "f(x)[long:0].y"),
        ("f(1, b = 2, *)", "f(long:1, b=long:2, *)"),
        ("cluster('c').database('d').T", "cluster('c').database('d').T"),
        ("$left.a == $right.b", "(== side $left.a side $right.b)"),
        ("count > 1", "(> count long:1)"),
        ("count() > 1", "(> count() long:1)"),
        ("toscalar(T | count)", "toscalar(T|count)"),
        ("{Period}", "{Period}"),
    ] {
        assert_eq!(condition(text), tree, "{text}");
    }
}

#[test]
fn literals_have_values_and_types() {
    for (text, tree) in [
        ("0x1F", "long:31"),
        ("int(-5)", "int:-5"),
        ("long(null)", "long:null"),
        ("real(-inf)", "real:-inf"),
        ("1.", "real:1"),
        ("decimal(1.50)", "decimal:1.50"),
        ("True", "bool:true"),
        ("bool(0)", "bool:false"),
        ("1.5h", "timespan:01:30:00"),
        ("time(1.02:03:04)", "timespan:1.02:03:04"),
        ("datetime(2024-02-29 10:30)", "datetime:2024-02-29T10:30:00.0000000Z"),
        ("datetime(null)", "datetime:null"),
        ("guid(74be27de1e4e49d9b579fe0b331d3642)", "guid:74be27de-1e4e-49d9-b579-fe0b331d3642"),
        ("dynamic([1, 2.5, -3, null, 'x', 1s])", "dynamic:[1,2.5,-3,null,x,00:00:01]"),
        ("dynamic({'a': [true]})", "dynamic:a=[true]"),
        ("'a' \"b\" @'c\\'", "'abc\\'"),
    ] {
        assert_eq!(condition(text), tree, "{text}");
    }
}

#[test]
fn a_typed_literal_of_another_text_is_null_and_warns() {
    let (_, diagnostics) = parse("print datetime(yesterday)");
    assert_eq!(diagnostics.len(), 1);
    assert_eq!(diagnostics[0].level, crate::diagnostic::Level::Warning);
}

#[test]
fn synonyms_are_one_kind_and_keep_their_words() {
    for (text, word) in [("| filter a", "filter"), ("| where a", "where")] {
        let operator = operator(text);
        assert!(matches!(operator.kind, OperatorKind::Where(_)));
        assert_eq!(operator.keyword.text, word);
    }
    assert!(matches!(operator("| order by a").kind, OperatorKind::Sort(..)));
    assert!(matches!(operator("| limit 5").kind, OperatorKind::Take(..)));
    assert!(matches!(operator("| mvexpand a").kind, OperatorKind::MvExpand(..)));
}

#[test]
fn operators_that_are_not_supported_are_read_to_their_end() {
    for text in ["| fork (take 1) (take 2)", "| make-graph a --> b with c on d", "| consume", "| reduce by a"]
    {
        let operator = operator(text);
        assert_eq!(operator.kind, OperatorKind::Other, "{text}");
        assert_eq!(operator.span, Span { start: 2, end: text.len() as u32 }, "{text}");
    }
}

#[test]
fn parameters_are_read_before_what_an_operator_says() {
    let OperatorKind::Join(params, right, on) =
        operator("| join kind = leftouter hint.strategy=broadcast (B) on a, $left.b == $right.c").kind
    else {
        panic!("no join")
    };
    let params: Vec<_> = params.iter().map(|(name, value)| (name.text.as_str(), shape(value))).collect();
    assert_eq!(params, [("kind", "leftouter".to_owned()), ("hint.strategy", "broadcast".to_owned())]);
    assert_eq!(shape(&right), "(B)");
    assert_eq!(on.iter().map(shape).collect::<Vec<_>>(), ["a", "(== side $left.b side $right.c)"]);
}

#[test]
fn keywords_name_columns_where_only_names_can_stand() {
    let OperatorKind::Extend(columns) =
        operator("| extend title = 1, from = 2, ['kind'] = 3, (by, of) = f()").kind
    else {
        panic!("no extend")
    };
    let names: Vec<_> =
        columns.iter().flat_map(|column| &column.names).map(|name| name.text.as_str()).collect();
    assert_eq!(names, ["title", "from", "kind", "by", "of"]);
}

#[test]
fn patterns_of_parse_keep_their_parts() {
    let OperatorKind::Parse(_, _, parts) = operator("| parse m with * 'a' 'b' x:long y *").kind else {
        panic!()
    };
    let [PatternPart::Star(_), PatternPart::Literal(text, _), x, y, PatternPart::Star(_)] = parts.as_slice()
    else {
        panic!("{parts:?}")
    };
    assert_eq!(text, "ab");
    assert!(matches!(x, PatternPart::Column(name, Some(ty)) if name.text == "x" && ty.text == "long"));
    assert!(matches!(y, PatternPart::Column(name, None) if name.text == "y"));
}

#[test]
fn let_tells_functions_from_brackets() {
    for (text, function) in [
        ("let f = () { 1 };", true),
        ("let f = (a:long) { a };", true),
        ("let f = view () { T };", true),
        ("let f = (a);", false),
        ("let f = (T | take 1);", false),
        ("let f = materialize(T | take 1);", false),
    ] {
        let (script, diagnostics) = parse(text);
        assert!(diagnostics.is_empty(), "{text}: {diagnostics:?}");
        let [Statement::Let(name, value)] = script.statements.as_slice() else {
            panic!("{text}: {script:?}")
        };
        assert_eq!(name.text, "f");
        assert_eq!(matches!(value, LetValue::Function(_)), function, "{text}");
    }
}

#[test]
fn spans_are_the_text_that_was_read() {
    let text = "let é = 'ß'; T | where  f(a) == 1 // end\n | take 5";
    let (script, _) = parse(text);
    let [_, Statement::Query(query)] = script.statements.as_slice() else { panic!("{script:?}") };
    let ExprKind::Pipe(Some(source), operators) = &query.kind else { panic!("{query:?}") };
    let written = |span: Span| &text[span.start as usize..span.end as usize];
    assert_eq!(written(source.span), "T");
    assert_eq!(written(operators[0].span), "where  f(a) == 1");
    assert_eq!(written(operators[1].span), "take 5");
    assert_eq!(written(query.span), "T | where  f(a) == 1 // end\n | take 5");
}

#[test]
fn faults_say_what_to_type() {
    for (text, help) in [
        ("let x = 5\nT | take x", "end the `let` with `;`"),
        ("T | where a AND b", "write `and`: keywords are lower case"),
        ("T | Where a", "write `where`: keywords are lower case"),
        ("T | where not a", "write `not(…)`"),
        ("T | where a || b", "write `or`"),
        ("T | where a || where b", "write one `|`"),
        ("T; | where a", "remove the `;`"),
        ("T | extend x = bin(a 1h)", "write `,` between two arguments"),
        ("T | where a && b", "write `and`"),
        ("T | where !a", "write `not(…)`, or one of `!=`, `!~`, `!in`, `!has`, `!contains`, `!startswith`"),
        ("T | take 5 where a", "write `|` before `where`"),
        ("T | select a", "write `project`"),
        ("T | where a == 'x", "end it with `'` on the same line"),
        (
            "T | where kind2 == \"a\\d\"",
            "write `\\\\` for a backslash, or put `@` before the opening quote to take backslashes as they are",
        ),
        ("T | where string == 1", "write `[\"string\"]` for the name"),
    ] {
        let (_, diagnostics) = parse(text);
        assert_eq!(diagnostics.len(), 1, "{text}: {diagnostics:?}");
        assert_eq!(diagnostics[0].help.as_deref(), Some(help), "{text}");
    }
}
