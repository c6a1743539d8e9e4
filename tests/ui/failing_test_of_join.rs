rule_macros::rule! { <AuditLogs>
    /// A title
    ///
    /// A description.
    id: "a", severity: Low, attack: none, schedule: every 1h over 1h,

    | where OperationName == "x"
    | join kind=inner (SigninLogs | where RiskLevelDuringSignIn == "high") on CorrelationId

    test "one sign-in" fires AuditLogs { "OperationName": "x", "CorrelationId": "1" },
        SigninLogs { "RiskLevelDuringSignIn": "high", "CorrelationId": "2" }
}

fn main() {
    let _ = &RULE;
}
