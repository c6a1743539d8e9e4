//! Compares this engine with its limits, with parsers and with its peers, on the same events and the same five rules.
//!
//! ```text
//! events ─┬─ memchr: newlines; copy and newlines      the limit
//!         ├─ this engine: library, binary             checked to find the same events,
//!         ├─ simd-json, sonic-rs, serde_json          timed, as a table of ratios
//!         └─ peers: libraries and commands            ──> standard output, docs/performance.md, a plot
//! ```
//!
//! A comparison that cannot go on stops at once: hence the panics.
//!
//! `cargo run --release [--features peers,vrl] -- [--events FILE] [--megabytes 100] [--detector BINARY] [--write FOLDER] [--only NAME]`

mod commands;
mod events;
mod ours;
mod parsers;
#[cfg(any(feature = "peers", feature = "vrl"))]
mod peers;
mod report;
mod rules_by_hand;

use events::Events;
use report::{Kind, Measured};
use std::path::PathBuf;
use std::time::Instant;

/// A way to find the events that the rules match.
pub struct Contender {
    /// What the table calls it.
    pub name: String,
    pub kind: Kind,
    /// Goes over all events; how many it found, if it looks for any.
    pub run: Box<dyn FnMut(&Events) -> Option<u64>>,
}

/// Seconds after which a contender is not run again: the slow ones are slow by more than chance.
const LONG_ENOUGH: f64 = 20.0;

struct Arguments {
    events: Option<PathBuf>,
    megabytes: usize,
    every: usize,
    detector: Option<PathBuf>,
    write: Option<PathBuf>,
    rounds: usize,
    /// The one contender to be run: for a profile of it.
    only: Option<String>,
}

fn main() {
    let arguments = Arguments::parse();
    let events = match &arguments.events {
        Some(path) => Events::read(path),
        None => Events::generate(arguments.megabytes, arguments.every),
    };
    let mut contenders = ours::limits();
    contenders.extend(ours::engines());
    contenders.extend(parsers::contenders());
    #[cfg(any(feature = "peers", feature = "vrl"))]
    contenders.extend(peers::contenders());
    contenders.extend(commands::contenders(&events, arguments.detector.as_deref()));
    contenders.retain(|it| arguments.only.as_ref().is_none_or(|only| *only == it.name));
    let expected = rules_by_hand::count(&events);
    let unmeasured =
        |it: &Contender| Measured { name: it.name.clone(), kind: it.kind, seconds: f64::MAX, found: None };
    let mut measured: Vec<Measured> = contenders.iter().map(unmeasured).collect();
    let mut spent = vec![0.0; contenders.len()];
    // In turns, so that a machine that is busy for a while is busy for all.
    for _ in 0..arguments.rounds {
        for ((contender, measured), spent) in contenders.iter_mut().zip(&mut measured).zip(&mut spent) {
            if *spent > LONG_ENOUGH {
                continue;
            }
            let started = Instant::now();
            measured.found = (contender.run)(&events);
            let seconds = started.elapsed().as_secs_f64();
            measured.seconds = measured.seconds.min(seconds);
            *spent += seconds;
        }
    }
    let page = report::page(&events, expected, &measured);
    println!("{page}");
    if let Some(folder) = &arguments.write {
        report::write(folder, &page, &events, &measured);
    }
    let disagree: Vec<_> =
        measured.iter().filter(|it| it.found.is_some_and(|found| found != expected)).collect();
    assert!(disagree.is_empty(), "these find other events: {disagree:?}");
}

impl Arguments {
    fn parse() -> Arguments {
        let mut arguments = Arguments {
            events: None,
            megabytes: 100,
            every: 200,
            detector: None,
            write: None,
            rounds: 7,
            only: None,
        };
        let mut given = std::env::args().skip(1);
        while let Some(option) = given.next() {
            let value = given.next().unwrap_or_else(|| panic!("{option} needs a value"));
            let number = || value.parse().unwrap_or_else(|_| panic!("{option}: {value} is no number"));
            match option.as_str() {
                "--events" => arguments.events = Some(value.into()),
                "--megabytes" => arguments.megabytes = number(),
                "--every" => arguments.every = number(),
                "--detector" => arguments.detector = Some(value.into()),
                "--write" => arguments.write = Some(value.into()),
                "--rounds" => arguments.rounds = number(),
                "--only" => arguments.only = Some(value),
                _ => panic!("unknown option {option}"),
            }
        }
        arguments
    }
}
