//! Punycode, RFC 3492, and the internationalised domain names written with it.
//!
//! Names are not normalised before they are encoded, as in Kusto.

use crate::function::{Accepts, Function, Param, Signature};
use rule_model::{Type, Value};

const TEXT_TO_TEXT: &[Signature] =
    &[Signature::new(&[Param::one("text", Accepts::Type(Type::String))], Type::String)];

// Parameters of the encoding, by their names in the RFC.
const BASE: u32 = 36;
const T_MIN: u32 = 1;
const T_MAX: u32 = 26;
const SKEW: u32 = 38;
const DAMP: u32 = 700;
const INITIAL_BIAS: u32 = 72;
const INITIAL_N: u32 = 128;

/// Characters that are encoded or decoded at the most; the work grows with their square.
const LONGEST: usize = 4096;

pub(crate) static FUNCTIONS: &[Function] = &[
    Function::scalar(
        "punycode_from_string",
        "A text in Punycode.",
        TEXT_TO_TEXT,
        |_, args| encode(of(&args[0])).unwrap_or_default().into(),
        &[("punycode_from_string(\"académie-française\")", "\"acadmie-franaise-npb1a\"")],
    ),
    Function::scalar(
        "punycode_to_string",
        "The text that Punycode writes; empty when it is none.",
        TEXT_TO_TEXT,
        |_, args| decode(of(&args[0])).unwrap_or_default().into(),
        &[("punycode_to_string(\"acadmie-franaise-npb1a\")", "\"académie-française\"")],
    ),
    Function::scalar(
        "punycode_domain_from_string",
        "A domain name with its encoded labels decoded; empty when one cannot be.",
        TEXT_TO_TEXT,
        |_, args| {
            let labels: Option<Vec<String>> = of(&args[0]).split('.').map(label_decoded).collect();
            labels.unwrap_or_default().join(".").into()
        },
        &[("punycode_domain_from_string(\"xn--Lin-8na.Celtchair.org\")", "\"Lúin.Celtchair.org\"")],
    ),
    Function::scalar(
        "punycode_domain_to_string",
        "A domain name with the labels encoded that are not ASCII.",
        TEXT_TO_TEXT,
        |_, args| {
            // Besides the full stop RFC 3490 knows three other dots.
            let labels: Option<Vec<String>> =
                of(&args[0]).split(['.', '\u{3002}', '\u{ff0e}', '\u{ff61}']).map(label_encoded).collect();
            labels.unwrap_or_default().join(".").into()
        },
        &[(
            "punycode_domain_to_string(\"Kaledvoulc'h.Artorījos.edu\")",
            "\"Kaledvoulc'h.xn--Artorjos-ejb.edu\"",
        )],
    ),
];

fn of(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn label_encoded(label: &str) -> Option<String> {
    if label.is_ascii() { Some(label.to_owned()) } else { Some(format!("xn--{}", encode(label)?)) }
}

fn label_decoded(label: &str) -> Option<String> {
    match label.get(..4) {
        Some(prefix) if prefix.eq_ignore_ascii_case("xn--") => decode(&label[4..]),
        _ => Some(label.to_owned()),
    }
}

fn encode(text: &str) -> Option<String> {
    let points: Vec<u32> = text.chars().map(u32::from).collect();
    if points.len() > LONGEST {
        return None;
    }
    let mut output: String = text.chars().filter(char::is_ascii).collect();
    let basic = output.len() as u32;
    if basic > 0 {
        output.push('-');
    }
    let (mut n, mut delta, mut bias, mut handled) = (INITIAL_N, 0_u32, INITIAL_BIAS, basic);
    while (handled as usize) < points.len() {
        let next = points.iter().copied().filter(|&point| point >= n).min()?;
        delta = delta.checked_add((next - n).checked_mul(handled + 1)?)?;
        n = next;
        for &point in &points {
            if point < n {
                delta = delta.checked_add(1)?;
            }
            if point == n {
                push_number(&mut output, delta, bias);
                bias = adapt(delta, handled + 1, handled == basic);
                delta = 0;
                handled += 1;
            }
        }
        delta = delta.checked_add(1)?;
        n += 1;
    }
    Some(output)
}

/// Writes a number in digits of varying base.
fn push_number(output: &mut String, number: u32, bias: u32) {
    let mut rest = number;
    let mut position = BASE;
    loop {
        let threshold = threshold(position, bias);
        if rest < threshold {
            output.push(digit(rest));
            return;
        }
        output.push(digit(threshold + (rest - threshold) % (BASE - threshold)));
        rest = (rest - threshold) / (BASE - threshold);
        position += BASE;
    }
}

fn decode(text: &str) -> Option<String> {
    if !text.is_ascii() || text.len() > LONGEST {
        return None;
    }
    let (basic, digits) = text.rsplit_once('-').unwrap_or(("", text));
    let mut output: Vec<char> = basic.chars().collect();
    let (mut n, mut i, mut bias) = (INITIAL_N, 0_u32, INITIAL_BIAS);
    let mut digits = digits.bytes().peekable();
    while digits.peek().is_some() {
        let before = i;
        let (mut weight, mut position) = (1_u32, BASE);
        loop {
            let value = value(digits.next()?)?;
            i = i.checked_add(value.checked_mul(weight)?)?;
            let threshold = threshold(position, bias);
            if value < threshold {
                break;
            }
            weight = weight.checked_mul(BASE - threshold)?;
            position += BASE;
        }
        let length = output.len() as u32 + 1;
        bias = adapt(i - before, length, before == 0);
        n = n.checked_add(i / length)?;
        i %= length;
        output.insert(i as usize, char::from_u32(n)?);
        i += 1;
    }
    Some(output.into_iter().collect())
}

fn threshold(position: u32, bias: u32) -> u32 {
    position.saturating_sub(bias).clamp(T_MIN, T_MAX)
}

fn adapt(delta: u32, handled: u32, first: bool) -> u32 {
    let mut delta = if first { delta / DAMP } else { delta / 2 };
    delta += delta / handled;
    let mut steps = 0;
    while delta > (BASE - T_MIN) * T_MAX / 2 {
        delta /= BASE - T_MIN;
        steps += BASE;
    }
    steps + (BASE - T_MIN + 1) * delta / (delta + SKEW)
}

/// `a` to `z` are 0 to 25, `0` to `9` are 26 to 35.
fn digit(value: u32) -> char {
    char::from_digit(if value < 26 { value + 10 } else { value - 26 }, BASE).unwrap_or('?')
}

fn value(digit: u8) -> Option<u32> {
    let value = char::from(digit).to_digit(BASE)?;
    Some(if value < 10 { value + 26 } else { value - 10 })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_and_punycode_are_each_others_inverse() {
        for (text, punycode) in [
            ("académie-française", "acadmie-franaise-npb1a"),
            ("艺术", "cqv902d"),
            ("bücher", "bcher-kva"),
            ("", ""),
        ] {
            assert_eq!(encode(text).as_deref(), Some(punycode), "{text}");
            assert_eq!(decode(punycode).as_deref(), Some(text), "{punycode}");
        }
    }

    #[test]
    fn what_is_no_punycode_does_not_decode() {
        for text in ["é", "a-!", "99999999", "a-9"] {
            assert_eq!(decode(text), None, "{text}");
        }
    }

    #[test]
    fn labels_of_domains_are_encoded_one_by_one() {
        assert_eq!(label_encoded("Lê Lợi").as_deref(), Some("xn--L Li-gpa4517b"));
        assert_eq!(label_decoded("XN--Lin-8na").as_deref(), Some("Lúin"));
        assert_eq!(label_decoded("plain").as_deref(), Some("plain"));
    }
}
