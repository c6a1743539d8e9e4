//! Console blocks: `$ command` lines are run, and what follows each is what it prints.
//!
//! A line `...` stands for any lines, `[..]` for anything within a line: times, counts of tests, ids.

use crate::markdown::Block;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The blocks of one page, run one after the other in one folder.
#[derive(Debug)]
pub(crate) struct Session {
    folder: PathBuf,
}

impl Session {
    /// A session in an empty folder.
    pub(crate) fn new(folder: &Path) -> Session {
        Session { folder: folder.to_owned() }
    }

    /// Writes the file that a block is, or runs its commands; the difference where one prints something else.
    pub(crate) fn run(&mut self, block: &Block) -> Result<(), String> {
        if let Some(file) = &block.file {
            let path = self.folder.join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, &block.text).unwrap();
        } else if block.language == "console" {
            for (command, expected) in commands(&block.text) {
                let printed = self.command(command)?;
                if !fits(&expected, &printed.lines().collect::<Vec<_>>()) {
                    return Err(format!("$ {command}\n{printed}\nbut the page has\n{}", expected.join("\n")));
                }
            }
        }
        Ok(())
    }

    /// What a command prints, both streams.
    fn command(&mut self, command: &str) -> Result<String, String> {
        if let Some(folder) = command.strip_prefix("cd ") {
            self.folder.push(folder);
            return if self.folder.is_dir() { Ok(String::new()) } else { Err(format!("no folder {folder}")) };
        }
        let program = Path::new(env!("CARGO_BIN_EXE_detector"));
        let paths = [program.parent().unwrap().to_owned(), cargo_folder()];
        let inherited = std::env::var_os("PATH").unwrap_or_default();
        let path = std::env::join_paths(paths.into_iter().chain(std::env::split_paths(&inherited))).unwrap();
        let output = Command::new("bash")
            .args(["-c", &format!("{command} 2>&1")])
            .current_dir(&self.folder)
            .env("PATH", path)
            .env("CARGO_TARGET_DIR", program.ancestors().nth(2).unwrap())
            .env("CARGO_NET_OFFLINE", "true")
            .env("CARGO_TERM_QUIET", "true")
            .env("CARGO_TERM_COLOR", "never")
            .output()
            .unwrap();
        Ok(String::from_utf8(output.stdout).unwrap())
    }
}

fn cargo_folder() -> PathBuf {
    let cargo = std::env::var_os("CARGO").map(PathBuf::from).unwrap_or_default();
    cargo.parent().map(Path::to_owned).unwrap_or_default()
}

/// Each command and the lines expected of it.
fn commands(text: &str) -> Vec<(&str, Vec<&str>)> {
    let mut commands: Vec<(&str, Vec<&str>)> = Vec::new();
    for line in text.lines() {
        match (line.strip_prefix("$ "), commands.last_mut()) {
            (Some(command), _) => {
                // What explains a command to the reader is none of the shell's business.
                let command = command.split("   #").next().unwrap_or(command);
                commands.push((command.trim_end(), Vec::new()));
            }
            (None, Some((_, expected))) => expected.push(line),
            (None, None) => panic!("output before a command: {line}"),
        }
    }
    commands
}

/// Whether the lines are those expected; blank lines at the end count for nothing.
fn fits(expected: &[&str], printed: &[&str]) -> bool {
    match (expected, printed) {
        ([], rest) => rest.iter().all(|line| line.trim().is_empty()),
        ([blank], []) => blank.trim().is_empty() || *blank == "...",
        (["...", further @ ..], printed) => {
            (0..=printed.len()).any(|skipped| fits(further, &printed[skipped..]))
        }
        ([line, further @ ..], [first, rest @ ..]) => line_fits(line, first) && fits(further, rest),
        (_, []) => false,
    }
}

fn line_fits(expected: &str, printed: &str) -> bool {
    let mut parts = expected.trim_end().split("[..]");
    let Some(mut rest) = printed.trim_end().strip_prefix(parts.next().unwrap_or_default()) else {
        return false;
    };
    let parts: Vec<&str> = parts.collect();
    let Some((last, between)) = parts.split_last() else { return rest.is_empty() };
    for part in between {
        let Some(at) = rest.find(part) else { return false };
        rest = &rest[at + part.len()..];
    }
    rest.ends_with(last)
}
