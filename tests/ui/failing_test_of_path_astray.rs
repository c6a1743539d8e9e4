rule_macros::rule! { <AuditLogs>
    /// A title
    ///
    /// A description.
    id: "a", severity: Low, attack: none,

    | where OperationName == "x"
    | extend Actor = tostring(InitiatedBy.user.userPrincpalName)
    | where Actor == "ana"

    test "by ana" fires { "OperationName": "x", "InitiatedBy": { "user": { "userPrincipalName": "ana" } } }
}

fn main() {
    let _ = &RULE;
}
