rule_macros::rule! { <AuditLogs>
    /// A title
    ///
    /// A description.
    id: "a", severity: Low, attack: none,

    | where OperationName == "x" and strlne(Category) > 3
}

fn main() {
    let _ = &RULE;
}
