//! A target under libFuzzer: `FUZZ_TARGET=framing guided CORPUS`.
#![no_main]

use fuzz_targets::Target;
use std::sync::LazyLock;

static TARGET: LazyLock<Target> = LazyLock::new(|| {
    let name = std::env::var("FUZZ_TARGET").unwrap_or_default();
    // There is nobody to give an error to but who typed the command.
    Target::named(&name).unwrap_or_else(|| panic!("FUZZ_TARGET={name} names no target"))
});

libfuzzer_sys::fuzz_target!(|data: &[u8]| (TARGET.run)(data));
