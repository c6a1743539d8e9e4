rule_macros::rule! {
    /// A title
    ///
    /// A description.
    id: "a", severity: Low, attack: none, schedule: every 1h over 1d,
    query: r#"
        AuditLogs
        | where OperationName == 'x'
        | join kind=inner SigninLogs on $left.CorrelationId == $rigth.CorrelationId
    "#,
}

fn main() {
    let _ = &RULE;
}
