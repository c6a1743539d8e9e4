//! Streaming: rules across events alert on what the batch answer has at each tick, however the files are read.

use crate::Target;
use crate::streams::{Happening, Stream, Way, comparable, expected, streamed, write};
use std::path::PathBuf;
use std::sync::LazyLock;

/// The first byte says how the files are read; then every three are an event.
pub const TARGET: Target = Target {
    name: "streaming",
    run,
    seeds: &[
        "\0\u{4}\u{5}\0\u{1}\u{9}\u{3}\u{2}\u{12}\u{6}\u{10}\u{20}\u{9}",
        "\u{7}\0\u{1}\u{1}\u{4}\u{7f}\u{5}\u{8}\u{1f}\u{2}\u{2}\u{30}\u{11}\u{9}\u{31}\u{13}\u{6}\u{32}\0",
    ],
};

/// The files are written here: in memory, where the machine has such a place.
static FOLDER: LazyLock<PathBuf> = LazyLock::new(|| {
    let memory = PathBuf::from("/dev/shm");
    let parent = if memory.is_dir() { memory } else { std::env::temp_dir() };
    let folder = parent.join(format!("fuzz-streaming-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    folder
});

fn run(data: &[u8]) -> u64 {
    let [how, events @ ..] = data else { return 0 };
    let stream = stream(events);
    write(&FOLDER, &stream);
    let orders = [[0, 1, 2], [2, 1, 0], [1, 2, 0]];
    let way = Way {
        order: orders.get(usize::from(how & 3) % orders.len()).copied().unwrap_or_default(),
        threads: 1 + usize::from(how >> 2 & 1),
        chunk: if how & 8 == 0 { 1 << 18 } else { 1 + usize::from(how >> 4) * 40 },
        // Of the smaller, rows are spilled.
        state: if how & 64 == 0 { 1 << 20 } else { 2048 },
    };
    let (found, expected) = (comparable(streamed(&FOLDER, way)), comparable(expected(&stream)));
    assert_eq!(found, expected, "{way:?} {stream:?}");
    1
}

/// Of an event, the first byte has the file and how late it was written, the second the time, the third what it is.
fn stream(bytes: &[u8]) -> Stream {
    let mut stream = Stream::default();
    // Few enough that an input takes a millisecond or two.
    for event in bytes.chunks_exact(3).take(60) {
        let &[place, time, content] = event else { continue };
        let [operation, category] = [(content, ["x", "y", "z"]), (content / 3, ["a", "b", "c"])]
            .map(|(number, of)| of.get(usize::from(number % 3)).copied().unwrap_or_default());
        let happening = Happening {
            time: i64::from(time),
            delay: i64::from(place / 3 % 11),
            operation,
            category,
            correlation: content / 9 % 4,
        };
        if let Some(file) = stream.get_mut(usize::from(place % 3)) {
            file.push(happening);
        }
    }
    for file in &mut stream {
        file.sort_by_key(|happening| happening.time + happening.delay);
    }
    stream
}
