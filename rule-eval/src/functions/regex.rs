//! Functions on regular expressions, which have RE2's syntax.
//!
//! An invalid pattern stops the query, as in Kusto.

use super::string::Search;
use crate::Context;
use crate::convert::convert;
use crate::function::{Accepts, Function, Param, Returns, Signature};
use regex::{Captures, Regex};
use rule_model::{Type, Value};

const STRING: Accepts = Accepts::Type(Type::String);
const TEXT: Accepts = Accepts::Text;
const LONG: Accepts = Accepts::Type(Type::Long);
const PATTERN: Param = Param::one("regex", STRING);
const TRIM: &[Signature] =
    &[Signature::new(&[PATTERN.constant(), Param::one("source", STRING)], Type::String)];

pub(crate) static FUNCTIONS: &[Function] = &[
    Function::scalar(
        "matches regex",
        "Whether a regular expression matches anywhere in a text, with the same case.",
        &[Signature::new(&[Param::one("source", STRING), PATTERN], Type::Bool)],
        |context, args| {
            let source = of(&args[0]);
            with_regex(context, of(&args[1]), |regex| regex.is_match(source).into())
        },
        &[
            ("\"Fabrikam\" matches regex \"b.*k\"", "true"),
            ("\"Fabrikam\" matches regex \"B.*K\"", "false"),
            ("\"Fabrikam\" matches regex \"(?i)B.*K\"", "true"),
        ],
    ),
    Function::scalar(
        "extract",
        "What a group of a regular expression's first match captures, converted to the type if one is given.",
        &[Signature::generic(
            &[
                PATTERN,
                Param::one("capture_group", LONG),
                Param::one("source", STRING),
                Param::optional("type", Accepts::TypeLiteral),
            ],
            Returns::TypeLiteral,
        )],
        |context, args| {
            with_regex(context, of(&args[0]), |regex| {
                let ty = args.get(3).and_then(Value::as_str).and_then(Type::named).unwrap_or(Type::String);
                let group = args[1].as_i64().and_then(|group| usize::try_from(group).ok());
                let captures = regex.captures(of(&args[2]));
                let found = group.and_then(|group| captures.as_ref()?.get(group));
                found.map_or(Value::absent(ty), |found| convert(&Value::string(found.as_str()), ty))
            })
        },
        &[
            ("extract(\"x=([0-9.]+)\", 1, \"hello x=45.6|wo\")", "\"45.6\""),
            ("extract(\"x=([0-9.]+)\", 1, \"hello x=45.6|wo\", typeof(real))", "45.6"),
            ("extract(@\"-(\\d{2})-\", 1, \"15-12-2024\", typeof(int))", "int(12)"),
            ("extract(\"z\", 0, \"abc\")", "\"\""),
        ],
    ),
    Function::scalar(
        "extract_all",
        "What the groups of a regular expression capture, for every match; by groups if there are several.",
        &[
            Signature::new(&[PATTERN.constant(), Param::one("source", STRING)], Type::Dynamic),
            Signature::new(
                &[
                    PATTERN.constant(),
                    Param::one("capture_groups", Accepts::Type(Type::Dynamic)),
                    Param::one("source", STRING),
                ],
                Type::Dynamic,
            ),
        ],
        |context, args| {
            let (groups, source) = match args {
                [_, groups, source] => (groups.as_array(), of(source)),
                _ => (None, args.get(1).map_or("", of)),
            };
            with_regex(context, of(&args[0]), |regex| extract_all(regex, groups, source))
        },
        &[
            ("extract_all(@\"([\\da-f]{2})\", \"82b8-be\")", "dynamic([\"82\", \"b8\", \"be\"])"),
            ("extract_all(@\"(\\w)(\\d)\", \"a1 b2\")", "dynamic([[\"a\", \"1\"], [\"b\", \"2\"]])"),
            ("extract_all(@\"(\\w)(\\d)\", dynamic([2]), \"a1 b2\")", "dynamic([\"1\", \"2\"])"),
        ],
    )
    .also(&["extractall"]),
    Function::scalar(
        "replace_regex",
        "Replaces every match of a regular expression; `\\1` in the rewrite is what the first group captured.",
        &[Signature::new(
            &[Param::one("source", STRING), PATTERN, Param::one("rewrite", STRING)],
            Type::String,
        )],
        |context, args| replace(context, of(&args[0]), of(&args[1]), of(&args[2])),
        &[("replace_regex(\"Number is 1\", @\"is (\\d+)\", @\"was: \\1\")", "\"Number was: 1\"")],
    ),
    Function::scalar(
        "replace",
        "The older form of `replace_regex()`, which takes the text last.",
        &[Signature::new(
            &[PATTERN.constant(), Param::one("rewrite", STRING), Param::one("source", STRING)],
            Type::String,
        )],
        |context, args| replace(context, of(&args[2]), of(&args[0]), of(&args[1])),
        &[("replace(@\"is (\\d+)\", @\"was: \\1\", \"Number is 1\")", "\"Number was: 1\"")],
    ),
    Function::scalar(
        "trim",
        "Removes all matches of a regular expression at the start and at the end of a text.",
        TRIM,
        |context, args| match trim(context, &format!("^(?:{})+", of(&args[0])), of(&args[1])) {
            Value::String(rest) => trim(context, &format!("(?:{})+\\z", of(&args[0])), &rest),
            failed => failed,
        },
        &[
            ("trim(\"--\", \"--https://bing.com--\")", "\"https://bing.com\""),
            ("trim(@\"[^\\w]+\", \"-  Te st1// $\")", "\"Te st1\""),
            ("trim(@\"\\s\", \"  both  \")", "\"both\""),
        ],
    ),
    Function::scalar(
        "trim_start",
        "Removes a match of a regular expression at the start of a text.",
        TRIM,
        |context, args| trim(context, &format!("^(?:{})", of(&args[0])), of(&args[1])),
        &[
            ("trim_start(@\"[[]\", \"[::1\")", "\"::1\""),
            ("trim_start(\"https://\", \"https://bing.com\")", "\"bing.com\""),
        ],
    ),
    Function::scalar(
        "trim_end",
        "Removes a match of a regular expression at the end of a text.",
        TRIM,
        |context, args| trim(context, &format!("(?:{})\\z", of(&args[0])), of(&args[1])),
        &[("trim_end(\".com\", \"bing.com\")", "\"bing\"")],
    ),
    Function::scalar(
        "indexof_regex",
        "The position of a regular expression's first or given match, -1 without any.",
        &[Signature::new(
            &[
                Param::one("source", TEXT),
                PATTERN,
                Param::optional("start", LONG),
                Param::optional("length", LONG),
                Param::optional("occurrence", LONG),
            ],
            Type::Long,
        )],
        |context, args| {
            with_regex(context, of(&args[1]), |regex| index_of(regex, of(&args[0]), &args[2..]).into())
        },
        &[
            ("indexof_regex(\"abcabc\", @\"a.c\")", "0"),
            ("indexof_regex(\"abcabcdefg\", @\"a.c\", 0, 9, 2)", "3"),
            ("indexof_regex(\"ababaa\", @\"a.a\", 0, -1, 2)", "-1"),
            ("indexof_regex(\"abcabc\", @\"a|ab\", -1)", "long(null)"),
        ],
    ),
    Function::scalar(
        "countof",
        "How often a text occurs in another, overlaps included; or how often a regular expression matches.",
        &[Signature::new(
            &[Param::one("source", STRING), Param::one("search", STRING), Param::optional("kind", STRING)],
            Type::Long,
        )],
        |context, args| match args.get(2).map(of) {
            Some("regex") => with_regex(context, of(&args[1]), |regex| {
                (regex.find_iter(of(&args[0])).count() as i64).into()
            }),
            _ => count(of(&args[0]), of(&args[1])).into(),
        },
        &[
            ("countof(\"aaaa\", \"aa\")", "3"),
            ("countof(\"ababa\", \"aba\", \"regex\")", "1"),
            ("countof(\"abcabc\", \"a.c\", \"regex\")", "2"),
        ],
    ),
    Function::scalar(
        "regex_quote",
        "The text with every character escaped that means something in a regular expression.",
        &[Signature::new(&[Param::one("source", TEXT)], Type::String)],
        |_, args| regex::escape(of(&args[0])).into(),
        &[("regex_quote(\"(so$me.Te^xt)\")", "@\"\\(so\\$me\\.Te\\^xt\\)\"")],
    ),
];

fn of(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn with_regex(context: &mut Context, pattern: &str, give: impl FnOnce(&Regex) -> Value) -> Value {
    match context.regex(pattern) {
        Some(regex) => give(regex),
        None => context.fail(format!("`{pattern}` is not a valid regular expression")),
    }
}

fn extract_all(regex: &Regex, groups: Option<&[Value]>, source: &str) -> Value {
    let groups: Vec<usize> = match groups {
        Some(groups) => groups.iter().filter_map(|group| group_index(regex, group)).collect(),
        None if regex.captures_len() == 1 => vec![0],
        None => (1..regex.captures_len()).collect(),
    };
    let captured =
        |captures: &Captures<'_>, group: usize| Value::string(captures.get(group).map_or("", |m| m.as_str()));
    let matches: Vec<Value> = regex
        .captures_iter(source)
        .map(|captures| match groups.as_slice() {
            [group] => captured(&captures, *group),
            groups => Value::array(groups.iter().map(|&group| captured(&captures, group))),
        })
        .collect();
    if matches.is_empty() { Value::Null } else { matches.into() }
}

/// A group by its number or its name.
fn group_index(regex: &Regex, group: &Value) -> Option<usize> {
    match group {
        Value::String(name) => regex.capture_names().position(|candidate| candidate == Some(name)),
        number => usize::try_from(number.as_i64()?).ok().filter(|&index| index < regex.captures_len()),
    }
}

fn replace(context: &mut Context, source: &str, pattern: &str, rewrite: &str) -> Value {
    with_regex(context, pattern, |regex| {
        regex.replace_all(source, |captures: &Captures<'_>| expand(rewrite, captures)).into_owned().into()
    })
}

/// A rewrite with `\0` to `\9` replaced by what the groups captured.
fn expand(rewrite: &str, captures: &Captures<'_>) -> String {
    let mut result = String::with_capacity(rewrite.len());
    let mut rest = rewrite.chars();
    while let Some(c) = rest.next() {
        if c != '\\' {
            result.push(c);
            continue;
        }
        match rest.next() {
            Some(digit) if digit.is_ascii_digit() => {
                let group = digit as usize - '0' as usize;
                result.push_str(captures.get(group).map_or("", |m| m.as_str()));
            }
            Some(other) => result.extend((other != '\\').then_some('\\').into_iter().chain([other])),
            None => result.push('\\'),
        }
    }
    result
}

/// The text without the first match of an anchored pattern.
fn trim(context: &mut Context, pattern: &str, source: &str) -> Value {
    with_regex(context, pattern, |regex| regex.replacen(source, 1, "").into_owned().into())
}

fn index_of(regex: &Regex, source: &str, options: &[Value]) -> Option<i64> {
    // Unlike for indexof(), a negative start is an error.
    if options.first().and_then(Value::as_i64).is_some_and(|start| start < 0) {
        return None;
    }
    let search = Search::new(source, options)?;
    Some(search.run(source, |text| regex.find(text).map(|found| (found.start(), found.end()))))
}

fn count(source: &str, search: &str) -> i64 {
    if search.is_empty() {
        return 0;
    }
    source.char_indices().filter(|(at, _)| source[*at..].starts_with(search)).count() as i64
}

#[cfg(test)]
mod tests {
    use super::*;
    use rule_model::DateTime;

    fn call(name: &str, args: &[&str]) -> (Value, Option<String>) {
        let mut context = Context::at(DateTime::UNIX_EPOCH);
        let args: Vec<Value> = args.iter().map(Value::string).collect();
        let value = crate::call(crate::function(name).unwrap(), &mut context, &args);
        (value, context.take_failure().map(|failure| failure.message))
    }

    #[test]
    fn an_invalid_pattern_stops_the_query() {
        assert_eq!(
            call("matches regex", &["a", "("]),
            (Value::Null, Some("`(` is not a valid regular expression".into()))
        );
        assert!(call("trim", &["(", "a"]).1.is_some());
    }

    #[test]
    fn rewrites_take_groups_and_escaped_backslashes() {
        for (rewrite, result) in
            [(r"\1-\0", "b-ab"), (r"\\1", r"\1"), (r"\x", r"\x"), (r"\7", ""), ("$1", "$1")]
        {
            assert_eq!(call("replace_regex", &["ab", "a(b)", rewrite]).0, Value::string(result), "{rewrite}");
        }
    }

    #[test]
    fn trims_only_at_the_ends() {
        assert_eq!(call("trim", &["1", "1101"]).0, Value::string("0"));
        assert_eq!(call("trim", &["1", "11"]).0, Value::string(""));
        assert_eq!(call("trim_start", &["a", "ba"]).0, Value::string("ba"));
        assert_eq!(call("trim_end", &["a|b", "ab"]).0, Value::string("a"));
    }
}
