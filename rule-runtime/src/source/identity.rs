//! Which file a path named: what tells a file that has grown from one that has taken its place.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::fs::File;
use std::io;
use std::os::unix::fs::{FileExt, MetadataExt};

/// A file by its device, its inode and a hash of its beginning. An inode alone would not do: it is given to another
/// file once the first is deleted.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Identity {
    /// The device that holds it.
    pub device: u64,
    /// Its number there.
    pub inode: u64,
    /// How many bytes, as stored, the hash is of: at most [`Identity::HASHED`], fewer where the file had no more.
    pub hashed: u64,
    /// The first half of their SHA-256.
    pub hash: [u8; 16],
}

impl Identity {
    /// Bytes that are hashed of a file that has as many.
    pub const HASHED: u64 = 4096;

    /// The identity of an open file. Where reading stands does not change.
    pub fn of(file: &File) -> io::Result<Identity> {
        let metadata = file.metadata()?;
        let (hashed, hash) = beginning(file, Identity::HASHED)?;
        Ok(Identity { device: metadata.dev(), inode: metadata.ino(), hashed, hash })
    }

    /// Whether `file` is this one, grown or not.
    pub fn is(&self, file: &File) -> io::Result<bool> {
        let metadata = file.metadata()?;
        if (metadata.dev(), metadata.ino()) != (self.device, self.inode) {
            return Ok(false);
        }
        self.begins(file)
    }

    /// Whether `file` begins as this one did, though it may be a copy of it.
    pub fn begins(&self, file: &File) -> io::Result<bool> {
        Ok(beginning(file, self.hashed)? == (self.hashed, self.hash))
    }
}

/// How many bytes the file begins with, at most `length`, and their hash.
fn beginning(file: &File, length: u64) -> io::Result<(u64, [u8; 16])> {
    let mut bytes = vec![0; length.min(Identity::HASHED) as usize];
    let mut filled = 0;
    while let Some(room) = bytes.get_mut(filled..).filter(|room| !room.is_empty()) {
        match file.read_at(room, filled as u64) {
            Ok(0) => break,
            Ok(read) => filled += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    let digest = Sha256::digest(bytes.get(..filled).unwrap_or_default());
    let mut hash = [0; 16];
    hash.iter_mut().zip(digest).for_each(|(to, from)| *to = from);
    Ok((filled as u64, hash))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::testing::directory;
    use std::fs;

    #[test]
    fn a_file_that_grew_is_the_same_and_one_that_took_its_place_is_not() {
        let path = directory("identity").join("f");
        let open = || File::open(&path).unwrap();
        fs::write(&path, "one\n").unwrap();
        let identity = Identity::of(&open()).unwrap();
        assert_eq!(identity.hashed, 4);
        for (content, same) in [("one\n", true), ("one\ntwo\n", true), ("two\n", false), ("on", false)] {
            // Writing keeps the inode.
            fs::write(&path, content).unwrap();
            assert_eq!(identity.is(&open()).unwrap(), same, "{content}");
        }
        let other = path.with_file_name("g");
        fs::write(&other, "one\n").unwrap();
        fs::rename(&other, &path).unwrap();
        assert!(!identity.is(&open()).unwrap());
    }

    #[test]
    fn only_the_beginning_counts() {
        let path = directory("identity-long").join("f");
        let mut content = vec![b'x'; 10_000];
        fs::write(&path, &content).unwrap();
        let identity = Identity::of(&File::open(&path).unwrap()).unwrap();
        content[9000] = b'y';
        fs::write(&path, &content).unwrap();
        assert!(identity.is(&File::open(&path).unwrap()).unwrap());
        content[4000] = b'y';
        fs::write(&path, &content).unwrap();
        assert!(!identity.is(&File::open(&path).unwrap()).unwrap());
    }
}
