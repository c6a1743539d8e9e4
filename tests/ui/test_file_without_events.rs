rule_macros::rule! { <AuditLogs>
    /// A title
    ///
    /// A description.
    id: "a", severity: Low, attack: none,

    | where OperationName == "x"

    test "one" silent file "no_events.ndjson"
}

fn main() {
    let _ = &RULE;
}
