rule_macros::rule! { <AuditLogs>
    /// A title
    ///
    /// A description.
    id: "a", severity: Low, attack: none,

    | where OperationName == "x"

    test "one" fires file "latin_1.ndjson"
}

fn main() {
    let _ = &RULE;
}
