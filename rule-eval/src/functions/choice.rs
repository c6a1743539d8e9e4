//! Functions that choose one of their arguments.

use crate::compare;
use crate::function::{Accepts, Function, Param, Returns, Signature};
use rule_model::{Type, Value};
use std::cmp::Ordering;

const BOOL: Accepts = Accepts::Type(Type::Bool);
const TWO_OR_MORE: &[Signature] = &[Signature::generic(
    &[
        Param::one("value", Accepts::Common),
        Param::one("value", Accepts::Common),
        Param::repeated("value", Accepts::Common),
    ],
    Returns::Common,
)];

pub(crate) static FUNCTIONS: &[Function] = &[
    Function::scalar(
        "iff",
        "The second argument where the condition is true, the third where it is false or null.",
        &[Signature::generic(
            &[
                Param::one("if", BOOL),
                Param::one("then", Accepts::Common),
                Param::one("else", Accepts::Common),
            ],
            Returns::Common,
        )],
        |_, args| if args[0].as_bool() == Some(true) { args[1].clone() } else { args[2].clone() },
        &[
            ("iff(1 < 2, \"yes\", \"no\")", "\"yes\""),
            ("iff(bool(null), 1, 2)", "2"),
            ("iff(false, 1, 2.5)", "2.5"),
        ],
    )
    .also(&["iif"]),
    Function::scalar(
        "case",
        "The value after the first condition that is true, or the last argument.",
        &[Signature::generic(
            &[
                Param::repeated("condition", BOOL),
                Param::repeated("then", Accepts::Common),
                Param::one("else", Accepts::Common),
            ],
            Returns::Common,
        )],
        |_, args| case(args),
        &[
            ("case(5 <= 3, \"Small\", 5 <= 10, \"Medium\", \"Large\")", "\"Medium\""),
            ("case(bool(null), 1, 2)", "2"),
        ],
    ),
    Function::scalar(
        "coalesce",
        "The first argument that is neither null nor the empty text.",
        TWO_OR_MORE,
        |_, args| coalesce(args),
        &[
            ("coalesce(tolong(\"not a number\"), tolong(\"42\"), 33)", "42"),
            ("coalesce(\"\", \"b\")", "\"b\""),
            ("coalesce(int(null), int(null))", "int(null)"),
        ],
    ),
    Function::scalar(
        "max_of",
        "The largest argument; nulls do not count.",
        TWO_OR_MORE,
        |_, args| extreme(args, Ordering::Greater),
        &[
            ("max_of(10, 1, -3, 17)", "17"),
            ("max_of(int(null), int(2))", "int(2)"),
            ("max_of(1, 2.5)", "2.5"),
        ],
    ),
    Function::scalar(
        "min_of",
        "The smallest argument; nulls do not count.",
        TWO_OR_MORE,
        |_, args| extreme(args, Ordering::Less),
        &[("min_of(10, 1, -3, 17)", "-3"), ("min_of(\"b\", \"a\")", "\"a\"")],
    ),
];

fn case(args: &[Value]) -> Value {
    let (choices, otherwise) = args.as_chunks::<2>();
    choices
        .iter()
        .find(|[condition, _]| condition.as_bool() == Some(true))
        .map(|[_, then]| then)
        .or(otherwise.first())
        .cloned()
        .unwrap_or_default()
}

fn coalesce(args: &[Value]) -> Value {
    let present = |value: &&Value| !value.is_null() && value.as_str() != Some("");
    // Without any the last is as good as each: null, or the empty text of strings.
    args.iter().find(present).or(args.last()).cloned().unwrap_or_default()
}

fn extreme(args: &[Value], wanted: Ordering) -> Value {
    args.iter()
        .filter(|value| !value.is_null())
        .reduce(|best, next| if compare::order(next, best) == Some(wanted) { next } else { best })
        .cloned()
        .unwrap_or_default()
}
