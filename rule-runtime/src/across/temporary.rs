//! A folder for the time of a run, which goes with it, or with a later run where this one is killed.
//!
//! Whoever uses such a folder holds a lock on a file in it, which ends with the process however that ends. Numbers of
//! processes do not tell whether one still runs: processes of different containers may see the same folders and not each
//! other.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// A folder of this process, removed when dropped.
#[derive(Debug)]
pub(super) struct TemporaryFolder {
    path: PathBuf,
    _lock: File,
}

const PREFIX: &str = "detector-state-";
const LOCK: &str = "lock";
/// A younger folder may still be without its lock.
const MADE_WITHIN: Duration = Duration::from_mins(1);
/// Tells the folders of one process apart.
static FOLDERS: AtomicU64 = AtomicU64::new(0);

impl TemporaryFolder {
    /// A new folder in the system's folder for temporary files, from which those of killed processes are removed.
    pub(super) fn new() -> io::Result<TemporaryFolder> {
        TemporaryFolder::within(&std::env::temp_dir())
    }

    /// Where it is.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    fn within(parent: &Path) -> io::Result<TemporaryFolder> {
        remove_leftovers(parent);
        loop {
            let number = FOLDERS.fetch_add(1, Ordering::Relaxed);
            let path = parent.join(format!("{PREFIX}{}-{number}", std::process::id()));
            match fs::create_dir(&path) {
                Ok(()) => {
                    let lock = File::create(path.join(LOCK))?;
                    lock.try_lock()?;
                    return Ok(TemporaryFolder { path, _lock: lock });
                }
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error),
            }
        }
    }
}

impl Drop for TemporaryFolder {
    fn drop(&mut self) {
        // Nothing can be done about a folder that does not go; a later run tries again.
        let _removed = fs::remove_dir_all(&self.path);
    }
}

/// Removes the folders of processes that are no more.
fn remove_leftovers(parent: &Path) {
    let Ok(entries) = fs::read_dir(parent) else { return };
    for entry in entries.flatten() {
        let is_ours = entry.file_name().to_str().is_some_and(|name| name.starts_with(PREFIX));
        if is_ours && is_abandoned(&entry.path()) {
            // Another user's folder stays.
            let _removed = fs::remove_dir_all(entry.path());
        }
    }
}

/// Whether nobody holds the folder's lock. One that cannot be looked at is left to its owner.
fn is_abandoned(folder: &Path) -> bool {
    match File::open(folder.join(LOCK)) {
        Ok(lock) => lock.try_lock().is_ok() && is_older(folder, MADE_WITHIN),
        Err(error) => error.kind() == io::ErrorKind::NotFound && is_older(folder, MADE_WITHIN),
    }
}

fn is_older(path: &Path, age: Duration) -> bool {
    let modified = fs::metadata(path).and_then(|metadata| metadata.modified());
    modified.is_ok_and(|time| time.elapsed().is_ok_and(|elapsed| elapsed > age))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::SystemTime;

    /// A folder of its own for a test.
    fn parent(name: &str) -> PathBuf {
        let parent = std::env::temp_dir().join(format!("temporary-{}-{name}", std::process::id()));
        let _absent = fs::remove_dir_all(&parent);
        fs::create_dir_all(&parent).unwrap();
        parent
    }

    fn make_old(folder: &Path) {
        File::open(folder).unwrap().set_modified(SystemTime::UNIX_EPOCH).unwrap();
    }

    #[test]
    fn a_folder_goes_when_it_is_dropped() {
        let parent = parent("dropped");
        let folder = TemporaryFolder::within(&parent).unwrap();
        fs::write(folder.path().join("file"), "x").unwrap();
        drop(folder);
        assert_eq!(fs::read_dir(&parent).unwrap().count(), 0);
        fs::remove_dir(&parent).unwrap();
    }

    #[test]
    fn what_killed_processes_left_goes_and_what_is_in_use_or_new_stays() {
        let parent = parent("leftovers");
        let used = TemporaryFolder::within(&parent).unwrap();
        make_old(used.path());
        for (name, has_lock, is_old) in
            [("1-0", true, true), ("2-0", true, false), ("3-0", false, true), ("4-0", false, false)]
        {
            let folder = parent.join(format!("{PREFIX}{name}"));
            fs::create_dir(&folder).unwrap();
            if has_lock {
                fs::write(folder.join(LOCK), "").unwrap();
            }
            if is_old {
                make_old(&folder);
            }
        }
        let other = TemporaryFolder::within(&parent).unwrap();
        let is_there = |name: &str| parent.join(format!("{PREFIX}{name}")).exists();
        assert!(used.path().exists());
        assert_eq!(["1-0", "2-0", "3-0", "4-0"].map(is_there), [false, true, false, true]);
        drop((used, other));
        fs::remove_dir_all(&parent).unwrap();
    }
}
