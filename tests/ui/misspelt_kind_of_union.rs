rule_macros::rule! {
    /// A title
    ///
    /// A description.
    id: "a", severity: Low, attack: none,
    query: r#"union kind=iner AuditLogs, SigninLogs
| where OperationName == 'x'"#,
}

fn main() {
    let _ = &RULE;
}
