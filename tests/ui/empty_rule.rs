rule_macros::rule! {
}

fn main() {
    let _ = &RULE;
}
