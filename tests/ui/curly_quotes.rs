rule_macros::rule! {
    /// A title
    ///
    /// A description.
    id: "a", severity: Low, attack: none,
    query: r#"AuditLogs
| where OperationName == “x” and Category == 'y'"#,
}

fn main() {
    let _ = &RULE;
}
