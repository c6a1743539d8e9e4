rule_macros::rule! { <AuditLogs>
    /// A title
    ///
    /// A description.
    id: "a", severity: Low, attack: none,

    | where OperationName == "x" and Category != "Policy"

    test "of policies" silent { "OperationName": "x", "Category": "policy" }
}

fn main() {
    let _ = &RULE;
}
