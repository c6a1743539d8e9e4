//! What the running program is called: help, messages and completions call it by its own name, which for a user's
//! detector is not `detector`.

use crate::commands;
use rule_runtime::Ruleset;
use std::path::Path;
use std::process::ExitCode;
use std::sync::OnceLock;

/// A program made of the command line and some rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Program {
    /// What it is called by.
    pub name: &'static str,
    /// What `--version` says behind the name.
    pub version: &'static str,
}

/// The program that is being compiled, by the name of the binary and the version of its package.
#[macro_export]
macro_rules! program {
    () => {
        $crate::Program {
            // Not of a binary where a documentation's example is compiled.
            name: match option_env!("CARGO_BIN_NAME") {
                Some(name) => name,
                None => env!("CARGO_PKG_NAME"),
            },
            version: env!("CARGO_PKG_VERSION"),
        }
    };
}

/// The name that texts in this crate are written with.
const WRITTEN: &str = "detector";
/// The rule that examples in this crate are written with.
const EXAMPLE_RULE: &str = "Intune.NewDeviceManagementScript";

static RUNNING: OnceLock<Running> = OnceLock::new();

#[derive(Debug)]
struct Running {
    name: &'static str,
    /// What `--version` says behind the name.
    version: String,
    /// The id of a rule that the program has.
    example: Option<&'static str>,
}

impl Program {
    /// Runs the command that the process's arguments name, over these rules.
    pub fn main(self, rules: &'static Ruleset) -> ExitCode {
        let ids = || rules.rules.iter().map(|rule| &*rule.metadata.id);
        let example = ids().find(|id| *id == EXAMPLE_RULE).or_else(|| ids().next());
        let engine = env!("CARGO_PKG_VERSION");
        let version = match self.name {
            WRITTEN => engine.to_owned(),
            // A user's program has a version of its own beside that of the engine.
            _ => format!("{} ({WRITTEN} {engine})", self.version),
        };
        // A second call within one process keeps the first one's name.
        RUNNING.get_or_init(|| Running { name: self.name, version, example });
        commands::main(rules)
    }

    /// The program by the name of the file that runs.
    pub(crate) fn of_arguments() -> Program {
        let path = std::env::args_os().next();
        let name = path.as_deref().map(Path::new).and_then(Path::file_stem).and_then(|name| name.to_str());
        // A process is started once and its name needed to its end.
        let name = name.map_or(WRITTEN, |name| &*Box::leak(name.to_owned().into_boxed_str()));
        Program { name, version: env!("CARGO_PKG_VERSION") }
    }
}

/// The name of the running program.
pub(crate) fn name() -> &'static str {
    RUNNING.get().map_or(WRITTEN, |running| running.name)
}

/// What `--version` says behind the name.
pub(crate) fn version() -> &'static str {
    RUNNING.get().map_or(env!("CARGO_PKG_VERSION"), |running| &running.version)
}

/// A text in which commands are written with `detector`, with the program's own name and a rule that it has.
pub(crate) fn named(text: &str) -> String {
    let example = RUNNING.get().and_then(|running| running.example);
    renamed(text, name(), example, &commands::names())
}

/// `detector` before a command's name, an option or `COMMAND` is the program's name; elsewhere it is a word.
fn renamed(text: &str, name: &str, example: Option<&str>, commands: &[String]) -> String {
    let text = example.map_or_else(|| text.to_owned(), |example| text.replace(EXAMPLE_RULE, example));
    let mut parts = text.split("detector ");
    let mut renamed = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let end = part.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(part.len());
        let (word, rest) = part.split_at(end);
        let within_word = renamed.ends_with(|c: char| c.is_alphanumeric() || "-_./".contains(c));
        let is_command = commands.iter().any(|command| command == word)
            || word == "COMMAND"
            || (word.is_empty() && rest.starts_with("--"));
        renamed.push_str(if is_command && !within_word { name } else { WRITTEN });
        renamed.push(' ');
        renamed.push_str(part);
    }
    renamed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_commands_are_renamed() {
        for (text, expected) in [
            ("detector run x", "mine run x"),
            ("kcat | detector run; `detector COMMAND --help`", "kcat | mine run; `mine COMMAND --help`"),
            ("detector --version", "mine --version"),
            ("the detector runs", "the detector runs"),
            ("the feature of detector", "the feature of detector"),
            ("my-detector run", "my-detector run"),
            ("detector explain Intune.NewDeviceManagementScript", "mine explain r1"),
        ] {
            assert_eq!(
                renamed(text, "mine", Some("r1"), &["run".to_owned(), "explain".to_owned()]),
                expected
            );
        }
    }
}
