//! A source that is read a batch at a time, opened when its turn comes and closed when too many are open.
//!
//! ```text
//! Unread ─first read─> Reader ─too many open─> closed at its offset ─next read─> Reader
//! ```

use super::crew::Crew;
use super::keeper::Claim;
use super::{Control, Input, Options, Reporter};
use crate::engine::Work;
use crate::framing::{Framer, Resume};
use crate::source::{Identity, Origin, Progress, Source};
use rule_model::DateTime;
use std::io::{self, Cursor, Read};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

/// A source of a run.
#[expect(clippy::struct_excessive_bools, reason = "facts that have nothing to do with each other")]
pub(super) struct Feed {
    /// Its number among the inputs of the run.
    pub(super) number: usize,
    /// Where reading begins.
    begin: Resume,
    /// Its latest event time in an earlier run.
    pub(super) latest: Option<DateTime>,
    /// Whether it could not be read to its end.
    pub(super) failed: bool,
    /// Whether the name of a followed file has gone to another since that was last noted.
    pub(super) rotated: bool,
    pub(super) name: Arc<str>,
    table: Option<usize>,
    state: State,
    /// When it was first found to have nothing, if it has had nothing since.
    pub(super) silent_since: Option<Instant>,
    /// Whether it gives less at a time than is matched.
    pub(super) trickles: bool,
    /// Whether it is a pipe that is read on a thread of its own.
    pub(super) is_pipe: bool,
    /// Works of it that were read and have not come back, and their bytes.
    pub(super) under_way: usize,
    pub(super) bytes_under_way: u64,
    /// Whether its records can be read again.
    rereads: bool,
    /// What is opened anew at the end of a file, where the source is followed.
    followed: Option<Input>,
}

/// How the feeds of a run are read.
#[derive(Clone, Copy)]
pub(super) struct Manner<'r> {
    /// Bytes that a read gives at the most.
    pub(super) most: usize,
    /// Whether there are several.
    pub(super) several: bool,
    pub(super) options: &'r Options,
    pub(super) control: &'r Control,
}

enum State {
    Unread(Input),
    Reading(Box<Framer<Reader>>),
    AtEnd,
}

/// What reading a feed came to.
pub(super) enum Next {
    /// Records.
    Work(Box<Work>),
    /// Nothing now, perhaps later.
    Nothing,
    /// The source is at its end, or cannot be read further.
    End,
}

/// The bytes of a source, which can be let go of between two reads where they can be had again.
struct Reader {
    /// What to open again; `None` of what cannot be.
    origin: Option<(Origin, Identity)>,
    open: Option<Box<dyn Read + Send>>,
    /// Bytes given so far.
    offset: u64,
    /// Bytes that a read gives at the most.
    most: usize,
    options: Options,
}

/// A pipe read on a thread of its own, so that waiting for it keeps neither other sources from being read nor the run from
/// ending.
struct Pipe {
    /// How long to wait for something.
    patience: Duration,
    chunks: Receiver<io::Result<Vec<u8>>>,
    rest: Cursor<Vec<u8>>,
}

/// Bytes read from a pipe at a time, and how many such chunks wait to be taken.
const CHUNK: usize = 64 << 10;
const CHUNKS: usize = 4;
/// How long to wait for a lone pipe before looking whether the run is to end.
const PATIENCE: Duration = Duration::from_millis(20);

impl Feed {
    /// A source that has not been read.
    pub(super) fn new(input: Input, claim: &Claim) -> Feed {
        Feed {
            number: claim.number,
            begin: claim.next,
            latest: claim.latest,
            failed: false,
            rotated: false,
            name: input.origin.name().into(),
            table: input.table,
            state: State::Unread(input),
            silent_since: None,
            trickles: false,
            is_pipe: false,
            under_way: 0,
            bytes_under_way: 0,
            rereads: false,
            followed: None,
        }
    }

    /// Whether it holds a file open that could be closed and opened again.
    pub(super) fn can_close(&self) -> bool {
        matches!(&self.state, State::Reading(framer) if framer.reader().origin.is_some() && framer.reader().open.is_some())
    }

    /// Closes its file until it is read again.
    pub(super) fn close(&mut self) {
        if let State::Reading(framer) = &mut self.state {
            framer.reader_mut().open = None;
        }
    }

    /// The next records.
    pub(super) fn next(
        &mut self,
        manner: Manner<'_>,
        crew: &mut Crew<'_>,
        reporter: &mut Reporter<'_>,
    ) -> Next {
        if matches!(self.state, State::Unread(_)) {
            self.open(manner, reporter);
        }
        let State::Reading(framer) = &mut self.state else { return Next::End };
        framer.reader_mut().most = manner.most;
        let mut batch = crew.spare();
        let more = framer.fill(&mut batch).unwrap_or_else(|error| {
            reporter.source_failed(&self.name, &error);
            self.followed = None;
            self.failed = true;
            true
        });
        self.trickles = more && batch.trickles();
        if !more {
            return self.end();
        }
        if framer.is_idle() && batch.is_empty() {
            self.silent_since.get_or_insert_with(Instant::now);
            return Next::Nothing;
        }
        self.silent_since = None;
        let work = Work { source: self.name.clone(), table: self.table, rereads: self.rereads, batch };
        Next::Work(Box::new(work))
    }

    /// The end of the source, or, of a followed one, of the file that had its name.
    fn end(&mut self) -> Next {
        if let Some(input) = &self.followed {
            self.state = State::Unread(input.clone());
            self.begin = Resume::default();
            self.rotated = true;
            return Next::Nothing;
        }
        self.state = State::AtEnd;
        Next::End
    }

    fn open(&mut self, manner: Manner<'_>, reporter: &mut Reporter<'_>) {
        let Manner { several, options, control, .. } = manner;
        let State::Unread(input) = std::mem::replace(&mut self.state, State::AtEnd) else { return };
        let origin = input.origin.clone();
        self.rereads = reporter.can_reread(&self.name);
        match origin.open_at(self.begin.offset, &control.progress, options.expansion) {
            Ok(Source { identity, is_followed, mut reader, .. }) => {
                self.followed = is_followed.then_some(input);
                let identity = identity.filter(|_| !is_followed);
                self.is_pipe =
                    identity.is_none() && !is_followed && !matches!(origin, Origin::Embedded { .. });
                if self.is_pipe {
                    reader = Box::new(Pipe::new(reader, if several { Duration::ZERO } else { PATIENCE }));
                }
                let origin = identity.map(|identity| (origin, identity));
                let offset = self.begin.offset;
                let reader =
                    Reader { origin, open: Some(reader), offset, most: usize::MAX, options: *options };
                let framer = Framer::at(self.begin, reader, options.framing, options.limits).leaving_lines();
                self.state = State::Reading(Box::new(framer));
            }
            Err(error) => {
                self.followed = None;
                self.failed = true;
                reporter.source_failed(&self.name, &error);
            }
        }
    }
}

impl Read for Reader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.open.is_none()
            && let Some((origin, identity)) = &self.origin
        {
            self.open = Some(reopened(origin, identity, self.offset, &self.options)?);
        }
        let Some(reader) = &mut self.open else { return Ok(0) };
        let most = buffer.len().min(self.most);
        let read = reader.read(buffer.get_mut(..most).unwrap_or_default())?;
        self.offset += read as u64;
        Ok(read)
    }
}

impl Pipe {
    /// The thread ends with the pipe, or with the process while it waits.
    fn new(mut reader: Box<dyn Read + Send>, patience: Duration) -> Pipe {
        let (give, chunks) = sync_channel(CHUNKS);
        thread::spawn(move || {
            loop {
                let mut chunk = vec![0; CHUNK];
                let read = match reader.read(&mut chunk) {
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                    read => read,
                };
                let is_last = !matches!(read, Ok(1..));
                let given = read.map(|read| {
                    chunk.truncate(read);
                    chunk
                });
                // Nobody takes it once the run has ended.
                if give.send(given).is_err() || is_last {
                    return;
                }
            }
        });
        Pipe { patience, chunks, rest: Cursor::default() }
    }
}

impl Read for Pipe {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.rest.read(buffer)?;
        if read > 0 {
            return Ok(read);
        }
        match self.chunks.recv_timeout(self.patience) {
            Ok(chunk) => {
                self.rest = Cursor::new(chunk?);
                self.rest.read(buffer)
            }
            Err(RecvTimeoutError::Timeout) => Err(io::ErrorKind::WouldBlock.into()),
            Err(RecvTimeoutError::Disconnected) => Ok(0),
        }
    }
}

/// The rest of a file from this offset on, if it is still the same file. What was counted as read before is not counted
/// again.
fn reopened(
    origin: &Origin,
    identity: &Identity,
    offset: u64,
    options: &Options,
) -> io::Result<Box<dyn Read + Send>> {
    let source = origin.open_at(offset, &Progress::default(), options.expansion)?;
    if source.identity.as_ref().map(|it| (it.device, it.inode)) != Some((identity.device, identity.inode)) {
        return Err(io::Error::other("was replaced by another file while it was read"));
    }
    Ok(source.reader)
}
