rule_macros::rule! { <AuditLogs>
    /// A title
    ///
    /// A description.
    id: "a", severity: Low, attack: none,
    threshold: > 5, dedup: 1h,

    | where OperationName == "x"
}

fn main() {
    let _ = &RULE;
}
