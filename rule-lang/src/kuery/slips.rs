//! What other languages write in the place of Kibana's: without this, most of it would be text to look for in any field.

use super::syntax::Literal;
use crate::Diagnostic;
use rule_model::plan::Span;

/// What is wrong with text without a field, which `source` writes and `rest` follows.
pub(super) fn without_field(source: &str, rest: &str, span: Span) -> Option<Diagnostic> {
    if is_piped(source) {
        return Some(piped(source, span));
    }
    if let Some(fault) = connected(source, span) {
        return Some(fault);
    }
    comparison(source, rest, span).or_else(|| in_words(source, rest, span))
}

/// What is wrong with the name of a field.
pub(super) fn field(field: &Literal, value: &str) -> Option<Diagnostic> {
    let text = field.text();
    if text == "_exists_" {
        let name = value.split_whitespace().next().unwrap_or("field");
        let fault = Diagnostic::error(field.span, "`_exists_` is of Lucene's language, this is Kibana's");
        return Some(fault.help(format!("write `{name}:*`")));
    }
    let name = text.strip_prefix(['!', '-'])?;
    let fault = Diagnostic::error(field.span, format!("`{}` negates nothing here", &text[..1]));
    Some(fault.help(format!("write `not {name}:…`")))
}

/// What is wrong with the value of `field`, which `source` writes and `rest` follows.
pub(super) fn value(field: &str, source: &str, rest: &str, span: Span) -> Option<Diagnostic> {
    if source.contains(" | ") {
        return Some(piped(source, span));
    }
    if let Some(fault) = connected(source, span).or_else(|| connective(field, source, rest, span)) {
        return Some(fault);
    }
    let enclosed = |quote: char| source.len() > 2 && source.starts_with(quote) && source.ends_with(quote);
    let within = || source.get(1..source.len() - 1).unwrap_or_default();
    if enclosed('\'') {
        let fault = Diagnostic::error(span, "single quotes are part of the value here");
        return Some(fault.help(format!("write `\"{}\"`", within())));
    }
    // A path may begin and end so, too.
    if enclosed('/') && [".*", ".+", "[", "^", "$", "?", "|", "\\"].iter().any(|part| within().contains(part))
    {
        let fault = Diagnostic::error(span, "Kibana's query language has no regular expressions");
        return Some(
            fault.help(format!("write wildcards, as in `{field}:New-*`; in double quotes it is text")),
        );
    }
    if let Some((low, high)) = source.strip_prefix(['[', '{']).and_then(|range| range.split_once(" TO ")) {
        let high = high.trim_end_matches([']', '}']);
        let fault = Diagnostic::error(span, "this range is of Lucene's language, this is Kibana's");
        return Some(fault.help(format!("write `{field} >= {low} and {field} <= {high}`")));
    }
    if let Some(at) = source.find(" //") {
        let fault =
            Diagnostic::error(part(span, at + 1, source.len()), "Kibana's query language has no comments");
        return Some(fault.help("write it before the rule's `kuery` field"));
    }
    let (_, last) = source.rsplit_once(' ')?;
    let fault = |message| Diagnostic::error(part(span, source.len() - last.len(), source.len()), message);
    rest.starts_with(':').then(|| {
        fault(format!("nothing connects `{last}` with the condition before it"))
            .help(format!("write `and` or `or` before `{last}`"))
    })
}

/// `field:>5`, `field:not x`.
pub(super) fn before_value(field: &str, rest: &str, span: Span) -> Option<Diagnostic> {
    let operator = ["<=", ">=", "<", ">"].into_iter().find(|operator| rest.starts_with(operator));
    if let Some(operator) = operator {
        let value = rest[operator.len()..].split_whitespace().next().unwrap_or("5");
        let fault = Diagnostic::error(span, format!("`{operator}` stands in the place of the colon"));
        return Some(fault.help(format!("write `{field} {operator} {value}`")));
    }
    let word = rest.get(..4).filter(|word| word.eq_ignore_ascii_case("not "))?;
    let value = rest[word.len()..].split_whitespace().next().unwrap_or("value");
    let fault = Diagnostic::error(span, "`not` stands before a field, or within brackets");
    Some(fault.help(format!("write `not {field}:{value}`")))
}

fn is_piped(source: &str) -> bool {
    let begins = source.get(..6).is_some_and(|word| word.eq_ignore_ascii_case("where "));
    source.starts_with("| ") || source.contains(" | ") || source.contains(" where ") || begins
}

fn piped(source: &str, span: Span) -> Diagnostic {
    let at = source.find('|').or_else(|| source.find("where")).unwrap_or_default();
    let length = if source[at..].starts_with('|') { 1 } else { 5 };
    Diagnostic::error(part(span, at, at + length), "Kibana's query language has no steps")
        .note("it is one condition: `field:value and field:value`")
        .help("write the condition so; a query in Kusto's language begins with `|` and stands in no field")
}

/// `&&`, `||`
fn connected(source: &str, span: Span) -> Option<Diagnostic> {
    let (symbol, word) =
        [("&&", "and"), ("||", "or")].into_iter().find(|(symbol, _)| source.contains(symbol))?;
    let at = source.find(symbol)?;
    let fault = Diagnostic::error(part(span, at, at + 2), format!("`{symbol}` is not part of the language"));
    Some(fault.help(format!("write `{word}`")))
}

/// `field:value and` with nothing behind it, `field: and other:value`.
fn connective(field: &str, source: &str, rest: &str, span: Span) -> Option<Diagnostic> {
    let is_connective = |word: &str| ["and", "or", "not"].iter().any(|it| word.eq_ignore_ascii_case(it));
    let (first, _) = source.split_once(' ')?;
    if is_connective(first) && rest.starts_with(':') {
        let fault = Diagnostic::error(part(span, 0, first.len()), format!("`{field}` has no value"));
        return Some(fault.help(format!("write `{field}:value {first} …`")));
    }
    let (_, last) = source.rsplit_once(' ')?;
    let place = part(span, source.len() - last.len(), source.len());
    (is_connective(last) && (rest.is_empty() || rest.starts_with(')'))).then(|| {
        Diagnostic::error(place, format!("nothing stands behind `{last}`"))
            .help("write a condition behind it, or leave it out; a text that ends so stands in double quotes")
    })
}

/// `field=value`, `field == "value"`, `field != value`
fn comparison(source: &str, rest: &str, span: Span) -> Option<Diagnostic> {
    let at = source.find(['=', '!'])?;
    let operator = &source[at..];
    let operator = &operator[..operator.len() - operator.trim_start_matches(['=', '!', '~']).len()];
    let field = source[..at].trim_end();
    let is_name = |c: char| c.is_alphanumeric() || matches!(c, '.' | '_' | '@' | '*');
    if field.is_empty() || !field.chars().all(is_name) || !operator.contains('=') {
        return None;
    }
    let written = source[at + operator.len()..].trim();
    let value = match rest.strip_prefix('"') {
        Some(quoted) if written.is_empty() => format!("\"{}\"", quoted.split('"').next().unwrap_or_default()),
        _ => written.to_owned(),
    };
    let negated = if operator.starts_with('!') { "not " } else { "" };
    let fault = Diagnostic::error(span, format!("`{operator}` compares nothing in Kibana's query language"));
    Some(
        fault
            .note("what has no colon behind a field is text to look for in all fields")
            .help(format!("write `{negated}{field}:{value}`; to look for the text, put it in double quotes")),
    )
}

/// `field in (a, b)`, `field contains "a"`
fn in_words(source: &str, rest: &str, span: Span) -> Option<Diagnostic> {
    let (field, word) = source.split_once(' ')?;
    let value = rest.trim_start_matches('"').split(['"', ')']).next().unwrap_or_default();
    let help = match word.trim().to_lowercase().as_str() {
        "in" => format!("write `{field}:(a or b)`"),
        "contains" | "has" | "like" => format!("write `{field}:*{value}*`"),
        "startswith" => format!("write `{field}:{value}*`"),
        "endswith" => format!("write `{field}:*{value}`"),
        "is" | "equals" => format!("write `{field}:\"{value}\"`"),
        _ => return None,
    };
    if !rest.starts_with(['"', '(']) {
        return None;
    }
    let word = part(span, field.len() + 1, source.len());
    Some(
        Diagnostic::error(
            word,
            format!("Kibana's query language has no operator `{}`", source[field.len()..].trim()),
        )
        .help(help),
    )
}

fn part(span: Span, from: usize, to: usize) -> Span {
    Span::new(span.start + from as u32, span.start + to as u32)
}
