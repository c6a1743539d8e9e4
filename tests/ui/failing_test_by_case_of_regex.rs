rule_macros::rule! { <AuditLogs>
    /// A title
    ///
    /// A description.
    id: "a", severity: Low, attack: none, full_scan: accepted,

    | where OperationName matches regex "^Add .* role$"

    test "of roles" fires { "OperationName": "add member to role" }
}

fn main() {
    let _ = &RULE;
}
