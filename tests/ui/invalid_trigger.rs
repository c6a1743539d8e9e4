rule_macros::rule! { <AuditLogs>
    /// A title
    ///
    /// A description.
    id: "a", severity: Low, attack: none, trigger: 5,

    | where OperationName == "x"
}

fn main() {
    let _ = &RULE;
}
