rule_macros::rule! { <AuditLogs>
    /// A title
    ///
    /// A description.
    id: "a", severity: Low, attack: none,

    | where OperationName == "x"
    | extend Account Name = tolower(Identity)
}

fn main() {
    let _ = &RULE;
}
