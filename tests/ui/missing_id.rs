rule_macros::rule! { <AuditLogs>
    /// A title
    ///
    /// A description.
    severity: Low, attack: none,

    | where OperationName == "x"
}

fn main() {
    let _ = &RULE;
}
