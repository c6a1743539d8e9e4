//! A schema as Rust source text: what the build script writes for the built-in tables and `rule!` for a user's own.
//!
//! The text is plain data, a `static` and constants, because it is compiled with every crate that has tables.

use super::{Column, Path, Schema, Shape};
use crate::Text;
use std::collections::HashSet;

/// An expression of type `Schema`, fit for a `static`. `root` is the path of this crate where the text will stand:
/// `::rule_model` or `crate`.
pub fn source_text(schema: &Schema, root: &str) -> String {
    let (operation, time) = (schema.operation, schema.time);
    format!(
        "{root}::Schema {{ name: {}, aliases: {}, description: {}, reference: {}, operation: {operation:?}, \
         time: {time:?}, columns: {}, shapes: {} }}",
        text(&schema.name),
        texts(&schema.aliases),
        text(&schema.description),
        text(&schema.reference),
        list(&schema.columns, |column| self::column(column, root)),
        list(&schema.shapes, |shape| self::shape(shape, root)),
    )
}

/// A public module for a table, named by [`module_name`], with one documented constant a column: its position.
pub fn module_text(schema: &Schema) -> String {
    let constants = column_docs(schema).into_iter().enumerate();
    let constants: Vec<_> = constants
        .map(|(index, (constant, doc))| {
            format!("    #[doc = {doc:?}]\n    pub const {constant}: usize = {index};\n")
        })
        .collect();
    format!(
        "#[doc = {:?}]\npub mod {} {{\n{}}}\n",
        table_doc(schema),
        module_name(&schema.name),
        constants.concat()
    )
}

/// What the documentation of a table's module says.
pub fn table_doc(schema: &Schema) -> String {
    format!("{}\n\nPositions of the columns of `{}`.", one_line(&schema.description), schema.name)
}

/// The name of each column's constant, and what its documentation says: name, type and description.
pub fn column_docs(schema: &Schema) -> Vec<(String, String)> {
    let columns = schema.columns.iter().zip(constant_names(schema));
    let documented = columns.map(|(column, constant)| {
        let (name, ty, description) = (&column.name, column.ty, one_line(&column.description));
        (constant, format!("`{name}`, {ty}. {description}"))
    });
    documented.collect()
}

/// The name of a table's static: `AuditLogs` is `AUDIT_LOGS`, `AWSCloudTrail` is `AWS_CLOUD_TRAIL`.
pub fn static_name(table: &str) -> String {
    words(table)
}

/// The name of a table's module: `AuditLogs` is `audit_logs`.
pub fn module_name(table: &str) -> String {
    let name = words(table).to_ascii_lowercase();
    if KEYWORDS.contains(&name.as_str()) { name + "_" } else { name }
}

/// The names of a table's column constants, in the order of its columns: `OperationName` is `OPERATION_NAME`,
/// `event.action` is `EVENT_ACTION`. A name that two columns share gets a number from the second on.
pub fn constant_names(schema: &Schema) -> Vec<String> {
    let mut taken = HashSet::new();
    let mut names = Vec::with_capacity(schema.columns.len());
    for column in schema.columns.iter() {
        let plain = words(&column.name);
        let numbered = (2..).map(|n| format!("{plain}_{n}"));
        let name = std::iter::once(plain.clone()).chain(numbered).find(|name| taken.insert(name.clone()));
        names.push(name.unwrap_or(plain));
    }
    names
}

/// Words that a module cannot be called.
const KEYWORDS: &[&str] = &[
    "abstract", "as", "async", "await", "become", "box", "break", "const", "continue", "crate", "do", "dyn",
    "else", "enum", "extern", "false", "final", "fn", "for", "gen", "if", "impl", "in", "let", "loop",
    "macro", "match", "mod", "move", "mut", "override", "priv", "pub", "ref", "return", "self", "static",
    "struct", "super", "trait", "true", "try", "type", "typeof", "unsafe", "unsized", "use", "virtual",
    "where", "while", "yield",
];

/// The words of a name in capitals with underscores between. A word begins at a capital after a small letter or digit,
/// at the last of several capitals before a small letter, and after anything that is no letter or digit.
fn words(name: &str) -> String {
    let chars: Vec<char> = name.chars().collect();
    let mut words = String::new();
    for (i, &c) in chars.iter().enumerate() {
        if !c.is_ascii_alphanumeric() {
            if !words.is_empty() && !words.ends_with('_') {
                words.push('_');
            }
            continue;
        }
        let before = i.checked_sub(1).and_then(|i| chars.get(i));
        let after = chars.get(i + 1);
        let begins = c.is_ascii_uppercase()
            && before.is_some_and(|b| {
                b.is_ascii_lowercase()
                    || b.is_ascii_digit()
                    || b.is_ascii_uppercase() && after.is_some_and(char::is_ascii_lowercase)
            });
        if begins && !words.is_empty() {
            words.push('_');
        }
        words.push(c.to_ascii_uppercase());
    }
    let words = words.trim_end_matches('_');
    if words.starts_with(|c: char| c.is_ascii_alphabetic()) { words.to_owned() } else { format!("N_{words}") }
}

fn column(column: &Column, root: &str) -> String {
    format!(
        "{root}::Column {{ name: {}, ty: {root}::Type::{:?}, description: {}, paths: {}, values: {} }}",
        text(&column.name),
        column.ty,
        text(&column.description),
        paths(&column.paths, root),
        texts(&column.values)
    )
}

fn shape(shape: &Shape, root: &str) -> String {
    format!(
        "{root}::schema::Shape {{ present: {}, absent: {}, objects: {}, equals: {} }}",
        paths(&shape.present, root),
        paths(&shape.absent, root),
        paths(&shape.objects, root),
        list(&shape.equals, |(place, values)| format!("({}, {})", path(place, root), texts(values)))
    )
}

fn paths(paths: &[Path], root: &str) -> String {
    list(paths, |place| path(place, root))
}

fn path(path: &Path, root: &str) -> String {
    format!("{root}::schema::Path {{ segments: {}, dotted: {} }}", texts(&path.segments), path.dotted)
}

fn texts(items: &[Text]) -> String {
    list(items, text)
}

fn text(text: &Text) -> String {
    format!("::std::borrow::Cow::Borrowed({text:?})")
}

fn list<T>(items: &[T], item: impl Fn(&T) -> String) -> String {
    let items: Vec<_> = items.iter().map(item).collect();
    format!("::std::borrow::Cow::Borrowed(&[{}])", items.join(", "))
}

/// A description as it may stand in a documentation comment.
fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::definition;

    #[test]
    fn names_split_where_people_see_words() {
        for (name, expected) in [
            ("OperationName", "OPERATION_NAME"),
            ("AADTenantId", "AAD_TENANT_ID"),
            ("AWSCloudTrail", "AWS_CLOUD_TRAIL"),
            ("event.action", "EVENT_ACTION"),
            ("@timestamp", "TIMESTAMP"),
            ("_BilledSize", "BILLED_SIZE"),
            ("O365Audit", "O365_AUDIT"),
            ("ActorUPN", "ACTOR_UPN"),
            ("365", "N_365"),
        ] {
            assert_eq!(words(name), expected);
        }
        assert_eq!(module_name("Type"), "type_");
    }

    #[test]
    fn columns_whose_names_fall_together_are_numbered() {
        let text = "name = 'T'\n[columns]\nClientIP = { type = 'string' }\nClient_IP = { type = 'string' }";
        assert_eq!(constant_names(&definition::parse(text).unwrap()), ["CLIENT_IP", "CLIENT_IP_2"]);
    }
}
