rule_macros::rule! { <AuditLogs>
    /// A title
    ///
    /// A description.
    id: "a", severity: Low, attack: none,

    | where OperationName == "x" and TimeGenerated > datetime(2024-01-01)

    test "lately" fires { "OperationName": "x", "TimeGenerated": "01/02/2024 10pm" }
}

fn main() {
    let _ = &RULE;
}
