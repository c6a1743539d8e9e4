//! Kibana's query language: a small second front end for the same plan.
//!
//! ```text
//! text ─parser─> syntax::Query ─lower─> plan::Expr, a predicate over a table's columns
//! ```
//!
//! Keywords are `and`, `or`, `not` in any case; a value runs up to the next keyword or special character and may contain
//! blanks; `*` is a wildcard in values and field names unless escaped or quoted. Text compares exactly and a field holds
//! if one of its values does, as Elasticsearch's `keyword` fields behave. Fields called `message` are analyzed text:
//! words, in any case.
//!
//! Source of the facts: Elastic's documentation, "Kibana Query Language".

mod lower;
mod parser;
mod slips;
mod syntax;

use crate::Diagnostic;
use rule_model::Schema;
use rule_model::plan::Expr;

/// Compiles a query to a predicate (an expression of type bool that is never null) over the columns of `schema`.
/// `base_offset` is where the text begins in the text that positions refer to.
pub fn compile(text: &str, schema: &Schema, base_offset: u32) -> Result<Expr, Vec<Diagnostic>> {
    let query = parser::parse(text, base_offset).map_err(|error| vec![error])?;
    lower::lower(&query, schema)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rule_eval::{Context, Env, Expression, json, record};
    use rule_model::plan::Field;
    use rule_model::{DateTime, tables};

    /// Whether a query over the Elastic table matches a record.
    fn matches(query: &str, record: &str) -> bool {
        let schema = &tables::O365_AUDIT;
        let predicate = compile(query, schema, 0).unwrap();
        let fields: Vec<_> = schema.columns.iter().map(|c| Field::new(c.name.as_ref(), c.ty)).collect();
        let expression = Expression::bind(&predicate, &fields).unwrap();
        let record = json::parse(record).unwrap();
        let row = record::row(record.as_bag().unwrap(), schema);
        let mut context = Context::at(DateTime::UNIX_EPOCH);
        expression.holds(&mut Env::new(&(), &mut context), &row)
    }

    const ROLE: &str = r#"event.dataset:o365.audit and event.provider:Exchange and event.category:web and event.action:"New-ManagementRoleAssignment" and event.outcome:success"#;

    #[test]
    fn elastics_own_rule_matches_records_nested_and_flat() {
        for (record, expected) in [
            (
                r#"{"event":{"dataset":"o365.audit","provider":"Exchange","category":"web","action":"New-ManagementRoleAssignment","outcome":"success"}}"#,
                true,
            ),
            (
                r#"{"event":{"dataset":"o365.audit","provider":"Exchange","category":["iam","web"],"action":"New-ManagementRoleAssignment","outcome":"success"}}"#,
                true,
            ),
            (
                r#"{"event.dataset":"o365.audit","event.provider":"Exchange","event.category":["web"],"event.action":"New-ManagementRoleAssignment","event.outcome":"success"}"#,
                true,
            ),
            (
                r#"{"event":{"dataset":["o365.audit"],"provider":["Exchange"],"category":"web","action":["x","New-ManagementRoleAssignment"],"outcome":["success"]}}"#,
                true,
            ),
            (
                r#"{"event":{"dataset":"o365.audit","provider":"exchange","category":"web","action":"New-ManagementRoleAssignment","outcome":"success"}}"#,
                false,
            ),
            (
                r#"{"event":{"dataset":"o365.audit","provider":"Exchange","category":"website","action":"New-ManagementRoleAssignment","outcome":"success"}}"#,
                false,
            ),
            (
                r#"{"event":{"dataset":"o365.audit","provider":"Exchange","action":"New-ManagementRoleAssignment","outcome":"success"}}"#,
                false,
            ),
            (
                r#"{"x":{"event":{"dataset":"o365.audit","provider":"Exchange","category":"web","action":"New-ManagementRoleAssignment","outcome":"success"}}}"#,
                false,
            ),
        ] {
            assert_eq!(matches(ROLE, record), expected, "{record}");
        }
    }

    #[test]
    fn every_construct_means_what_kibana_means_by_it() {
        let record = r#"{"@timestamp":"2024-03-01T10:00:00Z","event":{"action":"New-InboxRule","category":["web","iam"],"outcome":"success"},
            "source":{"as":{"number":64500},"ip":"10.0.0.1"},"message":"A rule was Created",
            "o365":{"audit":{"UserId":"a:b*c","ExternalAccess":false,"Parameters":{"ForwardTo":"x@y.z","Name":"."},
            "Actor":[{"ID":"one","Type":0},{"ID":"two","Type":5}]}}}"#;
        for (query, expected) in [
            ("event.action:New-*", true),
            ("event.action:new-*", false),
            ("event.action:\"New-*\"", false),
            ("event.action:*Inbox*", true),
            ("event.action:(Set-Mailbox or New-InboxRule)", true),
            ("event.category:(web and iam)", true),
            ("event.category:(web and file)", false),
            ("not event.category:file and event.outcome:success", true),
            ("not event.reason:x", true),
            ("event.outcome:*", true),
            ("event.reason:*", false),
            ("not event.reason:*", true),
            ("source.as.number:64500", true),
            ("source.as.number >= 64500 and source.as.number < 64501", true),
            ("source.as.number > 64500", false),
            ("source.port < 1", false),
            ("not source.port:1", true),
            ("o365.audit.UserId:a\\:b\\*c", true),
            ("o365.audit.UserId:a\\:*", true),
            ("o365.audit.ExternalAccess:false", true),
            ("o365.audit.Parameters.ForwardTo:*", true),
            ("o365.audit.Parameters.Name:.", true),
            ("o365.audit.Actor.ID:two", true),
            ("o365.audit.Actor:{ ID:two and Type:5 }", true),
            ("o365.audit.Actor:{ ID:one and Type:5 }", false),
            ("o365.audit.Actor:{ ID:one and not Type >= 1 }", true),
            ("event.*:success", true),
            ("event.*:nothing", false),
            ("*:success", true),
            ("success", true),
            ("\"New-InboxRule\"", true),
            ("Inbox", false),
            ("two", true),
            ("message:created", true),
            ("message:\"rule was\"", true),
            ("message:\"was rule\"", false),
            ("message:(rule and deleted)", false),
            ("@timestamp >= \"2024-03-01\" and @timestamp < \"2024-03-02\"", true),
            ("*:*", true),
            ("event.action:/tmp/", false),
            ("\"event.action=x\"", false),
            ("event.action:\"a && b | c\"", false),
        ] {
            assert_eq!(matches(query, record), expected, "{query}");
        }
    }

    #[test]
    fn names_and_values_that_cannot_be_are_refused() {
        for (query, at, message, help) in [
            ("event.acton:x", 0, "O365Audit has no field `event.acton`", "write `event.action`"),
            ("EVENT.action:x", 0, "O365Audit has no field `EVENT.action`", "write `event.action`"),
            (
                "nothing.like.it*:x",
                0,
                "no field of O365Audit is called `nothing.like.it*`",
                "write a field of O365Audit; the book's page of tables lists them",
            ),
            ("source.as.number:abc", 17, "`abc` is no long", "write a number"),
            ("source.as.number > x*", 19, "a range has no wildcards", "write the value in full"),
            ("o365.audit.ExternalAccess:yes", 26, "`yes` is no bool", "write true or false"),
        ] {
            let errors = compile(query, &tables::O365_AUDIT, 7).unwrap_err();
            let error = &errors[0];
            assert_eq!((error.span.start, error.message.as_str()), (7 + at, message), "{query}");
            assert_eq!(error.help.as_deref(), Some(help), "{query}");
        }
        for (query, marked, help) in [
            ("event.action=x", "event.action=x", "write `event.action:x`"),
            ("event.action == \"a b\"", "event.action ==", "write `event.action:\"a b\"`"),
            ("event.action != \"x\"", "event.action !=", "write `not event.action:\"x\"`"),
            ("event.action:x | where event.outcome == \"y\"", "|", "write the condition so"),
            ("| where event.action == \"x\"", "|", "write the condition so"),
            ("any where event.action == \"x\"", "where", "write the condition so"),
            ("event.action:x | stats count", "|", "write the condition so"),
            ("event.action:x && event.outcome:y", "&&", "write `and`"),
            ("event.action:x || event.outcome:y", "||", "write `or`"),
            ("event.action:x event.outcome:y", "event.outcome", "write `and` or `or` before `event.outcome`"),
            ("event.action in (\"a\", \"b\")", "in", "write `event.action:(a or b)`"),
            ("event.action contains \"a\"", "contains", "write `event.action:*a*`"),
            ("event.action:'x y'", "'x y'", "write `\"x y\"`"),
            ("event.action:/New-.*/", "/New-.*/", "write wildcards, as in `event.action:New-*`"),
            (
                "source.as.number:[1 TO 5]",
                "[1 TO 5]",
                "write `source.as.number >= 1 and source.as.number <= 5`",
            ),
            ("source.as.number:>=5", ">", "write `source.as.number >= 5`"),
            ("event.action:not x", "n", "write `not event.action:x`"),
            ("event.action:x // so", "// so", "write it before the rule's `kuery` field"),
            ("!event.action:x", "!event.action", "write `not event.action:…`"),
            ("_exists_:event.action", "_exists_", "write `event.action:*`"),
        ] {
            let errors = compile(query, &tables::O365_AUDIT, 0).unwrap_err();
            let [error] = errors.as_slice() else { panic!("{query}: {errors:?}") };
            assert_eq!(error.span.text(query), marked, "{query}");
            let said = error.help.clone().unwrap_or_default();
            assert!(said.starts_with(help), "{query}: {said}");
        }
        let two = compile("a.a.a.a:x or b.b.b.b:y", &tables::O365_AUDIT, 0).unwrap_err();
        assert_eq!(two.len(), 2);
    }
}
