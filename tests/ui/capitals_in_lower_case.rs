rule_macros::rule! { <AuditLogs>
    /// A title
    ///
    /// A description.
    id: "a", severity: Low, attack: none,

    | where OperationName == "x"
    | where tolower(Category) in ("rolemanagement", "Policy")
}

fn main() {
    let _ = &RULE;
}
