//! Operators that take texts apart: `parse`, `parse-where`, `parse-kv`.

use super::Parser;
use crate::syntax::{OperatorKind, PatternPart};

impl Parser<'_> {
    /// `parse kind=… text with pattern`
    pub(super) fn parse_operator(&mut self) -> OperatorKind {
        let params = self.parameters();
        let text = Box::new(self.required_expression());
        self.require("with");
        let mut pattern = Vec::new();
        while let Some(part) = self.pattern_part() {
            pattern.push(part);
        }
        OperatorKind::Parse(params, text, pattern)
    }

    fn pattern_part(&mut self) -> Option<PatternPart> {
        if let Some(star) = self.eat("*") {
            return Some(PatternPart::Star(star.span));
        }
        if let Some((text, span)) = self.string_text() {
            return Some(PatternPart::Literal(text, span));
        }
        if self.at(":") {
            self.unexpected("a name before the type");
        }
        let name = self.declared_name()?;
        let ty = self.eat(":").and_then(|_| self.type_name());
        Some(PatternPart::Column(name, ty))
    }

    /// `parse-kv text as (name:type, …) with (pair_delimiter=…, …)`
    pub(super) fn parse_kv(&mut self) -> OperatorKind {
        let text = Box::new(self.required_expression());
        self.require("as");
        let columns = self.required_schema();
        let properties = if self.eat("with").is_some() { self.properties() } else { Vec::new() };
        OperatorKind::ParseKv(text, columns, properties)
    }
}
