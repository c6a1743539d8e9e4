//! Whether a text mentions an IPv4 address, or one that begins in a certain way.
//!
//! A mention stands between characters that are neither letters nor digits. A prefix is a whole address or ends with
//! a dot. Source: Kusto documentation, "IPv4 text match functions".

use crate::function::{Accepts, Function, Param, Signature};
use rule_model::{Type, Value};
use std::net::Ipv4Addr;

const STRING: Accepts = Accepts::Type(Type::String);
const SOURCE: Param = Param::one("source", STRING);
const ONE: &[Signature] = &[Signature::new(&[SOURCE, Param::one("ip", STRING)], Type::Bool)];
// Texts or one array of texts.
const ANY: &[Signature] = &[Signature::new(
    &[SOURCE, Param::one("ip", Accepts::Any), Param::repeated("ips", Accepts::Any)],
    Type::Bool,
)];

pub(crate) static FUNCTIONS: &[Function] = &[
    Function::scalar(
        "has_ipv4",
        "Whether the text mentions the address.",
        ONE,
        |_, args| any(args, is_address).into(),
        &[
            ("has_ipv4('05:04:54 127.0.0.1 GET /favicon.ico 404', '127.0.0.1')", "true"),
            ("has_ipv4('05:04:54 127.0.0.256 GET /favicon.ico 404', '127.0.0.256')", "false"),
            ("has_ipv4('05:04:54127.0.0.1 GET /favicon.ico 404', '127.0.0.1')", "false"),
        ],
    ),
    Function::scalar(
        "has_any_ipv4",
        "Whether the text mentions one of the addresses, given as texts or as an array.",
        ANY,
        |_, args| any(args, is_address).into(),
        &[
            ("has_any_ipv4('from 127.0.0.1 on', '127.0.0.1', '127.0.0.2')", "true"),
            ("has_any_ipv4('from 127.0.0.1 on', dynamic(['127.0.0.2']))", "false"),
        ],
    ),
    Function::scalar(
        "has_ipv4_prefix",
        "Whether the text mentions an address that begins with the prefix.",
        ONE,
        |_, args| any(args, begins_with).into(),
        &[
            ("has_ipv4_prefix('05:04:54 127.0.0.1 GET /favicon.ico 404', '127.0.')", "true"),
            ("has_ipv4_prefix('05:04:54 127.0.0.1 GET /favicon.ico 404', '127.0')", "false"),
        ],
    ),
    Function::scalar(
        "has_any_ipv4_prefix",
        "Whether the text mentions an address that begins with one of the prefixes, given as texts or as an array.",
        ANY,
        |_, args| any(args, begins_with).into(),
        &[
            ("has_any_ipv4_prefix('05:04:54 127.0.0.1 GET', '192.168.', '127.0.')", "true"),
            ("has_any_ipv4_prefix('05:04:54 127.0.0.1 GET', dynamic(['192.168.']))", "false"),
        ],
    ),
];

/// Whether `wanted` holds of some address that the first argument mentions and some text of the others.
fn any(args: &[Value], wanted: fn(&str, &str) -> bool) -> bool {
    let texts = args[1..].iter().flat_map(|arg| arg.as_array().unwrap_or(std::slice::from_ref(arg)));
    let sought: Vec<&str> = texts.filter_map(Value::as_str).collect();
    mentions(args[0].as_str().unwrap_or_default())
        .any(|address| sought.iter().any(|sought| wanted(address, sought)))
}

fn is_address(mention: &str, sought: &str) -> bool {
    let address = |text: &str| text.parse::<Ipv4Addr>().ok();
    address(mention).is_some_and(|mention| address(sought) == Some(mention))
}

fn begins_with(mention: &str, prefix: &str) -> bool {
    let whole = prefix.ends_with('.') || prefix.parse::<Ipv4Addr>().is_ok();
    whole && mention.starts_with(prefix) && (prefix.ends_with('.') || mention == prefix)
}

/// The addresses in a text: runs of letters, digits and dots, without dots at the ends, that read as one.
fn mentions(text: &str) -> impl Iterator<Item = &str> {
    let runs = text.split(|c: char| !c.is_alphanumeric() && c != '.');
    runs.map(|run| run.trim_matches('.')).filter(|run| run.parse::<Ipv4Addr>().is_ok())
}
