rule_macros::rule! { <AuditLogs>
    /// A title
    ///
    /// A description.
    id: "a", severity: Low, attack: none,
    schedule: every 1h over 1d,

    | where OperationName == "x"
    | join kind=inner (SigninLogs | project UserPrincipalName, IPAddress) on CorrelationId
}

fn main() {
    let _ = &RULE;
}
