//! A target under libFuzzer: `FUZZ_TARGET=framing guided CORPUS`.
#![no_main]

use fuzz_targets::Target;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};

static TARGET: LazyLock<Target> = LazyLock::new(|| {
    let name = std::env::var("FUZZ_TARGET").unwrap_or_default();
    // There is nobody to give an error to but who typed the command.
    Target::named(&name).unwrap_or_else(|| panic!("FUZZ_TARGET={name} names no target"))
});

/// Executions so far: libFuzzer counts inputs, some of which are many.
static EXECUTIONS: AtomicU64 = AtomicU64::new(0);

/// Executions between two lines that tell how many there were.
const TOLD: u64 = 1 << 17;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let here = (TARGET.run)(data);
    let before = EXECUTIONS.fetch_add(here, Ordering::Relaxed);
    if (before + here) / TOLD > before / TOLD {
        eprintln!("{}: {} executions", TARGET.name, before + here);
    }
});
