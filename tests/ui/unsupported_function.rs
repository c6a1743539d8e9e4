rule_macros::rule! { <AuditLogs>
    /// A title
    ///
    /// A description.
    id: "a", severity: Low, attack: none,

    | where OperationName == "x" and geo_distance_2points(1, 2, 3, 4) > 3
}

fn main() {
    let _ = &RULE;
}
