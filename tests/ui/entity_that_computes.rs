rule_macros::rule! { <AuditLogs>
    /// A title
    ///
    /// A description.
    id: "a", severity: Low, attack: none,
    entities: { Account { FullName: tostring(Identity) } },

    | where OperationName == "x"
}

fn main() {
    let _ = &RULE;
}
