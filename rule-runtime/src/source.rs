//! Where bytes come from: files and standard input, decompressed as their first bytes say.
//!
//! ```text
//! file or stdin ──count──> magic number ──gzip, zstd or plain──> bytes as they were before compression
//! ```
//!
//! A plain file can be read from any offset on, and a record of it again; a compressed one is read from its beginning
//! and what lies before the offset is passed over; standard input can do neither.

mod compression;
mod follow;
mod identity;
#[cfg(test)]
pub(crate) mod testing;

use follow::Followed;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

pub use identity::Identity;

/// What is to be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// Standard input.
    Stdin,
    /// A file.
    File(PathBuf),
    /// A file that grows, and whose name other files may come to have: it is read as `tail -F` reads. At the end of what
    /// it has now, reading gives [`io::ErrorKind::WouldBlock`]; it ends when another file has the name or it was truncated,
    /// and is then to be opened anew. One that is compressed is read once, as any other.
    Followed(PathBuf),
    /// Bytes that the program carries.
    Embedded {
        /// What reports call them.
        name: &'static str,
        /// The bytes, compressed or not.
        bytes: &'static [u8],
    },
}

/// An open source.
pub struct Source {
    /// What reports call it: the path as given, `-` for standard input.
    pub name: Arc<str>,
    /// The file that was opened; `None` of what is no regular file.
    pub identity: Option<Identity>,
    /// Whether it is read as it grows: at its end it is to be opened anew.
    pub is_followed: bool,
    /// The decompressed bytes.
    pub reader: Box<dyn Read + Send>,
}

/// How much decompression may expand, so that a small file cannot keep a run busy for days.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Expansion {
    /// Plain bytes for each stored byte.
    pub ratio: u64,
    /// Plain bytes up to which the ratio does not count.
    pub free: u64,
}

/// How much of the compressed bytes has been read; cheap to share with who draws a progress bar.
#[derive(Clone, Debug, Default)]
pub struct Progress(Arc<AtomicU64>);

/// A plain file whose records can be read again.
#[derive(Debug)]
pub struct Records(File);

impl Origin {
    /// The origin that an argument names: `-` is standard input.
    pub fn of(argument: &str) -> Origin {
        if argument == "-" { Origin::Stdin } else { Origin::File(PathBuf::from(argument)) }
    }

    /// What reports call it.
    pub fn name(&self) -> String {
        match self {
            Origin::Stdin => "-".to_owned(),
            Origin::Embedded { name, .. } => (*name).to_owned(),
            Origin::File(path) | Origin::Followed(path) => path.display().to_string(),
        }
    }

    /// Size in bytes as stored; `None` of what has no size.
    pub fn size(&self) -> Option<u64> {
        match self {
            Origin::Stdin | Origin::Followed(_) => None,
            Origin::Embedded { bytes, .. } => Some(bytes.len() as u64),
            Origin::File(path) => path.metadata().ok().filter(std::fs::Metadata::is_file).map(|m| m.len()),
        }
    }

    /// Opens it, and reads its first bytes to see how it is compressed.
    pub fn open(&self, progress: &Progress, expansion: Expansion) -> io::Result<Source> {
        self.open_at(0, progress, expansion)
    }

    /// Opens it to be read from this offset of its decompressed bytes on. A plain file is sought; of anything else what
    /// lies before is read and passed over, and its end before the offset is an error.
    pub fn open_at(&self, offset: u64, progress: &Progress, expansion: Expansion) -> io::Result<Source> {
        if let Origin::Followed(path) = self {
            return self.follow_at(path, offset, progress, expansion);
        }
        let (raw, identity): (Box<dyn Read + Send>, _) = match self {
            Origin::Stdin => (Box::new(io::stdin()), None),
            Origin::Embedded { bytes, .. } => (Box::new(*bytes), None),
            Origin::File(path) | Origin::Followed(path) => {
                let mut file = open_file(path)?;
                let is_regular = file.metadata()?.is_file();
                let identity = if is_regular { Some(Identity::of(&file)?) } else { None };
                if offset > 0 && is_regular && is_plain(&file)? {
                    return self.open_plain_at(file, offset, identity, progress);
                }
                // Reading identity and magic number did not move it; a pipe has none of either.
                if is_regular {
                    file.rewind()?;
                }
                (Box::new(file), identity)
            }
        };
        let mut reader = compression::decompressed(raw, progress, expansion)?;
        if io::copy(&mut reader.by_ref().take(offset), &mut io::sink())? < offset {
            return Err(too_short(offset));
        }
        Ok(Source { name: self.name().into(), identity, is_followed: false, reader })
    }

    /// Its records to be read again; `None` where that cannot be: of standard input, pipes and compressed files, and of
    /// files that are followed, whose name may come to be another's.
    pub fn records(&self) -> io::Result<Option<Records>> {
        let Origin::File(path) = self else { return Ok(None) };
        let file = open_file(path)?;
        let readable = file.metadata()?.is_file() && is_plain(&file)?;
        Ok(readable.then_some(Records(file)))
    }

    fn follow_at(
        &self,
        path: &Path,
        offset: u64,
        progress: &Progress,
        expansion: Expansion,
    ) -> io::Result<Source> {
        let is_grown = |file: &File| Ok::<bool, io::Error>(file.metadata()?.is_file() && is_plain(file)?);
        match File::open(path) {
            Ok(file) if !is_grown(&file)? => {
                return Origin::File(path.to_owned()).open_at(offset, progress, expansion);
            }
            Err(error) if error.kind() != io::ErrorKind::NotFound || offset > 0 => return Err(error),
            _ => {}
        }
        let followed = Followed::at(path, offset, progress)?;
        let identity = followed.identity();
        Ok(Source { name: self.name().into(), identity, is_followed: true, reader: Box::new(followed) })
    }

    fn open_plain_at(
        &self,
        mut file: File,
        offset: u64,
        identity: Option<Identity>,
        progress: &Progress,
    ) -> io::Result<Source> {
        if file.metadata()?.len() < offset {
            return Err(too_short(offset));
        }
        file.seek(SeekFrom::Start(offset))?;
        progress.add(offset);
        let reader = compression::counted(file, progress);
        Ok(Source { name: self.name().into(), identity, is_followed: false, reader })
    }
}

impl Records {
    /// The bytes of the record at this offset.
    pub fn at(&self, offset: u64, length: usize) -> io::Result<Vec<u8>> {
        let mut bytes = vec![0; length];
        self.0.read_exact_at(&mut bytes, offset)?;
        Ok(bytes)
    }

    /// Which file they are of.
    pub fn identity(&self) -> io::Result<Identity> {
        Identity::of(&self.0)
    }
}

impl Source {
    /// A source that is no file.
    pub fn new(name: impl Into<Arc<str>>, reader: impl Read + Send + 'static) -> Source {
        Source { name: name.into(), identity: None, is_followed: false, reader: Box::new(reader) }
    }
}

impl Default for Expansion {
    /// Audit logs compress ten to sixty times, made-up ones of equal records a few hundred times; a bomb of gzip
    /// a thousand times, one of zstd far more.
    fn default() -> Expansion {
        Expansion { ratio: 250, free: 256 << 20 }
    }
}

impl Expansion {
    /// An error where `stored` bytes gave more plain ones than allowed.
    fn check(self, stored: u64, plain: u64) -> io::Result<()> {
        if plain <= self.free || plain <= stored.saturating_mul(self.ratio) {
            return Ok(());
        }
        let message = format!(
            "expands to more than {} times its size (a decompression bomb?), not read any further after {plain} bytes; \
             --max-expansion allows more",
            self.ratio
        );
        Err(io::Error::new(io::ErrorKind::InvalidData, message))
    }
}

impl Progress {
    /// Bytes read so far, as stored.
    pub fn bytes(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    fn add(&self, bytes: u64) {
        self.0.fetch_add(bytes, Ordering::Relaxed);
    }
}

impl std::fmt::Debug for Source {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Source")
            .field("name", &self.name)
            .field("identity", &self.identity)
            .finish_non_exhaustive()
    }
}

/// A directory opens like a file and fails only when read; say so at once.
fn open_file(path: &Path) -> io::Result<File> {
    let file = File::open(path)?;
    if file.metadata()?.is_dir() {
        return Err(io::Error::new(io::ErrorKind::IsADirectory, "is a directory; name the files in it"));
    }
    Ok(file)
}

/// Whether a regular file is not compressed.
fn is_plain(file: &File) -> io::Result<bool> {
    let mut head = [0; compression::MAGIC];
    let read = file.read_at(&mut head, 0)?;
    Ok(!compression::is_compressed(head.get(..read).unwrap_or_default()))
}

fn too_short(offset: u64) -> io::Error {
    let message = format!("ends before byte {offset}, up to which it was read before");
    io::Error::new(io::ErrorKind::UnexpectedEof, message)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    fn opened_at(path: &Path, offset: u64) -> io::Result<String> {
        let origin = Origin::File(path.to_owned());
        let mut source = origin.open_at(offset, &Progress::default(), Expansion::default())?;
        let mut text = String::new();
        source.reader.read_to_string(&mut text)?;
        Ok(text)
    }

    fn plain_and_gzip(name: &str, text: &str) -> [PathBuf; 2] {
        let directory = testing::directory(name);
        let paths = [directory.join("plain"), directory.join("gzip")];
        std::fs::write(&paths[0], text).unwrap();
        let gzip = File::create(&paths[1]).unwrap();
        let mut gzip = flate2::write::GzEncoder::new(gzip, flate2::Compression::fast());
        gzip.write_all(text.as_bytes()).unwrap();
        gzip.finish().unwrap();
        paths
    }

    #[test]
    fn reading_begins_at_an_offset_of_the_plain_bytes() {
        for path in plain_and_gzip("offset", "one\ntwo\n") {
            for (offset, rest) in [(0, Some("one\ntwo\n")), (4, Some("two\n")), (8, Some("")), (9, None)] {
                assert_eq!(opened_at(&path, offset).ok().as_deref(), rest, "{} {offset}", path.display());
            }
        }
    }

    #[test]
    fn records_of_a_plain_file_are_read_again() {
        let [plain, gzip] = plain_and_gzip("again", "one\ntwo\n");
        let records = Origin::File(plain).records().unwrap().unwrap();
        assert_eq!(records.at(4, 3).unwrap(), b"two");
        assert!(records.at(4, 5).is_err());
        assert!(Origin::File(gzip).records().unwrap().is_none());
        assert!(Origin::Stdin.records().unwrap().is_none());
    }

    #[test]
    fn a_directory_is_refused() {
        let error = Origin::of("src").open(&Progress::default(), Expansion::default()).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::IsADirectory);
    }

    #[test]
    fn a_minus_is_standard_input() {
        assert_eq!(Origin::of("-"), Origin::Stdin);
        assert_eq!(Origin::of("./-"), Origin::File("./-".into()));
    }
}
