rule_macros::rule! { <AuditLogs>
    /// A title
    ///
    /// A description.
    id: "a", severity: Low, attack: none,
    DedupPeriodMinutes: 60,

    | where OperationName == "x"
}

fn main() {
    let _ = &RULE;
}
