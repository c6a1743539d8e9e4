//! Token streams for `rule!`: any tokens in any brackets, and the tokens of shipped rules with slips of the hand.

use crate::dice::Dice;
use proc_macro2::{Delimiter, Group, Punct, Spacing, TokenStream, TokenTree};
use std::path::Path;
use std::str::FromStr;
use std::sync::LazyLock;

/// Texts of tokens that mean something in a rule, and some that never do.
const WORDS: &[&str] = &[
    "AuditLogs",
    "id",
    "\"x\"",
    "severity",
    "Low",
    "attack",
    "none",
    "where",
    "OperationName",
    "test",
    "fires",
    "silent",
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
    "r#\"AuditLogs | count\"#",
    "kuery",
    "r#\"event.action:*\"#",
    "summarize",
    "by",
    "count",
    "join",
    "on",
    "kind",
    "extend",
    "project",
    "let",
    "file",
    "\"a.kql\"",
    "1",
    "2.5",
    "1e400",
    "0x1f",
    "99999999999999999999999999",
    "1_000u8",
    "has_any",
    "left",
    "and",
    "or",
    "not",
    "datetime",
    "2024",
    "ago",
    "context",
    "tags",
    "references",
    "Exfiltration",
    "T1567",
    "T1078.004",
    "mv",
    "apply",
    "in",
    "between",
    "parse",
    "with",
    "union",
    "search",
    "dynamic",
    "doc",
    "r#type",
    "_",
    "'c'",
    "b'c'",
    "b\"bytes\"",
    "c\"text\"",
    "\"\\u{1f600}\\n\\\"\"",
    "\"\"",
    "r##\"\"#\"##",
    "'\\''",
    "\"{\"",
    "é",
];

const SIGNS: &[char] = &[
    '|', ',', ':', ';', '<', '>', '=', '!', '~', '.', '-', '+', '*', '/', '%', '#', '$', '@', '&', '?', '^',
];

/// The bodies of the shipped rules.
static BODIES: LazyLock<Vec<String>> = LazyLock::new(|| {
    let mut found = Vec::new();
    collect(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../../rules/src"), &mut found);
    // In the same order everywhere, so that an input means the same.
    found.sort();
    found
});

fn collect(folder: &Path, found: &mut Vec<String>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            collect(&path, found);
        } else if let Ok(text) = std::fs::read_to_string(&path)
            && let Some((body, _)) = text.split_once("rule! {").and_then(|(_, rest)| rest.rsplit_once('}'))
        {
            found.push(body.to_owned());
        }
    }
}

/// A stream that bytes spell, a token each: words, signs (alone or joined to the next), and brackets, which need not be
/// closed.
pub fn spelt(bytes: &[u8]) -> TokenStream {
    stream(&mut bytes.iter())
}

fn stream(bytes: &mut std::slice::Iter<'_, u8>) -> TokenStream {
    let mut tokens = TokenStream::new();
    while let Some(&byte) = bytes.next() {
        let delimiter = match byte {
            255 => return tokens,
            251 => Delimiter::Parenthesis,
            252 => Delimiter::Brace,
            253 => Delimiter::Bracket,
            254 => Delimiter::None,
            _ => {
                tokens.extend(token(byte));
                continue;
            }
        };
        tokens.extend([TokenTree::Group(Group::new(delimiter, stream(bytes)))]);
    }
    tokens
}

fn token(byte: u8) -> TokenStream {
    let number = usize::from(byte);
    if let Some(word) = WORDS.get(number) {
        return TokenStream::from_str(word).unwrap_or_default();
    }
    let sign = SIGNS.get((number - WORDS.len()) % SIGNS.len()).copied().unwrap_or(',');
    let spacing = if byte.is_multiple_of(2) { Spacing::Alone } else { Spacing::Joint };
    TokenTree::Punct(Punct::new(sign, spacing)).into()
}

/// The tokens of a shipped rule, by number, with so many slips, which chance makes. With `placed`, the tokens that are left
/// have their places, as where the user wrote them; else none has, as where another macro did.
pub fn slipped(number: usize, slips: usize, placed: bool, dice: &mut Dice) -> TokenStream {
    let body = BODIES.get(number % BODIES.len().max(1)).map(String::as_str).unwrap_or_default();
    let mut tokens = TokenStream::from_str(body).unwrap_or_default();
    if !placed {
        tokens = unplaced(tokens);
    }
    for _ in 0..slips {
        let mut at = dice.throw(count(tokens.clone()));
        tokens = with_slip(tokens, &mut at, dice);
    }
    tokens
}

fn unplaced(tokens: TokenStream) -> TokenStream {
    let without = |mut token: TokenTree| {
        if let TokenTree::Group(group) = &token {
            token = TokenTree::Group(Group::new(group.delimiter(), unplaced(group.stream())));
        }
        token.set_span(proc_macro2::Span::call_site());
        token
    };
    tokens.into_iter().map(without).collect()
}

fn count(tokens: TokenStream) -> usize {
    let inner = |token| match token {
        TokenTree::Group(group) => 1 + count(group.stream()),
        _ => 1,
    };
    tokens.into_iter().map(inner).sum()
}

/// The tokens with a slip at the one at `at`, counted through all brackets; `at` is counted down.
fn with_slip(tokens: TokenStream, at: &mut usize, dice: &mut Dice) -> TokenStream {
    let mut result: Vec<TokenTree> = Vec::new();
    for token in tokens {
        let is_here = *at == 0;
        *at = at.wrapping_sub(1);
        let token = match token {
            TokenTree::Group(group) if !is_here => {
                TokenTree::Group(Group::new(group.delimiter(), with_slip(group.stream(), at, dice)))
            }
            token => token,
        };
        if !is_here {
            result.push(token);
            continue;
        }
        match dice.throw(7) {
            0 => {}
            1 => result.extend([token.clone(), token]),
            2 => result.insert(result.len().saturating_sub(1), token),
            3 => result.extend(self::token(dice.byte()).into_iter().chain([token])),
            4 => {
                let delimiters =
                    [Delimiter::Parenthesis, Delimiter::Brace, Delimiter::Bracket, Delimiter::None];
                let delimiter = delimiters.get(dice.throw(4)).copied().unwrap_or(Delimiter::None);
                result.push(TokenTree::Group(Group::new(delimiter, token.into())));
            }
            5 => match token {
                TokenTree::Group(group) => result.extend(group.stream()),
                token => result.extend([token.clone(), token.clone(), token]),
            },
            _ => result.extend(self::token(dice.byte())),
        }
    }
    result.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_is_a_token_or_a_bracket() {
        for byte in 0..251 {
            assert!(!token(byte).is_empty(), "{byte}");
        }
        assert_eq!(
            spelt(&[252, 1, 251, 0, 255, 255, 0]).to_string().replace(' ', ""),
            "{id(AuditLogs)}AuditLogs"
        );
    }

    #[test]
    fn shipped_rules_can_slip() {
        let mut dice = Dice::new(3);
        assert!(BODIES.len() > 20);
        let whole = slipped(0, 0, true, &mut dice).to_string();
        assert!((0..20).any(|_| slipped(0, 1, true, &mut dice).to_string() != whole));
    }
}
