//! `scan`.

use super::Parser;
use crate::lexer::Kind;
use crate::syntax::{OperatorKind, ScanOperator, ScanStep};

impl Parser<'_> {
    /// `scan with_match_id=x partition by k declare (a:type = value, …) with (step …; step …)`
    pub(super) fn scan(&mut self) -> OperatorKind {
        let params = self.parameters();
        let mut partition = Vec::new();
        if self.at("partition") && self.ahead(1).is("by") {
            self.next();
            self.next();
            partition =
                self.list("a column", |p| p.at_any(&["declare", "with"]) || p.at_list_end(), Self::named);
        }
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
        OperatorKind::Scan(Box::new(ScanOperator { params, partition, declared, steps }))
    }

    /// `name optional output=all: condition => column = value, …`
    fn step(&mut self) -> ScanStep {
        let name = self.required_name();
        let optional = self.at("optional").then(|| self.take_word());
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
        ScanStep { name, optional, params, condition, assignments }
    }
}
