rule_macros::rule! { <AuditLogs>
    /// A title
    ///
    /// A description.
    id: "a", severity: High, attack: none, title: "{} was changed",

    | where OperationName == "x"
}

fn main() {
    let _ = &RULE;
}
