//! Which form of a function a call means: argument counts, types, and the conversions that a call implies.

use super::types::{self, Fit};
use rule_eval::function::{Accepts, Arity, Param, Returns, Signature};
use rule_model::Type;

/// An argument's type, as far as it is known.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Argument {
    pub(crate) ty: Type,
    /// Nothing is known of it: it suits everything.
    pub(crate) unknown: bool,
    /// Written as `typeof(…)`: the type it names.
    pub(crate) type_literal: Option<Type>,
}

/// A form of a function that a call suits.
#[derive(Debug)]
pub(crate) struct Chosen {
    /// For each argument its parameter.
    pub(crate) params: Vec<&'static Param>,
    /// For each argument the type it is converted to, if it is.
    pub(crate) conversions: Vec<Option<Type>>,
    /// Type of the result.
    pub(crate) ty: Type,
}

/// Why a call suits no form.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Mismatch {
    /// Wrong number of arguments; the least and the most, where there is one.
    Count(usize, Option<usize>),
    /// The argument at this position is not of a type that this parameter takes.
    Argument(usize, &'static str, String),
    /// No form takes these types together.
    Types,
}

/// What becomes of a dynamic argument that is not converted first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dynamic {
    /// Operators convert it, whatever they are defined for.
    Converted,
    /// Functions read it as text, and refuse it where a number, a time or a GUID must be.
    AsText,
    /// Aggregates refuse it.
    Refused,
}

/// Chooses the form of `signatures` that suits the arguments best; of equals the first.
pub(crate) fn choose(
    signatures: &'static [Signature],
    args: &[Argument],
    dynamic: Dynamic,
) -> Result<Chosen, Mismatch> {
    let mut best: Option<(usize, Chosen)> = None;
    let mut refused = Vec::new();
    let mut results = Vec::new();
    for signature in signatures {
        let Some(params) = layout(signature.params, args.len()) else { continue };
        let fits: Vec<_> =
            params.iter().zip(args).map(|(param, arg)| param_fit(param, *arg, dynamic)).collect();
        if let Some(at) = fits.iter().position(Option::is_none) {
            refused.push((at, params[at]));
            continue;
        }
        if let Some((_, ty)) = result(signature, &params, args) {
            results.push(ty);
        }
        let score: usize = fits.into_iter().flatten().map(|fit| fit as usize).sum();
        if best.as_ref().is_some_and(|(other, _)| *other >= score) {
            continue;
        }
        if let Some((conversions, ty)) = result(signature, &params, args) {
            best = Some((score, Chosen { params, conversions, ty }));
        }
    }
    let ambiguous = args.iter().any(|arg| arg.unknown) && results.windows(2).any(|pair| pair[0] != pair[1]);
    if ambiguous && let Some((_, chosen)) = &mut best {
        // An argument of unknown type leaves open which form is meant; the values decide.
        chosen.ty = Type::Dynamic;
        chosen.conversions.fill(None);
    }
    match (best, refused.as_slice()) {
        (Some((_, chosen)), _) => Ok(chosen),
        (None, [(at, param)]) => Err(Mismatch::Argument(*at, param.name, accepted(param))),
        (None, []) if signatures.iter().all(|s| layout(s.params, args.len()).is_none()) => {
            let (least, most) = counts(signatures);
            Err(Mismatch::Count(least, most))
        }
        (None, _) => Err(Mismatch::Types),
    }
}

/// For each of so many arguments the parameter it is for; `None` when there are too few or too many.
fn layout(params: &'static [Param], count: usize) -> Option<Vec<&'static Param>> {
    let group_start = params.iter().position(|p| p.arity == Arity::Repeated);
    let Some(start) = group_start else {
        let required = params.iter().filter(|p| p.arity == Arity::One).count();
        return (required..=params.len()).contains(&count).then(|| params.iter().take(count).collect());
    };
    let end = params.iter().rposition(|p| p.arity == Arity::Repeated)? + 1;
    let (before, group, after) = (&params[..start], &params[start..end], &params[end..]);
    let required = before.iter().filter(|p| p.arity == Arity::One).count();
    if count <= before.len() && after.is_empty() && !before.is_empty() {
        return (count >= required).then(|| before.iter().take(count).collect());
    }
    let repeated = count.checked_sub(before.len() + after.len())?;
    let enough = repeated > 0 || !before.is_empty();
    (enough && repeated % group.len() == 0)
        .then(|| before.iter().chain(group.iter().cycle().take(repeated)).chain(after).collect())
}

/// The least and the most arguments that any form takes.
fn counts(signatures: &[Signature]) -> (usize, Option<usize>) {
    let least = |s: &Signature| {
        // A group that stands first is given once at least.
        let leads = s.params.first().is_some_and(|p| p.arity == Arity::Repeated);
        let given = |p: &&Param| p.arity == Arity::One || (leads && p.arity == Arity::Repeated);
        s.params.iter().filter(given).count()
    };
    let most = |s: &Signature| {
        let repeats = s.params.iter().any(|p| p.arity == Arity::Repeated);
        (!repeats).then_some(s.params.len())
    };
    let unlimited = signatures.iter().any(|s| most(s).is_none());
    (
        signatures.iter().map(least).min().unwrap_or_default(),
        if unlimited { None } else { signatures.iter().filter_map(most).max() },
    )
}

fn param_fit(param: &Param, arg: Argument, dynamic: Dynamic) -> Option<Fit> {
    if let Accepts::TypeLiteral = param.accepts {
        return arg.type_literal.map(|_| Fit::Exact);
    }
    if arg.type_literal.is_some() {
        return None;
    }
    if arg.unknown {
        return Some(Fit::Converted);
    }
    let converted = |takes_text: bool| match dynamic {
        Dynamic::Converted => Some(Fit::Converted),
        Dynamic::AsText if takes_text => Some(Fit::Converted),
        _ => None,
    };
    let is_dynamic = arg.ty == Type::Dynamic;
    match param.accepts {
        Accepts::Type(ty) if is_dynamic && ty != Type::Dynamic => converted(ty == Type::String),
        Accepts::Type(ty) => types::fit(arg.ty, ty),
        Accepts::OneOf(types) if types.contains(&arg.ty) => Some(Fit::Exact),
        Accepts::OneOf(types) if is_dynamic => converted(types.contains(&Type::String)),
        Accepts::Number if is_dynamic => converted(false),
        Accepts::Number => arg.ty.is_number().then_some(Fit::Widened),
        Accepts::Any | Accepts::Text | Accepts::Common => Some(Fit::Anything),
        Accepts::OneOf(_) | Accepts::TypeLiteral => None,
    }
}

/// What each argument is converted to and what comes out.
fn result(
    signature: &Signature,
    params: &[&'static Param],
    args: &[Argument],
) -> Option<(Vec<Option<Type>>, Type)> {
    let common = common_type(params, args);
    let conversions = params
        .iter()
        .zip(args)
        .map(|(param, arg)| match param.accepts {
            Accepts::Type(ty) => (arg.ty != ty).then_some(ty),
            Accepts::Text => (arg.ty != Type::String).then_some(Type::String),
            Accepts::Common => common.filter(|ty| arg.ty != *ty),
            _ => None,
        })
        .collect();
    let ty = match signature.returns {
        Returns::Type(ty) => ty,
        Returns::Argument(at) => args.get(at).map_or(Type::Dynamic, |arg| arg.ty),
        Returns::Common => common.unwrap_or(Type::Dynamic),
        Returns::TypeLiteral => args.iter().find_map(|arg| arg.type_literal).unwrap_or(Type::String),
        Returns::Computed(compute) => {
            let types: Vec<Type> = args.iter().map(|arg| arg.ty).collect();
            match compute(&types) {
                Some(ty) => ty,
                None if args.iter().any(|arg| arg.ty == Type::Dynamic) => Type::Dynamic,
                None => return None,
            }
        }
    };
    Some((conversions, ty))
}

/// The common type of the arguments that have one together; `None` where there is none, or it is not known.
fn common_type(params: &[&'static Param], args: &[Argument]) -> Option<Type> {
    let mut together = params
        .iter()
        .zip(args)
        .filter(|(param, _)| matches!(param.accepts, Accepts::Common | Accepts::Number))
        .map(|(_, arg)| arg);
    let first = together.next()?;
    let known = !first.unknown;
    let ty = together.clone().try_fold(first.ty, |ty, arg| types::common(ty, arg.ty))?;
    (known && together.all(|arg| !arg.unknown)).then_some(ty)
}

/// What a parameter takes, for people.
fn accepted(param: &Param) -> String {
    match param.accepts {
        Accepts::Type(ty) => ty.name().to_owned(),
        Accepts::OneOf(types) => types.iter().map(|ty| ty.name()).collect::<Vec<_>>().join(", "),
        Accepts::Number => "a number".to_owned(),
        Accepts::TypeLiteral => "a type, as in typeof(long)".to_owned(),
        Accepts::Any | Accepts::Text | Accepts::Common => "a value".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: Param = Param::one("text", Accepts::Type(Type::String));
    const NUMBER: Param = Param::one("number", Accepts::Number);
    static ONE: [Signature; 1] = [Signature::new(&[TEXT], Type::Long)];
    static CASE: [Signature; 1] = [Signature::generic(
        &[
            Param::repeated("predicate", Accepts::Type(Type::Bool)),
            Param::repeated("then", Accepts::Common),
            Param::one("else", Accepts::Common),
        ],
        Returns::Common,
    )];
    static SUM: [Signature; 2] = [
        Signature::generic(&[NUMBER, NUMBER], Returns::Common),
        Signature::new(
            &[
                Param::one("time", Accepts::Type(Type::DateTime)),
                Param::one("span", Accepts::Type(Type::Timespan)),
            ],
            Type::DateTime,
        ),
    ];

    fn known(ty: Type) -> Argument {
        Argument { ty, unknown: false, type_literal: None }
    }

    fn chosen(signatures: &'static [Signature], types: &[Type]) -> Result<Type, Mismatch> {
        let args: Vec<Argument> = types.iter().copied().map(known).collect();
        choose(signatures, &args, Dynamic::Converted).map(|chosen| chosen.ty)
    }

    #[test]
    fn the_best_form_gives_the_type() {
        assert_eq!(chosen(&SUM, &[Type::Int, Type::Real]), Ok(Type::Real));
        assert_eq!(chosen(&SUM, &[Type::DateTime, Type::Timespan]), Ok(Type::DateTime));
        assert_eq!(chosen(&SUM, &[Type::Dynamic, Type::Long]), Ok(Type::Long));
        assert_eq!(
            chosen(&CASE, &[Type::Bool, Type::Int, Type::Bool, Type::Long, Type::Real]),
            Ok(Type::Real)
        );
        assert_eq!(chosen(&CASE, &[Type::Bool, Type::Int, Type::String]), Ok(Type::Dynamic));
    }

    #[test]
    fn what_suits_no_form_says_why() {
        assert_eq!(chosen(&ONE, &[]), Err(Mismatch::Count(1, Some(1))));
        assert_eq!(chosen(&CASE, &[Type::Bool, Type::Int]), Err(Mismatch::Count(3, None)));
        assert_eq!(chosen(&ONE, &[Type::Long]), Err(Mismatch::Argument(0, "text", "string".to_owned())));
        assert_eq!(chosen(&SUM, &[Type::String, Type::Long]), Err(Mismatch::Types));
    }

    #[test]
    fn dynamic_values_of_known_origin_suit_operators_text_parameters_and_no_aggregate() {
        static NUMBERS: [Signature; 1] = [Signature::new(&[NUMBER], Type::Long)];
        let dynamic = known(Type::Dynamic);
        for (signatures, rule, suits) in [
            (&NUMBERS, Dynamic::Converted, true),
            (&NUMBERS, Dynamic::AsText, false),
            (&ONE, Dynamic::AsText, true),
            (&ONE, Dynamic::Refused, false),
        ] {
            assert_eq!(choose(signatures, &[dynamic], rule).is_ok(), suits, "{rule:?}");
            assert!(choose(signatures, &[Argument { unknown: true, ..dynamic }], rule).is_ok(), "{rule:?}");
        }
    }
}
