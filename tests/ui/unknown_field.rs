rule_macros::rule! { <AuditLogs>
    /// A title
    ///
    /// A description.
    id: "a", severty: Low, severity: Low, attack: none,

    | where OperationName == "x"
}

fn main() {
    let _ = &RULE;
}
