rule_macros::rule! { <AuditLogs>
    /// A title
    ///
    /// A description.
    id: "a", severity: Low, attack: [T1150],

    | where OperationName == "x"
}

fn main() {
    let _ = &RULE;
}
