//! Rule sets of any size: the rules to be measured, and others that no event meets.

use ::rules::RULES;
use rule_model::metadata::Metadata;
use rule_model::tables::{AUDIT_LOGS, INTUNE_AUDIT_LOGS};
use rule_runtime::Rule;
use rule_runtime::generated::STUB;
use rule_runtime::later::Later;
use rule_runtime::rule::{Body, Dispatch, DispatchKey, Input, RowBuilder, RowLocal};

/// The rules that [`crate::events`] has matches for, by id.
pub const MEASURED: [&str; 5] = [
    "Intune.NewDeviceManagementScript",
    "0ed0fe7c-af29-4990-af7f-bb5ccb231198",
    "microsoft-365-exchange-management-group-role-assignment",
    "entra-domain-federation-changed",
    "entra-strong-authentication-disabled",
];

/// The measured rules and, up to `count`, others with operations of their own: of four, two name one, one names it in
/// any case, and one looks for a part of it.
pub fn rules(count: usize) -> Vec<&'static Rule> {
    let is_measured = |rule: &&'static Rule| MEASURED.contains(&rule.metadata.id.as_ref());
    let mut rules: Vec<&'static Rule> = RULES.rules.iter().copied().filter(is_measured).collect();
    rules.extend((rules.len()..count).map(filler));
    rules
}

fn filler(number: usize) -> &'static Rule {
    let text = |text: String| &*text.leak();
    let key = match number % 4 {
        0 | 1 => DispatchKey::Exact(text(format!("Filler operation {number}"))),
        2 => DispatchKey::AnyCase(text(format!("filler OPERATION {number}"))),
        _ => DispatchKey::Part { test: "contains", part: text(format!("illerOperation{number}")) },
    };
    let input = Input {
        schema: if number.is_multiple_of(2) { &AUDIT_LOGS } else { &INTUNE_AUDIT_LOGS },
        dispatch: Dispatch { keys: Vec::leak(vec![key]), accepts: |name, _| name.contains("iller") },
        matches: |event, _| !event.text(0).is_empty(),
        columns: &[],
        made: None,
        lookup: None,
        recent: None,
    };
    let id = format!("filler-{number}").into();
    let metadata = Metadata { id, threshold: 1, ..Metadata::default() };
    let metadata = Box::leak(Box::new(Later::given(metadata)));
    let row = RowBuilder::Generated(|_, _| None);
    Box::leak(Box::new(Rule { metadata, body: Body::RowLocal(RowLocal { input, row }), ..STUB }))
}
