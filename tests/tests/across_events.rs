//! Rules across events over random streams alert on the rows that the reference evaluator gives at each tick: the comparison
//! that is fuzzed, too (`fuzz_targets::streams`).
#![allow(clippy::unwrap_used, reason = "a test ends at the first surprise")]

use fuzz_targets::streams::{Happening, Stream, Way, comparable, expected, streamed, write};
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
