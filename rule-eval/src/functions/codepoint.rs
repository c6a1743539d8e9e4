//! Text from and to code points.

use crate::function::{Accepts, Function, Param, Signature};
use rule_model::{Type, Value};

const POINT: Accepts = Accepts::OneOf(&[Type::Int, Type::Long, Type::Dynamic]);

pub(crate) static FUNCTIONS: &[Function] = &[
    Function::scalar(
        "unicode_codepoints_from_string",
        "The code points of a text's characters.",
        &[Signature::new(&[Param::one("text", Accepts::Type(Type::String))], Type::Dynamic)],
        |_, args| {
            Value::array(
                args[0].as_str().unwrap_or_default().chars().map(|c| Value::Long(u32::from(c).into())),
            )
        },
        &[("unicode_codepoints_from_string(\"⒦a\")", "dynamic([9382, 97])")],
    )
    .also(&["to_utf8"]),
    Function::scalar(
        "unicode_codepoints_to_string",
        "The text of code points, given one by one or in arrays; what is no code point is left out.",
        &[Signature::new(
            &[Param::one("codepoint", POINT), Param::repeated("codepoint", POINT)],
            Type::String,
        )],
        |_, args| {
            let each = args.iter().flat_map(|arg| arg.as_array().unwrap_or(std::slice::from_ref(arg)));
            let text: String =
                each.filter_map(|point| char::from_u32(u32::try_from(point.as_i64()?).ok()?)).collect();
            text.into()
        },
        &[
            ("unicode_codepoints_to_string(75, 117, 115, 116, 111)", "\"Kusto\""),
            ("unicode_codepoints_to_string(dynamic([75, 117, 115]), 116, 111)", "\"Kusto\""),
        ],
    )
    .also(&["make_string"]),
];
