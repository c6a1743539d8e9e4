rule_macros::rule! { <AuditLogs>
    /// A title
    ///
    /// A description.
    id: "a", severity: Low, attack: none,

    | where OperationName == "x"
    | parse Identity with Name "@" Domain:strng
}

fn main() {
    let _ = &RULE;
}
