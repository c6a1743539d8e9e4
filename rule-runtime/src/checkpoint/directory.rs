//! The state directory: one process at a time, the newest commit and the one before it.
//!
//! ```text
//! DIR/lock                  held while a run lasts
//! DIR/commit-00000017       the newest: what a restart goes on from
//! DIR/commit-00000016       the one before, for the day the disk gives the newest back damaged
//! DIR/commit-00000018.new   being written; means nothing
//! ```

use super::commit_file::{Fault, Reader, Writer, beside};
use crate::disk::{named, remove, sync_directory};
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

/// A state directory that this process holds.
#[derive(Debug)]
pub struct StateDirectory {
    path: PathBuf,
    /// Numbers of the commits that are there, rising.
    commits: Vec<u64>,
    /// Held until it is closed.
    _lock: File,
}

/// Why there is no state to go on from.
#[derive(Debug)]
pub enum Unusable {
    /// Another process runs on the directory; its id, if it said so.
    Locked(PathBuf, String),
    /// The directory cannot be made, read or written.
    Directory(io::Error),
    /// There are commits, and none can be used.
    Damaged(Fault),
    /// Rows that the newest commit names are gone.
    Incomplete(io::Error),
}

/// Commits kept: the newest, and one to fall back to.
const KEPT: usize = 2;
const PREFIX: &str = "commit-";

impl StateDirectory {
    /// Takes hold of a directory, which is made if it is not there.
    pub fn open(path: &Path) -> Result<StateDirectory, Unusable> {
        let failed = |error: io::Error| Unusable::Directory(named(path, &error));
        if !path.is_dir() {
            fs::create_dir_all(path).map_err(failed)?;
            sync_directory(path).map_err(Unusable::Directory)?;
        }
        let lock = lock(path)?;
        let mut commits = Vec::new();
        for entry in fs::read_dir(path).map_err(failed)? {
            let name = entry.map_err(failed)?.file_name();
            let number = name.to_str().and_then(|name| name.strip_prefix(PREFIX)?.parse::<u64>().ok());
            commits.extend(number);
        }
        commits.sort_unstable();
        Ok(StateDirectory { path: path.to_owned(), commits, _lock: lock })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The newest commit, as `read` understands it; `None` where there is none yet. Where it is damaged, the one before
    /// it, if that can be read with all it needs; `notices` says so.
    pub fn newest<T>(
        &mut self,
        read: impl Fn(Reader) -> Result<T, Fault>,
        notices: &mut Vec<String>,
    ) -> Result<Option<T>, Unusable> {
        let Some(newest) = self.commits.last().copied() else { return Ok(None) };
        let fault = match Reader::open(&self.commit(newest)).and_then(&read) {
            Ok(commit) => return Ok(Some(commit)),
            Err(fault @ (Fault::Unreadable(_) | Fault::Version(..))) => {
                return Err(Unusable::Damaged(fault));
            }
            Err(fault) => fault,
        };
        let before = self.commits.iter().rev().nth(1).copied();
        let before = before.and_then(|number| Reader::open(&self.commit(number)).and_then(&read).ok());
        let Some(commit) = before else { return Err(Unusable::Damaged(fault)) };
        notices.push(format!(
            "{fault}; this run goes on from the commit before it, and computes again what came since"
        ));
        remove(&self.commit(newest)).map_err(Unusable::Directory)?;
        self.commits.pop();
        Ok(Some(commit))
    }

    /// Makes the next commit, of the parts that `write` puts. Those no longer needed are removed.
    pub fn commit_parts(&mut self, write: impl FnOnce(&mut Writer) -> io::Result<()>) -> io::Result<()> {
        let number = self.commits.last().map_or(0, |newest| newest + 1);
        let place = self.commit(number);
        let mut writer = Writer::new(&place)?;
        if let Err(error) = write(&mut writer).and_then(|()| writer.finish()) {
            // It means nothing where it is; the room it takes is wanted by whoever mends what failed.
            let _unwritten = fs::remove_file(beside(&place));
            return Err(error);
        }
        self.commits.push(number);
        while self.commits.len() > KEPT {
            remove(&self.commit(self.commits[0]))?;
            self.commits.remove(0);
        }
        Ok(())
    }

    fn commit(&self, number: u64) -> PathBuf {
        self.path.join(format!("{PREFIX}{number:08}"))
    }
}

impl std::fmt::Display for Unusable {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Unusable::Locked(path, by) => write!(
                f,
                "another detector{by} runs with --state {}; stop it first, or name another directory",
                path.display()
            ),
            Unusable::Directory(error) => write!(f, "--state {error}; name a directory that can be written"),
            Unusable::Damaged(fault @ Fault::Version(..)) => write!(
                f,
                "{fault}; finish with the version that wrote it, or name another directory to begin anew"
            ),
            Unusable::Damaged(fault) => write!(
                f,
                "{fault}, and there is no earlier commit to go on from; restore the directory from a backup, or name \
                 another one to begin anew (alerts of what is read again keep their alert_id)"
            ),
            Unusable::Incomplete(error) => write!(
                f,
                "kept rows that the state names cannot be read: {error}; restore the directory from a backup, or name \
                 another one to begin anew (alerts of what is read again keep their alert_id)"
            ),
        }
    }
}

impl std::error::Error for Unusable {}

/// Locks the directory, and leaves this process's id in it for the next one that tries.
fn lock(directory: &Path) -> Result<File, Unusable> {
    let path = directory.join("lock");
    let failed = |error: io::Error| Unusable::Directory(named(&path, &error));
    let options = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&path);
    let mut file = options.map_err(failed)?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            let mut id = String::new();
            let _unknown = file.read_to_string(&mut id);
            let by = if id.trim().is_empty() { id } else { format!(" (process {})", id.trim()) };
            return Err(Unusable::Locked(directory.to_owned(), by));
        }
        Err(TryLockError::Error(error)) => return Err(failed(error)),
    }
    // Only for the message of another process: a full disk is no reason to fail here.
    let _unwritten = file.set_len(0).and_then(|()| writeln!(file, "{}", std::process::id()));
    Ok(file)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn directory(name: &str) -> PathBuf {
        let path = std::env::temp_dir().join(format!("state-{name}-{}", std::process::id()));
        let _absent = fs::remove_dir_all(&path);
        path
    }

    fn commit(state: &mut StateDirectory, number: u64) {
        state.commit_parts(|writer| writer.put(&number)).unwrap();
    }

    fn newest(state: &mut StateDirectory) -> Result<(Option<u64>, Vec<String>), Unusable> {
        let mut notices = Vec::new();
        let newest = state.newest(|mut reader| reader.take::<u64>(), &mut notices)?;
        Ok((newest, notices))
    }

    #[test]
    fn the_newest_commit_is_gone_on_from() {
        let path = directory("newest");
        let mut state = StateDirectory::open(&path).unwrap();
        assert_eq!(newest(&mut state).unwrap(), (None, vec![]));
        (0..5).for_each(|number| commit(&mut state, number));
        drop(state);
        fs::write(path.join("commit-00000005.new"), "half").unwrap();
        let mut state = StateDirectory::open(&path).unwrap();
        assert_eq!(newest(&mut state).unwrap(), (Some(4), vec![]));
        assert_eq!(fs::read_dir(&path).unwrap().count(), 2 + KEPT);
        fs::remove_dir_all(path).unwrap();
    }

    #[test]
    fn a_damaged_commit_is_passed_over_once_and_loudly() {
        let path = directory("damaged");
        let mut state = StateDirectory::open(&path).unwrap();
        (0..2).for_each(|number| commit(&mut state, number));
        fs::write(path.join("commit-00000001"), "torn").unwrap();
        let (commit, notices) = newest(&mut state).unwrap();
        assert_eq!(commit, Some(0));
        assert!(notices[0].contains("commit-00000001 is damaged: it is too short"), "{notices:?}");
        fs::write(path.join("commit-00000000"), "torn").unwrap();
        assert!(matches!(newest(&mut state), Err(Unusable::Damaged(Fault::Broken(..)))));
        fs::remove_dir_all(path).unwrap();
    }

    #[test]
    fn a_second_process_is_refused() {
        let path = directory("locked");
        let state = StateDirectory::open(&path).unwrap();
        let message = StateDirectory::open(&path).unwrap_err().to_string();
        let own = format!("another detector (process {}) runs with --state", std::process::id());
        assert!(message.starts_with(&own), "{message}");
        drop(state);
        assert!(StateDirectory::open(&path).is_ok());
        fs::remove_dir_all(path).unwrap();
    }
}
