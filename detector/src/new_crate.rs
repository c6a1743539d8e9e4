//! The files of a new crate of rules: templates whose placeholders are replaced.

use crate::engine_source::EngineSource;
use crate::failure::Failure;
use std::fs;
use std::io;
use std::path::Path;

/// A crate to be.
#[derive(Debug)]
pub(crate) struct NewCrate {
    name: String,
    engine: EngineSource,
}

/// Each file's path and text. Those with `{{…}}` in them have a name that no tool takes for a file to work on.
const TEMPLATES: &[(&str, &str)] = &[
    ("Cargo.toml", include_str!("../templates/crate/Cargo.toml.in")),
    ("README.md", include_str!("../templates/crate/README.md.in")),
    (".gitignore", include_str!("../templates/crate/gitignore")),
    ("rust-toolchain.toml", include_str!("../../rust-toolchain.toml")),
    ("rustfmt.toml", include_str!("../templates/crate/rustfmt.toml")),
    (".cargo/config.toml", include_str!("../templates/crate/.cargo/config.toml")),
    (".github/workflows/ci.yml", include_str!("../templates/crate/.github/workflows/ci.yml")),
    ("schemas/vpn_sessions.toml", include_str!("../templates/crate/schemas/vpn_sessions.toml")),
    ("events/sample.ndjson", include_str!("../templates/crate/events/sample.ndjson")),
    ("src/main.rs", include_str!("../templates/crate/src/main.rs.in")),
    ("src/lib.rs", include_str!("../templates/crate/src/lib.rs.in")),
    (
        "src/vpn_session_without_second_factor.rs",
        include_str!("../templates/crate/src/vpn_session_without_second_factor.rs.in"),
    ),
];

/// Names that the crate's own dependencies or the language have taken.
const TAKEN: &[&str] = &[
    "alloc",
    "core",
    "detector",
    "proc-macro",
    "rule-eval",
    "rule-lang",
    "rule-macros",
    "rule-model",
    "rule-runtime",
    "std",
    "test",
];

/// Words that no Rust module can be called by.
const KEYWORDS: &[&str] = &[
    "abstract", "as", "async", "await", "become", "box", "break", "const", "continue", "crate", "do", "dyn",
    "else", "enum", "extern", "false", "final", "fn", "for", "gen", "if", "impl", "in", "let", "loop",
    "macro", "match", "mod", "move", "mut", "override", "priv", "pub", "ref", "return", "self", "static",
    "struct", "super", "trait", "true", "try", "type", "typeof", "unsafe", "unsized", "use", "virtual",
    "where", "while", "yield",
];

impl NewCrate {
    /// A crate of this name over an engine, if the name is one for a crate.
    pub(crate) fn new(name: &str, engine: EngineSource) -> Result<NewCrate, Failure> {
        let is_word = name.starts_with(|c: char| c.is_ascii_alphabetic())
            && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_');
        if !is_word {
            let message = format!(
                "\"{name}\" is no name for a crate: letters, digits, - and _, a letter first{}",
                if name.contains('/') { "; --path says where it lies" } else { "" }
            );
            return Err(Failure::Usage(message));
        }
        if TAKEN.contains(&name.replace('_', "-").as_str()) || KEYWORDS.contains(&name) {
            return Err(Failure::Usage(format!("the name {name} is taken; choose another, as {name}-rules")));
        }
        Ok(NewCrate { name: name.to_owned(), engine })
    }

    /// Writes the files into a folder, which must be empty or not there; their paths in it.
    pub(crate) fn write(&self, folder: &Path) -> Result<Vec<&'static str>, Failure> {
        refuse_full(folder)?;
        let mut written = Vec::new();
        for (path, template) in TEMPLATES {
            let target = folder.join(path);
            let made = target.parent().map_or(Ok(()), fs::create_dir_all);
            let made = made.and_then(|()| fs::write(&target, self.filled(template)));
            made.map_err(|error| Failure::write(target.display(), &error))?;
            written.push(*path);
        }
        // The versions that the engine was tested with; cargo drops from it what this crate does not need.
        if let Some(lock) = self.engine.lock_file() {
            let target = folder.join("Cargo.lock");
            fs::copy(lock, &target).map_err(|error| Failure::write(target.display(), &error))?;
            written.push("Cargo.lock");
        }
        Ok(written)
    }

    /// A template with what belongs to this crate.
    fn filled(&self, template: &str) -> String {
        let (note, ci, readme) = match &self.engine {
            EngineSource::Checkout(path) => (
                "The engine is on no registry; this is a checkout on one machine. Others need `git = \"…\"` in place \
                 of `path`."
                    .to_owned(),
                "The engine in Cargo.toml is a path of one machine: before this runs elsewhere, name a git repository \
                 there."
                    .to_owned(),
                format!(
                    "It is on no registry. `Cargo.toml` takes it from a checkout, `{}`; for others to build this crate, \
                     name its git repository there: `detector = {{ git = \"…\", … }}`, and so for `rule-macros` and \
                     `rule-runtime`.",
                    path.display()
                ),
            ),
            EngineSource::Git(url) => (
                "The engine is on no registry; Cargo.lock keeps the commit until `cargo update`.".to_owned(),
                "The engine comes from its git repository; a private one needs credentials here.".to_owned(),
                format!(
                    "It is on no registry: it comes from <{url}>, at the commit that `Cargo.lock` names. `cargo update` \
                     moves to the newest."
                ),
            ),
        };
        let mut text = template.to_owned();
        for (placeholder, value) in [
            ("{{name}}", self.name.clone()),
            ("{{crate}}", self.name.replace('-', "_")),
            ("{{engine-note}}", note),
            ("{{engine-ci-note}}", ci),
            ("{{engine-readme}}", readme),
            ("{{engine-detector}}", self.engine.dependency("detector")),
            ("{{engine-rule-macros}}", self.engine.dependency("rule-macros")),
            ("{{engine-rule-runtime}}", self.engine.dependency("rule-runtime")),
        ] {
            text = text.replace(placeholder, &value);
        }
        text
    }
}

/// Refuses a folder with anything in it: nothing of a user's is overwritten.
fn refuse_full(folder: &Path) -> Result<(), Failure> {
    let message = match fs::read_dir(folder).map(|mut entries| entries.next().is_none()) {
        Ok(true) => return Ok(()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Ok(_) => {
            format!("{} is not empty, and nothing is overwritten; name another folder", folder.display())
        }
        Err(error) => format!("cannot write into {}: {error}", folder.display()),
    };
    Err(Failure::Usage(message))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn git() -> EngineSource {
        EngineSource::Git("https://example.com/engine.git".to_owned())
    }

    #[test]
    fn no_placeholder_is_left() {
        let checkout = EngineSource::Checkout("/engine".into());
        for engine in [git(), checkout] {
            let new = NewCrate::new("my-rules", engine).unwrap();
            for (path, template) in TEMPLATES {
                let text = new.filled(template);
                assert!(!text.contains("{{"), "{path}: {text}");
            }
        }
    }

    #[test]
    fn names_that_cargo_or_the_crate_itself_refuses_are_refused() {
        for (name, fine) in [
            ("my-rules", true),
            ("r2_d2", true),
            ("", false),
            ("2fa", false),
            ("a/b", false),
            ("my rules", false),
            ("detector", false),
            ("rule_macros", false),
            ("match", false),
        ] {
            assert_eq!(NewCrate::new(name, git()).is_ok(), fine, "{name}");
        }
    }
}
