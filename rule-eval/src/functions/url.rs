//! URLs: their parts, their parameters, and percent-encoding.

use crate::function::{Accepts, Function, Param, Signature};
use rule_model::{Bag, Type, Value};
use std::fmt::Write;

const STRING_TO_STRING: &[Signature] =
    &[Signature::new(&[Param::one("url", Accepts::Type(Type::String))], Type::String)];
const STRING_TO_DYNAMIC: &[Signature] =
    &[Signature::new(&[Param::one("url", Accepts::Type(Type::String))], Type::Dynamic)];

pub(crate) static FUNCTIONS: &[Function] = &[
    Function::scalar(
        "parse_url",
        "The parts of an absolute URL: Scheme, Host, Port, Path, Username, Password, Query Parameters, Fragment.",
        STRING_TO_DYNAMIC,
        |_, args| parse(of(&args[0])),
        &[
            ("tostring(parse_url(\"https://user:pw@host:1234/a/path?k1=v1&k2=v2#frag\").Host)", "\"host\""),
            ("parse_url(\"https://host/?k=a%20b\")[\"Query Parameters\"]", "dynamic({\"k\": \"a b\"})"),
            ("tostring(parse_url(\"https://host/a/path\").Path)", "\"/a/path\""),
        ],
    )
    .also(&["parseurl"]),
    Function::scalar(
        "parse_urlquery",
        "The parameters of a URL's query.",
        STRING_TO_DYNAMIC,
        |_, args| Value::bag([("Query Parameters", parameters(of(&args[0])))]),
        &[(
            "parse_urlquery(\"k1=v1&k2=v2\")",
            "dynamic({\"Query Parameters\": {\"k1\": \"v1\", \"k2\": \"v2\"}})",
        )],
    )
    .also(&["parseurlquery"]),
    Function::scalar(
        "url_decode",
        "Undoes percent-encoding; a plus is a space.",
        STRING_TO_STRING,
        |_, args| decode(of(&args[0])).into(),
        &[
            ("url_decode(\"https%3a%2f%2fwww.bing.com%2f\")", "\"https://www.bing.com/\""),
            ("url_decode(\"a+b%\")", "\"a b%\""),
        ],
    ),
    Function::scalar(
        "url_encode",
        "Percent-encodes what is not allowed in a URL; a space is a plus.",
        STRING_TO_STRING,
        |_, args| encode(of(&args[0]), b"-_.!*()", "+").into(),
        &[("url_encode(\"https://a.b/hello world\")", "\"https%3a%2f%2fa.b%2fhello+world\"")],
    ),
    Function::scalar(
        "url_encode_component",
        "Percent-encodes what is not allowed in a URL's component; a space is %20.",
        STRING_TO_STRING,
        |_, args| encode(of(&args[0]), b"-_.~", "%20").into(),
        &[("url_encode_component(\"hello world/\")", "\"hello%20world%2f\"")],
    ),
];

fn of(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// A text without `://` is all path, as it has no scheme to tell where a host begins.
///
/// The path keeps its leading slash, as Kusto gives it; the documentation's example shows it without.
fn parse(url: &str) -> Value {
    let (url, fragment) = url.split_once('#').unwrap_or((url, ""));
    let (url, query) = url.split_once('?').unwrap_or((url, ""));
    let (scheme, authority, path) = match url.split_once("://") {
        None => ("", "", url),
        Some((scheme, rest)) => {
            let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
            (scheme, authority, path)
        }
    };
    let (user, host) = authority.rsplit_once('@').unwrap_or(("", authority));
    let (username, password) = user.split_once(':').unwrap_or((user, ""));
    let (host, port) = match host.rsplit_once(':') {
        // The colons of an IPv6 address lie within brackets.
        Some((host, port)) if port.bytes().all(|b| b.is_ascii_digit()) => (host, port),
        _ => (host, ""),
    };
    let text = Value::string;
    Value::bag([
        ("Scheme", text(scheme)),
        ("Host", text(host)),
        ("Port", text(port)),
        ("Path", text(path)),
        ("Username", text(username)),
        ("Password", text(password)),
        ("Query Parameters", parameters(query)),
        ("Fragment", text(fragment)),
    ])
}

fn parameters(query: &str) -> Value {
    let query = query.rsplit_once('?').map_or(query, |(_, query)| query);
    let mut bag = Bag::new();
    for parameter in query.split('&').filter(|parameter| !parameter.is_empty()) {
        let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
        bag.insert(decode(name), Value::string(decode(value)));
    }
    bag.into()
}

/// Bytes that are no UTF-8 after decoding become the replacement character; `%` without two digits stays.
fn decode(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        let escaped = match rest {
            [b'%', high, low, ..] => hexadecimal(*high).zip(hexadecimal(*low)),
            _ => None,
        };
        if let Some((high, low)) = escaped {
            bytes.push(high << 4 | low);
            rest = &rest[3..];
        } else {
            bytes.push(if first == b'+' { b' ' } else { first });
            rest = after;
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn hexadecimal(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).map(|digit| digit as u8)
}

fn encode(text: &str, plain: &[u8], space: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b' ' => encoded.push_str(space),
            _ if byte.is_ascii_alphanumeric() || plain.contains(&byte) => encoded.push(char::from(byte)),
            _ => {
                // Writing to a String cannot fail.
                let _ = write!(encoded, "%{byte:02x}");
            }
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json;

    #[test]
    fn the_parts_of_urls() {
        for (url, parts) in [
            (
                "scheme://username:password@host:1234/this/is/a/path?k1=v1&k2=v2#fragment",
                r#"{"Scheme":"scheme","Host":"host","Port":"1234","Path":"/this/is/a/path","Username":"username","Password":"password","Query Parameters":{"k1":"v1","k2":"v2"},"Fragment":"fragment"}"#,
            ),
            (
                "http://[::1]",
                r#"{"Scheme":"http","Host":"[::1]","Port":"","Path":"","Username":"","Password":"","Query Parameters":{},"Fragment":""}"#,
            ),
        ] {
            assert_eq!(json::write(&parse(url)), parts);
        }
    }

    #[test]
    fn percent_encoding_goes_there_and_back() {
        for text in ["a b/ç?&=%", "日本", ""] {
            assert_eq!(decode(&encode(text, b"", "%20")), text);
        }
        assert_eq!(decode("%zz%4"), "%zz%4");
        assert_eq!(decode("%ff"), "\u{fffd}");
    }
}
