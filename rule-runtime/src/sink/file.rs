//! A file as the destination: its length is remembered, and what lies beyond is cut off at a restart.

use super::writeback::Writeback;
use super::{Destination, Mark};
use crate::disk::{DiskFile, sync_directory};
use crate::source::Identity;
use serde::{Deserialize, Serialize};
use std::io::{self, BufWriter, Write};
use std::path::Path;

/// A file that is written to.
#[derive(Debug)]
pub struct FileDestination {
    file: BufWriter<DiskFile>,
    /// Bytes in it once the buffer is written.
    length: u64,
    /// Whether the name of the file is safe.
    is_named: bool,
    /// Puts what it was given on the disk, where that is much and it is a file.
    writeback: Option<Writeback>,
    /// The length from which on that is worth a thread.
    writeback_from: u64,
}

/// Bytes that are soon synced.
const LITTLE: u64 = 1 << 20;

/// What a commit remembers of a file.
#[derive(Debug, Serialize, Deserialize)]
struct Written {
    path: String,
    length: u64,
    /// Its beginning, by which it is known; `None` of what is no file.
    identity: Option<Identity>,
}

impl FileDestination {
    /// An empty file, in place of any that is there.
    pub fn create(path: &Path) -> io::Result<FileDestination> {
        Ok(FileDestination::of(DiskFile::create(path)?))
    }

    /// A file as it is, to be brought back to a mark before anything is written.
    pub fn open(path: &Path) -> io::Result<FileDestination> {
        Ok(FileDestination::of(DiskFile::open(path)?))
    }

    fn of(file: DiskFile) -> FileDestination {
        let file = BufWriter::new(file);
        FileDestination { file, length: 0, is_named: false, writeback: None, writeback_from: LITTLE }
    }

    fn cut(&mut self, length: u64) -> io::Result<()> {
        self.length = length;
        self.writeback_from = length + LITTLE;
        let file = self.file.get_mut();
        // What is no file (/dev/null, a pipe) has no length to cut it to.
        if file.file().metadata()?.is_file() { file.cut(length) } else { Ok(()) }
    }
}

impl Write for FileDestination {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.file.write(bytes)?;
        self.length += written as u64;
        if let Some(writeback) = &mut self.writeback {
            writeback.grown(self.length);
        } else if self.length >= self.writeback_from {
            self.writeback_from = u64::MAX;
            let file = self.file.get_ref().file();
            self.writeback =
                file.metadata()?.is_file().then(|| Writeback::new(file, self.length)).transpose()?;
        }
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Destination for FileDestination {
    fn prepare(&mut self) -> io::Result<Mark> {
        self.file.flush()?;
        self.writeback.as_mut().map_or(Ok(()), Writeback::finish)?;
        let file = self.file.get_mut();
        file.sync()?;
        if !self.is_named {
            sync_directory(file.path())?;
            self.is_named = true;
        }
        let is_file = file.file().metadata()?.is_file();
        let identity = is_file.then(|| Identity::of(file.file())).transpose()?;
        Mark::of(&Written { path: file.path().display().to_string(), length: self.length, identity })
    }

    fn committed(&mut self) -> io::Result<()> {
        Ok(())
    }

    fn restore(&mut self, mark: &Mark) -> io::Result<Option<String>> {
        if mark.is_beginning() {
            return self.cut(0).map(|()| None);
        }
        let Written { path, length, identity } = mark.read()?;
        let file = self.file.get_mut();
        let now = file.path().display().to_string();
        if now != path {
            self.cut(0)?;
            return Ok(Some(format!("{now} begins anew: what was written before is in {path}")));
        }
        let Some(identity) = identity else { return Ok(None) };
        let is_there = file.len()?;
        if is_there == 0 && length > 0 {
            self.cut(0)?;
            return Ok(Some(format!(
                "{now} has gone or was emptied since the last run, {length} bytes with it; it begins anew"
            )));
        }
        if is_there < length || !identity.begins(file.file())? {
            let what = "it is not the file as it was left by the last run with this --state, and is left as it is; \
                        move it away, or name another file";
            return Err(io::Error::new(io::ErrorKind::InvalidData, format!("{now}: {what}")));
        }
        self.cut(length).map(|()| None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::path::PathBuf;

    fn path(name: &str) -> PathBuf {
        std::env::temp_dir().join(format!("destination-{name}-{}", std::process::id()))
    }

    /// Writes `committed` and a mark, then `beyond`.
    fn written(path: &Path, committed: &str, beyond: &str) -> Mark {
        let mut file = FileDestination::create(path).unwrap();
        file.write_all(committed.as_bytes()).unwrap();
        let mark = file.prepare().unwrap();
        file.write_all(beyond.as_bytes()).unwrap();
        file.flush().unwrap();
        mark
    }

    /// The mark lies in commits: other bytes are another version of the state's format
    /// (`checkpoint::commit_file::VERSION`).
    #[test]
    fn a_mark_is_written_as_the_version_of_the_state_says() {
        let identity = Identity { device: 1, inode: 300, hashed: 4, hash: [7; 16] };
        let written = |identity| {
            postcard::to_allocvec(&Written { path: "a".to_owned(), length: 128, identity }).unwrap()
        };
        assert_eq!(written(None), [1, b'a', 128, 1, 0]);
        let with_identity = [&[1, b'a', 128, 1, 1, 1, 172, 2, 4][..], &[7; 16]].concat();
        assert_eq!(written(Some(identity)), with_identity);
    }

    #[test]
    fn what_lies_beyond_the_mark_is_cut_off() {
        let path = path("cut");
        let mark = written(&path, "one\n", "two\nthr");
        let mut file = FileDestination::open(&path).unwrap();
        assert_eq!(file.restore(&mark).unwrap(), None);
        file.write_all(b"2\n").unwrap();
        file.prepare().unwrap();
        file.write_all(b"3\n").unwrap();
        file.flush().unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "one\n2\n3\n");
        fs::remove_file(path).unwrap();
    }

    #[test]
    fn a_file_that_is_not_as_it_was_left_is_not_cut() {
        let path = path("other");
        let mark = written(&path, "one\n", "");
        for (now, restored) in [
            ("one\nand more", Ok(None)),
            ("One\nand more", Err("is left as it is")),
            ("on", Err("is left as it is")),
            ("", Ok(Some("it begins anew"))),
        ] {
            fs::write(&path, now).unwrap();
            let outcome = FileDestination::open(&path).unwrap().restore(&mark);
            match (outcome, restored) {
                (Ok(None), Ok(None)) => assert_eq!(fs::read_to_string(&path).unwrap(), "one\n"),
                (Ok(Some(notice)), Ok(Some(part))) => assert!(notice.contains(part), "{notice}"),
                (Err(error), Err(part)) => {
                    assert!(error.to_string().contains(part), "{error}");
                    assert_eq!(fs::read_to_string(&path).unwrap(), now);
                }
                (outcome, _) => panic!("{now:?}: {outcome:?}"),
            }
        }
        fs::remove_file(path).unwrap();
    }
}
