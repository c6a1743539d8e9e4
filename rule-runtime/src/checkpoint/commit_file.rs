//! The file of a commit: parts of any type, each serialised, behind a header that tells a whole file from a broken one.
//!
//! ```text
//! magic 8 │ version 4 │ 0 4 │ length of the rest 8 │ xxh64 of the rest 8 ┃ length 8 │ part ┃ length 8 │ part ┃ …
//! ```
//!
//! Numbers are little-endian. Parts are written and read one at a time, so that a large state is never in memory a
//! second time as a whole. A checksum and not a hash: it is there for torn writes and failing disks; whoever may write
//! to the state directory may change the alerts themselves.

use crate::disk::{DiskFile, named, replace};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::fmt;
use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Write};
use std::path::{Path, PathBuf};
use xxhash_rust::xxh64::Xxh64;

/// The version of the format, of what is in the parts included.
pub const VERSION: u32 = 4;

const MAGIC: &[u8; 8] = b"DETSTATE";
const HEADER: usize = 32;
/// Bytes read at a time for the checksum.
const CHUNK: usize = 64 * 1024;

/// Writes a commit beside the place it will have.
pub struct Writer {
    file: BufWriter<DiskFile>,
    place: PathBuf,
    hash: Xxh64,
    length: u64,
    buffer: Vec<u8>,
}

/// Reads the parts of a commit that has been found whole.
pub struct Reader {
    file: BufReader<File>,
    path: PathBuf,
    left: u64,
}

/// What is wrong with a file.
#[derive(Debug)]
pub enum Fault {
    /// It cannot be read.
    Unreadable(io::Error),
    /// It is no commit, or only a part of one.
    Broken(PathBuf, &'static str),
    /// It is of another version of the format.
    Version(PathBuf, u32),
}

impl Writer {
    /// A commit that will be at `place`.
    pub fn new(place: &Path) -> io::Result<Writer> {
        let mut file = BufWriter::with_capacity(CHUNK, DiskFile::create(&beside(place))?);
        file.write_all(&[0; HEADER])?;
        Ok(Writer { file, place: place.to_owned(), hash: Xxh64::new(0), length: 0, buffer: Vec::new() })
    }

    /// Adds a part.
    pub fn put(&mut self, part: &impl Serialize) -> io::Result<()> {
        let mut buffer = std::mem::take(&mut self.buffer);
        buffer.clear();
        let buffer = postcard::to_extend(part, buffer).map_err(io::Error::other)?;
        self.write(&(buffer.len() as u64).to_le_bytes())?;
        self.write(&buffer)?;
        self.buffer = buffer;
        Ok(())
    }

    /// Puts the commit in its place. When this returns it is there for good; until then there is nothing.
    pub fn finish(self) -> io::Result<()> {
        let Writer { file, place, hash, length, .. } = self;
        let mut file = file.into_inner().map_err(io::IntoInnerError::into_error)?;
        file.seek_to(0)?;
        file.write_all(&header(length, hash.digest()))?;
        file.sync()?;
        replace(file.path(), &place)
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.hash.update(bytes);
        self.length += bytes.len() as u64;
        self.file.write_all(bytes)
    }
}

impl Reader {
    /// Opens a commit and looks whether it is whole.
    pub fn open(path: &Path) -> Result<Reader, Fault> {
        let unreadable = |error: io::Error| Fault::Unreadable(named(path, &error));
        let broken = |what| Fault::Broken(path.to_owned(), what);
        let mut file = File::open(path).map_err(unreadable)?;
        let length = file.metadata().map_err(unreadable)?.len();
        let mut head = [0; HEADER];
        file.read_exact(&mut head).map_err(|_| broken("it is too short to be a state"))?;
        let (magic, version, rest, checksum) = fields(&head);
        if magic != MAGIC {
            return Err(broken("it is no state of this program"));
        }
        if version != VERSION {
            return Err(Fault::Version(path.to_owned(), version));
        }
        if length != (HEADER as u64).saturating_add(rest) {
            return Err(broken("its length is not what it was written with"));
        }
        if digest(&mut file).map_err(unreadable)? != checksum {
            return Err(broken("its checksum does not match"));
        }
        let mut file = File::open(path).map_err(unreadable)?;
        file.read_exact(&mut head).map_err(unreadable)?;
        Ok(Reader { file: BufReader::new(file), path: path.to_owned(), left: rest })
    }

    /// Reads the next part.
    pub fn take<T: DeserializeOwned>(&mut self) -> Result<T, Fault> {
        let mut length = [0; 8];
        self.read(&mut length)?;
        let length = u64::from_le_bytes(length);
        if length > self.left {
            return Err(self.broken());
        }
        let mut part = vec![0; usize::try_from(length).map_err(|_| self.broken())?];
        self.read(&mut part)?;
        postcard::from_bytes(&part).map_err(|_| self.broken())
    }

    fn read(&mut self, buffer: &mut [u8]) -> Result<(), Fault> {
        self.left = self.left.checked_sub(buffer.len() as u64).ok_or_else(|| self.broken())?;
        self.file.read_exact(buffer).map_err(|error| Fault::Unreadable(named(&self.path, &error)))
    }

    fn broken(&self) -> Fault {
        Fault::Broken(self.path.clone(), "a part of it cannot be decoded")
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Fault::Unreadable(error) => write!(f, "cannot read {error}"),
            Fault::Broken(path, what) => write!(f, "{} is damaged: {what}", path.display()),
            Fault::Version(path, version) => write!(
                f,
                "{} was written by another version of this program (format {version}, this one reads {VERSION})",
                path.display()
            ),
        }
    }
}

impl fmt::Debug for Writer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Writer").field("place", &self.place).finish_non_exhaustive()
    }
}

impl fmt::Debug for Reader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reader").field("path", &self.path).finish_non_exhaustive()
    }
}

/// Where a commit is written before it has its place.
pub(super) fn beside(place: &Path) -> PathBuf {
    let mut name = place.as_os_str().to_owned();
    name.push(".new");
    name.into()
}

fn header(length: u64, checksum: u64) -> [u8; HEADER] {
    let mut head = [0; HEADER];
    head[..8].copy_from_slice(MAGIC);
    head[8..12].copy_from_slice(&VERSION.to_le_bytes());
    head[16..24].copy_from_slice(&length.to_le_bytes());
    head[24..].copy_from_slice(&checksum.to_le_bytes());
    head
}

/// Magic, version, length of the rest and its checksum.
fn fields(head: &[u8; HEADER]) -> (&[u8], u32, u64, u64) {
    let number = |at: usize, bytes: usize| {
        head[at..at + bytes].iter().rev().fold(0, |number, byte| number << 8 | u64::from(*byte))
    };
    (&head[..8], number(8, 4) as u32, number(16, 8), number(24, 8))
}

fn digest(file: &mut File) -> io::Result<u64> {
    let mut hash = Xxh64::new(0);
    let mut chunk = vec![0; CHUNK];
    loop {
        match file.read(&mut chunk) {
            Ok(0) => return Ok(hash.digest()),
            Ok(read) => hash.update(chunk.get(..read).unwrap_or_default()),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(name: &str) -> PathBuf {
        let path = std::env::temp_dir().join(format!("{name}-{}", std::process::id()));
        let mut writer = Writer::new(&path).unwrap();
        writer.put(&("text", 7u64)).unwrap();
        writer.put(&vec![1u8; 300]).unwrap();
        writer.finish().unwrap();
        path
    }

    fn read(path: &Path) -> Result<((String, u64), Vec<u8>), Fault> {
        let mut reader = Reader::open(path)?;
        Ok((reader.take()?, reader.take()?))
    }

    #[test]
    fn parts_come_back_as_they_were_put() {
        let path = written("parts");
        assert_eq!(read(&path).unwrap(), (("text".to_owned(), 7), vec![1; 300]));
        assert!(Reader::open(&path).unwrap().take::<String>().is_ok());
        let mut reader = Reader::open(&path).unwrap();
        let _parts = (reader.take::<(String, u64)>().unwrap(), reader.take::<Vec<u8>>().unwrap());
        assert!(matches!(reader.take::<u8>(), Err(Fault::Broken(..))));
        std::fs::remove_file(path).unwrap();
    }

    #[test]
    fn a_file_cut_or_changed_at_any_byte_is_found_broken() {
        let path = written("changed");
        let whole = std::fs::read(&path).unwrap();
        for at in 0..whole.len() {
            std::fs::write(&path, &whole[..at]).unwrap();
            assert!(read(&path).is_err(), "cut at {at}");
            let mut changed = whole.clone();
            changed[at] ^= 0x20;
            std::fs::write(&path, &changed).unwrap();
            // The four bytes behind the version mean nothing.
            assert_eq!(read(&path).is_err(), !(12..16).contains(&at), "changed at {at}");
        }
        std::fs::write(&path, [whole, b"more".to_vec()].concat()).unwrap();
        assert!(read(&path).is_err());
        std::fs::remove_file(path).unwrap();
    }
}
