//! Files of the crate whose rules are compiled: its schemas, and the files that rules name.

use rule_lang::rule::Files;
use rule_lang::schemas::Schemas;
use std::path::{Path, PathBuf};

/// The built-in tables and the crate's own, from `schemas/*.toml` beside its Cargo.toml; the built-in ones alone, and
/// what is wrong, where these cannot be used.
pub(crate) fn schemas() -> (Schemas, Vec<String>) {
    let Some(root) = std::env::var_os("CARGO_MANIFEST_DIR") else { return (Schemas::builtin(), Vec::new()) };
    match Schemas::of_crate(Path::new(&root)) {
        Ok(schemas) => (schemas, Vec::new()),
        Err(errors) => (Schemas::builtin(), errors.iter().map(ToString::to_string).collect()),
    }
}

/// The files of a crate's own tables, relative to its Cargo.toml.
pub(crate) fn schema_files(schemas: &Schemas) -> Vec<String> {
    let name = |path: &Path| path.file_name().map(|name| format!("schemas/{}", name.to_string_lossy()));
    schemas.files().filter_map(name).collect()
}

/// Files beside the source file of a rule.
#[derive(Debug)]
pub(crate) struct Beside(pub(crate) Option<PathBuf>);

impl Files for Beside {
    fn read(&self, path: &str) -> Result<String, String> {
        let folder = self.0.as_deref().and_then(Path::parent);
        let path = folder.map_or_else(|| PathBuf::from(path), |folder| folder.join(path));
        std::fs::read_to_string(path).map_err(|error| error.to_string())
    }
}
