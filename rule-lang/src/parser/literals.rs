//! Literals: text to values.
//!
//! Source: Kusto documentation, pages of the scalar data types.

use super::Parser;
use crate::lexer::{self, Kind, Token};
use crate::syntax::{Expr, ExprKind, Name};
use crate::{Diagnostic, Span};
use rule_eval::{convert, time_text};
use rule_model::{Bag, Guid, Timespan, Type, Value};
use smol_str::{SmolStr, SmolStrBuilder};

impl Parser<'_> {
    /// A literal, without a sign before it.
    pub(super) fn literal(&mut self) -> Option<Expr> {
        let token = self.peek();
        let (value, ty) = match token.kind {
            Kind::String => return Some(self.string()),
            Kind::Word(_) if token.text == "dynamic" && self.ahead(1).is("(") => return Some(self.dynamic()),
            Kind::Bool => (Value::Bool(token.text.eq_ignore_ascii_case("true")), Type::Bool),
            Kind::Long => (self.number(token, long(token.text)), Type::Long),
            Kind::Real => (self.number(token, real(token.text)), Type::Real),
            Kind::Timespan => {
                let ticks = lexer::ticks(token.text);
                (self.number(token, ticks.map(|t| Value::Timespan(Timespan(t)))), Type::Timespan)
            }
            Kind::Typed(ty) => (self.typed(token, ty), ty),
            Kind::BareGuid => {
                self.report(
                    Diagnostic::error(token.span, "a GUID without its type")
                        .help(format!("write `guid({0})`, or `\"{0}\"` for a string", token.text)),
                );
                (Value::Null, Type::Guid)
            }
            _ => return None,
        };
        self.next();
        if matches!(token.kind, Kind::Long | Kind::Real)
            && let Some(span) = self.parted_timespan(token)
        {
            return Some(ExprKind::Missing.at(span));
        }
        Some(Expr { kind: ExprKind::Literal(value, ty), span: token.span })
    }

    /// A literal, or a sign and a number: what stands in `datatable` and after `=` in parameters.
    pub(super) fn signed_literal(&mut self) -> Option<Expr> {
        let sign = self.peek();
        let number = self.ahead(1);
        let is_number = matches!(number.kind, Kind::Long | Kind::Real | Kind::Timespan);
        if !matches!(sign.sign(), "+" | "-") || !is_number || number.span.start != sign.span.end {
            return if self.peek().is("typeof") { self.type_literal() } else { self.literal() };
        }
        self.next();
        let mut literal = self.literal()?;
        if sign.text == "-"
            && let ExprKind::Literal(value, _) = &mut literal.kind
        {
            *value = negated(value);
        }
        literal.span.start = sign.span.start;
        Some(literal)
    }

    /// String literals one after the other are one string.
    pub(super) fn string(&mut self) -> Expr {
        let start = self.start();
        let mut text = lexer::decode(self.next().text);
        if self.peek().kind == Kind::String {
            let mut joined = SmolStrBuilder::new();
            joined.push_str(&text);
            while self.peek().kind == Kind::String {
                joined.push_str(&lexer::decode(self.next().text));
            }
            text = joined.finish();
        }
        Expr { kind: ExprKind::Literal(Value::String(text), Type::String), span: self.since(start) }
    }

    /// The text of a string literal.
    pub(super) fn string_text(&mut self) -> Option<(SmolStr, Span)> {
        if self.peek().kind != Kind::String {
            return None;
        }
        let literal = self.string();
        match literal.kind {
            ExprKind::Literal(Value::String(text), _) => Some((text, literal.span)),
            _ => None,
        }
    }

    /// `typeof(type)`, `typeof(a:int, b:string)`, `typeof(*)`
    pub(super) fn type_literal(&mut self) -> Option<Expr> {
        if !self.at("typeof") || !self.ahead(1).is("(") {
            return None;
        }
        let start = self.start();
        self.next();
        self.next();
        let types = if matches!(self.peek().kind, Kind::Word(_)) && self.ahead(1).is(")") {
            vec![self.take_word()]
        } else {
            self.list("a column and its type", Self::at_list_end, |p| match p.eat("*") {
                Some(star) => Some(Name { text: SmolStr::new_static("*"), span: star.span }),
                None => p.typed_column().map(|(_, ty)| ty),
            })
        };
        self.require_close(")");
        Some(Expr { kind: ExprKind::TypeOf(types), span: self.since(start) })
    }

    pub(super) fn take_word(&mut self) -> Name {
        let token = self.next();
        Name { text: SmolStr::new(token.text), span: token.span }
    }

    fn dynamic(&mut self) -> Expr {
        let start = self.start();
        self.next();
        self.next();
        let value = self.required_json();
        self.require_close(")");
        Expr { kind: ExprKind::Literal(value, Type::Dynamic), span: self.since(start) }
    }

    fn required_json(&mut self) -> Value {
        self.json().unwrap_or_else(|| {
            self.unexpected("a JSON value");
            Value::Null
        })
    }

    fn json(&mut self) -> Option<Value> {
        let token = self.peek();
        if self.eat("null").is_some() {
            return Some(Value::Null);
        }
        match token.sign() {
            "[" => Some(self.nested(Self::json_array).unwrap_or_default()),
            "{" => Some(self.nested(Self::json_object).unwrap_or_default()),
            "-" if matches!(self.ahead(1).kind, Kind::Long | Kind::Real) => {
                self.next();
                self.json().map(|value| negated(&value))
            }
            _ if token.is("dynamic") => self.nested(Self::literal)?.and_then(constant),
            _ => self.literal().and_then(constant),
        }
    }

    fn json_array(&mut self) -> Value {
        self.next();
        let items = self.list("a JSON value", Self::at_list_end, Self::json);
        self.require_close("]");
        Value::array(items)
    }

    fn json_object(&mut self) -> Value {
        self.next();
        let properties = self.list("a property name in quotes", Self::at_list_end, |p| {
            if p.peek().kind != Kind::String {
                return None;
            }
            let name = lexer::decode(p.next().text);
            p.require(":");
            Some((name, p.required_json()))
        });
        self.require_close("}");
        Value::from(properties.into_iter().collect::<Bag>())
    }

    fn number(&mut self, token: Token<'_>, value: Option<Value>) -> Value {
        value.unwrap_or_else(|| {
            let fault = Diagnostic::error(token.span, format!("`{}` does not fit its type", token.text));
            self.report(fault.help("write a smaller number, or one with a decimal point"));
            Value::Null
        })
    }

    /// `type(text)`
    fn typed(&mut self, token: Token<'_>, ty: Type) -> Value {
        let inside = token.text.split_once('(').map_or("", |(_, inside)| inside.trim_end_matches(')')).trim();
        if inside == "null" || inside.is_empty() {
            return Value::Null;
        }
        read(inside, ty).unwrap_or_else(|| {
            self.report(
                Diagnostic::warning(
                    token.span,
                    format!("`{inside}` is not a `{ty}` literal, so this is null"),
                )
                .note("nothing is equal to null, before it or after it")
                .help(help_with(ty)),
            );
            Value::Null
        })
    }
}

/// The value of the text within `type(…)`.
fn read(text: &str, ty: Type) -> Option<Value> {
    match ty {
        Type::Bool => match text.to_ascii_lowercase().as_str() {
            "true" | "1" => Some(Value::Bool(true)),
            "false" | "0" => Some(Value::Bool(false)),
            other => other.parse::<i64>().ok().map(|n| Value::Bool(n != 0)),
        },
        Type::Int => match signed_long(text)? {
            Value::Long(n) => i32::try_from(n).ok().map(Value::Int),
            _ => None,
        },
        Type::Long => signed_long(text),
        Type::Real => signed_real(text),
        Type::Decimal => convert::to_decimal(&Value::string(text)).map(Value::Decimal),
        Type::DateTime => time_text::parse_datetime(unquoted(text)).map(Value::DateTime),
        Type::Timespan => time_text::parse_timespan(unquoted(text)).map(Value::Timespan),
        Type::Guid => Guid::parse(unquoted(text)).map(Value::Guid),
        Type::String | Type::Dynamic => None,
    }
}

/// A typed literal may quote its text.
fn unquoted(text: &str) -> &str {
    ['"', '\''].into_iter().find_map(|quote| text.strip_prefix(quote)?.strip_suffix(quote)).unwrap_or(text)
}

fn constant(literal: Expr) -> Option<Value> {
    match literal.kind {
        ExprKind::Literal(value, _) => Some(value),
        _ => None,
    }
}

fn negated(value: &Value) -> Value {
    match value {
        Value::Long(n) => Value::Long(n.wrapping_neg()),
        Value::Real(n) => Value::Real(-n),
        Value::Timespan(span) => Value::Timespan(Timespan(span.0.wrapping_neg())),
        other => other.clone(),
    }
}

fn long(text: &str) -> Option<Value> {
    match text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        Some(hex) => u64::from_str_radix(hex, 16).ok().map(|n| Value::Long(n as i64)),
        None => text.parse().ok().map(Value::Long),
    }
}

fn signed_long(text: &str) -> Option<Value> {
    match text.strip_prefix('-') {
        Some(digits) if digits.starts_with("0x") => long(digits).map(|n| negated(&n)),
        _ => long(text.strip_prefix('+').unwrap_or(text)),
    }
}

fn real(text: &str) -> Option<Value> {
    text.parse().ok().map(Value::Real)
}

/// `+inf`, `-inf` and `nan` are literals too.
fn signed_real(text: &str) -> Option<Value> {
    match text.to_ascii_lowercase().as_str() {
        "nan" => Some(Value::Real(f64::NAN)),
        "inf" | "+inf" => Some(Value::Real(f64::INFINITY)),
        "-inf" => Some(Value::Real(f64::NEG_INFINITY)),
        number => number.starts_with(|c: char| !c.is_ascii_alphabetic()).then(|| real(number)).flatten(),
    }
}
/// How a literal of a type is written.
fn help_with(ty: Type) -> String {
    let example = match ty {
        Type::DateTime => "2024-03-01 12:30:00",
        Type::Timespan => "1.12:30:00",
        Type::Guid => "74be27de-1e4e-49d9-b579-fe0b331d3642",
        Type::Bool => "true",
        _ => "5",
    };
    format!("write `{ty}({example})`, or `to{ty}(…)` to convert an expression")
}
