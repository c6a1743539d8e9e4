rule_macros::rule! { <AuditLogs>
    /// A title
    ///
    /// A description.
    id: "a", severity: Low, attack: none,

    | where OperationName == "x"
    | extend Domain = extract("@(.+)", 2, Identity)
}

fn main() {
    let _ = &RULE;
}
