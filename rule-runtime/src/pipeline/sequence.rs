//! Sources read one after the other.
//!
//! The next one is begun while works of the last are under way: which source an outcome is of, and when a source has come
//! back whole, is told by counting works.

use super::crew::{Crew, Drawn, Supply};
use super::keeper::Keeper;
use super::{Control, Input, Options, Reporter};
use crate::engine::{Outcome, Work};
use crate::framing::{Batch, Framer};
use crate::source::{Origin, Source};
use std::collections::VecDeque;
use std::io::{self, Read};
use std::sync::Arc;

/// What is under way of which sources, and who is told.
pub(super) struct Sequence<'s, 'k, 'a> {
    keeper: &'s mut Keeper<'k>,
    reporter: &'s mut Reporter<'a>,
    /// The sources of the works that the crew has, in the order in which they come back.
    under_way: VecDeque<UnderWay>,
    /// Works that came back.
    taken: u64,
}

/// A source of which not everything came back.
struct UnderWay {
    /// Its number among the inputs of the run.
    number: usize,
    /// Works of all sources up to its end, once that is reached.
    until: Option<u64>,
    /// Whether it could not be read to its end.
    failed: bool,
    is_prompt: bool,
}

/// A source that is open.
struct Reading {
    framer: Framer<Box<dyn Read + Send>>,
    name: Arc<str>,
    table: Option<usize>,
    is_prompt: bool,
}

impl<'s, 'k, 'a> Sequence<'s, 'k, 'a> {
    pub(super) fn new(keeper: &'s mut Keeper<'k>, reporter: &'s mut Reporter<'a>) -> Sequence<'s, 'k, 'a> {
        Sequence { keeper, reporter, under_way: VecDeque::new(), taken: 0 }
    }

    /// Reads all of them, unless the run is to end before.
    pub(super) fn read(
        mut self,
        inputs: &[Input],
        options: &Options,
        control: &Control,
        crew: &mut Crew<'_>,
    ) -> io::Result<()> {
        for input in inputs {
            if control.stop.is_set() {
                break;
            }
            self.read_one(input, options, control, crew)?;
        }
        crew.drain(&mut |outcome| self.take(outcome))?;
        self.note_ends();
        Ok(())
    }

    fn read_one(
        &mut self,
        input: &Input,
        options: &Options,
        control: &Control,
        crew: &mut Crew<'_>,
    ) -> io::Result<()> {
        let name = input.origin.name();
        let claim = match self.keeper.claim(input) {
            Ok(claim) => claim,
            Err(error) => {
                self.reporter.source_failed(&name, &error);
                return Ok(());
            }
        };
        // Of a run that read side by side.
        let mut ahead = self.keeper.take_ahead(claim.number);
        ahead.report(u64::MAX, &name.as_str().into(), self.reporter)?;
        if claim.is_unchanged {
            return Ok(());
        }
        let source = match input.origin.open_at(claim.next.offset, &control.progress, options.expansion) {
            Ok(source) => source,
            Err(error) => {
                self.reporter.source_failed(&name, &error);
                return Ok(());
            }
        };
        let is_prompt = source.identity.is_some() || matches!(input.origin, Origin::Embedded { .. });
        let Source { name, reader, .. } = source;
        let framer = Framer::at(claim.next, reader, options.framing, options.limits).leaving_lines();
        let reading = Reading { framer, name: name.clone(), table: input.table, is_prompt };
        self.under_way.push_back(UnderWay { number: claim.number, until: None, failed: false, is_prompt });
        let end = crew.draw(Box::new(reading), &control.stop, &mut |outcome| self.take(outcome))?;
        let failed = end.inspect_err(|error| self.reporter.source_failed(&name, error)).is_err();
        // Where the run is to end, that of this source is not reached.
        if let Some(last) = self.under_way.back_mut().filter(|_| failed || !control.stop.is_set()) {
            (last.until, last.failed) = (Some(crew.count()), failed);
        }
        Ok(())
    }

    fn take(&mut self, outcome: &mut Outcome) -> io::Result<()> {
        self.note_ends();
        self.taken += 1;
        let mut waits = false;
        if let Some(source) = self.under_way.front() {
            self.keeper.taken(source.number, outcome);
            waits = !source.is_prompt && outcome.work.batch.trickles();
        }
        self.reporter.take(outcome)?;
        if waits {
            self.reporter.flush()?;
        }
        if self.keeper.is_due(self.reporter, waits) {
            self.keeper.commit(self.reporter, false)?;
        }
        Ok(())
    }

    /// Notes the ends of the sources of which everything came back.
    fn note_ends(&mut self) {
        while let Some(source) = self.under_way.pop_front_if(|it| it.until.is_some_and(|it| it <= self.taken))
        {
            if !source.failed {
                self.keeper.ended(source.number);
            }
        }
    }
}

impl Supply for Reading {
    fn next(&mut self, mut batch: Batch) -> Drawn {
        let filled = self.framer.fill(&mut batch);
        if let Ok(false) = filled {
            return Drawn::End(batch);
        }
        let work = Work { source: self.name.clone(), table: self.table, rereads: false, batch };
        match filled {
            Ok(_) => Drawn::Work(work),
            Err(error) => Drawn::Last(work, error),
        }
    }

    fn is_prompt(&self) -> bool {
        self.is_prompt
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::alert::{Alert, Collapsed};
    use crate::pipeline::{Output, run};
    use crate::samples::{anything, engine, metadata};
    use crate::sink::Sink;
    use std::fs;
    use std::num::NonZeroUsize;
    use std::path::{Path, PathBuf};
    use std::sync::mpsc::{Sender, channel};
    use std::time::Duration;

    /// Keeps where each alert comes from, and tells how many there are whenever all is to be written out.
    #[derive(Default)]
    struct Places {
        alerts: Vec<(String, u64)>,
        flushed: Option<Sender<usize>>,
    }

    impl Sink for Places {
        fn alert(&mut self, alert: &Alert) -> io::Result<()> {
            let records = &alert.evidence.records;
            self.alerts.extend(records.iter().map(|it| (it.source.to_string(), it.offset)));
            Ok(())
        }

        fn collapsed(&mut self, _: &Collapsed) -> io::Result<()> {
            Ok(())
        }

        fn flush(&mut self) -> io::Result<()> {
            // Who was told has ended, if nobody hears it.
            let _ = self.flushed.as_ref().map(|flushed| flushed.send(self.alerts.len()));
            Ok(())
        }
    }

    /// The alerts of a rule that takes every record, and the errors.
    fn run_files(paths: &[PathBuf], threads: usize, flushed: Option<Sender<usize>>) -> (Places, Vec<String>) {
        let engine = engine(&[anything(metadata("A"))]);
        let inputs: Vec<Input> = paths
            .iter()
            .map(|path| Input { origin: Origin::File(path.clone()), table: None, is_history: false })
            .collect();
        let options = Options {
            threads: NonZeroUsize::new(threads).unwrap(),
            limits: crate::framing::Limits { chunk: 4096, record: 1 << 20 },
            ..Options::default()
        };
        let mut places = Places { flushed, ..Places::default() };
        let output = Output { sink: &mut places, dead_letters: None };
        let summary = run(&engine, &inputs, &options, &Control::default(), output).unwrap();
        (places, summary.errors)
    }

    fn write(folder: &Path, name: usize, records: usize) -> (PathBuf, Vec<(String, u64)>) {
        let path = folder.join(name.to_string());
        let record = format!("{{\"InitiatedBy\":{{}},\"OperationName\":\"{}\"}}\n", "x".repeat(name % 50));
        fs::write(&path, record.repeat(records)).unwrap();
        let source = path.display().to_string();
        let places = (0..records).map(|at| (source.clone(), (at * record.len()) as u64)).collect();
        (path, places)
    }

    #[test]
    fn alerts_come_in_the_order_of_the_files_and_of_their_records_whatever_the_threads() {
        let folder = std::env::temp_dir().join(format!("sequence-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let sizes = (0..60).map(|at| [0, 1, 3, 700, 5000][at % 5]).enumerate();
        let (mut paths, mut expected) = (Vec::new(), Vec::new());
        for (name, records) in sizes {
            let (path, places) = write(&folder, name, records);
            paths.push(path);
            expected.extend(places);
        }
        let missing = folder.join("missing");
        paths.insert(30, missing.clone());
        for threads in [1, 2, 3, 8] {
            let (places, failed) = run_files(&paths, threads, None);
            assert!(places.alerts == expected, "{threads} threads");
            let [failed] = &failed[..] else { panic!("{failed:?}") };
            assert!(failed.starts_with(&missing.display().to_string()), "{failed}");
        }
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn what_a_slow_pipe_gave_is_reported_before_more_is_waited_for() {
        let (reader, mut writer) = io::pipe().unwrap();
        let path = PathBuf::from(format!("/proc/self/fd/{}", std::os::fd::AsRawFd::as_raw_fd(&reader)));
        let (flushed, told) = channel();
        let writing = std::thread::spawn(move || {
            for count in 1..=5 {
                io::Write::write_all(&mut writer, b"{\"InitiatedBy\":{}}\n").unwrap();
                // The next is written only once this one is reported.
                while told.recv_timeout(Duration::from_mins(1)).unwrap() < count {}
            }
        });
        let (places, errors) = run_files(&[path], 2, Some(flushed));
        writing.join().unwrap();
        assert_eq!((places.alerts.len(), errors), (5, Vec::new()));
        drop(reader);
    }
}
