rule_macros::rule! { <AuditLogs>
    /// A title
    ///
    /// A description.
    id: [1, 2], severity: Low, attack: none,

    | where OperationName == "x"
}

fn main() {
    let _ = &RULE;
}
