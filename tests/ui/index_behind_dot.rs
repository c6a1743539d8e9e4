rule_macros::rule! { <AuditLogs>
    /// A title
    ///
    /// A description.
    id: "a", severity: Low, attack: none,

    | where OperationName == "x"
    | where TargetResources.0.displayName == "y"
}

fn main() {
    let _ = &RULE;
}
