//! Sources that need no table: `print`, `range`, `datatable`, `externaldata`; and lists of typed columns.

use super::Parser;
use crate::Diagnostic;
use crate::lexer::{Class, Kind};
use crate::nearest::nearest;
use crate::syntax::{Expr, ExprKind, Name};

impl Parser<'_> {
    pub(super) fn print(&mut self) -> Expr {
        let start = self.start();
        self.next();
        let values = self.named_list();
        ExprKind::Print(values).at(self.since(start))
    }

    /// `range name from … to … step …`
    pub(super) fn range(&mut self) -> Expr {
        let start = self.start();
        self.next();
        let name = self.required_name();
        self.require("from");
        let from = Box::new(self.required_expression());
        self.require("to");
        let to = Box::new(self.required_expression());
        self.require("step");
        let step = Box::new(self.required_expression());
        ExprKind::Range(name, from, to, step).at(self.since(start))
    }

    /// `datatable (name:type, …) [value, …]`
    pub(super) fn datatable(&mut self) -> Expr {
        let start = self.start();
        self.next();
        let columns = self.required_schema();
        let mut values = Vec::new();
        if self.require("[") {
            let _ = self.eat(",");
            values = self.trailing_list("a literal", Self::signed_literal);
            self.require_close("]");
        }
        ExprKind::DataTable(columns, values).at(self.since(start))
    }

    /// `externaldata (name:type, …) [uri, …] with (format=…)`
    pub(super) fn external_data(&mut self) -> Expr {
        let start = self.start();
        self.next();
        self.parameters();
        let columns = self.required_schema();
        let mut uris = Vec::new();
        if self.require("[") {
            uris = self.trailing_list("a URI", Self::expression);
            self.require_close("]");
        }
        if self.eat("with").is_some() {
            self.properties();
        }
        ExprKind::ExternalData(columns, uris).at(self.since(start))
    }

    /// `(name:type, …)`
    pub(super) fn required_schema(&mut self) -> Vec<(Name, Name)> {
        if !self.require("(") {
            return Vec::new();
        }
        let _ = self.eat(",");
        let columns = self.typed_columns();
        self.require_close(")");
        columns
    }

    /// `name:type, …` up to the bracket that closes them; a comma may stand behind the last.
    pub(super) fn typed_columns(&mut self) -> Vec<(Name, Name)> {
        self.trailing_list("a column and its type", Self::typed_column)
    }

    pub(super) fn typed_column(&mut self) -> Option<(Name, Name)> {
        let name = self.declared_name()?;
        self.require(":");
        let ty = self.type_name().unwrap_or_else(|| Name { text: "dynamic".into(), span: name.span });
        Some((name, ty))
    }

    /// The name of a scalar type. Which names are types is the checker's matter, but for what cannot be one.
    pub(super) fn type_name(&mut self) -> Option<Name> {
        let token = self.peek();
        if rule_model::Type::named(token.text).is_some() && matches!(token.kind, Kind::Word(_)) {
            return Some(self.take_word());
        }
        let names = || rule_model::Type::ALL.iter().map(|ty| ty.name());
        let listed: Vec<String> = names().map(|name| format!("`{name}`")).collect();
        let fault = Diagnostic::error(token.span, format!("expected a type, found {}", token.describe()));
        self.fault(fault.note(format!("the types are {}", listed.join(", "))).help(
            match nearest(token.text, names()) {
                Some(meant) => format!("write `{meant}`"),
                None => "write one of these".to_owned(),
            },
        ));
        matches!(token.kind, Kind::Word(Class::Identifier | Class::Soft | Class::Hard))
            .then(|| self.take_word())
    }

    /// Elements between commas, with or without a comma behind the last.
    fn trailing_list<T>(&mut self, what: &str, mut parse: impl FnMut(&mut Self) -> Option<T>) -> Vec<T> {
        let mut items = Vec::new();
        while !self.at_list_end() {
            let Some(item) = parse(self) else {
                self.unexpected(what);
                break;
            };
            items.push(item);
            if self.eat(",").is_none() {
                break;
            }
        }
        items
    }
}
