rule_macros::rule! { <AuditLogs>
    /// A title
    ///
    /// A description.
    id: "a", severity: Low, attack: none, full_scan: accepted,

    | where OperationName == "x"
    | join kind=inner (SigninLogs | where OperationName == "y") on CorrelationId
}

fn main() {
    let _ = &RULE;
}
