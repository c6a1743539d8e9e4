//! Conversions between types, and questions about a value's type and presence.
//!
//! What the conversions make of each value is defined in [`crate::convert`].

use crate::convert::{convert, parse_json};
use crate::function::{Accepts, Function, Param, Signature};
use crate::json;
use rule_model::{Type, Value};

const VALUE: &[Param] = &[Param::one("value", Accepts::Any)];
const TO_BOOL: &[Signature] = &[Signature::new(VALUE, Type::Bool)];
const WHOLE_OR_REAL: Accepts = Accepts::OneOf(&[Type::Real, Type::Long, Type::Int]);
const REAL_TO_BOOL: &[Signature] = &[Signature::new(&[Param::one("number", WHOLE_OR_REAL)], Type::Bool)];

pub(crate) static FUNCTIONS: &[Function] = &[
    Function::scalar(
        "tobool",
        "Converts to bool: `true` and `false` in any case, numbers by whether they differ from zero.",
        TO_BOOL,
        |_, args| convert(&args[0], Type::Bool),
        &[("tobool(\"True\")", "true"), ("tobool(123)", "true"), ("tobool(\"abc\")", "bool(null)")],
    )
    .also(&["toboolean"]),
    Function::scalar(
        "toint",
        "Converts to int; fractions are cut off.",
        &[Signature::new(VALUE, Type::Int)],
        |_, args| convert(&args[0], Type::Int),
        &[("toint(\"123\")", "int(123)"), ("toint(2.9)", "int(2)"), ("toint(\"a\")", "int(null)")],
    ),
    Function::scalar(
        "tolong",
        "Converts to long; fractions are cut off; of datetimes and timespans their ticks.",
        &[Signature::new(VALUE, Type::Long)],
        |_, args| convert(&args[0], Type::Long),
        &[("tolong(\"123\")", "123"), ("tolong(\"0x10\")", "16"), ("tolong(\"not a number\")", "long(null)")],
    ),
    Function::scalar(
        "toreal",
        "Converts to real.",
        &[Signature::new(VALUE, Type::Real)],
        |_, args| convert(&args[0], Type::Real),
        &[("toreal(\"123.4\")", "123.4"), ("toreal(5)", "5.0"), ("toreal(\"x\")", "real(null)")],
    )
    .also(&["todouble"]),
    Function::scalar(
        "todecimal",
        "Converts to decimal.",
        &[Signature::new(VALUE, Type::Decimal)],
        |_, args| convert(&args[0], Type::Decimal),
        &[("todecimal(\"123.45678\")", "decimal(123.45678)"), ("todecimal(\"x\")", "decimal(null)")],
    ),
    Function::scalar(
        "tostring",
        "Converts to text; null is the empty text, arrays and bags are JSON.",
        &[Signature::new(VALUE, Type::String)],
        |_, args| Value::String(json::display(&args[0])),
        &[
            ("tostring(123)", "\"123\""),
            ("tostring(int(null))", "\"\""),
            ("tostring(dynamic(\"x\"))", "\"x\""),
            ("tostring(dynamic({\"a\":[1, 2.0]}))", "'{\"a\":[1,2.0]}'"),
            ("tostring(1d)", "\"1.00:00:00\""),
        ],
    ),
    Function::scalar(
        "todatetime",
        "Converts to datetime: text in ISO 8601, RFC 822 and RFC 850; numbers as ticks.",
        &[Signature::new(VALUE, Type::DateTime)],
        |_, args| convert(&args[0], Type::DateTime),
        &[
            ("todatetime(\"2015-12-31 23:59:59.9\")", "datetime(2015-12-31 23:59:59.9)"),
            ("todatetime(\"Sat, 8 Nov 14 15:05:02 GMT\")", "datetime(2014-11-08 15:05:02)"),
            ("todatetime(\"soon\")", "datetime(null)"),
        ],
    ),
    Function::scalar(
        "totimespan",
        "Converts to timespan: text as `[d.]hh:mm:ss` or a number with a unit; numbers as ticks.",
        &[Signature::new(VALUE, Type::Timespan)],
        |_, args| convert(&args[0], Type::Timespan),
        &[
            ("totimespan(\"0.00:03:00\")", "3m"),
            ("totimespan(4d)", "4d"),
            ("totimespan(\"x\")", "timespan(null)"),
        ],
    )
    .also(&["totime"]),
    Function::scalar(
        "toguid",
        "Converts to guid.",
        &[Signature::new(&[Param::one("value", Accepts::OneOf(&[Type::String, Type::Dynamic]))], Type::Guid)],
        |_, args| convert(&args[0], Type::Guid),
        &[
            (
                "toguid(\"70fc66f7-8279-44fc-9092-d364d70fce44\")",
                "guid(70fc66f7-8279-44fc-9092-d364d70fce44)",
            ),
            ("toguid(\"x\")", "guid(null)"),
        ],
    ),
    Function::scalar(
        "parse_json",
        "Reads JSON text as a dynamic value; text that is not JSON stays text.",
        &[Signature::new(
            &[Param::one("json", Accepts::OneOf(&[Type::String, Type::Dynamic]))],
            Type::Dynamic,
        )],
        |context, args| match &args[0] {
            Value::String(text) if !text.trim().is_empty() => {
                context.json(text).unwrap_or_else(|| args[0].clone())
            }
            other => parse_json(other),
        },
        &[
            ("parse_json(\"{\\\"a\\\":1}\").a", "dynamic(1)"),
            ("parse_json(\"not json\")", "dynamic(\"not json\")"),
            ("parse_json(dynamic({\"a\":1})).a", "dynamic(1)"),
        ],
    )
    .also(&["parsejson", "todynamic", "toobject"]),
    Function::scalar(
        "gettype",
        "Names the type of a value as it is while the query runs.",
        &[Signature::new(VALUE, Type::String)],
        |_, args| type_name(&args[0]).into(),
        &[
            ("gettype(\"a\")", "\"string\""),
            ("gettype(111)", "\"long\""),
            ("gettype(dynamic({\"abc\":1}))", "\"dictionary\""),
            ("gettype(dynamic([1]))", "\"array\""),
            ("gettype(parse_json(\"\"))", "\"null\""),
        ],
    ),
    Function::scalar(
        "isnull",
        "Whether a value is null; a string never is.",
        TO_BOOL,
        |_, args| args[0].is_null().into(),
        &[("isnull(int(null))", "true"), ("isnull(\"\")", "false")],
    ),
    Function::scalar(
        "isnotnull",
        "Whether a value is not null; a string always is not.",
        TO_BOOL,
        |_, args| (!args[0].is_null()).into(),
        &[("isnotnull(1)", "true"), ("isnotnull(int(null))", "false")],
    )
    .also(&["notnull"]),
    Function::scalar(
        "isempty",
        "Whether a value is null or the empty text.",
        TO_BOOL,
        |_, args| is_empty(&args[0]).into(),
        &[("isempty(\"\")", "true"), ("isempty(long(null))", "true"), ("isempty(dynamic([]))", "false")],
    ),
    Function::scalar(
        "isnotempty",
        "Whether a value is neither null nor the empty text.",
        TO_BOOL,
        |_, args| (!is_empty(&args[0])).into(),
        &[("isnotempty(\"x\")", "true"), ("isnotempty(dynamic(null))", "false")],
    )
    .also(&["notempty"]),
    Function::scalar(
        "isnan",
        "Whether a real is not a number.",
        REAL_TO_BOOL,
        |_, args| matches!(args[0], Value::Real(n) if n.is_nan()).into(),
        &[("isnan(0.0 / 0)", "true"), ("isnan(1.0)", "false")],
    ),
    Function::scalar(
        "isinf",
        "Whether a real is infinite.",
        REAL_TO_BOOL,
        |_, args| matches!(args[0], Value::Real(n) if n.is_infinite()).into(),
        &[("isinf(1.0 / 0)", "true"), ("isinf(1.0)", "false")],
    ),
    Function::scalar(
        "isfinite",
        "Whether a real is neither infinite nor not a number.",
        REAL_TO_BOOL,
        |_, args| matches!(args[0], Value::Real(n) if n.is_finite()).into(),
        &[("isfinite(1.0)", "true"), ("isfinite(1.0 / 0)", "false")],
    ),
];

fn is_empty(value: &Value) -> bool {
    value.is_null() || value.as_str() == Some("")
}

fn type_name(value: &Value) -> &'static str {
    match value {
        Value::Array(_) => "array",
        Value::Bag(_) => "dictionary",
        other => other.type_of().map_or("null", Type::name),
    }
}
