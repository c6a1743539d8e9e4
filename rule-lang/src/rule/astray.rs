//! A path into an event that leads nowhere: the step at which it goes astray, and what is there instead.

use crate::nearest::nearest;
use rule_eval::Row;
use rule_model::plan::Field;
use rule_model::{Bag, Value};

/// Names that a message shows of an object.
const SHOWN_NAMES: usize = 8;

/// Of a path such as `InitiatedBy.user.id` or `TargetResources[0].id`, whose first step is a column of `row`: what stands
/// where it goes astray, and what to write. `None` where it goes astray at the column, or nowhere.
pub(super) fn of(path: &str, columns: &[Field], row: &Row) -> Option<(String, String)> {
    let mut steps = steps(path);
    let (_, column) = steps.next()?;
    let at = columns.iter().position(|field| field.name == column)?;
    let mut value = row.get(at)?;
    for (start, step) in steps {
        let before = path[..start].trim_end_matches(['.', '[', '"']);
        value = match (value, step.parse::<usize>()) {
            (Value::Bag(bag), _) => match bag.get(step) {
                Some(inner) => inner,
                None => return Some(misnamed(before, step, &names(bag))),
            },
            (Value::Array(items), Ok(index)) => match items.get(index) {
                Some(item) => item,
                None => return Some(too_few(before, items.len())),
            },
            (Value::Array(_), Err(_)) => {
                let note = format!("`{before}` is an array");
                return Some((note, format!("take an element of it: `{before}[0]`, or `mv-expand` it")));
            }
            _ => return None,
        };
    }
    None
}

/// The steps of a path without brackets, dots and quotes, each with where it begins.
fn steps(path: &str) -> impl Iterator<Item = (usize, &str)> {
    let is_between = |c: char| matches!(c, '.' | '[' | ']' | '"' | '\'');
    let mut at = 0;
    std::iter::from_fn(move || {
        at += path[at..].find(|c| !is_between(c))?;
        let start = at;
        at += path[at..].find(is_between).unwrap_or(path.len() - at);
        Some((start, &path[start..at]))
    })
}

fn names(bag: &Bag) -> Vec<&str> {
    bag.iter().map(|(name, _)| name.as_str()).collect()
}

fn misnamed(before: &str, step: &str, names: &[&str]) -> (String, String) {
    let mut listed: Vec<String> = names.iter().take(SHOWN_NAMES).map(|name| format!("`{name}`")).collect();
    if names.len() > SHOWN_NAMES {
        listed.push("…".to_owned());
    }
    let note = match listed.as_slice() {
        [] => format!("`{before}` is an empty object"),
        _ => format!("`{before}` has {}", listed.join(", ")),
    };
    let help = match nearest(step, names.iter().copied()) {
        Some(meant) => format!("write `{meant}` in the query, or `{step}` in the event"),
        None => format!("add `{step}` to `{before}` in the event, or mend the query"),
    };
    (note, help)
}

fn too_few(before: &str, count: usize) -> (String, String) {
    let note = match count {
        0 => format!("`{before}` is an empty array"),
        1 => format!("`{before}` has 1 element, which is `{before}[0]`"),
        _ => format!("`{before}` has {count} elements, of which the last is `{before}[{}]`", count - 1),
    };
    (note, "mend the index, or give the event that element".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use rule_model::Type;

    #[test]
    fn a_path_that_leads_nowhere_says_what_is_there() {
        let columns = [Field::new("By", Type::Dynamic), Field::new("On", Type::Dynamic)];
        let json = |text| rule_eval::json::parse(text).unwrap();
        let row: Row = vec![json(r#"{"user": {"userName": "ana", "id": 1}}"#), json(r#"[{"id": 1}]"#)];
        for (path, expected) in [
            (
                "By.user.UserName",
                Some((
                    "`By.user` has `userName`, `id`",
                    "write `userName` in the query, or `UserName` in the event",
                )),
            ),
            ("By.app.id", Some(("`By` has `user`", "add `app` to `By` in the event, or mend the query"))),
            (
                "On[1].id",
                Some((
                    "`On` has 1 element, which is `On[0]`",
                    "mend the index, or give the event that element",
                )),
            ),
            ("On.id", Some(("`On` is an array", "take an element of it: `On[0]`, or `mv-expand` it"))),
            ("On[0][\"Id\"]", Some(("`On[0]` has `id`", "write `id` in the query, or `Id` in the event"))),
            ("By.user.id", None),
            ("By.user.id.x", None),
            ("Other.id", None),
        ] {
            let found = of(path, &columns, &row);
            let found = found.as_ref().map(|(note, help)| (note.as_str(), help.as_str()));
            assert_eq!(found, expected, "{path}");
        }
    }
}
