rule_macros::rule! {
    /// A title
    ///
    /// A description.
    id: "a", severity: Low, attack: none,
    schedule: every 1h over 1h, full_scan: accepted,

    union AuditLogs, SigninLogs
    | where OperationName == "x"
    
    test "one" fires { "OperationName": "x" }
}

fn main() {
    let _ = &RULE;
}
