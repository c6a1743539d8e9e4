//! Rules across events over random streams alert on the rows that the reference evaluator gives at each tick: the comparison
//! that is fuzzed, too (`fuzz_targets::streams`).
#![allow(clippy::unwrap_used, reason = "a test ends at the first surprise")]

use fuzz_targets::streams::{
    Happening, Stream, Way, comparable, expected, streamed, streamed_with_counts, write,
};
use proptest::prelude::*;
use std::fs;
use std::path::PathBuf;

fn happening() -> impl Strategy<Value = Happening> {
    let operation = prop::sample::select(vec!["x", "y", "z"]);
    let category = prop::sample::select(vec!["a", "b", "c"]);
    // The lateness is 5 minutes.
    (0_i64..240, 0_i64..=10, operation, category, 0_u8..4).prop_map(
        |(time, delay, operation, category, correlation)| Happening {
            time,
            delay,
            operation,
            category,
            correlation,
        },
    )
}

fn stream() -> impl Strategy<Value = Stream> {
    let file = || {
        prop::collection::vec(happening(), 0..25).prop_map(|mut file| {
            file.sort_by_key(|happening| happening.time + happening.delay);
            file
        })
    };
    [file(), file(), file()]
}

#[test]
fn what_takes_more_memory_than_there_is_gives_the_same_alerts_in_the_same_order_part_by_part() {
    let happening = |at: i64| Happening {
        time: at * 60 / 900,
        delay: 0,
        operation: ["x", "y", "z"][at as usize % 3],
        category: ["a", "b", "c", "b"][at as usize % 4],
        correlation: (at * 7 % 251) as u8,
    };
    let file = || (0..900).map(happening).collect();
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("in_parts");
    fs::create_dir_all(&folder).unwrap();
    write(&folder, &[file(), file(), file()]);
    let way = |state| Way { order: [0, 1, 2], threads: 1, chunk: 1 << 18, state };
    let (expected, counts) = streamed_with_counts(&folder, way(256 << 20));
    assert!(counts.rules.values().all(|counts| counts.kept.in_parts == 0), "{counts}");
    let (found, counts) = streamed_with_counts(&folder, way(150_000));
    assert!(counts.rules.values().all(|counts| counts.kept.dropped == 0), "{counts}");
    for rule in ["join", "leftouter", "asks"] {
        assert!(counts.rules[rule].kept.in_parts > 0, "{rule}: {counts}");
    }
    assert!(expected.values().map(Vec::len).sum::<usize>() > 1000);
    assert_eq!(found, expected);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn alerts_are_those_of_the_batch_answer_at_each_tick(stream in stream(), chunk in 1_usize..2000) {
        let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("across_events");
        fs::create_dir_all(&folder).unwrap();
        write(&folder, &stream);
        let expected = comparable(expected(&stream));
        for (order, threads, chunk, state) in
            [([0, 1, 2], 1, 1 << 18, 1 << 20), ([2, 1, 0], 1, chunk, 4096), ([1, 2, 0], 3, chunk, 1 << 20)]
        {
            let way = Way { order, threads, chunk, state };
            prop_assert_eq!(&comparable(streamed(&folder, way)), &expected, "{:?}", way);
        }
    }
}
