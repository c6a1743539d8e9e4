//! Where the bytes of a sink go: what a sink promises of reports, a destination promises of bytes.

use serde::{Deserialize, Serialize};
use std::io::{self, Write};

/// What a commit remembers of an output: how far it had come, or what it held back. The default is the beginning.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mark(Vec<u8>);

/// Takes bytes. See the contract of [`sink`](super).
pub trait Destination: Write {
    /// Makes everything written so far safe, and says what a commit has to remember of it.
    fn prepare(&mut self) -> io::Result<Mark>;

    /// The commit that remembers the last mark is safe.
    fn committed(&mut self) -> io::Result<()>;

    /// Goes back to a mark; says what the user should know.
    fn restore(&mut self, mark: &Mark) -> io::Result<Option<String>>;

    /// Whether so much is held back that a commit should come now; `idle` when nothing else is to be done.
    fn wants_commit(&self, idle: bool) -> bool {
        let _ = idle;
        false
    }
}

impl Mark {
    /// Whether it is the beginning, before anything was written.
    pub fn is_beginning(&self) -> bool {
        self.0.is_empty()
    }

    /// A mark of anything that serialises.
    pub fn of(content: &impl Serialize) -> io::Result<Mark> {
        postcard::to_allocvec(content).map(Mark).map_err(io::Error::other)
    }

    /// What the mark was made of; an error where that is of another kind.
    pub fn read<'a, T: Deserialize<'a>>(&'a self) -> io::Result<T> {
        postcard::from_bytes(&self.0).map_err(|_| {
            io::Error::new(
                io::ErrorKind::InvalidInput,
                "the state was made with another kind of output; give the same --out and --dead-letter as before",
            )
        })
    }
}

impl<D: Destination + ?Sized> Destination for Box<D> {
    fn prepare(&mut self) -> io::Result<Mark> {
        self.as_mut().prepare()
    }

    fn committed(&mut self) -> io::Result<()> {
        self.as_mut().committed()
    }

    fn restore(&mut self, mark: &Mark) -> io::Result<Option<String>> {
        self.as_mut().restore(mark)
    }

    fn wants_commit(&self, idle: bool) -> bool {
        self.as_ref().wants_commit(idle)
    }
}

/// Memory, for tests and for who embeds a run: cut back to the mark's length.
impl Destination for Vec<u8> {
    fn prepare(&mut self) -> io::Result<Mark> {
        Mark::of(&self.len())
    }

    fn committed(&mut self) -> io::Result<()> {
        Ok(())
    }

    fn restore(&mut self, mark: &Mark) -> io::Result<Option<String>> {
        self.truncate(if mark.is_beginning() { 0 } else { mark.read()? });
        Ok(None)
    }
}
