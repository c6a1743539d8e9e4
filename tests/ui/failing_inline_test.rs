rule_macros::rule! { <AuditLogs>
    /// A title
    ///
    /// A description.
    id: "a", severity: Low, attack: none,

    | where Category == "RoleManagement" and OperationName == "x"

    test "the operation" fires { "Category": "rolemanagement", "OperationName": "x" }
}

fn main() {
    let _ = &RULE;
}
