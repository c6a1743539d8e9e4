rule_macros::rule! { <AuditLogs>
    /// A title
    ///
    /// A description.
    id: "a", severity: Low, attack: none,

    | where OperationName == "x"
    | project-rename Identity = Who
}

fn main() {
    let _ = &RULE;
}
