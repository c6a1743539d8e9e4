//! [`Query`] to a predicate of the plan.
//!
//! Tests become calls of `rule-eval`'s `kuery:` functions, which look at every value of a field. On the operation
//! column a plain text becomes KQL's own `==` as well, which the dispatch table can be keyed on; the case that the
//! record holds an array there, which reads as text that begins with `[`, stands beside it.

use super::syntax::{Comparison, Literal, Query, QueryKind};
use crate::Diagnostic;
use rule_model::plan::{Expr, ExprKind, Span};
use rule_model::{Column, DateTime, Schema, Type, Value};

/// Lowers a query over a table. All faults are reported together.
pub(super) fn lower(query: &Query, schema: &Schema) -> Result<Expr, Vec<Diagnostic>> {
    let mut lowering = Lowering { schema, errors: Vec::new() };
    let predicate = lowering.query(query);
    if lowering.errors.is_empty() { Ok(predicate) } else { Err(lowering.errors) }
}

struct Lowering<'a> {
    schema: &'a Schema,
    errors: Vec<Diagnostic>,
}

/// Where the values of a field are found.
struct Field<'a> {
    values: Expr,
    /// The column, where the field is one.
    column: Option<(usize, &'a Column)>,
}

impl<'a> Lowering<'a> {
    fn query(&mut self, query: &Query) -> Expr {
        let span = query.span;
        match &query.kind {
            QueryKind::And(operands) => self.join("and", operands, span),
            QueryKind::Or(operands) => self.join("or", operands, span),
            QueryKind::Not(operand) => not(self.query(operand), span),
            QueryKind::Is(None, value) => anywhere(value, span),
            QueryKind::Is(Some(field), value) if field.is_any() => anywhere(value, span),
            QueryKind::Is(Some(field), value) => {
                self.each(field, span, |this, place| this.is(place, value, span))
            }
            QueryKind::Range(field, comparison, value) => {
                self.each(field, span, |this, place| this.range(&place, *comparison, value, span))
            }
            QueryKind::Nested(field, inner) => self.each(field, span, |this, place| {
                let predicate = this.predicate(inner, "");
                test("kuery:nested", place.values, predicate, span)
            }),
        }
    }

    fn join(&mut self, operator: &str, operands: &[Query], span: Span) -> Expr {
        let operands: Vec<_> = operands.iter().map(|operand| self.query(operand)).collect();
        joined(operator, operands, span)
    }

    /// A test on each place where a field's values may lie; one is enough.
    fn each(
        &mut self,
        field: &Literal,
        span: Span,
        mut on: impl FnMut(&mut Self, Field<'a>) -> Expr,
    ) -> Expr {
        let places = self.places(field);
        if places.is_empty() {
            self.unknown(field);
        }
        let mut tests = Vec::new();
        for place in places {
            let errors = self.errors.len();
            let test = on(self, place);
            // Of the many columns of a pattern, those whose type cannot hold the value just do not match.
            if field.is_pattern() && self.errors.len() > errors {
                self.errors.truncate(errors);
            } else {
                tests.push(test);
            }
        }
        joined("or", tests, span)
    }

    /// The columns that a field's name or pattern names, and the dynamic columns that hold it as a part.
    fn places(&self, field: &Literal) -> Vec<Field<'a>> {
        let schema = self.schema;
        let span = field.span;
        let columns = schema.columns.iter().enumerate();
        let mut places: Vec<_> = columns
            .filter(|(_, column)| field.fits(&column.name))
            .map(|(index, column)| Field { values: column_expr(column, span), column: Some((index, column)) })
            .collect();
        if !field.is_pattern() {
            let name = field.text();
            let dynamic = schema.columns.iter().filter(|column| column.ty == Type::Dynamic);
            places.extend(dynamic.filter_map(|column| {
                let part = name.strip_prefix(column.name.as_ref())?.strip_prefix('.')?;
                let args = vec![column_expr(column, span), text_expr(part, span)];
                let values = Expr::call("kuery:field", args, Type::Dynamic, span);
                Some(Field { values, column: None })
            }));
        }
        places
    }

    fn is(&mut self, place: Field<'a>, value: &Literal, span: Span) -> Expr {
        let column = place.column.map(|(_, column)| column);
        if value.is_any() {
            return Expr::call("kuery:exists", vec![place.values], Type::Bool, span);
        }
        if let Some(column) = column {
            if is_analyzed(column) {
                return words(&place.values, value, span);
            }
            if !Lowering::can_hold(column, value) {
                self.unfit(column.ty, value);
            }
        }
        if value.is_pattern() {
            return test("kuery:like", place.values, pattern(value), span);
        }
        let text = value.text();
        let is_operation = place.column.is_some_and(|(index, _)| self.schema.operation == Some(index));
        let of_any = test("kuery:equals", place.values.clone(), Value::string(&text), span);
        if !is_operation {
            return of_any;
        }
        let call = |name: &str, text: &str| {
            Expr::call(name, vec![place.values.clone(), text_expr(text, value.span)], Type::Bool, span)
        };
        let of_array = joined("and", vec![call("startswith_cs", "["), of_any], span);
        joined("or", vec![call("==", &text), of_array], span)
    }

    fn range(&mut self, place: &Field<'_>, comparison: Comparison, value: &Literal, span: Span) -> Expr {
        let ty = place.column.map_or(Type::Dynamic, |(_, column)| column.ty);
        let wanted = self.bound(ty, value);
        let of = |name: &str| test(name, place.values.clone(), wanted.clone(), span);
        match comparison {
            Comparison::Less => of("kuery:less"),
            Comparison::Greater => of("kuery:greater"),
            Comparison::LessOrEqual => joined("or", vec![of("kuery:less"), of("kuery:equals")], span),
            Comparison::GreaterOrEqual => joined("or", vec![of("kuery:greater"), of("kuery:equals")], span),
        }
    }

    /// The end of a range as a value of the column's type.
    fn bound(&mut self, ty: Type, value: &Literal) -> Value {
        let text = value.text();
        if value.is_pattern() {
            let error = Diagnostic::error(value.span, "a range has no wildcards");
            self.errors.push(error.help("write the value in full"));
        }
        let parsed = match ty {
            Type::String => Some(Value::string(&text)),
            Type::DateTime => DateTime::parse_iso(&text).map(Value::from),
            Type::Dynamic => Some(number(&text).unwrap_or_else(|| Value::string(&text))),
            _ => number(&text),
        };
        parsed.unwrap_or_else(|| {
            self.unfit(ty, value);
            Value::Null
        })
    }

    /// Whether a column of its type can hold a value at all.
    fn can_hold(column: &Column, value: &Literal) -> bool {
        let text = value.text();
        match column.ty {
            Type::String | Type::Dynamic => true,
            _ if value.is_pattern() => false,
            Type::Bool => matches!(text.as_str(), "true" | "false"),
            Type::DateTime => DateTime::parse_iso(&text).is_some(),
            _ => number(&text).is_some(),
        }
    }

    fn unfit(&mut self, ty: Type, value: &Literal) {
        let help = match ty {
            Type::DateTime => "write a date such as \"2024-03-01T00:00:00Z\"",
            Type::Bool => "write true or false",
            _ => "write a number",
        };
        let message = format!("`{}` is no {ty}", value.text());
        self.errors.push(Diagnostic::error(value.span, message).help(help));
    }

    fn unknown(&mut self, field: &Literal) {
        let name = field.text();
        let table = &self.schema.name;
        let error = if field.is_pattern() {
            Diagnostic::error(field.span, format!("no field of {table} is called `{name}`"))
        } else {
            Diagnostic::error(field.span, format!("{table} has no field `{name}`"))
        };
        self.errors.push(match nearest(&name, self.schema) {
            Some(nearest) => error.help(format!("write `{nearest}`")),
            None => error.help(format!("write a field of {table}; the book's page of tables lists them")),
        });
    }

    /// A condition within `field:{ … }` as the value that `kuery:nested` takes. `prefix` is the path to the objects.
    fn predicate(&mut self, query: &Query, prefix: &str) -> Value {
        let mut each = |operator: &str, operands: &[Query]| {
            let operands: Vec<_> = operands.iter().map(|operand| self.predicate(operand, prefix)).collect();
            Value::array(std::iter::once(Value::string(operator)).chain(operands))
        };
        match &query.kind {
            QueryKind::And(operands) => each("and", operands),
            QueryKind::Or(operands) => each("or", operands),
            QueryKind::Not(operand) => each("not", std::slice::from_ref(operand.as_ref())),
            QueryKind::Nested(field, inner) => {
                let prefix = format!("{prefix}{}.", field.text());
                self.predicate(inner, &prefix)
            }
            QueryKind::Is(Some(field), value) => {
                let name = self.nested_name(field, prefix);
                nested_is(&name, value)
            }
            QueryKind::Is(None, value) => {
                let error = Diagnostic::error(value.span, "a value within `{ }` needs a field");
                self.errors.push(error.help(format!("write `field:{}`", value.text())));
                Value::Null
            }
            QueryKind::Range(field, comparison, value) => {
                let name = self.nested_name(field, prefix);
                let wanted = self.bound(Type::Dynamic, value);
                nested_range(&name, *comparison, &wanted)
            }
        }
    }

    fn nested_name(&mut self, field: &Literal, prefix: &str) -> String {
        if field.is_pattern() {
            let error = Diagnostic::error(field.span, "a field within `{ }` has no wildcards");
            self.errors.push(error.help("write its name in full"));
        }
        format!("{prefix}{}", field.text())
    }
}

fn nested_is(field: &str, value: &Literal) -> Value {
    let (name, wanted) = match value {
        value if value.is_any() => ("kuery:exists", None),
        value if value.is_pattern() => ("kuery:like", Some(pattern(value))),
        value => ("kuery:equals", Some(Value::string(value.text()))),
    };
    Value::array([Value::string(name), Value::string(field)].into_iter().chain(wanted))
}

fn nested_range(field: &str, comparison: Comparison, wanted: &Value) -> Value {
    let of = |name: &str| Value::array([Value::string(name), Value::string(field), wanted.clone()]);
    let either = |first, second| Value::array([Value::string("or"), of(first), of(second)]);
    match comparison {
        Comparison::Less => of("kuery:less"),
        Comparison::Greater => of("kuery:greater"),
        Comparison::LessOrEqual => either("kuery:less", "kuery:equals"),
        Comparison::GreaterOrEqual => either("kuery:greater", "kuery:equals"),
    }
}

/// A value in any field.
fn anywhere(value: &Literal, span: Span) -> Expr {
    if value.is_any() {
        return Expr::literal(Value::Bool(true), Type::Bool, span);
    }
    let row = Expr { kind: ExprKind::WholeRow { ignore_empty: true }, ty: Type::Dynamic, span };
    let leaves = Expr::call("kuery:leaves", vec![row], Type::Dynamic, span);
    if value.is_pattern() {
        return test("kuery:like", leaves, pattern(value), span);
    }
    test("kuery:equals", leaves, Value::string(value.text()), span)
}

/// Analyzed text: a phrase in quotes, or any of the words; ignoring case.
fn words(text: &Expr, value: &Literal, span: Span) -> Expr {
    let has =
        |wanted: &str| Expr::call("has", vec![text.clone(), text_expr(wanted, value.span)], Type::Bool, span);
    if value.quoted {
        return has(&value.text());
    }
    let word = |word: &str| match word.split('*').collect::<Vec<_>>().as_slice() {
        [prefix, ""] => {
            Expr::call("hasprefix", vec![text.clone(), text_expr(prefix, value.span)], Type::Bool, span)
        }
        _ => has(word),
    };
    joined("or", value.text().split_whitespace().map(word).collect(), span)
}

/// Whether Elastic's mapping makes the field analyzed text.
fn is_analyzed(column: &Column) -> bool {
    column.name == "message" || column.name.ends_with(".message")
}

fn pattern(value: &Literal) -> Value {
    Value::array(value.parts.iter().map(Value::string))
}

fn number(text: &str) -> Option<Value> {
    let long = text.parse::<i64>().map(Value::from).ok();
    long.or_else(|| text.parse::<f64>().ok().filter(|number| number.is_finite()).map(Value::from))
}

fn test(name: &str, values: Expr, wanted: Value, span: Span) -> Expr {
    let ty = wanted.type_of().unwrap_or(Type::Dynamic);
    Expr::call(name, vec![values, Expr::literal(wanted, ty, span)], Type::Bool, span)
}

fn not(operand: Expr, span: Span) -> Expr {
    Expr::call("not", vec![operand], Type::Bool, span)
}

/// Operands with an operator of two arguments between; false where there is none.
fn joined(operator: &str, operands: Vec<Expr>, span: Span) -> Expr {
    let join = |left, right| Expr::call(operator, vec![left, right], Type::Bool, span);
    operands.into_iter().reduce(join).unwrap_or_else(|| Expr::literal(Value::Bool(false), Type::Bool, span))
}

fn column_expr(column: &Column, span: Span) -> Expr {
    Expr::column(column.name.as_ref(), column.ty, span)
}

fn text_expr(text: &str, span: Span) -> Expr {
    Expr::literal(Value::string(text), Type::String, span)
}

/// The column whose name takes the fewest edits, if they are few for its length.
fn nearest<'a>(name: &str, schema: &'a Schema) -> Option<&'a str> {
    let names = schema.columns.iter().map(|column| column.name.as_ref());
    let (edits, nearest) = names.map(|known| (edits(name, known), known)).min()?;
    (edits <= name.chars().count() / 3 + 1).then_some(nearest)
}

/// Insertions, deletions and substitutions that turn one text into another, ignoring case.
fn edits(left: &str, right: &str) -> usize {
    let right: Vec<char> = right.chars().map(|c| c.to_ascii_lowercase()).collect();
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (i, a) in left.chars().map(|c| c.to_ascii_lowercase()).enumerate() {
        let mut diagonal = i;
        let mut before = i + 1;
        for (cell, b) in row.iter_mut().skip(1).zip(&right) {
            let substituted = diagonal + usize::from(a != *b);
            diagonal = *cell;
            before = substituted.min(diagonal + 1).min(before + 1);
            *cell = before;
        }
        if let Some(first) = row.first_mut() {
            *first = i + 1;
        }
    }
    row.last().copied().unwrap_or_default()
}
