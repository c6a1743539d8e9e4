rule_macros::rule! { <AuditLogs>
    /// A title
    ///
    /// A description.
    id: "a", severity: Low, attack: none,

    | where OperationName == "x"
    | extend a = Category == "y" ? 1 : 2
}

fn main() {
    let _ = &RULE;
}
