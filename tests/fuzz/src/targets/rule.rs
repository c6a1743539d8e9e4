//! Rules: any token stream between the braces of `rule!` becomes a rule or a stub of one with what is wrong, and any text
//! is compiled or refused.

use crate::dice::Dice;
use crate::{Target, tokens};
use proc_macro2::TokenStream;
use proc_macro2::extra::invalidate_current_thread_spans;
use rule_lang::rule::{Files, compile};
use rule_lang::schemas::Schemas;
use std::sync::LazyLock;

/// The first byte says how: 0, the others are tokens; 1, they say what slips in the tokens of a shipped rule; else all are a
/// text, which is tried as it is and, where Rust has tokens for it, as these.
pub const TARGET: Target = Target {
    name: "rule",
    run,
    seeds: &[
        "<AuditLogs> /// T\n///\n/// D.\nid: \"x\", severity: Low, attack: { Exfiltration: [T1567] }, | where OperationName == \"a\" test \"t\" fires { \"OperationName\": \"a\" }",
        "<UnifiedAuditLog> /// T\n///\n/// D.\nid: \"y\", severity: High, attack: none, dedup: 1h, threshold: 3, title: \"{UserId} did {Operation}\", | where Operation in (\"a\", \"b\") | project UserId, Operation entities: { Account { FullName: UserId } }",
        "/// T\n///\n/// D.\nid: \"z\", severity: Medium, attack: none, schedule: every 1h over 1d, trigger: > 2, query: r#\"SigninLogs | summarize count() by UserPrincipalName\"#",
        "<O365Audit> /// T\n///\n/// D.\nid: \"k\", severity: Low, attack: none, kuery: r#\"event.provider:Exchange and not user.id:(a* or \"b\")\"#",
        "\0\u{1}\u{2}\u{3}\u{4}\u{5}\u{6}\u{7}\u{8}\u{9}\u{a}\u{b}\u{c}\u{d}\u{e}\u{f}",
        "\u{1}\u{4}\u{1}\0~",
    ],
};

static SCHEMAS: LazyLock<Schemas> = LazyLock::new(Schemas::builtin);

struct NoFiles;

impl Files for NoFiles {
    fn read(&self, _: &str) -> Result<String, String> {
        Err("there are no files here".to_owned())
    }
}

fn run(data: &[u8]) -> u64 {
    match data {
        [0, tokens @ ..] => expand(tokens::spelt(tokens)),
        [1, number, slips, placed, seed @ ..] => {
            let mut dice =
                Dice::new(seed.iter().fold(7, |seed, byte| seed << 5 ^ seed >> 3 ^ u64::from(*byte)));
            expand(tokens::slipped(
                usize::from(*number),
                usize::from(slips % 4) + 1,
                placed % 2 == 0,
                &mut dice,
            ));
        }
        text => {
            let text = String::from_utf8_lossy(text);
            assert_compiled_or_refused(&text);
            if let Ok(tokens) = text.parse::<TokenStream>() {
                expand(tokens);
            }
        }
    }
    // The library keeps the text of all tokens that it has read so far.
    invalidate_current_thread_spans();
    1
}

fn expand(tokens: TokenStream) {
    let text = tokens.to_string();
    let expanded = rule_expansion::expand(tokens).to_string();
    assert!(expanded.contains("static RULE"), "the rule has lost its name: {text}");
}

fn assert_compiled_or_refused(text: &str) {
    let outcome = compile(text, &SCHEMAS, &NoFiles);
    assert!(outcome.rule.is_some() || !outcome.diagnostics.is_empty(), "refused without a reason");
    for diagnostic in &outcome.diagnostics {
        let span = diagnostic.span;
        assert!(
            span.start <= span.end && span.end as usize <= text.len() + 1,
            "a fault lies outside: {span:?}"
        );
    }
}
