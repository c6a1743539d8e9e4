//! Alert titles: `"Role {Role} given by {Actor}"`. A doubled brace is a brace.

use crate::{Diagnostic, Span};
use rule_model::Text;
use rule_model::metadata::TemplatePart;

/// The parts of `template`, which stands at `span`.
pub(super) fn parse(template: &str, span: Span, faults: &mut Vec<Diagnostic>) -> Vec<TemplatePart> {
    let mut parts = Vec::new();
    let mut text = String::new();
    let mut rest = template;
    while let Some(at) = rest.find(['{', '}']) {
        text.push_str(&rest[..at]);
        let brace = &rest[at..=at];
        rest = &rest[at + 1..];
        if let Some(after) = rest.strip_prefix(brace) {
            text.push_str(brace);
            rest = after;
            continue;
        }
        match rest.split_once('}') {
            Some((column, after)) if brace == "{" && !column.trim().is_empty() && !column.contains('{') => {
                if !text.is_empty() {
                    parts.push(TemplatePart::Text(Text::Owned(std::mem::take(&mut text))));
                }
                parts.push(TemplatePart::Column(Text::Owned(column.trim().to_owned())));
                rest = after;
            }
            Some((column, _)) if brace == "{" && column.trim().is_empty() => {
                let fault = Diagnostic::error(span, "empty braces in a title");
                let fault = fault.note("a title names a column in braces");
                faults.push(fault.help("write `{Column}` for a column's value, `{{` and `}}` for braces"));
                return Vec::new();
            }
            _ => {
                let fault = Diagnostic::error(span, format!("`{brace}` without its other half in a title"));
                let fault = fault.note("a title names a column in braces");
                faults.push(fault.help("write `{Column}` for a column's value, `{{` and `}}` for braces"));
                return Vec::new();
            }
        }
    }
    text.push_str(rest);
    if !text.is_empty() {
        parts.push(TemplatePart::Text(Text::Owned(text)));
    }
    parts
}

/// What stands in doubled braces, as other platforms write the columns of a title.
pub(super) fn doubled(template: &str) -> impl Iterator<Item = &str> {
    template.split("{{").skip(1).filter_map(|rest| Some(rest.split_once("}}")?.0.trim()))
}

/// The columns that a template reads.
pub(super) fn columns(parts: &[TemplatePart]) -> impl Iterator<Item = &str> {
    parts.iter().filter_map(|part| match part {
        TemplatePart::Column(name) => Some(name.as_ref()),
        TemplatePart::Text(_) => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(template: &str) -> Result<String, String> {
        let mut faults = Vec::new();
        let parts = parse(template, Span::default(), &mut faults);
        if let Some(fault) = faults.pop() {
            return Err(fault.message);
        }
        let show = |part: &TemplatePart| match part {
            TemplatePart::Text(text) => text.to_string(),
            TemplatePart::Column(name) => format!("<{name}>"),
        };
        Ok(parts.iter().map(show).collect())
    }

    #[test]
    fn columns_stand_in_braces_and_doubled_braces_are_braces() {
        for (template, expected) in [
            ("plain", Ok("plain")),
            ("{A}{ B } {{x}} {event.action}", Ok("<A><B> {x} <event.action>")),
            ("", Ok("")),
            ("a {b", Err("`{` without its other half in a title")),
            ("a {} b", Err("empty braces in a title")),
            ("a } b", Err("`}` without its other half in a title")),
        ] {
            assert_eq!(shown(template), expected.map(str::to_owned).map_err(str::to_owned), "{template}");
        }
    }
}
