rule_macros::rule! { <AuditLogs>
    /// A title
    ///
    /// A description.
    id: "a", severity: Low, attack: none,
    | where OperationName == "x"
    | extend Kind = case(Category == "a", 1, Category == "b", 2)
}

fn main() {
    let _ = &RULE;
}
