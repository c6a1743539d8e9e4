//! How types go together: implicit conversions and common types.
//!
//! Source: the behaviour of Microsoft's analyser, and the Kusto documentation, "Scalar data types".

use rule_model::Type;
use rule_model::plan::{Expr, ExprKind};
use rule_model::{Value, plan};

/// How well an argument suits a parameter of a type; a greater fit is a better one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Fit {
    /// Dynamic, or of unknown type: converted, and null where the value is something else.
    Converted,
    /// Taken as it is by a parameter that takes anything.
    Anything,
    /// A number that widens.
    Widened,
    /// Of the type itself.
    Exact,
}

/// How an argument of type `from` suits a parameter of type `to`; `None` if it does not.
pub(crate) fn fit(from: Type, to: Type) -> Option<Fit> {
    match (from, to) {
        _ if from == to => Some(Fit::Exact),
        (Type::Dynamic, _) | (Type::Decimal, Type::Real) => Some(Fit::Converted),
        _ if widens(from, to) => Some(Fit::Widened),
        _ => None,
    }
}

/// Whether every number of type `from` is taken for one of type `to`.
pub(crate) fn widens(from: Type, to: Type) -> bool {
    matches!(
        (from, to),
        (Type::Int, Type::Long | Type::Real | Type::Decimal)
            | (Type::Long, Type::Real | Type::Decimal)
            | (Type::Real, Type::Decimal)
    )
}

/// The type that values of both types are converted to. Dynamic yields to the other type, as in Kusto.
pub(crate) fn common(a: Type, b: Type) -> Option<Type> {
    match (a, b) {
        _ if a == b => Some(a),
        (Type::Dynamic, other) | (other, Type::Dynamic) => Some(other),
        _ if widens(a, b) => Some(b),
        _ if widens(b, a) => Some(a),
        _ => None,
    }
}

/// The function that converts to a type; dynamic needs none, because a value says itself what it is.
pub(crate) fn conversion(to: Type) -> Option<&'static str> {
    Some(match to {
        Type::Bool => "tobool",
        Type::Int => "toint",
        Type::Long => "tolong",
        Type::Real => "toreal",
        Type::Decimal => "todecimal",
        Type::String => "tostring",
        Type::DateTime => "todatetime",
        Type::Timespan => "totimespan",
        Type::Guid => "toguid",
        Type::Dynamic => return None,
    })
}

/// Whether the conversion to a type gives null of every value of another.
pub(crate) fn never_converts(from: Type, to: Type) -> bool {
    let is_time = |ty| matches!(ty, Type::DateTime | Type::Timespan);
    match (from, to) {
        _ if from == to => false,
        (Type::Dynamic | Type::String, _) | (_, Type::Dynamic | Type::String) => false,
        (Type::Guid, _) | (_, Type::Guid) => true,
        (from, Type::Bool) => is_time(from),
        (from, Type::Timespan) => !from.is_number(),
        (from, Type::DateTime) => !matches!(from, Type::Int | Type::Long),
        (_, Type::Int | Type::Long | Type::Real | Type::Decimal) => false,
    }
}

/// Whether `<` and its relatives compare values of the two types. `==` takes any: it compares converted values, as in
/// `ResultType == 0`.
pub(crate) fn orderable_together(a: Type, b: Type) -> bool {
    match (a, b) {
        (Type::Dynamic, other) | (other, Type::Dynamic) => other == Type::Dynamic || other.is_number(),
        _ if a.is_number() && b.is_number() => true,
        _ => a == b && matches!(a, Type::Bool | Type::DateTime | Type::Timespan),
    }
}

/// The constant text of an expression.
pub(crate) fn literal_text(e: &Expr) -> Option<&str> {
    literal(e).and_then(Value::as_str)
}

/// The constant value of an expression.
pub(crate) fn literal(e: &Expr) -> Option<&Value> {
    match &e.kind {
        plan::ExprKind::Literal(value) => Some(value),
        _ => None,
    }
}

/// Whether the value is the same for all rows.
pub(crate) fn is_constant(e: &Expr) -> bool {
    match &e.kind {
        ExprKind::Literal(_) | ExprKind::ToScalar(_) | ExprKind::FirstColumn(_) => true,
        // A parameter while its function's body is checked for itself.
        ExprKind::Column(name) => name.starts_with(super::PARAMETER),
        ExprKind::Property(base, _) => is_constant(base),
        ExprKind::Element(base, index) => is_constant(base) && is_constant(index),
        ExprKind::Call(name, args) => {
            let varies = |f: &rule_eval::Function| f.stability == rule_eval::function::Stability::Window;
            !rule_eval::function(name).is_some_and(varies) && args.iter().all(is_constant)
        }
        ExprKind::WholeRow { .. } => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_widen_and_dynamic_yields() {
        for (a, b, expected) in [
            (Type::Int, Type::Long, Some(Type::Long)),
            (Type::Long, Type::Real, Some(Type::Real)),
            (Type::Dynamic, Type::String, Some(Type::String)),
            (Type::String, Type::Long, None),
            (Type::DateTime, Type::Timespan, None),
        ] {
            assert_eq!(common(a, b), expected, "{a} {b}");
            assert_eq!(common(b, a), expected, "{b} {a}");
        }
    }

    #[test]
    fn what_never_converts_is_null_of_every_value() {
        let values = [
            Value::Bool(true),
            Value::Int(1),
            Value::Long(1),
            Value::Real(1.0),
            Value::Decimal(1.into()),
            Value::string("1"),
            Value::DateTime(rule_model::DateTime(1)),
            Value::Timespan(rule_model::Timespan(1)),
            Value::Guid(rule_model::Guid::parse("74be27de-1e4e-49d9-b579-fe0b331d3642").unwrap()),
        ];
        let types = Type::ALL.iter().filter(|ty| **ty != Type::Dynamic);
        for (value, from) in values.iter().zip(types.clone()) {
            for to in types.clone() {
                // This text is that of a number, others are those of a time or a guid.
                let is_null = rule_eval::convert::convert(value, *to).is_null() && *from != Type::String;
                assert_eq!(never_converts(*from, *to), is_null, "{from} to {to}");
            }
        }
    }

    #[test]
    fn what_has_an_order_together() {
        assert!(orderable_together(Type::Int, Type::Real));
        assert!(orderable_together(Type::Dynamic, Type::Long));
        assert!(!orderable_together(Type::String, Type::Long));
        assert!(!orderable_together(Type::String, Type::String));
        assert!(!orderable_together(Type::DateTime, Type::Timespan));
    }
}
