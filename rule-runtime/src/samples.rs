//! Rules written by hand for the tests of this crate, in the form that `rule!` expands to.

use crate::dispatch::MemoryLimits;
use crate::engine::{Engine, Settings, Validate};
use crate::generated::STUB;
use crate::later::Later;
use crate::parse::DEFAULT_MAX_DEPTH;
use crate::rule::{Body, Dispatch, DispatchKey, Input, Language, OutputColumn, Query, RowBuilder, RowLocal};
use crate::{Event, Rule, Ruleset};
use rule_eval::{Context, Row, text};
use rule_model::metadata::{Metadata, TemplatePart};
use rule_model::tables::{AUDIT_LOGS, audit_logs};
use rule_model::{DateTime, Type};
use std::borrow::Cow;

/// Alerts on the role management operations of `AuditLogs`; its title names the operation, which is hidden from its row.
pub(crate) fn role_changes(metadata: Metadata) -> &'static Rule {
    rule(metadata, &[DispatchKey::AnyCase("update role")], |name, _| {
        text::equals_ignore_case(name, "Update role")
    })
}

/// Alerts on every event of `AuditLogs`.
pub(crate) fn anything(metadata: Metadata) -> &'static Rule {
    rule(metadata, &[], |_, _| true)
}

/// A rule over `AuditLogs` with these conditions on the operation name.
pub(crate) fn rule(
    metadata: Metadata,
    keys: &'static [DispatchKey],
    accepts: fn(&str, &mut Context) -> bool,
) -> &'static Rule {
    let id = match &metadata.id {
        Cow::Borrowed(id) => id,
        Cow::Owned(_) => "",
    };
    Box::leak(Box::new(Rule {
        id,
        metadata: Box::leak(Box::new(Later::given(metadata))),
        module: module_path!(),
        body: Body::RowLocal(RowLocal {
            input: Input {
                schema: &AUDIT_LOGS,
                dispatch: Dispatch { keys, accepts },
                matches: |event, _| event.text(audit_logs::CATEGORY) != "ignored",
                columns: &[],
                made: None,
                lookup: None,
                recent: None,
            },
            row: RowBuilder::Generated(row),
        }),
        columns: &[
            OutputColumn { name: "TimeGenerated", ty: Type::DateTime, stage: "source" },
            OutputColumn { name: "Category", ty: Type::String, stage: "source" },
            OutputColumn { name: "OperationName", ty: Type::String, stage: "source" },
        ],
        visible: 2,
        query: Query { table: Some("AuditLogs"), language: Language::Kusto, text: "" },
        stages: STUB.stages,
        indicators: STUB.indicators,
        tests: &[],
        fingerprint: 0,
    }))
}

#[allow(clippy::unnecessary_wraps, reason = "the signature of every generated row builder")]
fn row(event: &Event<'_>, _: &mut Context) -> Option<Row> {
    let columns = [audit_logs::TIME_GENERATED, audit_logs::CATEGORY, audit_logs::OPERATION_NAME];
    Some(columns.map(|column| event.value(column)).to_vec())
}

/// Metadata with a title that names the operation.
pub(crate) fn metadata(id: &'static str) -> Metadata {
    Metadata {
        id: id.into(),
        title: "Static title".into(),
        alert_title: vec![TemplatePart::Text("did ".into()), TemplatePart::Column("OperationName".into())]
            .into(),
        enabled: true,
        threshold: 1,
        ..Metadata::default()
    }
}

/// An engine over some rules.
pub(crate) fn engine(rules: &[&'static Rule]) -> Engine {
    let settings = Settings {
        max_depth: DEFAULT_MAX_DEPTH,
        validate: Validate::default(),
        memory: MemoryLimits { names: 4, bytes: 4096 },
        now: DateTime::parse_iso("2024-06-01").unwrap(),
    };
    Engine::new(&Ruleset { rules: &[], schemas: &[] }, rules, settings)
}
