rule_macros::rule! { <AuditLogs>
    /// A title
    ///
    /// A description.
    id: "a", severity: Low, attack: none,

    | where OperationName == "x"
    | project Time == TimeGenerated, Category
}

fn main() {
    let _ = &RULE;
}
