rule_macros::rule! { <AuditLogs>
    /// A title
    ///
    /// A description.
    id: "a", severity: Low, attack: none,
    schedule: "every 5m over 1h",

    | where OperationName == "x"
}

fn main() {
    let _ = &RULE;
}
