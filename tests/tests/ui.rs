//! Rules that must not compile: each file under `ui/` with the message that the compiler gives.

#[test]
fn rules_that_are_wrong_do_not_compile() {
    trybuild::TestCases::new().compile_fail("ui/*.rs");
}
