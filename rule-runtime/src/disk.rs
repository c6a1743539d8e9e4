//! What a run writes to disk, and every operation by which it does.
//!
//! ```text
//! alerts, dead letters, commits, segments ─> DiskFile, replace, remove ─> one fail point each ─> the file system
//! ```
//!
//! All writes that a crash may cut in two pass through here, so that the fault tests can stop a run at each of them
//! (the feature `fail-points`).

#[cfg(feature = "fail-points")]
use crate::faults;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

/// A file open for writing, whose errors name it.
#[derive(Debug)]
pub struct DiskFile {
    file: File,
    path: PathBuf,
}

impl DiskFile {
    /// Opens a file for reading and writing as it is; makes an empty one where there is none.
    pub fn open(path: &Path) -> io::Result<DiskFile> {
        let file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path);
        DiskFile::of(file, path)
    }

    /// Makes an empty file, in place of any that is there.
    pub fn create(path: &Path) -> io::Result<DiskFile> {
        let file = OpenOptions::new().read(true).write(true).create(true).truncate(true).open(path);
        DiskFile::of(file, path)
    }

    fn of(file: io::Result<File>, path: &Path) -> io::Result<DiskFile> {
        let file = file.map_err(|error| named(path, &error))?;
        Ok(DiskFile { file, path: path.to_owned() })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The file.
    pub fn file(&self) -> &File {
        &self.file
    }

    /// Its length in bytes.
    pub fn len(&self) -> io::Result<u64> {
        self.file.metadata().map(|metadata| metadata.len()).map_err(|error| named(&self.path, &error))
    }

    /// Whether it holds nothing.
    pub fn is_empty(&self) -> io::Result<bool> {
        Ok(self.len()? == 0)
    }

    /// Cuts it to this length, and goes on writing there.
    pub fn cut(&mut self, length: u64) -> io::Result<()> {
        self.point(|file| {
            file.set_len(length)?;
            file.seek(SeekFrom::Start(length)).map(drop)
        })
    }

    /// Has what is written next go here.
    pub fn seek_to(&mut self, offset: u64) -> io::Result<()> {
        self.file.seek(SeekFrom::Start(offset)).map(drop).map_err(|error| named(&self.path, &error))
    }

    /// Returns when what was written would outlive the machine's power.
    pub fn sync(&mut self) -> io::Result<()> {
        self.point(|file| match file.sync_all() {
            // A pipe, a terminal or /dev/null: there is nothing to keep.
            Err(error) if error.kind() == io::ErrorKind::InvalidInput => Ok(()),
            outcome => outcome,
        })
    }

    fn point(&mut self, operation: impl FnOnce(&mut File) -> io::Result<()>) -> io::Result<()> {
        point().and_then(|()| operation(&mut self.file)).map_err(|error| named(&self.path, &error))
    }
}

impl Write for DiskFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let outcome = permitted(bytes).and_then(|bytes| self.file.write(bytes));
        outcome.map_err(|error| match error.kind() {
            // The caller tries again, and asks by the kind alone.
            io::ErrorKind::Interrupted => error,
            _ => named(&self.path, &error),
        })
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Read for DiskFile {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.file.read(buffer)
    }
}

/// Puts the file `new`, which has been synced, in the place of `path`, for good when this returns.
pub fn replace(new: &Path, path: &Path) -> io::Result<()> {
    point().and_then(|()| fs::rename(new, path)).map_err(|error| named(path, &error))?;
    sync_directory(path)
}

/// Removes a file; that it is not there is as good.
pub fn remove(path: &Path) -> io::Result<()> {
    match point().and_then(|()| fs::remove_file(path)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        outcome => outcome.map_err(|error| named(path, &error)),
    }
}

/// Makes the name of a file that was made outlive the machine's power.
pub fn sync_directory(path: &Path) -> io::Result<()> {
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let synced = point().and_then(|()| File::open(parent)?.sync_all());
    synced.map_err(|error| named(parent, &error))
}

/// An error that names the file.
pub fn named(path: &Path, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("{}: {}", path.display(), said(error)))
}

/// What the system says of an error, without its number.
pub fn said(error: &io::Error) -> String {
    let text = error.to_string();
    match text.split_once(" (os error ") {
        Some((words, _)) => words.to_owned(),
        None => text,
    }
}

#[cfg(feature = "fail-points")]
fn point() -> io::Result<()> {
    faults::point()
}

#[cfg(not(feature = "fail-points"))]
#[expect(clippy::unnecessary_wraps, reason = "with fail points it fails")]
fn point() -> io::Result<()> {
    Ok(())
}

/// As many of the bytes as may be written.
#[cfg(feature = "fail-points")]
fn permitted(bytes: &[u8]) -> io::Result<&[u8]> {
    faults::permitted(bytes)
}

#[cfg(not(feature = "fail-points"))]
#[expect(clippy::unnecessary_wraps, reason = "with fail points it fails")]
fn permitted(bytes: &[u8]) -> io::Result<&[u8]> {
    Ok(bytes)
}

/// Writes to standard output, through the same fail points.
#[derive(Debug)]
pub struct StandardOutput(io::Stdout);

impl Default for StandardOutput {
    fn default() -> StandardOutput {
        StandardOutput(io::stdout())
    }
}

impl Write for StandardOutput {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(permitted(bytes)?)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_name_the_file_and_not_the_number() {
        let error = DiskFile::open(Path::new("no/such/directory/file")).unwrap_err();
        assert_eq!(error.to_string(), "no/such/directory/file: No such file or directory");
        let full = named(Path::new("out"), &io::Error::from_raw_os_error(28));
        assert_eq!(
            (full.kind(), full.to_string().as_str()),
            (io::ErrorKind::StorageFull, "out: No space left on device")
        );
    }
}
