//! How far each input was read, and which of the files given now are those inputs.
//!
//! ```text
//! path ─open─> identity ─┬─ known, nothing new ──> not read
//!                        ├─ known, grown ──> read on from its position
//!                        ├─ known, but shorter than its position ──> read from its start, with a notice
//!                        └─ unknown ──> read from its start; with a notice where the path was another file
//! ```

use crate::framing::Resume;
use crate::pipeline::Queue;
use crate::source::Identity;
use rule_model::DateTime;
use serde::{Deserialize, Serialize};
use std::fs::{self, File};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// How far an input was read.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Position {
    /// What it was called.
    pub name: String,
    /// Which file it is.
    pub identity: Identity,
    /// Its size in bytes, as stored, when it was opened.
    pub stored: u64,
    /// Where reading goes on.
    pub next: Resume,
    /// Where a last record begins that has no end and was rejected: if the file grows, it is read again.
    pub unfinished: Option<Resume>,
    /// Whether it was read to its end.
    pub is_done: bool,
    /// Its latest event time.
    pub latest: Option<DateTime>,
    /// What came of records before `next` and is not reported yet.
    pub ahead: Queue,
}

/// The positions of a commit that no input of this run has claimed yet.
#[derive(Debug, Default)]
pub struct Positions {
    /// They stay as they are, so that the file can be named again in a later run.
    pub unclaimed: Vec<Position>,
}

/// What is done with an input.
#[derive(Debug)]
pub struct Claim {
    /// Where it stands; its `next` is where reading goes on.
    pub position: Position,
    /// What the user should know.
    pub notice: Option<String>,
    /// Whether there is nothing new in it.
    pub is_unchanged: bool,
}

impl Position {
    /// The beginning of the file at `path`.
    pub fn anew(path: &Path) -> io::Result<Position> {
        let file = File::open(path)?;
        Ok(Position {
            name: path.display().to_string(),
            identity: Identity::of(&file)?,
            stored: file.metadata()?.len(),
            next: Resume::default(),
            unfinished: None,
            is_done: false,
            latest: None,
            ahead: Queue::default(),
        })
    }
}

impl Positions {
    /// Finds the position of the file at `path`.
    pub fn claim(&mut self, path: &Path) -> io::Result<Claim> {
        if !path.metadata()?.is_file() {
            let message = "is no file, and cannot be read again after a crash: run it without --state, or write \
                           it to a file first";
            return Err(io::Error::new(io::ErrorKind::InvalidInput, message));
        }
        let file = File::open(path)?;
        let anew = Position::anew(path)?;
        let (stored, name) = (anew.stored, anew.name.clone());
        let Some(known) = self.known(&file, &name)? else {
            let before = self.unclaimed.iter().find(|before| before.name == name);
            let notice = before.map(|before| replaced(path, before));
            return Ok(Claim { position: anew, notice, is_unchanged: false });
        };
        // What it was when it was opened is the least that was read.
        if stored < known.stored {
            let notice = format!(
                "{name} is shorter than when it was read last ({stored} bytes, then {}): it is read from its start, \
                 and alerts may come again, with the same alert_id",
                known.stored
            );
            return Ok(Claim { position: anew, notice: Some(notice), is_unchanged: false });
        }
        let is_unchanged = known.is_done && stored == known.stored;
        let next = match known.unfinished {
            Some(unfinished) if stored > known.stored => unfinished,
            _ => known.next,
        };
        let position =
            Position { name, identity: anew.identity, stored, next, is_done: is_unchanged, ..known };
        Ok(Claim { position, notice: None, is_unchanged })
    }

    /// Takes out the position of the file: of several (it was given twice), that of its name.
    fn known(&mut self, file: &File, name: &str) -> io::Result<Option<Position>> {
        let mut found = None;
        for (number, position) in self.unclaimed.iter().enumerate() {
            if (found.is_none() || position.name == name) && position.identity.is(file)? {
                found = Some(number);
            }
        }
        Ok(found.map(|number| self.unclaimed.remove(number)))
    }
}

/// What to say where a path leads to another file than before.
fn replaced(path: &Path, before: &Position) -> String {
    let name = path.display();
    let what = format!("{name} is another file than in the last run, and is read from its start");
    match elsewhere(path, before) {
        Some((now, stored)) if !before.is_done || stored > before.stored => format!(
            "{what}; the earlier one is {} now and has not been read to its end: name it too",
            now.display()
        ),
        Some(_) => what,
        None if before.is_done => format!("{what}; what the earlier one got since was not read"),
        None => format!("{what}; the earlier one was not read to its end, and is not beside it any more"),
    }
}

/// Where in its directory a file is now, and its size.
fn elsewhere(path: &Path, before: &Position) -> Option<(PathBuf, u64)> {
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let entries = fs::read_dir(parent).ok()?.flatten();
    let mut same = entries.filter(|entry| {
        entry.metadata().is_ok_and(|metadata| metadata.is_file() && metadata.ino() == before.identity.inode)
    });
    let entry = same
        .find(|entry| File::open(entry.path()).and_then(|file| before.identity.is(&file)).unwrap_or(false))?;
    Some((entry.path(), entry.metadata().ok()?.len()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::framing::{Framer, Framing, Limits};

    fn at(offset: u64) -> Resume {
        let mut resume = Framer::new(io::empty(), Framing::Ndjson, Limits::default()).resume();
        resume.offset = offset;
        resume
    }

    /// Reads `path` to its end, or to `next`.
    fn read(positions: &mut Positions, path: &Path, next: Option<u64>) {
        let claim = positions.claim(path).unwrap();
        let stored = claim.position.stored;
        let next = at(next.unwrap_or(stored));
        positions.unclaimed.push(Position { next, is_done: next.offset == stored, ..claim.position });
    }

    fn claimed(positions: &mut Positions, path: &Path) -> (u64, bool, String) {
        let claim = positions.claim(path).unwrap();
        (claim.position.next.offset, claim.is_unchanged, claim.notice.unwrap_or_default())
    }

    #[test]
    fn a_file_is_read_on_from_where_it_was_left() {
        let directory = std::env::temp_dir().join(format!("positions-{}", std::process::id()));
        let path = |name: &str| directory.join(name);
        fs::create_dir_all(&directory).unwrap();
        let fresh = |text: &str, next| {
            let _absent = fs::remove_file(path("log.1"));
            fs::write(path("log"), text).unwrap();
            let mut positions = Positions::default();
            read(&mut positions, &path("log"), next);
            positions
        };
        let mut positions = fresh("one\n", None);
        assert_eq!(claimed(&mut positions, &path("log")), (4, true, String::new()));

        let mut positions = fresh("one\n", None);
        fs::write(path("log"), "one\ntwo\n").unwrap();
        assert_eq!(claimed(&mut positions, &path("log")), (4, false, String::new()), "grown");

        let mut positions = fresh("one\ntwo\n", Some(4));
        assert_eq!(claimed(&mut positions, &path("log")), (4, false, String::new()), "stopped");

        let mut positions = fresh("one\ntwo\n", Some(4));
        fs::rename(path("log"), path("log.1")).unwrap();
        fs::write(path("log"), "new\n").unwrap();
        let (offset, _, notice) = claimed(&mut positions, &path("log"));
        assert!(offset == 0 && notice.contains("log.1 now and has not been read to its end"), "{notice}");
        assert_eq!(claimed(&mut positions, &path("log.1")), (4, false, String::new()), "renamed");

        let mut positions = fresh("one\n", None);
        fs::write(path("log"), "other\n").unwrap();
        let (offset, _, notice) = claimed(&mut positions, &path("log"));
        assert!(offset == 0 && notice.contains("another file"), "{notice}");

        let long = "x".repeat(5000);
        let mut positions = fresh(&long, None);
        fs::write(path("log"), &long[..4500]).unwrap();
        let (offset, _, notice) = claimed(&mut positions, &path("log"));
        assert!(offset == 0 && notice.contains("shorter"), "{notice}");
        fs::remove_dir_all(directory).unwrap();
    }

    #[test]
    fn a_broken_last_record_is_read_again_once_the_file_has_grown() {
        let path = std::env::temp_dir().join(format!("unfinished-{}", std::process::id()));
        for (now, offset, is_unchanged) in [("one\n{\"a\"", 8, true), ("one\n{\"a\":1}\n", 4, false)] {
            fs::write(&path, "one\n{\"a\"").unwrap();
            let mut positions = Positions::default();
            read(&mut positions, &path, None);
            positions.unclaimed[0].unfinished = Some(at(4));
            fs::write(&path, now).unwrap();
            assert_eq!(claimed(&mut positions, &path), (offset, is_unchanged, String::new()));
        }
        fs::remove_file(path).unwrap();
    }

    #[test]
    fn what_is_no_file_is_refused() {
        let error = Positions::default().claim(Path::new("/dev/null")).unwrap_err();
        assert!(error.to_string().contains("without --state"), "{error}");
    }
}
