//! `new`: the crate that it writes is formatted, builds, passes and detects as written.
#![allow(clippy::unwrap_used, reason = "a test ends at the first surprise")]

mod process;

use process::{detector, directory, output, text};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

const NAME: &str = "written-by-new";

/// The folder that this workspace builds into, so that what both need is built once.
fn target() -> PathBuf {
    Path::new(env!("CARGO_BIN_EXE_detector")).ancestors().nth(2).unwrap().to_owned()
}

fn cargo(folder: &Path, arguments: &[&str]) -> Output {
    let output = tried(folder, arguments);
    assert!(output.status.success(), "{arguments:?}: {}", text(&output.stderr));
    output
}

fn tried(folder: &Path, arguments: &[&str]) -> Output {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    Command::new(cargo)
        .args(arguments)
        .current_dir(folder)
        .env("CARGO_TARGET_DIR", target())
        .env("CARGO_NET_OFFLINE", "true")
        .output()
        .unwrap()
}

/// The errors that a check of the crate gives.
fn errors(folder: &Path) -> Vec<String> {
    let told = text(&tried(folder, &["check"]).stderr);
    let is_of_rustc =
        |line: &&str| line.starts_with("error") && !line.starts_with("error: could not compile");
    told.lines().filter(is_of_rustc).map(str::to_owned).collect()
}

/// A slip in the file of a table is told once, at its line, by the `ruleset!`; without one by one of the rules.
fn assert_a_faulty_schema_is_told_once(folder: &Path) {
    let (schema, lib) = (folder.join("schemas/vpn_sessions.toml"), folder.join("src/lib.rs"));
    let (right, with_ruleset) =
        (std::fs::read_to_string(&schema).unwrap(), std::fs::read_to_string(&lib).unwrap());
    std::fs::write(&schema, format!("nmae = 1\n{right}")).unwrap();
    let copy = folder.join("src/copy.rs");
    std::fs::copy(folder.join("src/vpn_session_without_second_factor.rs"), &copy).unwrap();
    let two = with_ruleset.replace("ruleset! {", "ruleset! {\n    mod copy;");
    let without_ruleset = "mod copy;\nmod vpn_session_without_second_factor;\n\
         pub static RULES: rule_runtime::Ruleset = rule_runtime::Ruleset { rules: &[], schemas: &[] };\n";
    for text in [two.as_str(), without_ruleset] {
        std::fs::write(&lib, text).unwrap();
        let told = errors(folder);
        let [error] = told.as_slice() else { panic!("{told:?}") };
        assert!(error.contains("schemas/vpn_sessions.toml:1:1: "), "{error}");
    }
    std::fs::remove_file(copy).unwrap();
    std::fs::write(schema, right).unwrap();
    std::fs::write(lib, with_ruleset).unwrap();
}

#[test]
fn a_new_crate_builds_and_passes_and_detects_as_written() {
    let folder = directory("new").join(NAME);
    let path = folder.to_str().unwrap();
    let engine = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let listed = output(&["new", NAME, "--path", path, "--engine", engine.to_str().unwrap()], b"");
    assert!(listed.contains("src/vpn_session_without_second_factor.rs") && listed.contains("cargo test"));
    cargo(&folder, &["fmt", "--check"]);
    let tests = text(&cargo(&folder, &["test"]).stdout);
    assert!(tests.contains("test result: ok. 4 passed"), "{tests}");
    cargo(&folder, &["build"]);
    let program = target().join("debug").join(NAME);
    let run = |arguments: &[&str]| {
        let output = Command::new(&program).args(arguments).current_dir(&folder).output().unwrap();
        assert!(output.status.success(), "{arguments:?}: {}", text(&output.stderr));
        text(&output.stdout)
    };
    let alerts = run(&["run", "--format", "ndjson", "events/sample.ndjson"]);
    assert_eq!(alerts.lines().count(), 1, "{alerts}");
    assert!(alerts.contains("ben@contoso.com opened a VPN session from 203.0.113.9"), "{alerts}");
    assert!(run(&["test"]).contains("1 rule, 4 tests: 4 passed, 0 failed"));
    assert!(
        run(&["explain", "vpn-session-without-second-factor", "events/sample.ndjson"])
            .contains("SecondFactor is \"key\"")
    );
    let count =
        run(&["query", "--format", "ndjson", "VpnSessions=events/sample.ndjson", "VpnSessions | count"]);
    assert_eq!(count, "{\"Count\":4}\n");
    assert!(run(&["--version"]).starts_with("written-by-new 0.1.0 (detector "));
    for arguments in [&["--help"][..], &["run", "--help"], &["explain", "--help"], &["completions", "bash"]] {
        let shown = run(arguments);
        assert!(shown.contains(NAME) && !shown.contains("detector run"), "{shown}");
    }
    let unknown = Command::new(&program).args(["explain", "x"]).output().unwrap();
    assert!(text(&unknown.stderr).contains("no rule is called"));
    assert_a_faulty_schema_is_told_once(&folder);
}

#[test]
fn nothing_is_overwritten() {
    let folder = directory("new-full");
    std::fs::write(folder.join("mine"), "x").unwrap();
    let report =
        detector(&["new", "other", "--path", folder.to_str().unwrap(), "--engine", "https://x/y"], b"");
    assert_eq!(report.status.code(), Some(2));
    assert!(text(&report.stderr).contains("is not empty, and nothing is overwritten"));
    assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 1);
}
