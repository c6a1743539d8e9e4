//! A file that is read as it grows, under a name that other files may come to have, as `tail -F` does.
//!
//! ```text
//!            no file of that name yet: nothing now                ┌─ the same file, grown: its bytes
//! path ──open─┤                                      ──at its end──┼─ the same: nothing now
//!            file: its bytes                                      ├─ shorter, or another beginning (truncated): its end
//!                                                                 └─ another file of that name: what is left, then its end
//! ```
//!
//! "Nothing now" is [`io::ErrorKind::WouldBlock`]; whoever reads asks again later. After the end the file is opened anew,
//! from its beginning. A writer may go on for a moment in a file that was renamed, so the end is believed the second time
//! only. Files that come and go between two looks at the path are not seen.

use super::{Identity, Progress};
use std::fs::{self, File};
use std::io::{self, Read};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// Reads a file as it grows.
#[derive(Debug)]
pub(super) struct Followed {
    path: PathBuf,
    progress: Progress,
    file: Option<Open>,
}

#[derive(Debug)]
struct Open {
    file: File,
    identity: Identity,
    /// Bytes read.
    position: u64,
    /// Whether the last read gave nothing: then the file may have become another.
    was_at_end: bool,
    /// Whether another file was seen to have the name.
    replaced: bool,
}

/// What the name says of the file that is read.
enum Named {
    Same,
    /// No file.
    Nothing,
    Another,
}

impl Followed {
    /// Follows whatever file has this name.
    pub(super) fn new(path: &Path, progress: &Progress) -> Followed {
        Followed { path: path.to_owned(), progress: progress.clone(), file: None }
    }

    /// Follows it from this offset on, if it is there and as long as that.
    pub(super) fn at(path: &Path, offset: u64, progress: &Progress) -> io::Result<Followed> {
        let mut followed = Followed::new(path, progress);
        if offset > 0 {
            let mut open = Open::new(File::open(path)?)?;
            open.seek(offset)?;
            followed.file = Some(open);
        }
        Ok(followed)
    }

    /// The file that is read; `None` as long as there is none.
    pub(super) fn identity(&self) -> Option<Identity> {
        self.file.as_ref().map(|open| open.identity.clone())
    }
}

impl Read for Followed {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let open = match &mut self.file {
            Some(open) => open,
            None => match File::open(&self.path) {
                Ok(file) => self.file.insert(Open::new(file)?),
                Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(nothing_now()),
                Err(error) => return Err(error),
            },
        };
        if open.was_at_end && !open.is_continued()? {
            return Ok(0);
        }
        let read = open.file.read(buffer)?;
        open.position += read as u64;
        open.was_at_end = read == 0;
        if read > 0 {
            open.replaced = false;
            self.progress.add(read as u64);
            return Ok(read);
        }
        match open.named(&self.path)? {
            Named::Another if open.replaced => return Ok(0),
            Named::Another => open.replaced = true,
            Named::Same | Named::Nothing => open.replaced = false,
        }
        Err(nothing_now())
    }
}

impl Open {
    fn new(file: File) -> io::Result<Open> {
        if file.metadata()?.is_dir() {
            return Err(io::Error::new(io::ErrorKind::IsADirectory, "is a directory; name the files in it"));
        }
        let identity = Identity::of(&file)?;
        Ok(Open { file, identity, position: 0, was_at_end: false, replaced: false })
    }

    fn seek(&mut self, offset: u64) -> io::Result<()> {
        if self.file.metadata()?.len() < offset {
            return Err(super::too_short(offset));
        }
        self.position = io::Seek::seek(&mut self.file, io::SeekFrom::Start(offset))?;
        Ok(())
    }

    /// Whether what comes next goes on from what was read: the file is as long as that, and begins as it did. Its
    /// beginning is known the better the longer it has become.
    fn is_continued(&mut self) -> io::Result<bool> {
        if self.file.metadata()?.len() < self.position || !self.identity.is(&self.file)? {
            return Ok(false);
        }
        if self.identity.hashed < Identity::HASHED {
            self.identity = Identity::of(&self.file)?;
        }
        Ok(true)
    }

    fn named(&self, path: &Path) -> io::Result<Named> {
        match fs::metadata(path) {
            Ok(it) if (it.dev(), it.ino()) == (self.identity.device, self.identity.inode) => Ok(Named::Same),
            Ok(_) => Ok(Named::Another),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Named::Nothing),
            Err(error) => Err(error),
        }
    }
}

fn nothing_now() -> io::Error {
    io::ErrorKind::WouldBlock.into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::testing::directory;
    use std::io::Write;

    /// What is read until there is nothing now (`…`) or the end (`|`), asked for so many times.
    fn read(followed: &mut Followed, times: usize) -> String {
        let mut found = String::new();
        let mut buffer = [0; 3];
        for _ in 0..times {
            loop {
                match followed.read(&mut buffer) {
                    Ok(0) => {
                        *followed = Followed::new(&followed.path, &followed.progress);
                        found.push('|');
                    }
                    Ok(read) => found.push_str(std::str::from_utf8(&buffer[..read]).unwrap()),
                    Err(error) => {
                        assert_eq!(error.kind(), io::ErrorKind::WouldBlock);
                        found.push('…');
                        break;
                    }
                }
            }
        }
        found
    }

    fn append(path: &Path, text: &str) {
        fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(path)
            .unwrap()
            .write_all(text.as_bytes())
            .unwrap();
    }

    #[test]
    fn a_file_is_followed_from_before_it_is_there() {
        let path = directory("follow").join("log");
        let mut followed = Followed::new(&path, &Progress::default());
        assert_eq!(read(&mut followed, 2), "……");
        for text in ["one\n", "two\n", "three\n"] {
            append(&path, text);
            assert_eq!(read(&mut followed, 2), format!("{text}……"));
        }
        assert_eq!(followed.progress.bytes(), 14);
    }

    #[test]
    fn a_file_that_takes_the_name_is_read_once_the_first_is_read_to_its_end() {
        let path = directory("follow-renamed").join("log");
        let old = path.with_file_name("log.1");
        append(&path, "one\n");
        let mut followed = Followed::new(&path, &Progress::default());
        assert_eq!(read(&mut followed, 1), "one\n…");
        append(&path, "two\n");
        fs::rename(&path, &old).unwrap();
        assert_eq!(read(&mut followed, 1), "two\n…");
        append(&path, "new\n");
        assert_eq!(read(&mut followed, 1), "…");
        // The writer has not noticed yet.
        append(&old, "late\n");
        assert_eq!(read(&mut followed, 3), "late\n…|new\n……");
    }

    #[test]
    fn a_truncated_file_is_read_from_its_beginning() {
        let path = directory("follow-truncated").join("log");
        append(&path, "one\ntwo\n");
        let mut followed = Followed::new(&path, &Progress::default());
        assert_eq!(read(&mut followed, 1), "one\ntwo\n…");
        for (text, expected) in
            [("x\n", "|x\n…"), ("", "|…"), ("longer than before\n", "longer than before\n…")]
        {
            fs::write(&path, text).unwrap();
            assert_eq!(read(&mut followed, 1), expected);
        }
        // Longer than what was read, but not a continuation of it.
        fs::write(&path, "another beginning and more\n").unwrap();
        assert_eq!(read(&mut followed, 1), "|another beginning and more\n…");
    }

    #[test]
    fn following_goes_on_at_an_offset() {
        let path = directory("follow-offset").join("log");
        append(&path, "one\ntwo\n");
        let mut followed = Followed::at(&path, 4, &Progress::default()).unwrap();
        assert_eq!(read(&mut followed, 1), "two\n…");
        assert!(Followed::at(&path, 9, &Progress::default()).is_err());
    }
}
