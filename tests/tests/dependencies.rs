//! docs/dependencies.md says of every crate that the workspace depends on what it is there for: the same that Cargo.toml
//! says. `UPDATE=1 cargo test -p detector-tests --test dependencies` writes it anew.
#![allow(clippy::unwrap_used, reason = "a test ends at the first surprise")]

use std::fs;
use std::path::Path;

const BEGIN: &str = "| crate | default features | what for |\n|---|---|---|\n";

/// Name, whether default features are on, and reason of each dependency that is not of the workspace.
fn dependencies(manifest: &str) -> Vec<(&str, bool, &str)> {
    let (_, section) = manifest.split_once("[workspace.dependencies]\n").unwrap();
    let section = section.split("\n[").next().unwrap();
    let lines = section.lines().filter(|line| line.contains(" = ") && !line.contains("path = "));
    lines
        .map(|line| {
            let (name, rest) = line.split_once(" = ").unwrap();
            let (value, reason) =
                rest.split_once(" # ").unwrap_or_else(|| panic!("{name} is without a reason"));
            (name, !value.contains("default-features = false"), reason.trim())
        })
        .collect()
}

#[test]
fn every_dependency_is_listed_with_its_reason() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let manifest = fs::read_to_string(root.join("Cargo.toml")).unwrap();
    let row = |(name, default, reason): (&str, bool, &str)| {
        format!("| `{name}` | {} | {} |\n", if default { "on" } else { "off" }, reason.replace('|', "\\|"))
    };
    let table: String = dependencies(&manifest).into_iter().map(row).collect();
    let path = root.join("docs/dependencies.md");
    let document = fs::read_to_string(&path).unwrap();
    let (before, rest) = document.split_once(BEGIN).unwrap();
    let after = rest.find("\n\n").map_or("", |end| &rest[end + 1..]);
    let expected = format!("{before}{BEGIN}{table}{after}");
    if std::env::var_os("UPDATE").is_some() {
        fs::write(&path, &expected).unwrap();
    }
    assert!(
        fs::read_to_string(&path).unwrap() == expected,
        "UPDATE=1 brings docs/dependencies.md up to date"
    );
}
