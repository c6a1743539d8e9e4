//! The binary as a process: what goes in, what comes out.
#![allow(
    dead_code,
    clippy::unwrap_used,
    reason = "each test uses its own part, and ends at the first surprise"
)]

use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

/// A directory of its own for a test, empty at its start.
pub(crate) fn directory(test: &str) -> PathBuf {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(test);
    let _absent = std::fs::remove_dir_all(&path);
    std::fs::create_dir_all(&path).unwrap();
    path
}

/// Runs the binary with this standard input, as in a pipe.
pub(crate) fn detector(arguments: &[&str], input: &[u8]) -> Output {
    let mut process = Command::new(env!("CARGO_BIN_EXE_detector"))
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // A process that refuses its arguments does not read.
    let _closed = process.stdin.take().unwrap().write_all(input);
    process.wait_with_output().unwrap()
}

/// What it wrote to standard output, where it must have ended well.
pub(crate) fn output(arguments: &[&str], input: &[u8]) -> String {
    let output = detector(arguments, input);
    assert_eq!(output.status.code(), Some(0), "{arguments:?}: {}", text(&output.stderr));
    text(&output.stdout)
}

pub(crate) fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}
