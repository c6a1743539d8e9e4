//! Base64 of text, bytes and guids.

use crate::function::{Accepts, Function, Param, Signature};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rule_model::{Guid, Type, Value};

const STRING: Accepts = Accepts::Type(Type::String);
const BASE64: Param = Param::one("base64", STRING);

pub(crate) static FUNCTIONS: &[Function] = &[
    Function::scalar(
        "base64_encode_tostring",
        "The base64 form of a text's UTF-8.",
        &[Signature::new(&[Param::one("text", STRING)], Type::String)],
        |_, args| STANDARD.encode(of(&args[0])).into(),
        &[("base64_encode_tostring(\"Kusto\")", "\"S3VzdG8=\"")],
    )
    .also(&["base64_encodestring"]),
    Function::scalar(
        "base64_decode_tostring",
        "The text that a base64 form holds; empty when it is not base64 of UTF-8.",
        &[Signature::new(&[BASE64], Type::String)],
        |_, args| {
            let text = decode(&args[0]).and_then(|bytes| String::from_utf8(bytes).ok());
            text.unwrap_or_default().into()
        },
        &[
            ("base64_decode_tostring(\"S3VzdG8=\")", "\"Kusto\""),
            ("base64_decode_tostring(\"U3RyaW5n0KHR0tGA0L7Rh9C60LA=\")", "\"\""),
        ],
    )
    .also(&["base64_decodestring"]),
    Function::scalar(
        "base64_decode_toarray",
        "The bytes that a base64 form holds, as an array of numbers.",
        &[Signature::new(&[BASE64], Type::Dynamic)],
        |_, args| {
            let bytes = decode(&args[0]);
            bytes.map(|bytes| Value::array(bytes.into_iter().map(|b| Value::Long(b.into())))).into()
        },
        &[("base64_decode_toarray(\"S3VzdG8=\")", "dynamic([75, 117, 115, 116, 111])")],
    ),
    Function::scalar(
        "base64_encode_fromarray",
        "The base64 form of an array of bytes; empty when an item is none.",
        &[Signature::new(&[Param::one("bytes", Accepts::Type(Type::Dynamic))], Type::String)],
        |_, args| {
            let byte = |item: &Value| u8::try_from(item.as_i64()?).ok();
            let bytes: Option<Vec<u8>> = args[0].as_array().unwrap_or_default().iter().map(byte).collect();
            STANDARD.encode(bytes.unwrap_or_default()).into()
        },
        &[("base64_encode_fromarray(dynamic([75, 117, 115, 116, 111]))", "\"S3VzdG8=\"")],
    ),
    Function::scalar(
        "base64_encode_fromguid",
        "The base64 form of a guid's bytes, in the order of .NET.",
        &[Signature::new(&[Param::one("guid", Accepts::Type(Type::Guid))], Type::String)],
        |_, args| match args[0] {
            Value::Guid(guid) => STANDARD.encode(net_order(guid.0.to_be_bytes())).into(),
            _ => Value::EMPTY,
        },
        &[(
            "base64_encode_fromguid(toguid(\"ae3133f2-6e22-49ae-b06a-16e6a9b212eb\"))",
            "\"8jMxriJurkmwahbmqbIS6w==\"",
        )],
    ),
    Function::scalar(
        "base64_decode_toguid",
        "The guid whose bytes, in the order of .NET, a base64 form holds.",
        &[Signature::new(&[BASE64], Type::Guid)],
        |_, args| {
            let bytes: Option<[u8; 16]> = decode(&args[0]).and_then(|bytes| bytes.try_into().ok());
            bytes.map(|bytes| Guid(u128::from_be_bytes(net_order(bytes)))).into()
        },
        &[
            (
                "base64_decode_toguid(\"8jMxriJurkmwahbmqbIS6w==\")",
                "guid(ae3133f2-6e22-49ae-b06a-16e6a9b212eb)",
            ),
            ("base64_decode_toguid(\"abcd1231\")", "guid(null)"),
        ],
    ),
];

fn of(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// The bytes that base64 text holds; `None` for other text, also when padding is missing.
fn decode(text: &Value) -> Option<Vec<u8>> {
    STANDARD.decode(of(text).trim()).ok()
}

/// .NET writes a guid's first three groups with their lowest byte first; doing it twice undoes it.
fn net_order(mut bytes: [u8; 16]) -> [u8; 16] {
    bytes[..4].reverse();
    bytes[4..6].reverse();
    bytes[6..8].reverse();
    bytes
}
