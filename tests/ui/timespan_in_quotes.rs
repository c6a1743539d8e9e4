rule_macros::rule! { <AuditLogs>
    /// A title
    ///
    /// A description.
    id: "a", severity: Low, attack: none, schedule: every 1h over 1d,

    | where OperationName == "x"
    | where TimeGenerated > ago("7d")
}

fn main() {
    let _ = &RULE;
}
