rule_macros::rule! { <AuditLogs>
    /// A title
    ///
    /// A description.
    id: "a", severity: Low, attack: none,

    | where OperationName == "x"
    | mv-apply Target = TargetResources on (where tostring(Target.displayName) == "Global Administrator")

    test "a role" fires { "OperationName": "x", "TargetResources": [{ "displayName": "Global administrator" }] }
}

fn main() {
    let _ = &RULE;
}
