rule_macros::rule! { <AuditLogs>
    /// A title
    ///
    /// A description.
    id: "a", severity: Low, attack: none,
    schedule: every 1h over 1h, trigger: greater than 5,

    | where OperationName == "x"
}

fn main() {
    let _ = &RULE;
}
