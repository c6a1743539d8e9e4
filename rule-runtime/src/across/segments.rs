//! Blocks of kept rows on disk: the files of a folder, each written once and never changed.
//!
//! ```text
//! blocks over the memory bound ─write─> segment-N ─read─> a block, checked ─release─> the file goes with its last block
//! ```
//!
//! A temporary folder is made for the first segment and removed when the store is dropped; its released segments are
//! deleted at once. In a given folder, where snapshots name segments, a released one stays until the next snapshot is
//! safe ([`Segments::committed`]), so that whichever snapshot a restart finds has all that it names.

use super::temporary::TemporaryFolder;
use crate::disk::{self, DiskFile};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;
use std::fs::{self, File};
use std::io::{self, Write};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use xxhash_rust::xxh64::xxh64;

/// A store of blocks.
#[derive(Debug)]
pub struct Segments {
    folder: Folder,
    /// Bytes that all files together may take.
    limit: u64,
    next: u64,
    files: BTreeMap<u64, Live>,
    /// Files without a live block that the last snapshot, or one under way, may name.
    released: Vec<u64>,
    /// Files without a live block that no snapshot after the one under way names.
    condemned: Vec<u64>,
    unsynced: Vec<u64>,
}

/// Where a block lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Location {
    /// Number of the file.
    pub segment: u64,
    /// Offset of the block in it.
    pub offset: u64,
    /// Length of the block in bytes.
    pub length: u64,
    /// Its xxHash (64 bits).
    pub checksum: u64,
}

/// Why blocks are not in a segment.
#[derive(Debug)]
pub enum Unwritten {
    /// All files together would take more than they may.
    Bound,
    /// The disk does not take them.
    Disk(io::Error),
}

#[derive(Debug)]
enum Folder {
    /// Made when it is first needed.
    Temporary(Option<TemporaryFolder>),
    Given(PathBuf),
}

#[derive(Debug, Default)]
struct Live {
    blocks: u64,
    bytes: u64,
}

/// Bytes of disk unless set otherwise.
pub const DEFAULT_DISK: u64 = 64 << 30;

const NAME: &str = "segment-";

impl Segments {
    /// A store in a temporary folder of at most so many bytes.
    pub fn temporary(limit: u64) -> Segments {
        Segments::new(Folder::Temporary(None), limit)
    }

    /// A store in a folder, which is made if it is not there, of at most so many bytes. Files that an earlier run left
    /// stay until [`Segments::restore`] says which of them are named.
    pub fn in_folder(folder: &Path, limit: u64) -> io::Result<Segments> {
        fs::create_dir_all(folder)?;
        Ok(Segments::new(Folder::Given(folder.to_owned()), limit))
    }

    fn new(folder: Folder, limit: u64) -> Segments {
        Segments {
            folder,
            limit,
            next: 0,
            files: BTreeMap::new(),
            released: Vec::new(),
            condemned: Vec::new(),
            unsynced: Vec::new(),
        }
    }

    /// Whether segments outlive the store, so that a snapshot may name them.
    pub fn outlives(&self) -> bool {
        matches!(self.folder, Folder::Given(_))
    }

    /// Bytes on disk.
    pub fn bytes(&self) -> u64 {
        self.files.values().map(|live| live.bytes).sum()
    }

    /// Writes blocks into a new segment. On an error nothing of it stays.
    pub fn write(&mut self, blocks: &[Arc<[u8]>]) -> Result<Vec<Location>, Unwritten> {
        let bytes: u64 = blocks.iter().map(|block| block.len() as u64).sum();
        if self.bytes() + bytes > self.limit {
            return Err(Unwritten::Bound);
        }
        let segment = self.next;
        let path = self.folder().map_err(Unwritten::Disk)?.join(format!("{NAME}{segment}"));
        if let Err(error) = write_all(&path, blocks) {
            // What could not be written whole is of no use, and may be what fills the disk.
            let _removed = disk::remove(&path);
            return Err(Unwritten::Disk(error));
        }
        self.next += 1;
        self.files.insert(segment, Live { blocks: blocks.len() as u64, bytes });
        if self.outlives() {
            self.unsynced.push(segment);
        }
        let mut offset = 0;
        let locate = |block: &Arc<[u8]>| {
            let length = block.len() as u64;
            offset += length;
            Location { segment, offset: offset - length, length, checksum: xxh64(block, 0) }
        };
        Ok(blocks.iter().map(locate).collect())
    }

    /// A block. One that is not what was written is an error.
    pub fn read(&self, location: &Location) -> io::Result<Arc<[u8]>> {
        let Some(folder) = self.folder.path() else {
            return Err(io::Error::new(io::ErrorKind::NotFound, "there is no folder with kept rows"));
        };
        let path = folder.join(format!("{NAME}{}", location.segment));
        let wrong = |error: io::Error| io::Error::new(error.kind(), format!("{}: {error}", path.display()));
        let mut block = vec![0; usize::try_from(location.length).map_err(io::Error::other)?];
        File::open(&path).and_then(|file| file.read_exact_at(&mut block, location.offset)).map_err(wrong)?;
        if xxh64(&block, 0) != location.checksum {
            let error = io::Error::new(io::ErrorKind::InvalidData, "kept rows were changed on disk");
            return Err(wrong(error));
        }
        Ok(block.into())
    }

    /// A file for what is needed for a moment, which has no name and goes when it is closed, and the bytes that it may
    /// take.
    pub fn scratch(&self) -> io::Result<(File, u64)> {
        static FILES: AtomicU64 = AtomicU64::new(0);
        let number = FILES.fetch_add(1, Ordering::Relaxed);
        let name = format!("detector-scratch-{}-{number}", std::process::id());
        let temporary = std::env::temp_dir();
        let path = self.folder.path().unwrap_or(&temporary).join(name);
        let file = File::options().read(true).write(true).create_new(true).open(&path)?;
        fs::remove_file(&path)?;
        Ok((file, self.limit.saturating_sub(self.bytes())))
    }

    /// A block is no longer needed.
    pub fn release(&mut self, location: &Location) {
        let Some(live) = self.files.get_mut(&location.segment) else { return };
        live.blocks = live.blocks.saturating_sub(1);
        if live.blocks > 0 {
            return;
        }
        if self.outlives() {
            self.released.push(location.segment);
        } else {
            self.delete(location.segment);
        }
    }

    /// Brings to disk what was written since: a snapshot is to name it.
    pub fn sync(&mut self) -> io::Result<()> {
        for segment in std::mem::take(&mut self.unsynced) {
            // One released meanwhile may be gone.
            if self.files.contains_key(&segment) {
                let path = self.folder()?.join(format!("{NAME}{segment}"));
                DiskFile::open(&path)?.sync()?;
            }
        }
        if let Folder::Given(folder) = &self.folder {
            disk::sync_directory(&folder.join(NAME))?;
        }
        self.condemned.append(&mut self.released);
        Ok(())
    }

    /// The snapshot made after the last [`sync`](Segments::sync) is safe: what only earlier ones name is deleted.
    pub fn committed(&mut self) {
        for segment in std::mem::take(&mut self.condemned) {
            self.delete(segment);
        }
    }

    /// Takes over the segments in which these blocks lie, and deletes all other ones of the folder. An error names a
    /// segment that is not there or too short.
    pub fn restore<'a>(&mut self, blocks: impl Iterator<Item = &'a Location>) -> io::Result<()> {
        self.files.clear();
        let folder = self.folder()?;
        for block in blocks {
            let path = folder.join(format!("{NAME}{}", block.segment));
            let wrong = |error: io::Error| disk::named(&path, &error);
            let bytes = fs::metadata(&path).map_err(wrong)?.len();
            if block.offset + block.length > bytes {
                return Err(wrong(io::ErrorKind::UnexpectedEof.into()));
            }
            let live = self.files.entry(block.segment).or_default();
            *live = Live { blocks: live.blocks + 1, bytes };
            self.next = self.next.max(block.segment + 1);
        }
        for entry in fs::read_dir(&folder)? {
            let entry = entry?;
            let name = entry.file_name();
            let number = name.to_str().and_then(|name| name.strip_prefix(NAME)?.parse::<u64>().ok());
            if number.is_some_and(|number| !self.files.contains_key(&number)) {
                disk::remove(&entry.path())?;
            }
        }
        Ok(())
    }

    fn delete(&mut self, segment: u64) {
        self.files.remove(&segment);
        if let Some(folder) = self.folder.path() {
            // A file that cannot be deleted costs disk space and nothing else; the next start tries again.
            let _removed = disk::remove(&folder.join(format!("{NAME}{segment}")));
        }
    }

    /// The folder, made if it is not there yet.
    fn folder(&mut self) -> io::Result<PathBuf> {
        if let Folder::Temporary(folder @ None) = &mut self.folder {
            *folder = Some(TemporaryFolder::new()?);
        }
        self.folder.path().map(Path::to_owned).ok_or_else(|| io::ErrorKind::NotFound.into())
    }
}

impl Folder {
    fn path(&self) -> Option<&Path> {
        match self {
            Folder::Temporary(folder) => folder.as_ref().map(TemporaryFolder::path),
            Folder::Given(folder) => Some(folder),
        }
    }
}

fn write_all(path: &Path, blocks: &[Arc<[u8]>]) -> io::Result<()> {
    let mut file = DiskFile::create(path)?;
    blocks.iter().try_for_each(|block| file.write_all(block))
}

impl fmt::Display for Unwritten {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Unwritten::Bound => f.write_str("the bound on disk space is reached"),
            Unwritten::Disk(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for Unwritten {}

impl From<Unwritten> for io::Error {
    fn from(error: Unwritten) -> io::Error {
        match error {
            Unwritten::Bound => io::Error::new(io::ErrorKind::StorageFull, error),
            Unwritten::Disk(error) => error,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block(text: &str) -> Arc<[u8]> {
        text.as_bytes().into()
    }

    fn given(name: &str) -> PathBuf {
        let folder = std::env::temp_dir().join(format!("segments-{}-{name}", std::process::id()));
        let _absent = fs::remove_dir_all(&folder);
        folder
    }

    fn files(folder: &Path) -> usize {
        let is_segment = |name: &std::ffi::OsStr| name.to_str().is_some_and(|name| name.starts_with(NAME));
        let entries = fs::read_dir(folder).into_iter().flatten().flatten();
        entries.filter(|entry| is_segment(&entry.file_name())).count()
    }

    #[test]
    fn blocks_are_read_as_they_were_written() {
        let mut store = Segments::temporary(1000);
        let places = store.write(&[block("one"), block("two")]).unwrap();
        let more = store.write(&[block("three")]).unwrap();
        let read = |location: &Location| store.read(location).unwrap().to_vec();
        assert_eq!(
            (read(&places[0]), read(&places[1]), read(&more[0])),
            (b"one".to_vec(), b"two".to_vec(), b"three".to_vec())
        );
        assert_eq!(store.bytes(), 11);
    }

    #[test]
    fn a_temporary_segment_goes_with_its_last_block_and_the_folder_with_the_store() {
        let mut store = Segments::temporary(1000);
        let places = store.write(&[block("one"), block("two")]).unwrap();
        let folder = store.folder.path().unwrap().to_owned();
        store.release(&places[0]);
        assert_eq!(files(&folder), 1);
        store.release(&places[1]);
        assert_eq!((files(&folder), store.bytes()), (0, 0));
        drop(store);
        assert!(!folder.exists());
    }

    #[test]
    fn the_bound_on_disk_space_holds() {
        let mut store = Segments::temporary(5);
        let first = store.write(&[block("four")]).unwrap();
        assert!(matches!(store.write(&[block("xx")]), Err(Unwritten::Bound)));
        store.release(&first[0]);
        assert!(store.write(&[block("xx")]).is_ok());
    }

    #[test]
    fn a_block_that_was_changed_is_an_error() {
        let folder = given("changed");
        let mut store = Segments::in_folder(&folder, 1000).unwrap();
        let places = store.write(&[block("one")]).unwrap();
        fs::write(folder.join("segment-0"), "two").unwrap();
        assert_eq!(store.read(&places[0]).unwrap_err().kind(), io::ErrorKind::InvalidData);
        fs::remove_dir_all(&folder).unwrap();
    }

    #[test]
    fn a_released_segment_of_a_given_folder_stays_until_the_next_snapshot_is_safe() {
        let folder = given("released");
        let mut store = Segments::in_folder(&folder, 1000).unwrap();
        let first = store.write(&[block("one")]).unwrap();
        store.sync().unwrap();
        store.release(&first[0]);
        store.committed();
        assert_eq!(files(&folder), 1);
        store.sync().unwrap();
        assert_eq!(files(&folder), 1);
        store.committed();
        assert_eq!(files(&folder), 0);
        fs::remove_dir_all(&folder).unwrap();
    }

    #[test]
    fn a_restart_keeps_what_its_snapshot_names_and_nothing_else() {
        let folder = given("restart");
        let mut store = Segments::in_folder(&folder, 1000).unwrap();
        let named = store.write(&[block("one")]).unwrap();
        let lost = store.write(&[block("two")]).unwrap();
        drop(store);
        let mut store = Segments::in_folder(&folder, 1000).unwrap();
        store.restore(named.iter()).unwrap();
        assert_eq!(files(&folder), 1);
        assert_eq!(&*store.read(&named[0]).unwrap(), b"one");
        assert_eq!(store.write(&[block("three")]).unwrap()[0].segment, 1);
        fs::remove_file(folder.join("segment-1")).unwrap();
        assert_eq!(store.restore(lost.iter()).unwrap_err().kind(), io::ErrorKind::NotFound);
        fs::remove_dir_all(&folder).unwrap();
    }
}
