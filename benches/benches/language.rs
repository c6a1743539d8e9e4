//! What the language costs: compiling the body of a rule of 30 query lines, as `rule!` does while it expands, and
//! checking a thousand queries, as `detector check` does.
#![allow(missing_docs, reason = "criterion's macros make public items")]

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use rule_lang::compile_query;
use rule_lang::rule::{Files, compile};
use rule_lang::schemas::Schemas;
use std::fmt::Write;
use std::hint::black_box;

/// Lines of the rule's query.
const LINES: usize = 30;
/// Queries that are checked in one go.
const QUERIES: usize = 1000;

struct NoFiles;

impl Files for NoFiles {
    fn read(&self, path: &str) -> Result<String, String> {
        Err(format!("{path}: there are no files here"))
    }
}

/// So many lines of the kinds that published rules have most of.
fn lines(count: usize) -> String {
    let mut query = String::new();
    for n in 0..count {
        let _ = match n % 5 {
            0 => writeln!(
                query,
                "    | where OperationName has_any (\"role\", \"member {n}\") or Category =~ \"c{n}\""
            ),
            1 => writeln!(
                query,
                "    | extend Actor{n} = tolower(tostring(InitiatedBy.user.userPrincipalName))"
            ),
            2 => writeln!(
                query,
                "    | extend Part{n} = tostring(split(Identity, \"@\")[{n}]), Day{n} = bin(TimeGenerated, 1d)"
            ),
            3 => writeln!(query, "    | where Identity !startswith \"svc{n}\" and isnotempty(Part{})", n - 1),
            _ => writeln!(
                query,
                "    | extend Kind{n} = case(Identity has \"x\", \"a\", Identity matches regex @\"^a{n}+\", \"b\", \"c\")"
            ),
        };
    }
    query
}

fn rule() -> String {
    let query = lines(LINES);
    format!(
        "<AuditLogs>\n    /// Thirty lines\n    ///\n    /// A rule to measure.\n    id: \"thirty-lines\", severity: Low, \
         attack: none, full_scan: accepted,\n    query: r#\"AuditLogs\n{query}\"#,\n"
    )
}

fn language(c: &mut Criterion) {
    let schemas = Schemas::builtin();
    let text = rule();
    let outcome = compile(&text, &schemas, &NoFiles);
    assert!(outcome.rule.is_some(), "{:?}", outcome.diagnostics);
    let mut group = c.benchmark_group("language");
    group.bench_function("a rule of 30 lines", |bench| {
        bench.iter(|| compile(black_box(&text), &schemas, &NoFiles).rule.is_some());
    });
    let queries: Vec<String> = (1..=QUERIES).map(|n| format!("AuditLogs\n{}", lines(n % 12 + 1))).collect();
    group.throughput(Throughput::Elements(QUERIES as u64));
    group.bench_function("a thousand queries", |bench| {
        bench.iter(|| queries.iter().filter(|query| compile_query(query, &schemas).is_ok()).count());
    });
    group.finish();
}

criterion_group!(benches, language);
criterion_main!(benches);
