rule_macros::rule! { <AuditLogs>
    /// A title
    ///
    /// A description.
    id: "a", severity: Low, attack: none,

    | where OperationName == "x"

    test "one" fires { OperationName = "x" }
}

fn main() {
    let _ = &RULE;
}
