rule_macros::rule! { <AuditLogs>
    /// A title
    ///
    /// A description.
    id: "a", severity: Low, attack: none,

    | where OperationName == "x"
    | project TimeGenerated, Identity

    entities: { Account { FullName: Identty } },
}

fn main() {
    let _ = &RULE;
}
