rule_macros::rule! {
    /// A title
    ///
    /// A description.
    id: "a", severity: Low, attack: none,
    query: r#"
// nothing yet
"#,
}

fn main() {
    let _ = &RULE;
}
