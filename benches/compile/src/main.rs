//! What it costs to compile rules: crates of so many are written, built in release, checked, and checked again after one
//! rule changed.
//!
//! ```text
//! compile-cost [SIZE…]      by default 100 1000 3000; prints the table of docs/compile-cost.md
//! ```
//!
//! Times are user CPU time of cargo and all its children, so that other work on the machine counts little. The engine is
//! built before anything is measured; a crate without rules gives what linking costs, which is taken off each figure a
//! rule. Everything lies in `target/compile-cost`, outside of which nothing is written.
#![forbid(unsafe_code)]

mod crates;
mod rules;
mod usage;

use crates::{Crate, Profile};
use std::error::Error;
use std::path::Path;
use usage::Usage;

const SIZES: [usize; 3] = [100, 1000, 3000];

/// What was measured of a crate.
struct Figures {
    rules: usize,
    release: Usage,
    check: Usage,
    check_again: Usage,
    dev: Usage,
    size: u64,
}

fn main() -> Result<(), Box<dyn Error>> {
    let sizes = std::env::args().skip(1).map(|size| size.parse()).collect::<Result<Vec<usize>, _>>()?;
    let sizes = if sizes.is_empty() { SIZES.to_vec() } else { sizes };
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).ok_or("no workspace around")?;
    let folder = workspace.join("target/compile-cost");
    let none = measure(workspace, &folder, 0)?;
    let mut all = Vec::new();
    for size in sizes {
        eprintln!("{size} rules");
        all.push(measure(workspace, &folder, size)?);
    }
    print!("{}", table(&none, &all));
    Ok(())
}

/// Writes a crate and builds it in every way.
fn measure(workspace: &Path, folder: &Path, rules: usize) -> Result<Figures, Box<dyn Error>> {
    let it = Crate::write(workspace, folder, rules)?;
    if rules == 0 {
        // Once, so that the engine and all else that rules depend on is there.
        it.cargo("build", Profile::Release)?;
        it.cargo("build", Profile::Dev)?;
        it.cargo("check", Profile::Dev)?;
    }
    it.forget(Profile::Release)?;
    let release = it.cargo("build", Profile::Release)?;
    let size = it.program_size()?;
    it.forget(Profile::Dev)?;
    let check = it.cargo("check", Profile::Dev)?;
    it.change_a_rule()?;
    let check_again = it.cargo("check", Profile::Dev)?;
    it.forget(Profile::Dev)?;
    let dev = it.cargo("build", Profile::Dev)?;
    Ok(Figures { rules, release, check, check_again, dev, size })
}

/// The table of the document.
fn table(none: &Figures, all: &[Figures]) -> String {
    let mut rows = vec![
        "| rules | release build | a rule | check | a rule | check after one changed | dev build | memory of rustc, release | program, stripped | a rule |".to_owned(),
        "|---|---|---|---|---|---|---|---|---|---|".to_owned(),
    ];
    for it in all {
        let a_rule = |of: fn(&Figures) -> f64| (of(it) - of(none)) / it.rules as f64;
        let milliseconds = |of: fn(&Figures) -> f64| format!("{:.1} ms", a_rule(of) * 1e3);
        rows.push(format!(
            "| {} | {:.1} s | {} | {:.1} s | {} | {:.1} s | {:.1} s | {} MB | {:.1} MB | {:.1} KB |",
            it.rules,
            it.release.seconds,
            milliseconds(|f| f.release.seconds),
            it.check.seconds,
            milliseconds(|f| f.check.seconds),
            it.check_again.seconds,
            it.dev.seconds,
            it.release.peak_kilobytes / 1000,
            it.size as f64 / 1e6,
            a_rule(|f| f.size as f64) / 1e3,
        ));
    }
    rows.push(format!(
        "\nWithout any rule: release build {:.1} s, program {:.1} MB.",
        none.release.seconds,
        none.size as f64 / 1e6
    ));
    rows.join("\n") + "\n"
}

/// A path as text.
fn shown(path: &Path) -> Result<&str, Box<dyn Error>> {
    path.to_str().ok_or_else(|| format!("{} is not UTF-8", path.display()).into())
}
