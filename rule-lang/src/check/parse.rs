//! `parse`, `parse-where` and `parse-kv`.

use super::Checker;
use super::scope::{Column, Rows};
use crate::syntax::{self, PatternPart};
use crate::{Diagnostic, Span};
use rule_model::plan::{Expr, Field, Name, Operator, Parse, ParseKv, ParseMode, ParsePart};
use rule_model::{Type, Value};

/// What may stand in the `with (…)` of `parse-kv`.
const PARSE_KV_PROPERTIES: [&str; 6] =
    ["pair_delimiter", "kv_delimiter", "quote", "escape", "greedy", "regex"];

impl<'a> Checker<'a> {
    pub(super) fn parse(
        &mut self,
        rows: Rows,
        params: &'a syntax::Parameters,
        value: &'a syntax::Expr,
        pattern: &'a [PatternPart],
        filter: bool,
        span: Span,
    ) -> Rows {
        let value = self.parsed_text(&rows, value);
        let kind = self.parameter_text(params, "kind");
        let mode = match kind.as_ref().map(|(kind, _)| kind.as_str()) {
            None | Some("simple") => ParseMode::Simple,
            Some("relaxed") => ParseMode::Relaxed,
            Some("regex") => ParseMode::Regex,
            Some(other) => {
                let at = kind.as_ref().map_or(span, |(_, span)| *span);
                self.report(
                    Diagnostic::error(at, format!("there is no parsing of the kind `{other}`"))
                        .help("write one of: simple, relaxed, regex"),
                );
                ParseMode::Simple
            }
        };
        let flags = self.parameter_text(params, "flags").map(|(flags, _)| flags).unwrap_or_default();
        let mut after = rows.columns.clone();
        let mut parts = Vec::new();
        self.refuse_neighbours(pattern);
        for part in pattern {
            parts.push(match part {
                PatternPart::Literal(text, at) => {
                    if mode == ParseMode::Regex {
                        self.pattern_is_valid(&Expr::literal(Value::String(text.clone()), Type::String, *at));
                    }
                    ParsePart::Literal(text.clone())
                }
                PatternPart::Star(_) => ParsePart::Skip,
                PatternPart::Column(name, ty) => {
                    let ty = ty.as_ref().map_or(Type::String, |ty| self.type_named(ty));
                    after.set(Column::new(name.text.clone(), ty));
                    ParsePart::Column(Field::new(name.text.clone(), ty))
                }
            });
        }
        rows.then(Operator::Parse(Parse { value, mode, flags, pattern: parts, filter }), after, span)
    }

    /// What takes text up to the next literal must have one before another does.
    fn refuse_neighbours(&mut self, pattern: &'a [PatternPart]) {
        for (part, next) in pattern.iter().zip(pattern.iter().skip(1)) {
            let PatternPart::Column(column, _) = next else { continue };
            let (before, span) = match part {
                PatternPart::Star(star) => ("*", *star),
                PatternPart::Column(before, _) => (before.text.as_str(), before.span),
                PatternPart::Literal(..) => continue,
            };
            let message = format!("`{before}` and `{}` take the same text", column.text);
            self.report(
                Diagnostic::error(span, message)
                    .help(format!("write a text in quotes after the `{before}`: where it ends")),
            );
        }
    }

    pub(super) fn parse_kv(
        &mut self,
        rows: Rows,
        value: &'a syntax::Expr,
        keys: &'a [(syntax::Name, syntax::Name)],
        params: &'a syntax::Parameters,
        span: Span,
    ) -> Rows {
        let value = self.parsed_text(&rows, value);
        let declared = self.declared(keys);
        let mut after = rows.columns.clone();
        declared.list.iter().for_each(|column| after.set(column.clone()));
        for (name, _) in params.iter().filter(|(name, _)| !PARSE_KV_PROPERTIES.contains(&name.text.as_str()))
        {
            self.unknown_name("property of parse-kv", &name.text, name.span, PARSE_KV_PROPERTIES);
        }
        let text = |checker: &mut Self, key| checker.parameter_text(params, key).map(|(text, _)| text);
        let parse = ParseKv {
            value,
            keys: declared.fields(),
            pair_delimiter: text(self, "pair_delimiter"),
            kv_delimiter: text(self, "kv_delimiter"),
            quotes: text(self, "quote").map(|quote| quotes(&quote)).unwrap_or_default(),
            escape: text(self, "escape"),
            greedy: text(self, "greedy").is_some_and(|greedy| greedy == "true"),
            regex: text(self, "regex"),
        };
        rows.then(Operator::ParseKv(parse), after, span)
    }

    fn parsed_text(&mut self, rows: &Rows, value: &'a syntax::Expr) -> Expr {
        let columns = rows.columns.clone();
        self.over(&columns, |checker| {
            let value = checker.expr(value);
            checker.convert(value, Type::String)
        })
    }
}

/// Opening and closing quotes: one character serves as both.
fn quotes(written: &str) -> Vec<(Name, Name)> {
    let mut letters = written.chars();
    match (letters.next(), letters.next()) {
        (Some(open), close) => {
            let name = |letter: char| Name::new(letter.to_string());
            vec![(name(open), name(close.unwrap_or(open)))]
        }
        (None, _) => Vec::new(),
    }
}
