//! Text predicates as operators; what they mean is defined in [`crate::text`].

use crate::function::{Accepts, Function, Param, Signature};
use crate::text;
use rule_model::{Type, Value};

const TEXT: Accepts = Accepts::Type(Type::String);
const PAIR: &[Signature] =
    &[Signature::new(&[Param::one("text", TEXT), Param::one("search", TEXT)], Type::Bool)];

pub(crate) static FUNCTIONS: &[Function] = &[
    Function::scalar(
        "contains",
        "Whether a text occurs in another, ignoring case.",
        PAIR,
        |_, args| test(args, text::contains).into(),
        &[("\"FabriKam\" contains \"BRik\"", "true"), ("\"a\" contains \"b\"", "false")],
    ),
    Function::scalar(
        "!contains",
        "Whether it is not so that a text occurs in another, ignoring case.",
        PAIR,
        |_, args| (!test(args, text::contains)).into(),
        &[("\"FabriKam\" !contains \"BRik\"", "false"), ("\"a\" !contains \"b\"", "true")],
    ),
    Function::scalar(
        "contains_cs",
        "Whether a text occurs in another, with the same case.",
        PAIR,
        |_, args| test(args, text::contains_cs).into(),
        &[("\"FabriKam\" contains_cs \"briK\"", "true"), ("\"FabriKam\" contains_cs \"Bri\"", "false")],
    ),
    Function::scalar(
        "!contains_cs",
        "Whether it is not so that a text occurs in another, with the same case.",
        PAIR,
        |_, args| (!test(args, text::contains_cs)).into(),
        &[("\"FabriKam\" !contains_cs \"briK\"", "false"), ("\"FabriKam\" !contains_cs \"Bri\"", "true")],
    ),
    Function::scalar(
        "startswith",
        "Whether a text begins with another, ignoring case.",
        PAIR,
        |_, args| test(args, text::startswith).into(),
        &[("\"Fabrikam\" startswith \"fab\"", "true")],
    ),
    Function::scalar(
        "!startswith",
        "Whether it is not so that a text begins with another, ignoring case.",
        PAIR,
        |_, args| (!test(args, text::startswith)).into(),
        &[("\"Fabrikam\" !startswith \"fab\"", "false")],
    ),
    Function::scalar(
        "startswith_cs",
        "Whether a text begins with another, with the same case.",
        PAIR,
        |_, args| test(args, text::startswith_cs).into(),
        &[("\"Fabrikam\" startswith_cs \"fab\"", "false")],
    ),
    Function::scalar(
        "!startswith_cs",
        "Whether it is not so that a text begins with another, with the same case.",
        PAIR,
        |_, args| (!test(args, text::startswith_cs)).into(),
        &[("\"Fabrikam\" !startswith_cs \"fab\"", "true")],
    ),
    Function::scalar(
        "endswith",
        "Whether a text ends with another, ignoring case.",
        PAIR,
        |_, args| test(args, text::endswith).into(),
        &[("\"Fabrikam\" endswith \"KAM\"", "true")],
    ),
    Function::scalar(
        "!endswith",
        "Whether it is not so that a text ends with another, ignoring case.",
        PAIR,
        |_, args| (!test(args, text::endswith)).into(),
        &[("\"Fabrikam\" !endswith \"KAM\"", "false")],
    ),
    Function::scalar(
        "endswith_cs",
        "Whether a text ends with another, with the same case.",
        PAIR,
        |_, args| test(args, text::endswith_cs).into(),
        &[("\"Fabrikam\" endswith_cs \"KAM\"", "false")],
    ),
    Function::scalar(
        "!endswith_cs",
        "Whether it is not so that a text ends with another, with the same case.",
        PAIR,
        |_, args| (!test(args, text::endswith_cs)).into(),
        &[("\"Fabrikam\" !endswith_cs \"KAM\"", "true")],
    ),
    Function::scalar(
        "has",
        "Whether a text has another as a term, ignoring case.",
        PAIR,
        |_, args| test(args, text::has).into(),
        &[
            ("\"North America\" has \"america\"", "true"),
            ("\"North America\" has \"amer\"", "false"),
            ("\"foo_bar\" has \"foo\"", "true"),
            ("\"user@example.com\" has \"@\"", "true"),
        ],
    ),
    Function::scalar(
        "!has",
        "Whether it is not so that a text has another as a term, ignoring case.",
        PAIR,
        |_, args| (!test(args, text::has)).into(),
        &[
            ("\"North America\" !has \"america\"", "false"),
            ("\"North America\" !has \"amer\"", "true"),
            ("\"foo_bar\" !has \"foo\"", "false"),
            ("\"user@example.com\" !has \"@\"", "false"),
        ],
    ),
    Function::scalar(
        "has_cs",
        "Whether a text has another as a term, with the same case.",
        PAIR,
        |_, args| test(args, text::has_cs).into(),
        &[
            ("\"North America\" has_cs \"America\"", "true"),
            ("\"North America\" has_cs \"america\"", "false"),
        ],
    ),
    Function::scalar(
        "!has_cs",
        "Whether it is not so that a text has another as a term, with the same case.",
        PAIR,
        |_, args| (!test(args, text::has_cs)).into(),
        &[
            ("\"North America\" !has_cs \"America\"", "false"),
            ("\"North America\" !has_cs \"america\"", "true"),
        ],
    ),
    Function::scalar(
        "hasprefix",
        "Whether a text has a term that begins with another text, ignoring case.",
        PAIR,
        |_, args| test(args, text::hasprefix).into(),
        &[("\"North America\" hasprefix \"ame\"", "true")],
    ),
    Function::scalar(
        "!hasprefix",
        "Whether it is not so that a text has a term that begins with another text, ignoring case.",
        PAIR,
        |_, args| (!test(args, text::hasprefix)).into(),
        &[("\"North America\" !hasprefix \"ame\"", "false")],
    ),
    Function::scalar(
        "hasprefix_cs",
        "Whether a text has a term that begins with another text, with the same case.",
        PAIR,
        |_, args| test(args, text::hasprefix_cs).into(),
        &[("\"North America\" hasprefix_cs \"ame\"", "false")],
    ),
    Function::scalar(
        "!hasprefix_cs",
        "Whether it is not so that a text has a term that begins with another text, with the same case.",
        PAIR,
        |_, args| (!test(args, text::hasprefix_cs)).into(),
        &[("\"North America\" !hasprefix_cs \"ame\"", "true")],
    ),
    Function::scalar(
        "hassuffix",
        "Whether a text has a term that ends with another text, ignoring case.",
        PAIR,
        |_, args| test(args, text::hassuffix).into(),
        &[("\"North America\" hassuffix \"ica\"", "true")],
    ),
    Function::scalar(
        "!hassuffix",
        "Whether it is not so that a text has a term that ends with another text, ignoring case.",
        PAIR,
        |_, args| (!test(args, text::hassuffix)).into(),
        &[("\"North America\" !hassuffix \"ica\"", "false")],
    ),
    Function::scalar(
        "hassuffix_cs",
        "Whether a text has a term that ends with another text, with the same case.",
        PAIR,
        |_, args| test(args, text::hassuffix_cs).into(),
        &[("\"North America\" hassuffix_cs \"ICA\"", "false")],
    ),
    Function::scalar(
        "!hassuffix_cs",
        "Whether it is not so that a text has a term that ends with another text, with the same case.",
        PAIR,
        |_, args| (!test(args, text::hassuffix_cs)).into(),
        &[("\"North America\" !hassuffix_cs \"ICA\"", "true")],
    ),
];

fn test(args: &[Value], predicate: fn(&str, &str) -> bool) -> bool {
    predicate(args[0].as_str().unwrap_or_default(), args[1].as_str().unwrap_or_default())
}
