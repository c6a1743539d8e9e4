rule_macros::rule! { <AuditLogs>
    /// A title
    ///
    /// A description.
    id: "a", severity: Low, attack: none,
    query: r#"AuditLogs | where OperationName == "y""#,

    | where OperationName == "x"
}

fn main() {
    let _ = &RULE;
}
