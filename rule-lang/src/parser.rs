//! Tokens to syntax, in one pass.
//!
//! ```text
//! statements ─> queries: source | operator | operator ─> expressions ─> paths ─> literals, names
//! ```
//!
//! A parse function takes what it can and answers `None` where nothing of its kind begins, without moving; its
//! `required_` sibling reports that and answers [`ExprKind::Missing`]. After a fault
//! the parser goes on at the next `|`, `;` or closing bracket, so that every fault is reported once.
//!
//! Source: Kusto documentation, pages of the operators; where these are silent, what Microsoft's parser accepts.

mod expressions;
mod joins;
mod literals;
mod names;
mod operators;
mod paths;
mod patterns;
mod queries;
mod scan;
mod series;
mod slips;
mod sources;
mod statements;

pub(crate) use operators::is_operator;
pub(crate) use slips::meant_by_like;

use crate::lexer::{self, Class, Dashes, Kind, Token};
use crate::syntax::{Expr, ExprKind, Script};
use crate::{Diagnostic, Span};

/// How deep brackets, subqueries and functions may nest. Each level costs stack, and no published query comes near.
const MAX_DEPTH: usize = 150;

/// How many steps `a.b.c` and `a + b + c` may have before they count as long.
const SHORT_STEPS: usize = 8;

/// How many steps the long paths and chains of a text may have together beyond those. Each step nests what is before
/// it, and whoever walks the tree pays stack for it; `and` and `or` are lists and have no such bound.
const LONG_STEPS: usize = 500;

/// The syntax of a text and what is wrong with it; the syntax is whole where there is no error.
pub fn parse(text: &str) -> (Script, Vec<Diagnostic>) {
    read(text, Parser::script)
}

/// The syntax of a query that continues from a table named elsewhere: `| where … | …`. Its expression is
/// [`ExprKind::Pipe`] without a source.
pub fn parse_continuation(text: &str) -> (Expr, Vec<Diagnostic>) {
    read(text, Parser::continuation)
}

/// Parses a text. Two dashes before a blank are two signs, and only where the text does not parse so are they taken for a
/// comment of SQL: where fewer other faults are left by that.
fn read<'a, T>(text: &'a str, parse: impl Fn(&mut Parser<'a>) -> T) -> (T, Vec<Diagnostic>) {
    let read_as = |dashes| {
        let mut parser = Parser::new(text, dashes);
        let syntax = parse(&mut parser);
        parser.finish(syntax)
    };
    let (syntax, faults) = read_as(Dashes::Signs);
    if faults.is_empty() || !lexer::has_dashed(text) {
        return (syntax, faults);
    }
    let (with_comments, faults_with_comments) = read_as(Dashes::Comment);
    let others = faults_with_comments.iter().filter(|fault| fault.message != lexer::NO_COMMENT).count();
    if others < faults.len() { (with_comments, faults_with_comments) } else { (syntax, faults) }
}

/// Whether a query continues from a table named elsewhere: `|` is the first that is no comment.
pub fn is_continuation(text: &str) -> bool {
    let mut rest = text.trim_start();
    while let Some(comment) = rest.strip_prefix("//") {
        rest = comment.split_once('\n').map_or("", |(_, next)| next).trim_start();
    }
    rest.starts_with('|')
}

struct Parser<'a> {
    text: &'a str,
    tokens: Vec<Token<'a>>,
    at: usize,
    depth: usize,
    diagnostics: Vec<Diagnostic>,
    /// How many steps of long chains and paths are still allowed.
    steps: usize,
    /// The token that the last fault was reported at: what fails there next fails because of it.
    faulty: Option<usize>,
}

impl<'a> Parser<'a> {
    fn new(text: &'a str, dashes: Dashes) -> Parser<'a> {
        let (tokens, diagnostics) = lexer::tokens(text, dashes);
        Parser { text, tokens, at: 0, depth: 0, steps: LONG_STEPS, diagnostics, faulty: None }
    }

    fn finish<T>(mut self, syntax: T) -> (T, Vec<Diagnostic>) {
        self.diagnostics.sort_by_key(|d| d.span);
        (syntax, self.diagnostics)
    }

    fn script(&mut self) -> Script {
        if self.is_fenced() {
            return self.fenced();
        }
        let script = Script { statements: self.statements() };
        if !self.at_end() {
            self.unexpected("the end of the query");
        }
        script
    }

    fn continuation(&mut self) -> Expr {
        let start = self.start();
        if !self.at("|") {
            self.unexpected("`|`");
        }
        let operators = self.piped_operators();
        let ended = self.eat(";").is_some();
        if !self.at_end() {
            self.after_end(ended);
        }
        Expr { kind: ExprKind::Pipe(None, operators), span: self.since(start) }
    }
}

/// Looking at tokens and taking them.
impl<'a> Parser<'a> {
    fn peek(&self) -> Token<'a> {
        self.ahead(0)
    }

    /// The token `offset` after the next one.
    fn ahead(&self, offset: usize) -> Token<'a> {
        let last = self.tokens.len() - 1;
        // `Lexer` always ends with `Kind::End`, so there is a last token.
        self.tokens[(self.at + offset).min(last)]
    }

    fn next(&mut self) -> Token<'a> {
        let token = self.peek();
        if token.kind != Kind::End {
            self.at += 1;
        }
        token
    }

    /// Whether the next token is this word or sign.
    fn at(&self, text: &str) -> bool {
        self.peek().is(text)
    }

    fn at_any(&self, texts: &[&str]) -> bool {
        texts.iter().any(|text| self.at(text))
    }

    fn at_end(&self) -> bool {
        self.peek().kind == Kind::End
    }

    /// Whether a list ends here whatever it is a list of.
    fn at_list_end(&self) -> bool {
        self.at_end() || self.at_any(&[")", "]", "}", "|", ";"])
    }

    fn eat(&mut self, text: &str) -> Option<Token<'a>> {
        self.at(text).then(|| self.next())
    }

    /// Takes `text` or reports that it is missing.
    fn require(&mut self, text: &str) -> bool {
        let found = self.eat(text).is_some();
        if !found {
            self.unexpected(&format!("`{text}`"));
        }
        found
    }

    /// Takes the bracket that closes a group, skipping what the group does not take.
    fn require_close(&mut self, close: &str) {
        if self.eat(close).is_some() {
            return;
        }
        self.unexpected(&format!("`{close}`"));
        self.skip_group();
        let _ = self.eat(close);
    }

    /// Offset of the next token's beginning.
    fn start(&self) -> u32 {
        self.peek().span.start
    }

    /// From `start` to the end of the token taken last.
    fn since(&self, start: u32) -> Span {
        let end = self.at.checked_sub(1).map_or(start, |last| self.tokens[last].span.end);
        Span { start, end: end.max(start) }
    }
}

/// Reporting and going on.
impl Parser<'_> {
    fn report(&mut self, diagnostic: Diagnostic) {
        self.diagnostics.push(diagnostic);
    }

    /// Reports that the next token is not `expected`, once for a token.
    fn unexpected(&mut self, expected: &str) {
        let token = self.peek();
        let fault = Diagnostic::error(token.span, format!("expected {expected}, found {}", token.describe()));
        let is_word = expected.strip_prefix('`').is_some_and(|word| word.starts_with(char::is_alphabetic));
        self.fault(fault.help(match expected {
            "`)`" | "`]`" | "`}`" if self.at_end() => format!("close the bracket: write {expected}"),
            _ if is_word && !self.at_end() => format!("write {expected} before {}", token.describe()),
            _ => format!("write {expected}"),
        }));
    }

    /// Reports a fault at the next token: once for a token, and not where the lexer reported it.
    fn fault(&mut self, diagnostic: Diagnostic) {
        if self.faulty != Some(self.at) && self.peek().kind != Kind::Bad {
            self.report(diagnostic);
        }
        self.faulty = Some(self.at);
    }

    /// Skips to the next `|`, `;` or closing bracket that belongs to what is being parsed.
    fn skip_group(&mut self) {
        let mut open = 0_usize;
        while !self.at_end() {
            match self.peek().sign() {
                "(" | "[" | "{" => open += 1,
                ")" | "]" | "}" | "|" | ";" if open == 0 => return,
                ")" | "]" | "}" => open -= 1,
                _ => {}
            }
            self.next();
        }
    }

    /// Parses a level deeper; too deep it reports that and skips to the end of the group.
    fn nested<T>(&mut self, parse: impl FnOnce(&mut Self) -> T) -> Option<T> {
        if self.depth == MAX_DEPTH {
            let span = self.peek().span;
            self.fault(
                Diagnostic::error(span, "brackets and subqueries are nested too deep here")
                    .note(format!(
                        "{MAX_DEPTH} levels are the most; a pair of brackets takes one or two of them"
                    ))
                    .help("give the inner parts names with `let`"),
            );
            self.skip_group();
            self.faulty = Some(self.at);
            return None;
        }
        self.depth += 1;
        let parsed = parse(self);
        self.depth -= 1;
        Some(parsed)
    }

    /// Whether a path or chain of `steps` steps may have one more; too many are reported and skipped.
    fn may_step(&mut self, steps: &mut usize) -> bool {
        *steps += 1;
        if *steps <= SHORT_STEPS {
            return true;
        }
        if self.steps > 0 {
            self.steps -= 1;
            return true;
        }
        let span = self.peek().span;
        self.fault(
            Diagnostic::error(span, "too many steps in paths and operators in a row")
                .help("give parts names"),
        );
        self.skip_group();
        false
    }

    /// Elements between commas. `parse` answers `None` where no element begins; `end` tells where a list ends before a
    /// keyword that could begin an element.
    fn list<T>(
        &mut self,
        what: &str,
        end: impl Fn(&Self) -> bool,
        mut parse: impl FnMut(&mut Self) -> Option<T>,
    ) -> Vec<T> {
        let mut items = Vec::new();
        loop {
            let item = if end(self) { None } else { parse(self) };
            let Some(item) = item else {
                // An empty list is a matter of the caller; a comma must have something on both of its sides.
                if !items.is_empty() || self.at(",") {
                    self.unexpected(what);
                }
                if self.eat(",").is_some() && !end(self) {
                    continue;
                }
                return items;
            };
            items.push(item);
            if self.eat(",").is_none() {
                return items;
            }
        }
    }

    fn missing(&self) -> Expr {
        let start = self.start();
        Expr { kind: ExprKind::Missing, span: Span { start, end: start } }
    }
}

impl<'a> Token<'a> {
    /// Whether it is this word or sign; a string that says so is not.
    fn is(&self, text: &str) -> bool {
        self.text == text && matches!(self.kind, Kind::Word(_) | Kind::Sign)
    }

    /// The sign, or nothing for other tokens.
    fn sign(&self) -> &'a str {
        if self.kind == Kind::Sign { self.text } else { "" }
    }

    fn describe(&self) -> String {
        match self.kind {
            Kind::End => "the end of the text".to_owned(),
            Kind::String => "a string".to_owned(),
            Kind::Word(Class::Hard) => format!("the keyword `{}`", self.text),
            _ => format!("`{}`", self.text),
        }
    }
}

#[cfg(test)]
mod tests;
