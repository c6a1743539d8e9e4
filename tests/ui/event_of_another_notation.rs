rule_macros::rule! { <AuditLogs>
    /// A title
    ///
    /// A description.
    id: "a", severity: Low, attack: none,

    | where OperationName == "x"

    test "a" fires { "OperationName": "x", "Result": None }
}

fn main() {
    let _ = &RULE;
}
