rule_macros::rule! { <AuditLogs>
    /// A title
    ///
    /// A description.
    id: "a", severity: Low, attack: none, schedule: every 5 minutes over 1 hour,
    | where OperationName == "x"
    | summarize Count = count() by Identity
    | where Count > 3
}

fn main() {
    let _ = &RULE;
}
