//! `parse_user_agent`: browser, operating system and device of a user agent string.
//!
//! Kusto matches a public list of thousands of patterns. Here a short list of product tokens covers what clients
//! commonly send; anything else is "Other", as it is there.
//! Source: Kusto documentation, the page of the function.

use crate::function::{Accepts, Function, Param, Signature};
use rule_model::{Type, Value};

pub(crate) static FUNCTIONS: &[Function] = &[Function::scalar(
    "parse_user_agent",
    "A bag of Browser, OperatingSystem and Device, as far as asked for by \"browser\", \"os\" and \"device\". Knows \
     common clients only; others are of the family Other.",
    &[Signature::new(
        &[Param::one("user_agent", Accepts::Type(Type::String)), Param::one("look_for", Accepts::Any)],
        Type::Dynamic,
    )],
    |_, args| parse(args[0].as_str().unwrap_or_default(), &args[1]),
    &[
        (
            "parse_user_agent('Mozilla/5.0 (Windows; U; en-US) AppleWebKit/531.9 AdobeAIR/2.5.1', 'browser').Browser.Family",
            "'AdobeAIR'",
        ),
        (
            "parse_user_agent('Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/126.0.0.0 Safari/537.36', 'os').OperatingSystem.MajorVersion",
            "'10'",
        ),
        ("parse_user_agent('agent', 'device').Device.Family", "'Other'"),
    ],
)];

/// Product tokens and the families they stand for; the first that occurs decides, so that the tokens which others
/// imitate (Chrome, Safari) come last.
const BROWSERS: [(&str, &str); 23] = [
    ("AdobeAIR/", "AdobeAIR"),
    ("Edg/", "Edge"),
    ("EdgA/", "Edge Mobile"),
    ("EdgiOS/", "Edge Mobile"),
    ("Edge/", "Edge"),
    ("OPR/", "Opera"),
    ("Opera/", "Opera"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("Vivaldi/", "Vivaldi"),
    ("CriOS/", "Chrome Mobile iOS"),
    ("FxiOS/", "Firefox iOS"),
    ("Firefox/", "Firefox"),
    ("HeadlessChrome/", "HeadlessChrome"),
    ("Chrome/", "Chrome"),
    ("MSIE ", "IE"),
    ("rv:11", "IE"),
    ("Version/", "Safari"),
    ("python-requests/", "Python Requests"),
    ("curl/", "curl"),
    ("Wget/", "Wget"),
    ("okhttp/", "okhttp"),
    ("Go-http-client/", "Go-http-client"),
    ("axios/", "axios"),
];

/// Texts after which an operating system's version stands, and its family.
const SYSTEMS: [(&str, &str); 8] = [
    ("Windows NT ", "Windows"),
    ("Android ", "Android"),
    ("CPU iPhone OS ", "iOS"),
    ("CPU OS ", "iOS"),
    ("Mac OS X ", "Mac OS X"),
    ("CrOS x86_64 ", "Chrome OS"),
    ("Ubuntu", "Ubuntu"),
    ("Linux", "Linux"),
];

const DEVICES: [(&str, &str, &str); 5] = [
    ("iPhone", "iPhone", "Apple"),
    ("iPad", "iPad", "Apple"),
    ("Macintosh", "Mac", "Apple"),
    ("Pixel", "Pixel", "Google"),
    ("SM-", "Samsung", "Samsung"),
];

fn parse(agent: &str, look_for: &Value) -> Value {
    let wanted = look_for.as_array().unwrap_or(std::slice::from_ref(look_for));
    let part = |target: &Value| {
        Some(match target.as_str()?.to_ascii_lowercase().as_str() {
            "browser" => ("Browser", versioned(agent, &BROWSERS, &["MajorVersion", "MinorVersion", "Patch"])),
            "os" => (
                "OperatingSystem",
                versioned(agent, &SYSTEMS, &["MajorVersion", "MinorVersion", "Patch", "PatchMinor"]),
            ),
            "device" => ("Device", device(agent)),
            _ => return None,
        })
    };
    Value::bag(wanted.iter().filter_map(part))
}

/// The family of the first token that occurs, and the numbers behind it.
fn versioned(agent: &str, tokens: &[(&str, &str)], parts: &[&'static str]) -> Value {
    let found = tokens.iter().find_map(|(token, family)| {
        let at = agent.find(token)?;
        // The version of a token such as `rv:11` is its own end.
        let after = at + token.trim_end_matches(|c: char| c.is_ascii_digit()).len();
        Some((*family, &agent[after..]))
    });
    let (family, rest) = found.unwrap_or(("Other", ""));
    let end = rest.find(|c: char| !c.is_ascii_digit() && !matches!(c, '.' | '_')).unwrap_or(rest.len());
    let mut numbers = rest[..end].split(['.', '_']);
    let versions = parts.iter().map(|part| (*part, Value::from(numbers.next().unwrap_or_default())));
    Value::bag(std::iter::once(("Family", Value::from(family))).chain(versions))
}

fn device(agent: &str) -> Value {
    let known = DEVICES.iter().find(|(token, ..)| agent.contains(token));
    let (family, brand) = known.map_or(("Other", ""), |(_, family, brand)| (family, brand));
    let model = if known.is_some() { family } else { "" };
    Value::bag([("Family", family), ("Brand", brand), ("Model", model)].map(|(k, v)| (k, Value::from(v))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn common_clients_are_told_apart() {
        let chrome = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36";
        let safari = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_4 like Mac OS X) AppleWebKit/605.1.15 Version/17.4 Mobile/15E148 Safari/604.1";
        let edge = format!("{chrome} Edg/126.0.2592.87");
        for (agent, browser, system, device) in [
            (
                chrome,
                r#"{"Family":"Chrome","MajorVersion":"126","MinorVersion":"0","Patch":"0"}"#,
                "Windows",
                "Other",
            ),
            (
                &edge,
                r#"{"Family":"Edge","MajorVersion":"126","MinorVersion":"0","Patch":"2592"}"#,
                "Windows",
                "Other",
            ),
            (
                safari,
                r#"{"Family":"Safari","MajorVersion":"17","MinorVersion":"4","Patch":""}"#,
                "iOS",
                "iPhone",
            ),
            ("é", r#"{"Family":"Other","MajorVersion":"","MinorVersion":"","Patch":""}"#, "Other", "Other"),
        ] {
            let all = Value::array(["browser", "os", "device"].map(Value::from));
            let parsed = parse(agent, &all);
            let part = |name: &str| parsed.as_bag().and_then(|bag| bag.get(name)).unwrap();
            let family = |name: &str| part(name).as_bag().and_then(|bag| bag.get("Family")).unwrap().clone();
            assert_eq!(crate::json::write(part("Browser")), browser);
            assert_eq!(
                (family("OperatingSystem"), family("Device")),
                (system.into(), device.into()),
                "{agent}"
            );
        }
    }
}
