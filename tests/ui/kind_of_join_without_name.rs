rule_macros::rule! { <AuditLogs>
    /// A title
    ///
    /// A description.
    id: "a", severity: Low, attack: none, schedule: every 1h over 1h,

    | where OperationName == "x"
    | join inner (SigninLogs | where ResultType == "0") on CorrelationId
}

fn main() {
    let _ = &RULE;
}
