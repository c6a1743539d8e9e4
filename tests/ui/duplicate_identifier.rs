rule_macros::rule! { <AuditLogs>
    /// A title
    ///
    /// A description.
    id: "a", severity: Low, attack: none,

    | where OperationName == "x"

    entities: { Account { FullName: Identity, FullName: Category } },
}

fn main() {
    let _ = &RULE;
}
