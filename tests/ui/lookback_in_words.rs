rule_macros::rule! { <AuditLogs>
    /// A title
    ///
    /// A description.
    id: "a", severity: Low, attack: none,
    lookback: 14 days,

    | where OperationName == "x"
}

fn main() {
    let _ = &RULE;
}
