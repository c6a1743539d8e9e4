rule_macros::rule! { <AuditLogs>
    /// A title
    ///
    /// A description.
    id: "a", severity: Hihg, attack: { Persistance: [T1098] },

    | where OperationName == "x" and Categry == "y"

    entities: { Acount { FullName: Identity } },
}

fn main() {
    let _ = &RULE;
}
