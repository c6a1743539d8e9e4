rule_macros::rule! { <AuditLogs>
    /// A title
    ///
    /// A description.
    id: "a", severity: Low, attack: none,

    | where OperationName == "x"
    | where DurationMs > 5 and DurationMs < 3
}

fn main() {
    let _ = &RULE;
}
