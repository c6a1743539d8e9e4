rule_macros::rule! { <AuditLogs>
    /// A title
    ///
    /// A description.
    id: "a", severity: Low, attack: none,

    | where OperationName == "x"
    | where DurationMs between 1 and 5
}

fn main() {
    let _ = &RULE;
}
