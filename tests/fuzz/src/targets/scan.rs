//! Scan: looking only at a record's structure gives the matches of parsing it, and rejects nothing that is JSON.

use crate::Target;
use rule_model::DateTime;
use rule_runtime::dispatch::MemoryLimits;
use rule_runtime::engine::{Engine, Settings, Validate, Work};
use rule_runtime::framing::{Batch, Framer, Framing, Limits};
use std::sync::LazyLock;

/// Runs lines through both.
pub const TARGET: Target = Target {
    name: "scan",
    run,
    seeds: &[
        "{\"CreationTime\":\"2024-03-01T10:00:00\",\"Workload\":\"SharePoint\",\"Operation\":\"AnonymousLinkCreated\",\"UserId\":\"a@b.c\"}\n",
        "{\"InitiatedBy\":{\"user\":{}},\"Category\":\"RoleManagement\",\"OperationName\":\"Update role setting in PIM\",\"TimeGenerated\":\"2024-03-01T10:00:00Z\"}\n",
        "{\"Operation\":\"x\\u0041\",\"Operation\":\"y\",\"Workload\":\"\\ud83d\",\"a\":[1,{\"Operation\":\"AnonymousLinkCreated\"}]}\n",
        "{\"@timestamp\":\"2024-03-01T10:00:00Z\",\"event\":{\"action\":\"New-InboxRule\"},\"event.provider\":\"Exchange\"}\n",
    ],
};

fn engine(validate: Validate) -> Engine {
    let settings = Settings {
        max_depth: 64,
        validate,
        memory: MemoryLimits::default(),
        now: DateTime::parse_iso("2024-03-02T00:00:00Z").unwrap_or(DateTime::UNIX_EPOCH),
    };
    Engine::new(&rules::RULES, rules::RULES.rules, settings)
}

static ENGINES: LazyLock<[Engine; 2]> = LazyLock::new(|| [Validate::Structure, Validate::Full].map(engine));

fn run(data: &[u8]) -> u64 {
    let [by_structure, in_full] = &*ENGINES;
    for table in [None, by_structure.table("UnifiedAuditLog")] {
        let [seen, parsed] = [by_structure, in_full].map(|engine| {
            let mut batch = Batch::default();
            let mut framer =
                Framer::new(data, Framing::Ndjson, Limits { chunk: data.len() + 1, record: 1 << 20 });
            let mut all = (Vec::new(), Vec::new(), Vec::new(), 0);
            while framer.fill(&mut batch).unwrap_or(false) {
                let work = Work { table, batch: std::mem::take(&mut batch), ..Work::default() };
                let outcome = engine.worker().run(work);
                all.0.extend(
                    outcome.matches.iter().map(|it| (it.rule, it.offset, it.ordinal, it.row.clone())),
                );
                all.1.extend(
                    outcome.passed.iter().map(|it| (it.candidate, it.offset, format!("{:?}", it.kept))),
                );
                all.2.extend(outcome.rejects.iter().map(|it| it.offset));
                all.3 += outcome.records;
            }
            all
        });
        assert_eq!(seen.0, parsed.0, "matches differ");
        assert_eq!(seen.1, parsed.1, "rows for rules across events differ");
        assert_eq!(seen.3, parsed.3, "records differ");
        assert!(seen.2.iter().all(|offset| parsed.2.contains(offset)), "JSON was rejected");
    }
    1
}
