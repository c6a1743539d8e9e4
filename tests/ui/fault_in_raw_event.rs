rule_macros::rule! { <AuditLogs>
    /// A title
    ///
    /// A description.
    id: "a", severity: Low, attack: none,
    | where OperationName == "x"

    test "a" fires r#"
        { "OperationName": "x",
          "Category": Policy }
    "#
}

fn main() {
    let _ = &RULE;
}
