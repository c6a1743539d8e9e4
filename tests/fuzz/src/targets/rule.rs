//! Rules: any text between the braces of `rule!` is compiled or refused, and so is any row of tokens.

use crate::Target;
use rule_lang::rule::{Files, compile};
use rule_lang::schemas::Schemas;
use std::sync::LazyLock;

/// Compiles a text; one that begins with a NUL is a row of tokens, a byte each.
pub const TARGET: Target = Target {
    name: "rule",
    run,
    seeds: &[
        "<AuditLogs> /// T\n///\n/// D.\nid: \"x\", severity: Low, attack: { Exfiltration: [T1567] }, | where OperationName == \"a\" test \"t\" fires { \"OperationName\": \"a\" }",
        "<UnifiedAuditLog> /// T\n///\n/// D.\nid: \"y\", severity: High, attack: none, dedup: 1h, threshold: 3, title: \"{UserId} did {Operation}\", | where Operation in (\"a\", \"b\") | project UserId, Operation entities: { Account { FullName: UserId } }",
        "/// T\n///\n/// D.\nid: \"z\", severity: Medium, attack: none, schedule: every 1h over 1d, trigger: > 2, query: r#\"SigninLogs | summarize count() by UserPrincipalName\"#",
        "<O365Audit> /// T\n///\n/// D.\nid: \"k\", severity: Low, attack: none, kuery: r#\"event.provider:Exchange and not user.id:(a* or \"b\")\"#",
        "\0\u{1}\u{2}\u{3}\u{4}\u{5}\u{6}\u{7}\u{8}\u{9}\u{a}\u{b}\u{c}\u{d}\u{e}\u{f}",
    ],
};

const TOKENS: &[&str] = &[
    "<",
    "AuditLogs",
    ">",
    "/// T\n",
    "///\n",
    "/// D.\n",
    "id",
    ":",
    "\"x\"",
    ",",
    "severity",
    "Low",
    "attack",
    "none",
    "|",
    "where",
    "OperationName",
    "==",
    "test",
    "fires",
    "silent",
    "{",
    "}",
    "(",
    ")",
    "[",
    "]",
    "entities",
    "Account",
    "FullName",
    "schedule",
    "every",
    "over",
    "1h",
    "1d",
    "trigger",
    "threshold",
    "dedup",
    "title",
    "\"{UserId}\"",
    "query",
    "r#\"AuditLogs\"#",
    "kuery",
    "summarize",
    "by",
    "count()",
    "join",
    "on",
    "kind",
    "=",
    "extend",
    "project",
    "let",
    ";",
    "file",
    "\"a.kql\"",
    "-",
    "1",
    "2.5",
    "=~",
    "has_any",
    "$left",
    ".",
    "and",
    "or",
    "not",
    "datetime",
    "ago",
    "context",
    "tags",
    "references",
    "Exfiltration",
    "T1567",
];

static SCHEMAS: LazyLock<Schemas> = LazyLock::new(Schemas::builtin);

struct NoFiles;

impl Files for NoFiles {
    fn read(&self, _: &str) -> Result<String, String> {
        Err("there are no files here".to_owned())
    }
}

fn run(data: &[u8]) {
    let text = match data {
        [0, tokens @ ..] => {
            let token =
                |byte: &u8| TOKENS.get(usize::from(*byte) % TOKENS.len()).copied().unwrap_or_default();
            tokens.iter().map(token).collect::<Vec<_>>().join(" ")
        }
        text => String::from_utf8_lossy(text).into_owned(),
    };
    let outcome = compile(&text, &SCHEMAS, &NoFiles);
    assert!(outcome.rule.is_some() || !outcome.diagnostics.is_empty(), "refused without a reason");
    for diagnostic in &outcome.diagnostics {
        let span = diagnostic.span;
        assert!(
            span.start <= span.end && span.end as usize <= text.len() + 1,
            "a fault lies outside: {span:?}"
        );
    }
}
