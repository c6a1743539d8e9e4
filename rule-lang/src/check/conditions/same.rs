//! Whether two expressions say the same, or the opposite, wherever they stand.

use rule_model::Value;
use rule_model::plan::{Expr, ExprKind};

/// Tests that are each other's opposite for every value but null.
const OPPOSITES: [(&str, &str); 7] = [
    ("==", "!="),
    ("=~", "!~"),
    ("isempty", "isnotempty"),
    ("isnull", "isnotnull"),
    ("<", ">="),
    (">", "<="),
    ("between", "!between"),
];

/// Whether both are the same computation.
pub(super) fn same(left: &Expr, right: &Expr) -> bool {
    match (&left.kind, &right.kind) {
        (ExprKind::Literal(left), ExprKind::Literal(right)) => left == right,
        (ExprKind::Column(left), ExprKind::Column(right)) => left == right,
        (ExprKind::Property(left, a), ExprKind::Property(right, b)) => a == b && same(left, right),
        (ExprKind::Element(left, a), ExprKind::Element(right, b)) => same(left, right) && same(a, b),
        (ExprKind::Call(f, a), ExprKind::Call(g, b)) => {
            if let (Some((subject, mut values)), Some((other, mut others))) = (listed(left), listed(right)) {
                values.sort();
                others.sort();
                return values == others && same(subject, other);
            }
            let is_swapped = || f == g && matches!(f.as_str(), "==" | "!=" | "=~" | "!~") && swapped(a, b);
            (f == g && a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b))) || is_swapped()
        }
        _ => false,
    }
}

/// Whether one holds exactly where the other does not, nulls aside.
pub(super) fn complement(left: &Expr, right: &Expr) -> bool {
    let negated = |whole: &Expr, part: &Expr| match &whole.kind {
        ExprKind::Call(function, args) => {
            function == "not" && args.first().is_some_and(|arg| same(arg, part))
        }
        _ => false,
    };
    if negated(left, right) || negated(right, left) {
        return true;
    }
    let (ExprKind::Call(f, a), ExprKind::Call(g, b)) = (&left.kind, &right.kind) else { return false };
    let opposite = |f: &str, g: &str| g.strip_prefix('!') == Some(f) || OPPOSITES.contains(&(f, g));
    (opposite(f, g) || opposite(g, f)) && a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b))
}

fn swapped(a: &[Expr], b: &[Expr]) -> bool {
    matches!((a, b), ([a, b], [c, d]) if same(a, d) && same(b, c))
}

/// A test for equality with one of some texts: its subject, and the texts with the operator, in small letters where
/// case does not matter.
fn listed(test: &Expr) -> Option<(&Expr, Vec<String>)> {
    let ExprKind::Call(function, args) = &test.kind else { return None };
    let (in_any_case, is_negative) = match function.as_str() {
        "==" | "in" => (false, false),
        "!=" | "!in" => (false, true),
        "=~" | "in~" => (true, false),
        "!~" | "!in~" => (true, true),
        _ => return None,
    };
    let is_literal = |arg: &&Expr| matches!(arg.kind, ExprKind::Literal(_));
    let (subject, literals) = match args.as_slice() {
        [literal, subject] if is_literal(&literal) => (subject, std::slice::from_ref(literal)),
        [subject, literals @ ..] => (subject, literals),
        [] => return None,
    };
    let mut texts = vec![format!("{in_any_case} {is_negative}")];
    for literal in literals {
        let ExprKind::Literal(value) = &literal.kind else { return None };
        let values = match value {
            Value::Array(items) => items.to_vec(),
            value => vec![value.clone()],
        };
        for value in values {
            let value = value.as_str()?;
            texts.push(if in_any_case { value.to_lowercase() } else { value.to_owned() });
        }
    }
    Some((subject, texts))
}
