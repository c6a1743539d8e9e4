rule_macros::rule! { <AuditLogs>
    /// A title
    ///
    /// A description.
    id: "a", severity: Low, attack: none, schedule: every 1h over 1d,

    | where OperationName == "x"
    | stats count by Identity
}

fn main() {
    let _ = &RULE;
}
