//! Files of the crate whose rules are compiled: its schemas, and the files that rules name.

use proc_macro2::TokenStream;
use quote::quote;
use rule_lang::rule::{Files, NOT_UTF_8};
use rule_lang::schemas::{OwnSchema, Schemas};
use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

/// A macro that reads the crate's schemas.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Reader {
    /// The `ruleset!` of the crate.
    Ruleset,
    /// The `rule!` in this file, where that is known.
    Rule(Option<PathBuf>),
}

/// The macro that tells what is wrong with the schemas of the crate in a folder. Macros do not see each other, so each
/// looks here whether another told already. A `ruleset!` expands before the rules of the modules that it declares.
static TELLERS: Mutex<BTreeMap<PathBuf, Reader>> = Mutex::new(BTreeMap::new());

/// The built-in tables and those of the crate that is compiled, from `schemas/*.toml` beside its Cargo.toml; what is
/// wrong, where these cannot be used: nothing, where another macro tells it.
pub(crate) fn schemas(reader: &Reader) -> Result<Schemas, Vec<String>> {
    let Some(root) = std::env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from) else {
        return Ok(Schemas::builtin());
    };
    Schemas::of_crate(&root).map_err(|errors| {
        if tells(root, reader) { errors.iter().map(ToString::to_string).collect() } else { Vec::new() }
    })
}

/// Whether this macro tells what is wrong with the schemas of the crate in `root`. One that told tells it again, as editors
/// ask in one process many times; a `ruleset!` always does.
fn tells(root: PathBuf, reader: &Reader) -> bool {
    let mut tellers = TELLERS.lock().unwrap_or_else(PoisonError::into_inner);
    let teller = tellers.entry(root).or_insert_with(|| reader.clone());
    if *reader == Reader::Ruleset {
        *teller = Reader::Ruleset;
    }
    teller == reader
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

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(file: &str) -> Reader {
        Reader::Rule(Some(file.into()))
    }

    #[test]
    fn a_ruleset_tells_of_faulty_schemas_and_its_rules_do_not() {
        let told = |reader: &Reader| tells("with a ruleset".into(), reader);
        let readers = [Reader::Ruleset, rule("a.rs"), rule("b.rs"), Reader::Ruleset, rule("a.rs")];
        assert_eq!(readers.iter().map(told).collect::<Vec<_>>(), [true, false, false, true, false]);
    }

    #[test]
    fn without_a_ruleset_one_of_the_rules_tells_of_faulty_schemas_each_time() {
        let told = |reader: &Reader| tells("without a ruleset".into(), reader);
        let readers = [rule("a.rs"), rule("b.rs"), rule("a.rs"), rule("c.rs")];
        assert_eq!(readers.iter().map(told).collect::<Vec<_>>(), [true, false, true, false]);
        assert!(tells("another crate".into(), &rule("b.rs")));
    }
}
