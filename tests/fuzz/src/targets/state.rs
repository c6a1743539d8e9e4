//! State: any bytes where a state is expected are refused or restored, and what was restored goes on.

use crate::Target;
use rule_model::DateTime;
use rule_runtime::across::Evaluations;
use rule_runtime::across::evaluations::Bounds;
use rule_runtime::across::snapshot::Snapshot;
use rule_runtime::checkpoint::positions::Position;
use rule_runtime::plans::StaticTables;

/// Decodes snapshots and positions.
pub const TARGET: Target = Target {
    name: "state",
    run,
    seeds: &["\0\0\0", "\u{1}\u{2}ab\u{1}\u{1}\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"],
};

fn run(data: &[u8]) -> u64 {
    // Refused is as good as read.
    let _position = postcard::from_bytes::<Position>(data);
    let mut found = Vec::new();
    let mut evaluations =
        Evaluations::new(rules::RULES.rules, &StaticTables::default(), Bounds::default(), &mut found);
    let bytes = match data {
        // One that was written, changed in a byte.
        [0, at, to, ..] => {
            let mut bytes = evaluations
                .snapshot()
                .ok()
                .and_then(|it| postcard::to_allocvec(&it).ok())
                .unwrap_or_default();
            let at = usize::from(*at) % bytes.len().max(1);
            bytes.iter_mut().skip(at).take(1).for_each(|byte| *byte = *to);
            bytes
        }
        bytes => bytes.to_vec(),
    };
    let Ok(snapshot) = postcard::from_bytes::<Snapshot>(&bytes) else { return 1 };
    if evaluations.restore(snapshot, &[]).is_ok() {
        evaluations.advance(DateTime::UNIX_EPOCH, &mut found);
    }
    1
}
