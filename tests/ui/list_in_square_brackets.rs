rule_macros::rule! { <AuditLogs>
    /// A title
    ///
    /// A description.
    id: "a", severity: Low, attack: none,

    | where OperationName in ["x", "y"]
}

fn main() {
    let _ = &RULE;
}
