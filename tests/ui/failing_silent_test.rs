rule_macros::rule! { <AuditLogs>
    /// A title
    ///
    /// A description.
    id: "a", severity: Low, attack: none,

    | where OperationName == "x"

    test "the operation" silent { "OperationName": "x", "Category": "c" }
}

fn main() {
    let _ = &RULE;
}
