//! The events that everybody gets: lines in memory, and the same in a file for commands.

use std::path::{Path, PathBuf};

/// Lines of newline-delimited JSON.
pub struct Events {
    pub bytes: Vec<u8>,
    /// Where they lie as a file.
    pub path: PathBuf,
    pub count: u64,
}

impl Events {
    /// About so many megabytes of generated events, of which one in `every` meets a rule.
    pub fn generate(megabytes: usize, every: usize) -> Events {
        let some = detector_benches::events(1000, every);
        let bytes = detector_benches::events(megabytes * 1_000_000 / (some.len() / 1000), every);
        let path = std::env::temp_dir().join(format!("detector-compare-{}.ndjson", std::process::id()));
        std::fs::write(&path, &bytes).expect("the temporary folder takes the events");
        Events::of(bytes, path)
    }

    /// The events of a file.
    pub fn read(path: &Path) -> Events {
        let bytes = std::fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        Events::of(bytes, path.to_owned())
    }

    /// The events one by one.
    pub fn lines(&self) -> impl Iterator<Item = &[u8]> {
        self.bytes.split(|byte| *byte == b'\n').filter(|line| !line.is_empty())
    }

    fn of(bytes: Vec<u8>, path: PathBuf) -> Events {
        let count = memchr::memchr_iter(b'\n', &bytes).count() as u64;
        Events { bytes, path, count }
    }
}
