//! Files for the tests of sources.

use std::path::PathBuf;

/// A directory of its own for a test, empty at its start.
pub(crate) fn directory(test: &str) -> PathBuf {
    let path = std::env::temp_dir().join(format!("rule-runtime-{}-{test}", std::process::id()));
    let _absent = std::fs::remove_dir_all(&path);
    std::fs::create_dir_all(&path).unwrap();
    path
}
