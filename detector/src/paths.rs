//! Which files an argument names: a file, a directory with all below it, or a pattern.
//!
//! ```text
//! - ──> standard input      FILE ──> FILE      DIRECTORY ──> the files of records in it, by name
//! a/**/b*.json ──> what is there of that name; directories among them as above
//! ```
//!
//! Patterns are expanded here, too, so that they can be quoted: a shell refuses a list that is too long, and a
//! configuration has no shell. What is there by its literal name is never taken for a pattern.

use crate::failure::Failure;
use crate::selection::glob;
use rule_runtime::source::Origin;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// What a file of records is called in a directory, before `.gz` or `.zst` and a number that rotation gave it.
const RECORDS: [&str; 5] = ["json", "jsonl", "log", "ndjson", "txt"];
const COMPRESSED: [&str; 4] = ["gz", "gzip", "zst", "zstd"];

/// The origins that a path names, at least one. With `may_come`, a file that is not there yet is one, too.
pub(crate) fn origins(argument: &str, may_come: bool) -> Result<Vec<Origin>, Failure> {
    if argument == "-" {
        return Ok(vec![Origin::Stdin]);
    }
    let path = Path::new(argument);
    let found = match path.metadata() {
        Ok(metadata) if metadata.is_dir() => return below(path),
        Ok(_) => vec![path.to_owned()],
        Err(_) if is_pattern(argument) => return matching(argument),
        Err(error) if may_come && error.kind() == io::ErrorKind::NotFound => vec![path.to_owned()],
        Err(error) => return Err(Failure::open(path.display(), &error)),
    };
    Ok(found.into_iter().map(Origin::File).collect())
}

/// The files of records in a directory and those below it.
fn below(directory: &Path) -> Result<Vec<Origin>, Failure> {
    let (mut files, mut others) = (Vec::new(), 0);
    collect(directory, &mut files, &mut others)?;
    let endings = ".json, .jsonl, .ndjson, .log or .txt, with or without .gz or .zst";
    if files.is_empty() {
        let message =
            format!("no file in {} has a name that ends in {endings}; name the files", directory.display());
        return Err(Failure::Usage(message));
    }
    if others > 0 {
        eprintln!(
            "warning: {}: {others} files are not read, whose names do not end in {endings}; name them to read them",
            directory.display()
        );
    }
    Ok(files.into_iter().map(Origin::File).collect())
}

/// Adds the files of records below a directory, in the order of their names; counts the others. Hidden ones are
/// neither, and directories behind symbolic links are not entered, which could lead in circles.
fn collect(directory: &Path, files: &mut Vec<PathBuf>, others: &mut u64) -> Result<(), Failure> {
    for entry in entries(directory)? {
        let kind = entry.file_type().map_err(|error| Failure::open(entry.path().display(), &error))?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let path = entry.path();
        if name.starts_with('.') {
            continue;
        }
        if kind.is_dir() {
            collect(&path, files, others)?;
        } else if path.is_file() && is_of_records(&name) {
            files.push(path);
        } else {
            *others += 1;
        }
    }
    Ok(())
}

/// What a directory holds, by name.
fn entries(directory: &Path) -> Result<Vec<fs::DirEntry>, Failure> {
    let failed = |error| Failure::open(directory.display(), &error);
    let mut entries =
        fs::read_dir(directory).map_err(failed)?.collect::<Result<Vec<_>, _>>().map_err(failed)?;
    entries.sort_by_key(fs::DirEntry::file_name);
    Ok(entries)
}

/// Whether a file of this name in a directory is read: `x.json`, `x.ndjson.gz`, `x.log.3`, `x.zst`.
fn is_of_records(name: &str) -> bool {
    let mut parts: Vec<&str> = name.split('.').skip(1).collect();
    let is_compressed =
        parts.last().is_some_and(|last| COMPRESSED.iter().any(|it| last.eq_ignore_ascii_case(it)));
    if is_compressed {
        parts.pop();
    }
    if parts.last().is_some_and(|last| last.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-')) {
        parts.pop();
    }
    match parts.last() {
        Some(last) => RECORDS.iter().any(|it| last.eq_ignore_ascii_case(it)),
        None => is_compressed,
    }
}

fn is_pattern(argument: &str) -> bool {
    argument.contains(['*', '?'])
}

/// What is there of a name with `*`, `?` and `**` (any directories) in it, by name.
fn matching(pattern: &str) -> Result<Vec<Origin>, Failure> {
    let mut found = vec![PathBuf::from(if pattern.starts_with('/') { "/" } else { "" })];
    for part in pattern.split('/').filter(|part| !part.is_empty()) {
        found = found.iter().flat_map(|path| step(path, part)).collect();
    }
    found.sort();
    found.dedup();
    let mut origins = Vec::new();
    for path in found {
        if path.is_dir() {
            origins.extend(below(&path)?);
        } else {
            origins.push(Origin::File(path));
        }
    }
    if origins.is_empty() {
        return Err(Failure::Usage(format!(
            "nothing is called {pattern}; check the path, or name the files"
        )));
    }
    Ok(origins)
}

/// What a directory holds that is called as one part of a pattern says. What cannot be listed holds nothing.
fn step(directory: &Path, part: &str) -> Vec<PathBuf> {
    let listed = if directory.as_os_str().is_empty() { Path::new(".") } else { directory };
    if !is_pattern(part) {
        let path = directory.join(part);
        return if path.symlink_metadata().is_ok() { vec![path] } else { Vec::new() };
    }
    let visible = |name: &str| !name.starts_with('.') || part.starts_with('.');
    let mut found = if part == "**" { vec![directory.to_owned()] } else { Vec::new() };
    for entry in entries(listed).unwrap_or_default() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let path = directory.join(entry.file_name());
        if part == "**" {
            if visible(&name) && entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                found.extend(step(&path, part));
            }
        } else if visible(&name) && glob(part, &name) {
            found.push(path);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_tells_a_file_of_records() {
        for (name, expected) in [
            ("a.json", true),
            ("a.NDJSON", true),
            ("a.json.gz", true),
            ("a.log.1", true),
            ("a.log-2024.zst", false),
            ("a.log.2024-03-01.zst", true),
            ("a.gz", true),
            ("a.tar.gz", false),
            ("a.csv", false),
            ("a", false),
            ("json", false),
            ("7", false),
        ] {
            assert_eq!(is_of_records(name), expected, "{name}");
        }
    }

    fn tree() -> PathBuf {
        let root = std::env::temp_dir().join(format!("detector-paths-{}", std::process::id()));
        let _absent = fs::remove_dir_all(&root);
        for file in
            ["b.json", "a/x.ndjson", "a/b/y.json.gz", "a/notes", ".hidden.json", ".git/z.json", "odd[*].json"]
        {
            let path = root.join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "").unwrap();
        }
        root
    }

    #[test]
    fn directories_and_patterns_are_expanded_in_order() {
        let root = tree();
        for (argument, expected) in [
            ("", &["a/b/y.json.gz", "a/x.ndjson", "b.json", "odd[*].json"][..]),
            ("a", &["a/b/y.json.gz", "a/x.ndjson"]),
            ("b.json", &["b.json"]),
            ("*.json", &["b.json", "odd[*].json"]),
            ("a/*", &["a/b/y.json.gz", "a/notes", "a/x.ndjson"]),
            ("**/*.json*", &["a/b/y.json.gz", "b.json", "odd[*].json"]),
            ("?/x.*", &["a/x.ndjson"]),
            (".*.json", &[".hidden.json"]),
            // What is there by that name is no pattern.
            ("odd[*].json", &["odd[*].json"]),
            ("*.csv", &[]),
            ("missing.json", &[]),
        ] {
            let named = root.join(argument);
            let found = origins(named.to_str().unwrap(), false).unwrap_or_default();
            let expected: Vec<Origin> = expected.iter().map(|file| Origin::File(root.join(file))).collect();
            assert_eq!(found, expected, "{argument}");
        }
        let coming = origins(root.join("missing.json").to_str().unwrap(), true).unwrap();
        assert_eq!(coming, [Origin::File(root.join("missing.json"))]);
    }
}
