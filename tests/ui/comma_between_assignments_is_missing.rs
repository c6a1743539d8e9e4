rule_macros::rule! { <AuditLogs>
    /// A title
    ///
    /// A description.
    id: "a", severity: Low, attack: none,

    | where OperationName == "x"
    | extend a = 1 b = 2
}

fn main() {
    let _ = &RULE;
}
