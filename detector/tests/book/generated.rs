//! Pages that are written from the tables of functions, operators and schemas.

use rule_eval::function::{Accepts, Arity, Function, Param, Returns, Signature};
use rule_eval::{aggregates, functions};
use rule_lang::operators::OPERATORS;
use rule_model::schema::{Column, Path};
use rule_model::{Schema, tables};
use std::fmt::Write;

const NOTICE: &str = "<!-- Written by `UPDATE_BOOK=1 cargo test -p detector --test book`: change the table, not the page. -->\n\n";

/// Each generated page with its text.
pub(crate) fn pages() -> Vec<(&'static str, String)> {
    let page = |title: &str, text: String| format!("# {title}\n\n{NOTICE}{text}");
    vec![
        ("operators.md", page("Tabular operators", operators())),
        ("functions.md", page("Functions and scalar operators", self::functions_page())),
        ("aggregates.md", page("Aggregate functions", aggregates_page())),
        ("tables.md", page("Tables", tables_page())),
    ]
}

fn operators() -> String {
    let mut text = String::from("An operator takes the rows before its `|` and gives rows to the next.\n");
    for operator in OPERATORS {
        let aliases = also(operator.aliases);
        let (name, syntax, summary, example) =
            (operator.name, operator.syntax, operator.summary, operator.example);
        let _infallible = write!(
            text,
            "\n## {name}\n\n`{syntax}`{aliases}\n\n{}.\n\n```kql\n{example}\n```\n",
            capital(summary)
        );
    }
    text
}

fn functions_page() -> String {
    let mut all: Vec<&Function> = functions().filter(|entry| !entry.name.starts_with("kuery:")).collect();
    all.sort_by_key(|entry| entry.name);
    let (symbols, named): (Vec<&Function>, Vec<&Function>) =
        all.into_iter().partition(|entry| is_operator(entry));
    let mut text = String::from(
        "What an argument takes is converted to, where a conversion loses nothing; a dynamic value is taken everywhere. \
         Brackets enclose what may be left out, `…` follows what may be repeated.\n\n## Scalar operators\n\n",
    );
    text.push_str(&rows("operator", &symbols));
    text.push_str("\n## Functions\n\n");
    text + &rows("function", &named)
}

/// Whether it is written between its operands or before one, as a symbol or a word.
fn is_operator(entry: &Function) -> bool {
    let name = entry.name.trim_start_matches('!').trim_end_matches("_cs").trim_end_matches('~');
    let words = [
        "and",
        "or",
        "not",
        "neg",
        "in",
        "between",
        "has",
        "has_any",
        "has_all",
        "hasprefix",
        "hassuffix",
        "contains",
        "startswith",
        "endswith",
        "matches regex",
    ];
    !name.starts_with(|c: char| c.is_ascii_alphabetic()) || words.contains(&name)
}

fn rows(head: &str, entries: &[&Function]) -> String {
    let mut text = format!("| {head} | what it does | for example |\n|---|---|---|\n");
    let form = if head == "operator" { infix } else { signature };
    for entry in entries {
        let forms: Vec<String> = entry.signatures.iter().map(|it| code(&form(entry.name, it))).collect();
        let example =
            entry.examples.first().map(|(query, result)| format!("{} gives {}", code(query), code(result)));
        let (forms, aliases) = (forms.join("<br>"), also(entry.aliases));
        let _infallible = writeln!(
            text,
            "| {forms}{aliases} | {} | {} |",
            cell(&capital(entry.summary)),
            example.unwrap_or_default()
        );
    }
    text
}

fn aggregates_page() -> String {
    let mut all: Vec<_> = aggregates().collect();
    all.sort_by_key(|entry| entry.name);
    let mut text = String::from(
        "For `summarize`, `make-series`, `top-nested` and `evaluate pivot()`.\n\n| function | what it does | for example |\n|---|---|---|\n",
    );
    for entry in all {
        let forms: Vec<String> =
            entry.signatures.iter().map(|form| code(&signature(entry.name, form))).collect();
        let example =
            entry.examples.first().map(|(query, result)| format!("{} gives {}", code(query), code(result)));
        let (forms, aliases) = (forms.join("<br>"), also(entry.aliases));
        let _infallible = writeln!(
            text,
            "| {forms}{aliases} | {} | {} |",
            cell(&capital(entry.summary)),
            example.unwrap_or_default()
        );
    }
    text
}

/// An operator between its operands.
fn infix(name: &str, form: &Signature) -> String {
    let shown = |param: &Param| format!("{}: {}", param.name, accepts(param));
    let operands = match form.params {
        [value] if name == "neg" => format!("-{}", shown(value)),
        [value] => format!("{name}({})", shown(value)),
        [left, right] if right.arity == Arity::One => format!("{} {name} {}", shown(left), shown(right)),
        [value, low, high] => format!("{} {name} ({} .. {})", shown(value), shown(low), shown(high)),
        [value, item, ..] => format!("{} {name} ({}, …)", shown(value), shown(item)),
        [] => name.to_owned(),
    };
    format!("{operands} -> {}", returns(form))
}

fn signature(name: &str, form: &Signature) -> String {
    let mut inside = String::new();
    for (index, param) in form.params.iter().enumerate() {
        let comma = if index == 0 { "" } else { ", " };
        let shown = format!("{}: {}", param.name, accepts(param));
        let _infallible = match param.arity {
            Arity::One => write!(inside, "{comma}{shown}"),
            Arity::Optional => write!(inside, "[{comma}{shown}]"),
            Arity::Repeated => write!(inside, "{comma}{shown} …"),
        };
    }
    format!("{name}({inside}) -> {}", returns(form))
}

fn returns(form: &Signature) -> String {
    match form.returns {
        Returns::Type(ty) => ty.name().to_owned(),
        Returns::Argument(index) => {
            form.params.get(index).map_or_else(String::new, |param| format!("as {}", param.name))
        }
        Returns::Common => "common type".to_owned(),
        Returns::TypeLiteral => "as named".to_owned(),
        Returns::Computed(_) => "by arguments".to_owned(),
    }
}

fn accepts(param: &Param) -> String {
    match param.accepts {
        Accepts::Type(ty) => ty.name().to_owned(),
        Accepts::OneOf(types) => types.iter().map(|ty| ty.name()).collect::<Vec<_>>().join(" or "),
        Accepts::Number => "number".to_owned(),
        Accepts::Any | Accepts::Common => "any".to_owned(),
        Accepts::Text => "any as text".to_owned(),
        Accepts::TypeLiteral => "typeof(…)".to_owned(),
    }
}

fn tables_page() -> String {
    let mut text =
        String::from("A crate of rules brings tables of its own as `schemas/*.toml`; these are built in.\n");
    for schema in tables::ALL {
        text.push_str(&table(schema));
    }
    text
}

fn table(schema: &Schema) -> String {
    let named =
        |column: Option<&Column>| column.map_or_else(|| "none".to_owned(), |column| code(&column.name));
    let aliases: Vec<&str> = schema.aliases.iter().map(AsRef::as_ref).collect();
    let mut text = format!(
        "\n## {}\n\n{}.{} Event time: {}. Operation: {}. Source: <{}>\n\n| column | type | holds | in the record |\n|---|---|---|---|\n",
        schema.name,
        schema.description.trim_end_matches('.'),
        if aliases.is_empty() { String::new() } else { format!(" Also called {}.", aliases.join(", ")) },
        named(schema.time_column()),
        named(schema.operation_column()),
        schema.reference,
    );
    for column in schema.columns.iter() {
        let values: Vec<String> = column.values.iter().map(|value| code(value)).collect();
        let values = if values.is_empty() { String::new() } else { format!(": {}", values.join(", ")) };
        let places: Vec<String> = column.paths.iter().map(|path| code(&place(path))).collect();
        let holds = format!("{}{values}", cell(&column.description));
        let _infallible = writeln!(
            text,
            "| {} | {} | {holds} | {} |",
            code(&column.name),
            column.ty.name(),
            places.join(", ")
        );
    }
    text
}

fn place(path: &Path) -> String {
    path.segments.iter().map(AsRef::as_ref).collect::<Vec<_>>().join(".")
}

fn also(aliases: &[&str]) -> String {
    if aliases.is_empty() { String::new() } else { format!(", also `{}`", aliases.join("`, `")) }
}

/// A text as code within a cell of a table.
fn code(text: &str) -> String {
    let text = cell(text);
    if text.contains('`') { format!("`` {text} ``") } else { format!("`{text}`") }
}

/// A text within a cell of a table.
fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('\n', " ")
}

fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map(|first| first.to_uppercase().chain(chars).collect()).unwrap_or_default()
}
