//! Files of the crate whose rules are compiled: its schemas, and the files that rules name.

use proc_macro2::TokenStream;
use quote::quote;
use rule_lang::rule::{Files, NOT_UTF_8};
use rule_lang::schemas::{OwnSchema, Schemas};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// The built-in tables and those of the crate that is compiled, from `schemas/*.toml` beside its Cargo.toml; what is
/// wrong, where these cannot be used.
pub(crate) fn schemas() -> Result<Schemas, Vec<String>> {
    let Some(root) = std::env::var_os("CARGO_MANIFEST_DIR") else { return Ok(Schemas::builtin()) };
    let schemas = Schemas::of_crate(Path::new(&root));
    schemas.map_err(|errors| errors.iter().map(ToString::to_string).collect())
}

/// A table's file, from the crate's folder on.
pub(crate) fn path_of_table(own: &OwnSchema) -> String {
    let file = own.file.file_name().unwrap_or_default();
    format!("schemas/{}", file.to_string_lossy())
}

/// Makes the compiler look again when the file of a table changes.
pub(crate) fn tracked_table(own: &OwnSchema) -> Option<TokenStream> {
    own.file.file_name()?;
    let file = format!("/{}", path_of_table(own));
    Some(quote!(
        const _: &[u8] = include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), #file));
    ))
}

/// Makes the compiler look again when a file that a rule names changes.
pub(crate) fn tracked(file: &String) -> TokenStream {
    quote!(
        const _: &[u8] = include_bytes!(#file);
    )
}

/// Files beside the source file of a rule.
#[derive(Debug)]
pub(crate) struct Beside(pub(crate) Option<PathBuf>);

impl Files for Beside {
    fn read(&self, path: &str) -> Result<String, String> {
        let folder = self.0.as_deref().and_then(Path::parent);
        let path = folder.map_or_else(|| PathBuf::from(path), |folder| folder.join(path));
        std::fs::read_to_string(path).map_err(|error| match error.kind() {
            ErrorKind::InvalidData => NOT_UTF_8.to_owned(),
            _ => error.to_string(),
        })
    }
}
