rule_macros::rule! { <AuditLogs>
    /// A title
    ///
    /// A description.
    id: "a", severity: Low, attack: none,

    | where OperationName == "x"
    | where TimeGenerated > ago(1h) and TimeGenerated < ago(2h)
}

fn main() {
    let _ = &RULE;
}
