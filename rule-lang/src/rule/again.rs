//! A compiled rule's query, compiled again from what the rule carries of it: a table, a text and its language.
//!
//! The plan of a rule does not travel in the binary where generated code took its place. Who asks what an event comes
//! to gets the plan back from the text, with positions in that text.

use super::typed::Language;
use crate::check::{self, Options};
use crate::diagnostic::Level;
use crate::schemas::Schemas;
use crate::syntax::{Script, Statement};
use crate::{Diagnostic, Span, kuery, parser};
use rule_model::Schema;
use rule_model::plan::{self, Expr, Field, Operator, Plan, Source, Stage};

/// The plan of a rule's query, whose head names `table`. A query that compiled once has no error now, unless the tables
/// are others.
pub fn plan(
    text: &str,
    language: Language,
    table: Option<&str>,
    schemas: &Schemas,
) -> Result<Plan, Vec<Diagnostic>> {
    match language {
        Language::Kusto => kusto(text, table, schemas),
        Language::Kibana => {
            let schema = table.and_then(|name| schemas.find(name)).ok_or_else(|| {
                vec![Diagnostic::error(Span::new(0, 0), "the table of the rule is not known here")]
            })?;
            kuery::compile(text, schema, 0).map(|predicate| filter(schema, predicate))
        }
    }
}

fn kusto(text: &str, table: Option<&str>, schemas: &Schemas) -> Result<Plan, Vec<Diagnostic>> {
    let continues = parser::is_continuation(text);
    let (script, faults) = if continues {
        let (expr, faults) = parser::parse_continuation(text);
        (Script { statements: vec![Statement::Query(expr)] }, faults)
    } else {
        parser::parse(text)
    };
    if faults.iter().any(|fault| fault.level == Level::Error) {
        return Err(faults);
    }
    let options = Options { continue_from: table.map(Into::into), ..Options::default() };
    let checked = check::check_script(&script, schemas, &options);
    checked.plan.ok_or(checked.diagnostics)
}

/// All columns of a table's records for which `predicate` holds.
pub(super) fn filter(schema: &Schema, predicate: Expr) -> Plan {
    let fields: Vec<_> =
        schema.columns.iter().map(|column| Field::new(column.name.as_ref(), column.ty)).collect();
    let visible = fields.len();
    let span = predicate.span;
    let stage = Stage { operator: Operator::Where(predicate), output: fields.clone(), open: false, span };
    let source = Source::Table(schema.name.as_ref().into());
    let root = plan::Query { source, columns: fields, stages: vec![stage] };
    Plan { bindings: Vec::new(), root, visible }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_are_those_of_the_text() {
        for (text, language, table, condition) in [
            ("| where OperationName == 'x'", Language::Kusto, Some("AuditLogs"), "OperationName == 'x'"),
            ("AuditLogs | where OperationName has 'x'", Language::Kusto, None, "OperationName has 'x'"),
            ("event.outcome:success", Language::Kibana, Some("O365Audit"), "event.outcome:success"),
        ] {
            let plan = plan(text, language, table, &Schemas::builtin()).unwrap();
            let Operator::Where(predicate) = &plan.root.stages[0].operator else { panic!("{plan:?}") };
            assert_eq!(predicate.span.text(text), condition);
        }
    }
}
