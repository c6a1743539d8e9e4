rule_macros::rule! { <AuditLogs>
    /// A title
    ///
    /// A description.
    id: "a", severity: Low, attack: none,

    | where OperationName == "x"
    | mv-apply t = TargetResources (where tostring(t.id) == "a")
}

fn main() {
    let _ = &RULE;
}
