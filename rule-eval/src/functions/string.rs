//! Functions on text that count, cut, join and replace, by characters.
//!
//! A character is a Unicode code point throughout.

use crate::function::{Accepts, Function, Param, Signature};
use crate::{json, text};
use rule_model::{Type, Value};
use smol_str::StrExt;

const TEXT: Accepts = Accepts::Text;
const STRING: Accepts = Accepts::Type(Type::String);
const LONG: Accepts = Accepts::Type(Type::Long);
const DYNAMIC: Accepts = Accepts::Type(Type::Dynamic);
const SOURCE: Param = Param::one("source", TEXT);
const TEXT_TO_TEXT: &[Signature] = &[Signature::new(&[SOURCE], Type::String)];
const STRING_TO_LONG: &[Signature] = &[Signature::new(&[Param::one("source", STRING)], Type::Long)];

/// Repetitions that `strrep()` makes at the most.
const MOST_REPETITIONS: i64 = 1024;

pub(crate) static FUNCTIONS: &[Function] = &[
    Function::scalar(
        "strlen",
        "The number of characters of a text.",
        STRING_TO_LONG,
        |_, args| (of(&args[0]).chars().count() as i64).into(),
        &[("strlen(\"hello\")", "5"), ("strlen(\"⒦⒰⒮⒯⒪\")", "5"), ("strlen(\"\")", "0")],
    ),
    Function::scalar(
        "string_size",
        "The number of bytes of a text in UTF-8.",
        STRING_TO_LONG,
        |_, args| (of(&args[0]).len() as i64).into(),
        &[("string_size(\"hello\")", "5"), ("string_size(\"⒦⒰⒮⒯⒪\")", "15")],
    ),
    Function::scalar(
        "strcat",
        "The arguments as text, one after the other.",
        &[Signature::new(&[Param::one("value", TEXT), Param::repeated("value", TEXT)], Type::String)],
        |_, args| args.iter().map(of).collect::<String>().into(),
        &[
            ("strcat(\"hello\", \" \", \"world\")", "\"hello world\""),
            ("strcat(\"a\", dynamic(null), 1)", "\"a1\""),
        ],
    ),
    Function::scalar(
        "strcat_delim",
        "The arguments after the first as text, with the first between them.",
        &[Signature::new(
            &[
                Param::one("delimiter", TEXT),
                Param::one("value", TEXT),
                Param::one("value", TEXT),
                Param::repeated("value", TEXT),
            ],
            Type::String,
        )],
        |_, args| join(args[1..].iter(), of(&args[0])).into(),
        &[("strcat_delim(\"-\", 1, \"2\", \"A\", 1s)", "\"1-2-A-00:00:01\"")],
    ),
    Function::scalar(
        "strcat_array",
        "The items of an array as text, with a delimiter between them.",
        &[Signature::new(&[Param::one("array", DYNAMIC), Param::one("delimiter", STRING)], Type::String)],
        |_, args| join(args[0].as_array().unwrap_or_default().iter(), of(&args[1])).into(),
        &[("strcat_array(dynamic([1, 2, 3]), \"->\")", "\"1->2->3\"")],
    )
    .also(&["array_strcat"]),
    Function::scalar(
        "split",
        "The parts of a text between delimiters, or an array with the one of them that is asked for.",
        &[Signature::new(
            &[SOURCE, Param::one("delimiter", STRING), Param::optional("index", LONG)],
            Type::Dynamic,
        )],
        |_, args| split(of(&args[0]), of(&args[1]), args.get(2)),
        &[
            ("split(\"aa_bb\", \"_\")", "dynamic([\"aa\", \"bb\"])"),
            ("split(\"aaa_bbb_ccc\", \"_\", 1)", "dynamic([\"bbb\"])"),
            ("split(\"\", \"_\")", "dynamic([\"\"])"),
            ("split(\"a__b\", \"_\")", "dynamic([\"a\", \"\", \"b\"])"),
        ],
    ),
    Function::scalar(
        "substring",
        "A part of a text from a position on; a negative one counts from the end.",
        &[Signature::new(
            &[SOURCE, Param::one("start", LONG), Param::optional("length", LONG)],
            Type::String,
        )],
        |_, args| substring(of(&args[0]), args).into(),
        &[
            ("substring(\"123456\", 1)", "\"23456\""),
            ("substring(\"123456\", 2, 2)", "\"34\""),
            ("substring(\"123456\", -2, 2)", "\"56\""),
            ("substring(\"abc\", 7)", "\"\""),
        ],
    ),
    Function::scalar(
        "tolower",
        "The text in lower case.",
        TEXT_TO_TEXT,
        |_, args| Value::String(of(&args[0]).to_lowercase_smolstr()),
        &[("tolower(\"HELLO É\")", "\"hello é\"")],
    ),
    Function::scalar(
        "toupper",
        "The text in upper case.",
        TEXT_TO_TEXT,
        |_, args| Value::String(of(&args[0]).to_uppercase_smolstr()),
        &[("toupper(\"hello é\")", "\"HELLO É\"")],
    ),
    Function::scalar(
        "reverse",
        "The characters of a text from the last to the first.",
        TEXT_TO_TEXT,
        |_, args| of(&args[0]).chars().rev().collect::<String>().into(),
        &[("reverse(\"abc\")", "\"cba\""), ("reverse(12345)", "\"54321\"")],
    ),
    Function::scalar(
        "strrep",
        "A text repeated, at most 1024 times, with a delimiter between.",
        &[Signature::new(
            &[Param::one("value", TEXT), Param::one("multiplier", LONG), Param::optional("delimiter", TEXT)],
            Type::String,
        )],
        |_, args| repeat(args).into(),
        &[("strrep(\"ABC\", 2)", "\"ABCABC\""), ("strrep(123, 3, \".\")", "\"123.123.123\"")],
    ),
    Function::scalar(
        "strcmp",
        "-1, 0 or 1 as the first text comes before, equals or comes after the second.",
        &[Signature::new(&[Param::one("left", TEXT), Param::one("right", TEXT)], Type::Long)],
        |_, args| (of(&args[0]).cmp(of(&args[1])) as i64).into(),
        &[
            ("strcmp(\"ABC\", \"ABC\")", "0"),
            ("strcmp(\"abc\", \"ABC\")", "1"),
            ("strcmp(\"ABC\", \"abc\")", "-1"),
        ],
    ),
    Function::scalar(
        "translate",
        "Replaces each character of a list by the one at its place in another, the last one filling up.",
        &[Signature::new(
            &[
                Param::one("search_list", STRING),
                Param::one("replacement_list", STRING),
                Param::one("source", STRING),
            ],
            Type::String,
        )],
        |_, args| translate(of(&args[0]), of(&args[1]), of(&args[2])).into(),
        &[
            ("translate(\"abc\", \"x\", \"abc\")", "\"xxx\""),
            ("translate(\"abc\", \"\", \"ab\")", "\"\""),
            ("translate(\"krasp\", \"otsku\", \"spark\")", "\"kusto\""),
        ],
    ),
    Function::scalar(
        "replace_string",
        "Replaces every occurrence of a text.",
        &[Signature::new(
            &[Param::one("source", STRING), Param::one("lookup", STRING), Param::one("rewrite", STRING)],
            Type::String,
        )],
        |_, args| replace(of(&args[0]), of(&args[1]), of(&args[2])).into(),
        &[
            ("replace_string(\"a cat and a cat\", \"cat\", \"dog\")", "\"a dog and a dog\""),
            ("replace_string(\"abc\", \"\", \"x\")", "\"abc\""),
        ],
    ),
    Function::scalar(
        "replace_strings",
        "Replaces every occurrence of several texts; the earlier in the list goes first.",
        &[Signature::new(
            &[Param::one("source", STRING), Param::one("lookups", DYNAMIC), Param::one("rewrites", DYNAMIC)],
            Type::String,
        )],
        |_, args| replace_all(of(&args[0]), &args[1], &args[2]).into(),
        &[
            (
                "replace_strings(\"a cat, a dog\", dynamic([\"cat\", \"dog\"]), dynamic([\"dog\", \"pigeon\"]))",
                "\"a dog, a pigeon\"",
            ),
            (
                "replace_strings(\"This is\", dynamic([\"This\", \"is\"]), dynamic([1, \"was\"]))",
                "\"This was\"",
            ),
        ],
    ),
    Function::scalar(
        "indexof",
        "The position of a text's first or given occurrence, -1 without any.",
        &[Signature::new(
            &[
                SOURCE,
                Param::one("lookup", TEXT),
                Param::optional("start", LONG),
                Param::optional("length", LONG),
                Param::optional("occurrence", LONG),
            ],
            Type::Long,
        )],
        |_, args| index_of(args).into(),
        &[
            ("indexof(\"abcdefg\", \"cde\")", "2"),
            ("indexof(\"abcdefg\", \"cde\", 1, 2)", "-1"),
            ("indexof(\"abcdefgabcdefg\", \"cde\", 1, 10, 2)", "9"),
            ("indexof(\"abcdefg\", \"cde\", -5)", "2"),
            ("indexof(\"abc\", \"z\")", "-1"),
        ],
    ),
    Function::scalar(
        "has_any_index",
        "The position of the first item of an array that a text has as a term, -1 without any.",
        &[Signature::new(&[SOURCE, Param::one("values", DYNAMIC)], Type::Long)],
        |_, args| {
            let items = args[1].as_array().unwrap_or_default();
            let found = items.iter().position(|item| text::has(of(&args[0]), &json::display(item)));
            found.map_or(-1, |index| index as i64).into()
        },
        &[
            ("has_any_index(\"this is an example\", dynamic([\"not\", \"example\"]))", "1"),
            ("has_any_index(\"this is an example\", dynamic([]))", "-1"),
        ],
    ),
    Function::scalar(
        "isascii",
        "Whether all characters of a text are ASCII.",
        &[Signature::new(&[SOURCE], Type::Bool)],
        |_, args| of(&args[0]).is_ascii().into(),
        &[("isascii(\"some string\")", "true"), ("isascii(\"é\")", "false")],
    ),
    Function::scalar(
        "isutf8",
        "Whether a text is valid UTF-8; here every text is.",
        &[Signature::new(&[SOURCE], Type::Bool)],
        |_, _| true.into(),
        &[("isutf8(\"some string\")", "true")],
    ),
];

fn of(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn join<'a>(items: impl Iterator<Item = &'a Value>, delimiter: &str) -> String {
    items.map(json::display).collect::<Vec<_>>().join(delimiter)
}

fn split(source: &str, delimiter: &str, index: Option<&Value>) -> Value {
    let parts: Vec<&str> =
        if delimiter.is_empty() { vec![source] } else { source.split(delimiter).collect() };
    match index.and_then(Value::as_i64) {
        None => Value::array(parts.into_iter().map(Value::string)),
        Some(index) => {
            let part = usize::try_from(index).ok().and_then(|index| parts.get(index));
            part.map_or(Value::Null, |part| Value::array([Value::string(part)]))
        }
    }
}

/// The character position that a start argument means: a negative one counts from the end, but not past the start.
pub(super) fn start_position(start: i64, length: usize) -> usize {
    let start = if start < 0 { (start + length as i64).max(0) } else { start };
    usize::try_from(start).unwrap_or(usize::MAX)
}

fn substring(source: &str, args: &[Value]) -> String {
    let Some(start) = args[1].as_i64() else { return String::new() };
    let start = if start < 0 { start_position(start, source.chars().count()) } else { start as usize };
    let length = match args.get(2).and_then(Value::as_i64) {
        None => usize::MAX,
        Some(length) => usize::try_from(length).unwrap_or(0),
    };
    source.chars().skip(start).take(length).collect()
}

fn repeat(args: &[Value]) -> String {
    let times = args[1].as_i64().unwrap_or(0).clamp(0, MOST_REPETITIONS) as usize;
    vec![of(&args[0]); times].join(args.get(2).map_or("", of))
}

fn translate(search: &str, replacement: &str, source: &str) -> String {
    let search: Vec<char> = search.chars().collect();
    let replacement: Vec<char> = replacement.chars().collect();
    source
        .chars()
        .filter_map(|c| match search.iter().position(|&s| s == c) {
            None => Some(c),
            Some(at) => replacement.get(at).or(replacement.last()).copied(),
        })
        .collect()
}

fn replace(source: &str, lookup: &str, rewrite: &str) -> String {
    if lookup.is_empty() { source.to_owned() } else { source.replace(lookup, rewrite) }
}

fn replace_all(source: &str, lookups: &Value, rewrites: &Value) -> String {
    let rewrites = rewrites.as_array().unwrap_or_default();
    let pairs: Vec<(&str, &str)> = lookups
        .as_array()
        .unwrap_or_default()
        .iter()
        .enumerate()
        .filter_map(|(at, lookup)| {
            let lookup = lookup.as_str().filter(|lookup| !lookup.is_empty())?;
            // A rewrite that is no text keeps what was found.
            Some((lookup, rewrites.get(at).and_then(Value::as_str).unwrap_or(lookup)))
        })
        .collect();
    replace_pairs(source, &pairs)
}

/// What a lookup leaves between its occurrences is for the lookups after it.
fn replace_pairs(source: &str, pairs: &[(&str, &str)]) -> String {
    match pairs {
        [] => source.to_owned(),
        [(lookup, rewrite), rest @ ..] => {
            source.split(lookup).map(|part| replace_pairs(part, rest)).collect::<Vec<_>>().join(rewrite)
        }
    }
}

/// Where to look for which occurrence: the optional arguments of `indexof()` and `indexof_regex()`.
pub(super) struct Search {
    /// Characters to pass over first.
    pub(super) start: usize,
    /// Characters to look at from there, and again from after each occurrence.
    pub(super) length: usize,
    /// Occurrences to pass over.
    pub(super) skipped: i64,
}

impl Search {
    /// `None` where an option is out of range.
    pub(super) fn new(source: &str, options: &[Value]) -> Option<Search> {
        let option = |at: usize, default: i64| options.get(at).map_or(Some(default), Value::as_i64);
        let (start, length, occurrence) = (option(0, 0)?, option(1, -1)?, option(2, 1)?);
        (length >= -1 && occurrence >= 0).then(|| Search {
            start: start_position(start, source.chars().count()),
            length: usize::try_from(length).unwrap_or(usize::MAX),
            skipped: occurrence.max(1) - 1,
        })
    }

    /// The character position of the occurrence, -1 without it; `find` gives the bytes of the first one in a text.
    pub(super) fn run(self, source: &str, find: impl Fn(&str) -> Option<(usize, usize)>) -> i64 {
        let mut from = byte_position(source, self.start);
        let mut left = self.skipped;
        loop {
            let rest = &source[from..];
            let Some((at, end)) = find(&rest[..byte_position(rest, self.length)]) else { return -1 };
            if left == 0 {
                return source[..from + at].chars().count() as i64;
            }
            left -= 1;
            // An empty occurrence must not be found again.
            from += end.max(at + rest[at..].chars().next().map_or(1, char::len_utf8));
            if from > source.len() {
                return -1;
            }
        }
    }
}

fn byte_position(source: &str, characters: usize) -> usize {
    source.char_indices().nth(characters).map_or(source.len(), |(at, _)| at)
}

fn index_of(args: &[Value]) -> Option<i64> {
    let (source, lookup) = (of(&args[0]), of(&args[1]));
    let search = Search::new(source, &args[2..])?;
    Some(search.run(source, |text| text.find(lookup).map(|at| (at, at + lookup.len()))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_count_characters_not_bytes() {
        let args = [Value::string("éàb"), Value::string("b")];
        assert_eq!(index_of(&args), Some(2));
        assert_eq!(substring("éàb", &[Value::EMPTY, Value::Long(1), Value::Long(1)]), "à");
        assert_eq!(substring("éàb", &[Value::EMPTY, Value::Long(-9)]), "éàb");
    }

    #[test]
    fn the_earlier_lookup_counts_where_several_match() {
        let texts = |items: &[&str]| Value::array(items.iter().map(Value::string));
        for (lookups, rewrites, result) in
            [(["This", "is"], ["This", "was"], "This was"), (["is", "This"], ["was", "This"], "Thwas was")]
        {
            assert_eq!(replace_all("This is", &texts(&lookups), &texts(&rewrites)), result);
        }
    }

    #[test]
    fn an_index_of_split_that_is_not_there_is_null() {
        assert_eq!(split("a_b", "_", Some(&Value::Long(5))), Value::Null);
        assert_eq!(split("a_b", "_", Some(&Value::Long(-1))), Value::Null);
    }
}
