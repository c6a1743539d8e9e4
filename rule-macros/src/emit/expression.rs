//! Expressions to Rust.
//!
//! A condition is emitted in two forms, so that KQL's three truth values cost nothing: `truth(e)` is a Rust `bool` that
//! says whether `e` is true, `falsity(e)` whether it is false; of a null neither holds. `and`, `or` and `not` compose
//! in these forms. Tests of text columns, which are never null, call the text functions directly; everything else
//! is a [`Value`] and goes through the entries of the function table.

use super::statics::Statics;
use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote};
use rule_model::plan::{Expr, ExprKind, Field};
use rule_model::{Type, Value};
use std::collections::HashMap;

/// Where the columns of the row at hand are.
#[derive(Clone, Debug, Default)]
pub(super) struct Columns {
    places: HashMap<String, Place>,
}

/// Where a column is.
#[derive(Clone, Debug)]
pub(super) enum Place {
    /// At this position of the event.
    Event(usize),
    /// In a local variable of type `Value`.
    Local(Ident),
    /// The operation: a variable of type `&str`.
    Operation,
}

/// Emits expressions over the columns of one row.
pub(super) struct Emitter<'a> {
    pub(super) columns: &'a Columns,
    pub(super) statics: &'a mut Statics,
}

impl Columns {
    /// The columns of an event.
    pub(super) fn of_event(fields: &[Field]) -> Columns {
        let place = |(index, field): (usize, &Field)| (field.name.to_string(), Place::Event(index));
        Columns { places: fields.iter().enumerate().map(place).collect() }
    }

    /// The operation column alone.
    pub(super) fn of_operation(name: &str) -> Columns {
        Columns { places: HashMap::from([(name.to_owned(), Place::Operation)]) }
    }

    pub(super) fn get(&self, name: &str) -> Option<&Place> {
        self.places.get(name)
    }

    pub(super) fn set(&mut self, name: &str, place: Place) {
        self.places.insert(name.to_owned(), place);
    }
}

impl Emitter<'_> {
    /// Whether `expr` is true, as a Rust `bool`.
    pub(super) fn truth(&mut self, expr: &Expr) -> TokenStream {
        self.condition(expr, true)
    }

    /// Whether `expr` is `wanted`: true or false, not null.
    fn condition(&mut self, expr: &Expr, wanted: bool) -> TokenStream {
        match &expr.kind {
            ExprKind::Literal(value) => match value.as_bool() {
                Some(truth) if truth == wanted => quote!(true),
                _ => quote!(false),
            },
            ExprKind::Call(function, args) => match (function.as_str(), &args[..]) {
                ("and", operands) => self.chain(operands, wanted, wanted),
                ("or", operands) => self.chain(operands, wanted, !wanted),
                ("not", [inner]) => self.condition(inner, !wanted),
                _ => match self.text_test(function, args).or_else(|| self.any_equals(function, args)) {
                    Some(test) if wanted => test,
                    Some(test) => quote!(!(#test)),
                    None => self.general(expr, wanted),
                },
            },
            _ => self.general(expr, wanted),
        }
    }

    /// All operands are `wanted`, or one of them is.
    fn chain(&mut self, operands: &[Expr], wanted: bool, all: bool) -> TokenStream {
        let operands: Vec<TokenStream> =
            operands.iter().map(|operand| self.condition(operand, wanted)).collect();
        if all { quote!((#(#operands)&&*)) } else { quote!((#(#operands)||*)) }
    }

    fn general(&mut self, expr: &Expr, wanted: bool) -> TokenStream {
        let value = self.value(expr);
        if wanted { quote!(g::is_true(&#value)) } else { quote!(g::is_false(&#value)) }
    }

    /// A test that is true or false of every text, as a Rust `bool`.
    fn text_test(&mut self, function: &str, args: &[Expr]) -> Option<TokenStream> {
        let (subject, others) = args.split_first()?;
        if subject.ty != Type::String {
            return None;
        }
        let (negated, name) = match function {
            "!=" => (true, "=="),
            "!~" => (true, "=~"),
            "isnotempty" => (true, "isempty"),
            _ => function.strip_prefix('!').map_or((false, function), |name| (true, name)),
        };
        let test = match (name, others) {
            ("isempty", []) => {
                let text = self.text(subject);
                quote!(g::is_empty(#text))
            }
            ("matches regex", [pattern]) => {
                let regex = self.statics.regex(literal_text(pattern)?);
                let text = self.text(subject);
                quote!(#regex.is_match(#text))
            }
            ("in" | "in~" | "has_any" | "has_all", items) => {
                let items = literal_texts(items)?;
                let function = format_ident!("{}", list_function(name));
                let text = self.text(subject);
                quote!(g::#function(#text, &[#(#items),*]))
            }
            ("==", [other]) if other.ty == Type::String => {
                let (left, right) = (self.text(subject), self.text(other));
                quote!(g::equals(#left, #right))
            }
            (_, [other]) if other.ty == Type::String => {
                let test = format_ident!("{}", text_function(name)?);
                let (left, right) = (self.text(subject), self.text(other));
                quote!(g::#test(#left, #right))
            }
            _ => return None,
        };
        Some(if negated { quote!(!#test) } else { test })
    }

    /// Whether one of the values of an event's column is a text: most are texts, which are compared where they lie.
    fn any_equals(&self, function: &str, args: &[Expr]) -> Option<TokenStream> {
        let ("kuery:equals", [subject, wanted]) = (function, args) else { return None };
        let ExprKind::Column(name) = &subject.kind else { return None };
        let Some(Place::Event(index)) = self.columns.get(name) else { return None };
        let wanted = literal_text(wanted)?;
        Some(quote!(g::any_equals(event, #index, #wanted, context)))
    }

    /// An expression of type string as a Rust `&str`.
    fn text(&mut self, expr: &Expr) -> TokenStream {
        match &expr.kind {
            ExprKind::Literal(value) => {
                let text = value.as_str().unwrap_or_default();
                quote!(#text)
            }
            ExprKind::Column(name) => match self.columns.get(name) {
                Some(Place::Event(index)) => quote!(&event.text(#index)),
                Some(Place::Local(local)) => quote!(g::text(&#local)),
                Some(Place::Operation) => quote!(operation),
                None => quote!(""),
            },
            _ => {
                let value = self.value(expr);
                quote!(g::text(&#value))
            }
        }
    }

    /// An expression as a `Value`.
    pub(super) fn value(&mut self, expr: &Expr) -> TokenStream {
        match &expr.kind {
            ExprKind::Literal(value) => self.literal(value),
            ExprKind::Column(name) => match self.columns.get(name) {
                Some(Place::Event(index)) => quote!(event.value(#index)),
                Some(Place::Local(local)) => quote!(#local.clone()),
                Some(Place::Operation) => quote!(g::Value::string(operation)),
                None => quote!(g::Value::Null),
            },
            ExprKind::Property(inner, name) => {
                let name = name.as_str();
                let bag = self.value(inner);
                let built = quote!(g::property(&#bag, #name));
                self.bag_of_event(inner).map_or_else(
                    || built.clone(),
                    |column| {
                        quote!(match event.text_property(#column, #name) {
                            Some(text) => text,
                            None => #built,
                        })
                    },
                )
            }
            ExprKind::Element(inner, index) => {
                let (inner, index) = (self.value(inner), self.value(index));
                quote!(g::element(&#inner, &#index))
            }
            ExprKind::Call(function, args) => self.call(expr, function, args),
            // The planner gives queries within expressions and `pack_all()` to the evaluator.
            ExprKind::ToScalar(_) | ExprKind::FirstColumn(_) | ExprKind::WholeRow { .. } => {
                quote!(g::Value::Null)
            }
        }
    }

    /// The column of the event that `expr` reads a bag from: it, or it parsed as JSON.
    fn bag_of_event(&self, expr: &Expr) -> Option<usize> {
        let column = match &expr.kind {
            ExprKind::Call(function, args) if function == "parse_json" => args.first()?,
            _ if expr.ty == Type::Dynamic => expr,
            _ => return None,
        };
        match &column.kind {
            ExprKind::Column(name) if matches!(column.ty, Type::Dynamic | Type::String) => {
                match self.columns.get(name)? {
                    Place::Event(index) => Some(*index),
                    Place::Local(_) | Place::Operation => None,
                }
            }
            _ => None,
        }
    }

    fn call(&mut self, expr: &Expr, function: &str, args: &[Expr]) -> TokenStream {
        if let Some(test) = self.text_test(function, args) {
            return quote!(g::Value::Bool(#test));
        }
        if let ("iff", [condition, then, otherwise]) = (function, args) {
            let condition = self.truth(condition);
            let (then, otherwise) = (self.value(then), self.value(otherwise));
            return quote!(if #condition { #then } else { #otherwise });
        }
        // `tostring` of what is text already.
        if let ("tostring", [inner]) = (function, args)
            && inner.ty == Type::String
            && expr.ty == Type::String
        {
            return self.value(inner);
        }
        let args: Vec<TokenStream> = args.iter().map(|arg| self.value(arg)).collect();
        let function = self.statics.function(function);
        quote!(#function.call(&[#(#args),*], context))
    }

    /// A constant.
    fn literal(&mut self, value: &Value) -> TokenStream {
        match value {
            Value::Null => quote!(g::Value::Null),
            Value::Bool(b) => quote!(g::Value::Bool(#b)),
            Value::Int(n) => quote!(g::Value::Int(#n)),
            Value::Long(n) => quote!(g::Value::Long(#n)),
            Value::Real(n) if n.is_finite() => quote!(g::Value::Real(#n)),
            Value::String(text) => {
                let text = text.as_str();
                quote!(g::Value::literal(#text))
            }
            Value::DateTime(time) => {
                let ticks = time.0;
                quote!(g::Value::DateTime(g::DateTime(#ticks)))
            }
            Value::Timespan(span) => {
                let ticks = span.0;
                quote!(g::Value::Timespan(g::Timespan(#ticks)))
            }
            Value::Guid(guid) => {
                let digits = guid.0;
                quote!(g::Value::Guid(g::Guid(#digits)))
            }
            Value::Real(_) | Value::Decimal(_) | Value::Array(_) | Value::Bag(_) => {
                let constant = self.statics.constant(value);
                quote!(#constant.get())
            }
        }
    }
}

/// The operator of two texts as a function of `rule_runtime::generated`.
fn text_function(operator: &str) -> Option<&'static str> {
    Some(match operator {
        "=~" => "equals_ignore_case",
        "contains" => "contains",
        "contains_cs" => "contains_cs",
        "has" => "has",
        "has_cs" => "has_cs",
        "hasprefix" => "hasprefix",
        "hasprefix_cs" => "hasprefix_cs",
        "hassuffix" => "hassuffix",
        "hassuffix_cs" => "hassuffix_cs",
        "startswith" => "startswith",
        "startswith_cs" => "startswith_cs",
        "endswith" => "endswith",
        "endswith_cs" => "endswith_cs",
        _ => return None,
    })
}

/// The operator of a text and a list as a function of `rule_runtime::generated`.
fn list_function(operator: &str) -> &'static str {
    match operator {
        "in" => "is_one_of",
        "in~" => "is_one_of_in_any_case",
        "has_any" => "has_any",
        _ => "has_all",
    }
}

fn literal_text(expr: &Expr) -> Option<&str> {
    match &expr.kind {
        ExprKind::Literal(value) => value.as_str(),
        _ => None,
    }
}

/// The texts of literal strings and arrays of strings.
fn literal_texts(exprs: &[Expr]) -> Option<Vec<&str>> {
    let mut texts = Vec::new();
    for expr in exprs {
        match &expr.kind {
            ExprKind::Literal(Value::Array(items)) => {
                for item in items.iter() {
                    texts.push(item.as_str()?);
                }
            }
            ExprKind::Literal(value) => texts.push(value.as_str()?),
            _ => return None,
        }
    }
    Some(texts)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rule_lang::Span;

    fn column(name: &str, ty: Type) -> Expr {
        Expr::column(name, ty, Span::default())
    }

    fn text(text: &str) -> Expr {
        Expr::literal(Value::string(text), Type::String, Span::default())
    }

    fn call(function: &str, args: Vec<Expr>) -> Expr {
        Expr::call(function, args, Type::Bool, Span::default())
    }

    fn truth(expr: &Expr) -> String {
        let fields = [Field::new("S", Type::String), Field::new("D", Type::Dynamic)];
        let columns = Columns::of_event(&fields);
        let mut statics = Statics::default();
        Emitter { columns: &columns, statics: &mut statics }.truth(expr).to_string().replace(' ', "")
    }

    #[test]
    fn a_text_test_calls_the_text_function() {
        let has = call("has", vec![column("S", Type::String), text("x")]);
        assert_eq!(truth(&has), "g::has(&event.text(0usize),\"x\")");
        let not = call("not", vec![has.clone()]);
        assert_eq!(truth(&not), "!(g::has(&event.text(0usize),\"x\"))");
        let list = call("!in~", vec![column("S", Type::String), text("a"), text("b")]);
        assert_eq!(truth(&list), "!g::is_one_of_in_any_case(&event.text(0usize),&[\"a\",\"b\"])");
    }

    #[test]
    fn not_of_and_is_an_or_of_falsities() {
        let unknown = call("isnull", vec![column("D", Type::Dynamic)]);
        let both = call("not", vec![call("and", vec![unknown.clone(), unknown])]);
        let value = "g::is_false(&F0.call(&[event.value(1usize)],context))";
        assert_eq!(truth(&both), format!("({value}||{value})"));
    }
}
