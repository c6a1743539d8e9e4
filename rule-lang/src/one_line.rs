//! A piece of a query on one line, as messages show it.

use crate::lexer::{self, Dashes, Kind};

/// `text` without comments and line breaks.
pub fn one_line(text: &str) -> String {
    let (tokens, faults) = lexer::tokens(text, Dashes::Signs);
    if !faults.is_empty() {
        // Kibana's language, or a piece that does not end with a token.
        return text.split_whitespace().collect::<Vec<_>>().join(" ");
    }
    let mut line = String::with_capacity(text.len());
    let mut end = 0;
    for token in tokens.iter().filter(|token| token.kind != Kind::End) {
        if token.span.start > end && !line.is_empty() {
            line.push(' ');
        }
        line.extend(token.text.chars().map(|c| if matches!(c, '\n' | '\r' | '\t') { ' ' } else { c }));
        end = token.span.end;
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_and_line_breaks_go_and_what_looks_like_a_comment_within_a_text_stays() {
        for (text, expected) in [
            ("a == 1 // why\n  and b == 2", "a == 1 and b == 2"),
            ("url has \"https://x\" // y", "url has \"https://x\""),
            (
                "mv-apply T =\tprops.Targets on (\n// each\n mv-expand M = T.M)",
                "mv-apply T = props.Targets on ( mv-expand M = T.M)",
            ),
            ("event.action:\"a  b\" and\n not x:`", "event.action:\"a b\" and not x:`"),
        ] {
            assert_eq!(one_line(text), expected, "{text}");
        }
    }
}
