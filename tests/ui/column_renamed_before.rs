rule_macros::rule! { <AuditLogs>
    /// A title
    ///
    /// A description.
    id: "a", severity: Low, attack: none,

    | where OperationName == "x"
    | project-rename Kind = Category
    | where Category == "y"
}

fn main() {
    let _ = &RULE;
}
