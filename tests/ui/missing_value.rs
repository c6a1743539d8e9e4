rule_macros::rule! { <AuditLogs>
    /// A title
    ///
    /// A description.
    id: "a", severity: , attack: none,

    | where OperationName == "x"
}

fn main() {
    let _ = &RULE;
}
