rule_macros::rule! { <AuditLogs>
    /// A title
    ///
    /// A description.
    id: "a", severity: Low, attack: none,

    | where OperationName == "x"

    test "one" silent r#" "#
}

fn main() {
    let _ = &RULE;
}
