rule_macros::rule! { <AuditLogs>
    /// A title
    ///
    /// A description.
    id: "a", severity: Low, attack: none,

    | where OperationName == "x"

    test "the operation" fires { "OperationName": "x", "Category": "c" } -> { Category: "d" }
}

fn main() {
    let _ = &RULE;
}
