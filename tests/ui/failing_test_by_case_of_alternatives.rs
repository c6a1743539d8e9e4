rule_macros::rule! { <AuditLogs>
    /// A title
    ///
    /// A description.
    id: "a", severity: Low, attack: none, full_scan: accepted,

    | where OperationName has_cs "Role" or Category in ("Policy", "Group")

    test "of roles" fires { "OperationName": "add member to role", "Category": "policy" }
}

fn main() {
    let _ = &RULE;
}
