rule_macros::rule! {
    /// A title
    ///
    /// A description.
    id: "a", severity: Low, attack: none,
    query: r#"AuditLogs
| where Operation​Name == 'x'"#,
}

fn main() {
    let _ = &RULE;
}
