//! Diagnostics of the language as people read them: what is wrong, the line it is in, and what to type instead.

use rule_lang::Diagnostic;
use rule_lang::diagnostic::{Level, Position};
use std::fmt::{self, Display};

/// A diagnostic with the text it is about, shown as compilers show them:
///
/// ```text
/// error: no column is called `Foo`
///   --> query:2:9
///   |
/// 2 | | where Foo == 1
///   |         ^^^
///   = help: did you mean `For`?
/// ```
pub(crate) struct Shown<'a> {
    /// What is wrong.
    pub(crate) diagnostic: &'a Diagnostic,
    /// Where the text comes from: a file's name, or what it is.
    pub(crate) origin: &'a str,
    /// The text that was compiled.
    pub(crate) text: &'a str,
}

impl Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Shown { diagnostic, origin, text } = self;
        let Position { line, column } = diagnostic.position(text);
        let level = match diagnostic.level {
            Level::Error => "error",
            Level::Warning => "warning",
        };
        let source = text.lines().nth(line - 1).unwrap_or_default();
        let number = line.to_string();
        let margin = " ".repeat(number.len());
        writeln!(f, "{level}: {}", diagnostic.message)?;
        writeln!(f, "{margin}--> {origin}:{line}:{column}")?;
        writeln!(f, "{margin} |")?;
        writeln!(f, "{number} | {source}")?;
        writeln!(f, "{margin} | {}{}", indent(source, column), "^".repeat(self.width(source, column)))?;
        for note in &diagnostic.notes {
            writeln!(f, "{margin} = note: {note}")?;
        }
        if let Some(help) = &diagnostic.help {
            writeln!(f, "{margin} = help: {help}")?;
        }
        Ok(())
    }
}

impl Shown<'_> {
    /// Characters to underline: those of the span on its first line, at least one.
    fn width(&self, source: &str, column: usize) -> usize {
        let marked = self.diagnostic.span.text(self.text).lines().next().unwrap_or_default().chars().count();
        marked.min(source.chars().count().saturating_sub(column - 1)).max(1)
    }
}

/// What stands before the underline: spaces, but tabs where the line has tabs, so that both lines end up aligned.
fn indent(source: &str, column: usize) -> String {
    let before = source.chars().take(column - 1).map(|c| if c == '\t' { '\t' } else { ' ' });
    before.chain(std::iter::repeat(' ')).take(column - 1).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use rule_lang::Span;

    fn shown(text: &str, span: Span) -> String {
        let diagnostic = Diagnostic::error(span, "no such column").note("a fact").help("type this");
        Shown { diagnostic: &diagnostic, origin: "x.kql", text }.to_string()
    }

    #[test]
    fn the_word_is_underlined_in_its_line() {
        let expected = "\
error: no such column
 --> x.kql:2:9
  |
2 | | where Foo == 1
  |         ^^^
  = note: a fact
  = help: type this
";
        assert_eq!(shown("T\n| where Foo == 1\n", Span::new(10, 13)), expected);
    }

    #[test]
    fn a_span_over_several_lines_is_underlined_on_its_first() {
        assert!(shown("ab\ncd", Span::new(1, 5)).contains("1 | ab\n  |  ^\n"));
    }

    #[test]
    fn the_end_of_the_text_can_be_pointed_at() {
        assert!(shown("T |", Span::new(3, 3)).contains("1 | T |\n  |    ^\n"));
    }

    #[test]
    fn tabs_keep_the_underline_below_the_word() {
        assert!(shown("T |\twhere x", Span::new(10, 11)).contains("1 | T |\twhere x\n  |    \t      ^\n"));
    }
}
