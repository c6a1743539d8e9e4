#![deny(deprecated)]

rule_macros::rule! { <AuditLogs>
    /// A title
    ///
    /// A description.
    id: "a", severity: Low, attack: none,

    | where DurationMs > 1000
}

fn main() {
    let _ = &RULE;
}
