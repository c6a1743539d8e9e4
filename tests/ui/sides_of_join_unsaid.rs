rule_macros::rule! { <AuditLogs>
    /// A title
    ///
    /// A description.
    id: "a", severity: Low, attack: none, schedule: every 1h over 1d,

    | where OperationName == "x"
    | join kind=inner (AuditLogs | where OperationName == "y") on Identity == Category
}

fn main() {
    let _ = &RULE;
}
