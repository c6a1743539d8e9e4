rule_macros::rule! { <AuditLogs>
    /// A title
    ///
    /// A description.
    id: "a", severity: Low, attack: none,
    entityMappings: { Account { FullName: Identity } },

    | where OperationName == "x"
}

fn main() {
    let _ = &RULE;
}
