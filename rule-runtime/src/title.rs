//! The title of an alert: the rule's template with the row's values, else the rule's own title.

use crate::Rule;
use crate::alert::column;
use rule_eval::Row;
use rule_eval::json::display;
use rule_model::metadata::TemplatePart;

/// Characters of a value that a title takes; values come from events and may be of any length.
const VALUE_LENGTH: usize = 1024;

/// The title of the alert that a row makes.
pub fn of(rule: &Rule, row: &Row) -> String {
    let metadata = &rule.metadata;
    if metadata.alert_title.is_empty() {
        return metadata.title.clone().into_owned();
    }
    metadata.alert_title.iter().fold(String::new(), |mut title, part| {
        match part {
            TemplatePart::Text(text) => title.push_str(text),
            TemplatePart::Column(name) => {
                let value = column(rule, row, name).map(display).unwrap_or_default();
                title.extend(value.chars().take(VALUE_LENGTH));
            }
        }
        title
    })
}
