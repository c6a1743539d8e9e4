rule_macros::rule! { <AuditLogs>
    /// A title
    ///
    /// A description.
    id: "a", severity: Low, attack: none,

    | where OperationName == "x"
    | summarize count() by Category
}

fn main() {
    let _ = &RULE;
}
