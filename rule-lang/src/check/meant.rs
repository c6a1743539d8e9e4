//! What was meant where names are of other languages and types do not go together.

use super::scope::Columns;
use super::{Checker, types};
use crate::nearest::nearest;
use crate::syntax::{self, ExprKind as Syntax};
use crate::{Diagnostic, Span};

use rule_model::Type;
use rule_model::plan::{Expr, ExprKind};

/// Functions of other languages, and what to write for them.
#[rustfmt::skip] // a table of words
const OF_OTHERS: &[(&str, &str)] = &[
    ("approx_count_distinct", "dcount(…)"),
    ("array_agg", "make_list(…)"),
    ("array_contains", "set_has_element(…)"),
    ("cidr_match", "ipv4_is_in_range(…)"),
    ("cidrmatch", "ipv4_is_in_range(…)"),
    ("cast", "tostring(…), tolong(…) or another conversion"),
    ("collect_list", "make_list(…)"),
    ("collect_set", "make_set(…)"),
    ("concat", "strcat(…)"),
    ("current_timestamp", "now()"),
    ("date_trunc", "bin(…)"),
    ("datediff", "datetime_diff(…)"),
    ("dc", "dcount(…)"),
    ("first", "arg_min(TimeGenerated, …)"),
    ("get_json_object", "extract_json(…)"),
    ("ifnull", "coalesce(…)"),
    ("json_extract", "extract_json(…)"),
    ("last", "arg_max(TimeGenerated, …)"),
    ("latest", "arg_max(TimeGenerated, …)"),
    ("earliest", "arg_min(TimeGenerated, …)"),
    ("len", "strlen(…) of a text, array_length(…) of a list"),
    ("length", "strlen(…) of a text, array_length(…) of a list"),
    ("list", "make_list(…)"),
    ("lower", "tolower(…)"),
    ("ltrim", "trim_start(…)"),
    ("mvcount", "array_length(…)"),
    ("nvl", "coalesce(…)"),
    ("regexp_extract", "extract(…)"),
    ("rtrim", "trim_end(…)"),
    ("spath", "parse_json(…), or extract_json(…)"),
    ("strftime", "format_datetime(…)"),
    ("substr", "substring(…)"),
    ("to_date", "todatetime(…)"),
    ("tonumber", "tolong(…)"),
    ("upper", "toupper(…)"),
    ("values", "make_set(…)"),
];

/// What to write for a function of another language.
pub(super) fn of_others(function: &str) -> Option<&'static str> {
    let known = OF_OTHERS.iter().find(|(name, _)| name.eq_ignore_ascii_case(function));
    known.map(|(_, meant)| *meant)
}

/// Whether a word is how another language writes null.
fn is_null_word(word: &str) -> bool {
    ["null", "none", "nil"].iter().any(|null| word.eq_ignore_ascii_case(null))
}

impl Checker<'_> {
    /// The name in `name == value` or `name: value`, where columns are made and `=` was meant, reported.
    pub(super) fn misassigned<'n>(
        &mut self,
        columns: &Columns,
        item: &'n syntax::Named,
    ) -> Option<&'n syntax::Name> {
        let Syntax::Infix(left, operator, _) = &item.value.kind else { return None };
        let Syntax::Name(name) = &left.kind else { return None };
        let compares = matches!(operator.text.as_str(), "==" | ":");
        let is_known = columns.open || columns.contains(&name.text) || self.scope.get(&name.text).is_some();
        let is_misspelt = nearest(&name.text, columns.visible().map(|column| column.name.as_str())).is_some();
        if !item.names.is_empty() || !compares || is_known || is_misspelt {
            return None;
        }
        let message = format!("`{}` compares, `=` names a column", operator.text);
        let fault = Diagnostic::error(operator.span, message);
        let fault = fault.note(format!("there is no column or variable `{}` to compare", name.text));
        self.report(fault.help(format!("write `{} = …`", name.text)));
        Some(name)
    }

    /// The fault of a comparison with a null, which KQL has no word for; `None` for any other comparison.
    pub(super) fn compared_with_null(
        &self,
        operator: &syntax::Name,
        left: &Expr,
        right: &syntax::Expr,
    ) -> Option<Diagnostic> {
        let Syntax::Name(word) = &right.kind else { return None };
        let is_equality = matches!(operator.text.as_str(), "==" | "!=" | "<>" | "=~" | "!~" | "=");
        let is_column = self.columns.contains(&word.text) || self.columns.open;
        if !is_equality || !is_null_word(&word.text) || is_column || self.scope.get(&word.text).is_some() {
            return None;
        }
        let value = match &left.kind {
            ExprKind::Column(name) => name.as_str(),
            _ => "…",
        };
        let not = if operator.text.starts_with(['!', '<']) { "not" } else { "" };
        let fault = Diagnostic::error(word.span, format!("KQL has no word `{}` to compare with", word.text));
        Some(match left.ty {
            Type::String => {
                fault.note("a text is never null, it is empty").help(format!("write `is{not}empty({value})`"))
            }
            _ => fault
                .note("a comparison with null is never true")
                .help(format!("write `is{not}null({value})`")),
        })
    }

    /// The fault of a name that is null in another language.
    pub(super) fn null_in_other_words(name: &str, span: Span) -> Option<Diagnostic> {
        is_null_word(name).then(|| {
            Diagnostic::error(span, format!("KQL has no word `{name}`"))
                .note("each type has a null of its own, but for string, whose values can be empty")
                .help("write `dynamic(null)`, `long(null)`, `datetime(null)` or `\"\"`")
        })
    }

    /// What to type for a function or aggregate without its brackets.
    pub(super) fn without_brackets(&self, name: &str) -> String {
        let counted = format!("{name}_");
        if self.columns.contains(&counted) {
            return format!("write `{counted}`, the column that {name}() gives");
        }
        let takes_none = matches!(name, "count" | "now" | "rand" | "new_guid" | "pack_all" | "pi");
        match (rule_eval::aggregate(name).is_some(), self.aggregates.is_some()) {
            (true, false) => {
                format!("write `{name}(…)` in a `summarize` before, and the name of its column here")
            }
            _ if takes_none => format!("write `{name}()`"),
            _ => format!("write `{name}(…)`"),
        }
    }
}

/// What to type for `a == "x" or "y"`, where the comparison is meant to go on with another value.
pub(super) fn repeated_comparison(connective: &str, before: &Expr, value: &Expr) -> Option<String> {
    let ExprKind::Call(operator, args) = &before.kind else { return None };
    let [subject, other] = args.as_slice() else { return None };
    let text = |expr| types::literal_text(expr).map(|text| format!("{text:?}"));
    let (first, second) = (text(other)?, text(value)?);
    let subject = match &subject.kind {
        ExprKind::Column(name) => name.as_str(),
        _ => "…",
    };
    let list = match (connective, operator.as_str()) {
        ("or", "==") => "in",
        ("or", "=~") => "in~",
        ("and", "!=") => "!in",
        ("and", "!~") => "!in~",
        ("or", "has") => "has_any",
        ("and", "has") => "has_all",
        _ => return Some(format!("write `{subject} {operator} {second}`")),
    };
    Some(format!("write `{subject} {list} ({first}, {second})`"))
}

/// What to type for `like`, whose operands are `args`.
pub(super) fn like_help(args: &[Expr], negated: bool) -> String {
    match args.get(1).and_then(types::literal_text) {
        Some(pattern) => format!("write `{}`", crate::parser::meant_by_like(pattern, negated)),
        None => "write `startswith`, `endswith`, `contains` or `matches regex` in its place".to_owned(),
    }
}

/// What to type for a text in the place of a span of time or a time.
pub(super) fn without_quotes(value: &Expr, wanted: Type) -> Option<String> {
    let text = types::literal_text(value)?;
    match wanted {
        Type::Timespan => {
            let meant = crate::rule::timespan_meant(text)?;
            Some(format!("write `{meant}` without quotes"))
        }
        Type::DateTime => Some(format!("write `datetime({text})`")),
        _ => None,
    }
}

/// What to type where an operator does not take values of these types.
pub(super) fn operator_help(args: &[Expr]) -> String {
    let is_time = |arg: &Expr| matches!(arg.ty, Type::DateTime | Type::Timespan);
    let of_span = |value: &Expr| without_quotes(value, Type::Timespan);
    match args {
        [_] => "convert it with tolong(…) or another conversion".to_owned(),
        [a, b] if (is_time(a) && b.ty.is_number()) || (is_time(b) && a.ty.is_number()) => {
            "write the number as a span of time, such as `1h`".to_owned()
        }
        [a, b] if is_time(a) && of_span(b).is_some() => of_span(b).unwrap_or_default(),
        [a, b] if a.ty == Type::String && b.ty == Type::String => {
            "put texts together with strcat(…)".to_owned()
        }
        _ => "convert one side, with tostring(…), tolong(…), todatetime(…) or another conversion".to_owned(),
    }
}

/// What to type where a comparison does not take values of these types.
pub(super) fn comparison_help(symbol: &str, types: &[Type], sides: Option<(&Expr, &Expr)>) -> String {
    let text_of_time = sides.and_then(|(left, right)| match (left.ty, right.ty) {
        (time @ (Type::DateTime | Type::Timespan), Type::String) => without_quotes(right, time),
        (Type::String, time @ (Type::DateTime | Type::Timespan)) => without_quotes(left, time),
        _ => None,
    });
    if let Some(help) = text_of_time {
        return help;
    }
    match types {
        [Type::String, other] | [other, Type::String] if other.is_number() => {
            "convert the text with tolong(…) or the number with tostring(…)".to_owned()
        }
        [Type::DateTime, Type::String] | [Type::String, Type::DateTime] => {
            "write the time as datetime(…), or convert the text with todatetime(…)".to_owned()
        }
        [Type::DateTime, other] | [other, Type::DateTime] if other.is_number() => {
            "write the time as datetime(2024-01-01), with what stands behind it in the brackets".to_owned()
        }
        [Type::String, Type::String] if symbol.starts_with(['<', '>']) => {
            "use strcmp(…) for the order of texts".to_owned()
        }
        [_, _] if is_of_texts(symbol) => {
            "convert what is no text with tostring(…), or compare numbers with `==`".to_owned()
        }
        _ => "convert one side, with tostring(…), tolong(…), todatetime(…) or another conversion".to_owned(),
    }
}

fn is_of_texts(symbol: &str) -> bool {
    !symbol.starts_with(['<', '>']) && !symbol.ends_with("between")
}
