rule_macros::rule! { <AuditLogs>
    /// A title
    ///
    /// A description.
    id: "a", severity: Low, attack: none,

    | where OperationName == "x"
    | where (Category == "a" and Category == "b") or Level == "4"
}

fn main() {
    let _ = &RULE;
}
