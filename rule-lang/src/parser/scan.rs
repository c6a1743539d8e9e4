//! `scan`.

use super::Parser;
use crate::lexer::Kind;
use crate::syntax::{OperatorKind, ScanOperator, ScanStep};

impl Parser<'_> {
    /// `scan with_match_id=x declare (a:type = value, …) with (step …; step …)`
    pub(super) fn scan(&mut self) -> OperatorKind {
        let params = self.parameters();
        let mut declared = Vec::new();
        if self.eat("declare").is_some() && self.require("(") {
            declared = self.function_parameters();
        }
        let mut steps = Vec::new();
        if self.require("with") && self.require("(") {
            while self.at("step") {
                self.next();
                steps.push(self.step());
                if self.eat(";").is_none() {
                    break;
                }
            }
            if steps.is_empty() {
                self.unexpected("`step`");
            }
            self.require_close(")");
        }
        OperatorKind::Scan(Box::new(ScanOperator { params, declared, steps }))
    }

    /// `name output=all: condition => column = value, …`
    fn step(&mut self) -> ScanStep {
        let name = self.required_name();
        let mut params = Vec::new();
        // `output` is a parameter here only: elsewhere `output=` names a column.
        if self.at("output") && self.ahead(1).is("=") {
            let output = self.take_word();
            self.next();
            params.push((output, self.parameter_value()));
        }
        self.require(":");
        let condition = self.required_expression();
        let mut assignments = Vec::new();
        if self.eat("=>").is_some() {
            let at_end = |p: &Self| p.peek().kind == Kind::End || p.at_any(&[";", ")"]);
            assignments = self.list("an assignment", at_end, Self::named);
        }
        ScanStep { name, params, condition, assignments }
    }
}
