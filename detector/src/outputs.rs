//! Which files are written: none that is read in the same run, and none twice.

use crate::failure::Failure;
use crate::inputs::table_and_file;
use clap::ArgMatches;
use rule_runtime::pipeline::Input;
use rule_runtime::source::Origin;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// The arguments that name a file to be written.
const WRITTEN: [&str; 3] = ["out", "dead-letter", "stats"];

/// A file by what it is, or, where there is none yet, by where it will be. Only regular files: a device may be both.
#[derive(Debug, PartialEq, Eq)]
enum Identity {
    File { device: u64, inode: u64 },
    Place(PathBuf),
}

/// Refuses a command that would write over what it reads, or two outputs into one file.
pub(crate) fn check(inputs: &[Input], matches: &ArgMatches) -> Result<(), Failure> {
    let named = WRITTEN.iter().filter_map(|name| Some((*name, matches.get_one::<String>(name)?)));
    let mut outputs: Vec<(&str, Identity)> = Vec::new();
    for (name, path) in named {
        let Some(identity) = identity(Path::new(path)) else { continue };
        if let Some((other, _)) = outputs.iter().find(|(_, other)| *other == identity) {
            let message = format!("--{other} and --{name} are the same file, {path}; name two");
            return Err(Failure::Usage(message));
        }
        if read(inputs, matches).any(|input| self::identity(&input).as_ref() == Some(&identity)) {
            let message = format!(
                "--{name} {path} is also read in this run, and would be overwritten; name another file"
            );
            return Err(Failure::Usage(message));
        }
        outputs.push((name, identity));
    }
    Ok(())
}

/// The files that are read, those of tables without a schema included.
fn read<'a>(inputs: &'a [Input], matches: &'a ArgMatches) -> impl Iterator<Item = PathBuf> {
    let events = inputs.iter().filter_map(|input| match &input.origin {
        Origin::File(path) | Origin::Followed(path) => Some(path.clone()),
        Origin::Stdin | Origin::Embedded { .. } => None,
    });
    let arguments = matches.get_many::<String>("input").into_iter().flatten();
    events
        .chain(arguments.filter_map(|argument| table_and_file(argument).map(|(_, file)| PathBuf::from(file))))
}

fn identity(path: &Path) -> Option<Identity> {
    match path.metadata() {
        Ok(metadata) => {
            let identity = Identity::File { device: metadata.dev(), inode: metadata.ino() };
            metadata.is_file().then_some(identity)
        }
        Err(_) => std::path::absolute(path).ok().map(Identity::Place),
    }
}
