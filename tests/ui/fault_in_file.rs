rule_macros::rule! {
    /// A title
    ///
    /// A description.
    id: "a", severity: Low, attack: none,
    query: file "fault_in_file.kql",
}

fn main() {
    let _ = &RULE;
}
