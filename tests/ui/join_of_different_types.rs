rule_macros::rule! { <AuditLogs>
    /// A title
    ///
    /// A description.
    id: "a", severity: Low, attack: none,
    schedule: every 1h over 1h, full_scan: accepted,

    | where OperationName == "x"
    | join kind=inner SigninLogs on $left.CorrelationId == $right.TimeGenerated
}

fn main() {
    let _ = &RULE;
}
