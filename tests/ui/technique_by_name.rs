rule_macros::rule! { <AuditLogs>
    /// A title
    ///
    /// A description.
    id: "a", severity: Low, attack: ["Account Manipulation"],

    | where OperationName == "x"
}

fn main() {
    let _ = &RULE;
}
