//! What it costs to compile rules: crates of so many are written, built in release, checked, and checked again after one
//! rule changed.
//!
//! ```text
//! compile-cost [--dev] [SIZE…]      by default 100 1000 3000; prints the table of docs/compile-cost.md, a row as soon as
//!                                   it is measured; --dev also builds in the development profile
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
    dev: Option<Usage>,
    size: u64,
}

fn main() -> Result<(), Box<dyn Error>> {
    let (flags, sizes): (Vec<String>, Vec<String>) =
        std::env::args().skip(1).partition(|argument| argument.starts_with("--"));
    if let Some(unknown) = flags.iter().find(|flag| *flag != "--dev") {
        return Err(format!("unknown option {unknown}; write `compile-cost [--dev] [SIZE…]`").into());
    }
    let sizes = sizes.iter().map(|size| size.parse()).collect::<Result<Vec<usize>, _>>()?;
    let sizes = if sizes.is_empty() { SIZES.to_vec() } else { sizes };
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).ok_or("no workspace around")?;
    let folder = workspace.join("target/compile-cost");
    let with_dev = !flags.is_empty();
    let none = measure(workspace, &folder, 0, with_dev)?;
    println!(
        "Without any rule: release build {:.1} s, program {:.1} MB.\n\n{HEADING}",
        none.release.seconds,
        none.size as f64 / 1e6
    );
    for size in sizes {
        println!("{}", row(&none, &measure(workspace, &folder, size, with_dev)?));
    }
    Ok(())
}

/// Writes a crate and builds it in every way.
fn measure(workspace: &Path, folder: &Path, rules: usize, with_dev: bool) -> Result<Figures, Box<dyn Error>> {
    let it = Crate::write(workspace, folder, rules)?;
    if rules == 0 {
        // Once, so that the engine and all else that rules depend on is there.
        it.cargo("build", Profile::Release)?;
        it.cargo("check", Profile::Dev)?;
        if with_dev {
            it.cargo("build", Profile::Dev)?;
        }
    }
    it.forget(Profile::Release)?;
    let release = it.cargo("build", Profile::Release)?;
    let size = it.program_size()?;
    it.forget(Profile::Dev)?;
    let check = it.cargo("check", Profile::Dev)?;
    it.change_a_rule()?;
    let check_again = it.cargo("check", Profile::Dev)?;
    let dev = if with_dev {
        it.forget(Profile::Dev)?;
        Some(it.cargo("build", Profile::Dev)?)
    } else {
        None
    };
    Ok(Figures { rules, release, check, check_again, dev, size })
}

const HEADING: &str = "\
| rules | release build | a rule | memory of rustc | program, stripped | a rule | check | a rule | after one changed | a rule | dev build |
|---|---|---|---|---|---|---|---|---|---|---|";

/// A row of the document's table.
fn row(none: &Figures, it: &Figures) -> String {
    let a_rule = |of: fn(&Figures) -> f64| (of(it) - of(none)) / it.rules.max(1) as f64;
    let milliseconds = |of: fn(&Figures) -> f64| format!("{:.1} ms", a_rule(of) * 1e3);
    format!(
        "| {} | {:.1} s | {} | {} MB | {:.1} MB | {:.1} KB | {:.1} s | {} | {:.1} s | {} | {} |",
        it.rules,
        it.release.seconds,
        milliseconds(|f| f.release.seconds),
        it.release.peak_kilobytes / 1000,
        it.size as f64 / 1e6,
        a_rule(|f| f.size as f64) / 1e3,
        it.check.seconds,
        milliseconds(|f| f.check.seconds),
        it.check_again.seconds,
        milliseconds(|f| f.check_again.seconds),
        it.dev.map_or_else(|| "not measured".to_owned(), |dev| format!("{:.1} s", dev.seconds)),
    )
}

/// A path as text.
fn shown(path: &Path) -> Result<&str, Box<dyn Error>> {
    path.to_str().ok_or_else(|| format!("{} is not UTF-8", path.display()).into())
}
