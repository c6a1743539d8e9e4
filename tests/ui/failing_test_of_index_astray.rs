rule_macros::rule! { <AuditLogs>
    /// A title
    ///
    /// A description.
    id: "a", severity: Low, attack: none,

    | where OperationName == "x" and tostring(TargetResources[1].id) == "b"

    test "of b" fires { "OperationName": "x", "TargetResources": [{ "id": "b" }] }
}

fn main() {
    let _ = &RULE;
}
