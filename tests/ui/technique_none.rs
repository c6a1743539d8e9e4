rule_macros::rule! { <AuditLogs>
    /// A title
    ///
    /// A description.
    id: "a", severity: High, attack: [None],

    | where OperationName == "x"
}

fn main() {
    let _ = &RULE;
}
