//! Where a crate of rules takes the engine from: a checkout, or a git repository. It is on no registry.

use crate::failure::Failure;
use rule_eval::json;
use rule_model::Value;
use std::env;
use std::path::{Path, PathBuf};

/// The engine as a dependency.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum EngineSource {
    /// A checkout, by its absolute path.
    Checkout(PathBuf),
    /// A git repository, by its URL.
    Git(String),
}

/// What lies in a checkout of the engine and in hardly anything else.
const MARKS: [&str; 3] = ["Cargo.toml", "detector/Cargo.toml", "rule-macros/Cargo.toml"];

impl EngineSource {
    /// The source that an argument names: a folder, or a URL that cargo knows.
    pub(crate) fn named(argument: &str) -> Result<EngineSource, Failure> {
        if argument.contains("://") {
            return Ok(EngineSource::Git(argument.to_owned()));
        }
        if let Some((host, path)) = argument.split_once(':').filter(|(host, _)| host.contains('@')) {
            let message = format!("cargo reads no address such as {argument}; write ssh://{host}/{path}");
            return Err(Failure::Usage(message));
        }
        let path = Path::new(argument).canonicalize().map_err(|error| Failure::open(argument, &error))?;
        if is_checkout(&path) {
            return Ok(EngineSource::Checkout(path));
        }
        let message =
            format!("{argument} is no checkout of the engine: it lacks one of {}", MARKS.join(", "));
        Err(Failure::Usage(message))
    }

    /// The checkout around the current folder, or around the program's own file.
    pub(crate) fn around() -> Result<EngineSource, Failure> {
        let places = [env::current_dir().ok(), env::current_exe().ok()];
        let found =
            places.iter().flatten().flat_map(|place| place.ancestors()).find(|path| is_checkout(path));
        found.map(|path| EngineSource::Checkout(path.to_owned())).ok_or_else(|| {
            let message = "where is the engine? It is on no registry: add --engine with the path of its checkout or \
                           the URL of its git repository";
            Failure::Usage(message.to_owned())
        })
    }

    /// What stands between the braces of a dependency on one of its crates.
    pub(crate) fn dependency(&self, name: &str) -> String {
        match self {
            EngineSource::Checkout(path) => format!("path = {}", quoted(&path.join(name).to_string_lossy())),
            EngineSource::Git(url) => format!("git = {}", quoted(url)),
        }
    }

    /// The versions that the engine was tested with, where they can be read.
    pub(crate) fn lock_file(&self) -> Option<PathBuf> {
        match self {
            EngineSource::Checkout(path) => Some(path.join("Cargo.lock")).filter(|path| path.is_file()),
            EngineSource::Git(_) => None,
        }
    }
}

fn is_checkout(path: &Path) -> bool {
    MARKS.iter().all(|mark| path.join(mark).is_file())
}

/// A text in TOML, whose escapes are those of JSON.
fn quoted(text: &str) -> String {
    json::write(&Value::string(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_is_a_dependency() {
        for (source, expected) in [
            (EngineSource::Checkout("/a \"b\"".into()), r#"path = "/a \"b\"/detector""#),
            (EngineSource::Git("https://x/y.git".into()), r#"git = "https://x/y.git""#),
        ] {
            assert_eq!(source.dependency("detector"), expected);
        }
    }

    #[test]
    fn what_is_no_engine_is_refused_with_what_to_write() {
        for (argument, message) in [
            ("git@example.com:a/b.git", "write ssh://git@example.com/a/b.git"),
            ("no/such/folder", "cannot open no/such/folder"),
            (env!("CARGO_MANIFEST_DIR"), "is no checkout of the engine"),
        ] {
            let Err(Failure::Usage(said)) = EngineSource::named(argument) else { panic!("{argument}") };
            assert!(said.contains(message), "{said}");
        }
        let around = Path::new(env!("CARGO_MANIFEST_DIR")).parent().map(Path::to_owned);
        assert_eq!(EngineSource::around().ok(), around.map(EngineSource::Checkout));
    }
}
