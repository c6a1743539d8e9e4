//! `parse-kv`: values by their keys out of a text.

use super::query::{Bound, Operate};
use super::rows::place;
use super::{Binder, Env, Expression, error};
use crate::context::EvalError;
use crate::convert::convert;
use crate::{Table, json, pattern};
use regex::Regex;
use rule_model::plan::{Field, ParseKv};
use rule_model::{Type, Value};

/// `parse-kv`
pub(super) fn parse_kv(parse: &ParseKv, input: &[Field], binder: &mut Binder) -> Bound {
    let value = Expression::bind_in(&parse.value, input, binder)?;
    let first =
        |text: &Option<rule_model::plan::Name>| text.as_ref().filter(|text| !text.is_empty()).cloned();
    let regex = parse.regex.as_ref().map(|text| pattern::compile(text)).transpose();
    let regex = regex.map_err(|failure| error(format!("the regex of parse-kv is not valid: {failure}")))?;
    let how = match (regex, first(&parse.pair_delimiter), first(&parse.kv_delimiter)) {
        (Some(regex), ..) => How::Regex(regex),
        (None, None, None) => How::Words,
        // One of the two alone: the other is then any white space, or `=`.
        (None, pair, key) => How::Delimited {
            pair: pair.unwrap_or_else(|| " ".into()).into(),
            key: key.unwrap_or_else(|| "=".into()).into(),
            greedy: parse.greedy,
        },
    };
    let character = |text: &rule_model::plan::Name| text.chars().next();
    let quotes = parse.quotes.iter().filter_map(|(open, close)| {
        let open = character(open)?;
        Some((open, character(close).unwrap_or(open)))
    });
    let quotes = Quotes { pairs: quotes.collect(), escape: parse.escape.as_ref().and_then(character) };
    let mut columns = input.to_vec();
    let keys = parse.keys.iter();
    let keys =
        keys.map(|key| (key.name.to_string(), place(&mut columns, &key.name, key.ty), key.ty)).collect();
    Ok(Box::new(BoundParseKv { value, how, quotes, keys, columns }))
}

#[derive(Debug)]
struct BoundParseKv {
    value: Expression,
    how: How,
    quotes: Quotes,
    keys: Vec<(String, usize, Type)>,
    columns: Vec<Field>,
}

/// How keys and values are told apart.
#[derive(Debug)]
enum How {
    Regex(Regex),
    Delimited {
        pair: String,
        key: String,
        greedy: bool,
    },
    /// Everything that is neither letter nor digit separates.
    Words,
}

/// Opening and closing quotes, and what escapes a character within them.
#[derive(Debug)]
struct Quotes {
    pairs: Vec<(char, char)>,
    escape: Option<char>,
}

impl Quotes {
    /// A quoted text at the start of `text`: its content and the bytes it takes.
    fn read(&self, text: &str) -> Option<(String, usize)> {
        let first = text.chars().next()?;
        let (_, close) = *self.pairs.iter().find(|(open, _)| *open == first)?;
        let mut content = String::new();
        let mut characters = text.char_indices().skip(1);
        while let Some((at, character)) = characters.next() {
            if character == close && Some(close) != self.escape {
                return Some((content, at + close.len_utf8()));
            }
            match (Some(character) == self.escape).then(|| characters.next()).flatten() {
                Some((_, escaped)) => content.push(escaped),
                None => content.push(character),
            }
        }
        None
    }

    /// The content of a text that is quoted as a whole, else the text without white space around.
    fn stripped(&self, text: &str) -> String {
        let text = text.trim();
        match self.read(text) {
            Some((content, length)) if length == text.len() => content,
            _ => text.to_owned(),
        }
    }

    /// Where `wanted` stands outside of quotes.
    fn find(&self, text: &str, wanted: &str) -> Option<usize> {
        let mut at = 0;
        while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
            if rest.starts_with(wanted) {
                return Some(at);
            }
            let length = rest.chars().next().map_or(1, char::len_utf8);
            at += self.read(rest).map_or(length, |(_, length)| length);
        }
        None
    }
}

impl BoundParseKv {
    fn pairs(&self, text: &str) -> Vec<(String, String)> {
        match &self.how {
            How::Regex(regex) => {
                let group = |found: &regex::Captures<'_>, at| {
                    found.get(at).map_or("", |g| g.as_str()).trim().to_owned()
                };
                regex.captures_iter(text).map(|found| (group(&found, 1), group(&found, 2))).collect()
            }
            How::Delimited { pair, key, greedy } => self.delimited(text, pair, key, *greedy),
            How::Words => {
                let words = self.words(text);
                words.windows(2).map(|pair| (pair[0].clone(), pair[1].clone())).collect()
            }
        }
    }

    fn delimited(&self, mut text: &str, pair: &str, key: &str, greedy: bool) -> Vec<(String, String)> {
        let mut pairs: Vec<(String, String)> = Vec::new();
        while !text.is_empty() {
            let end = self.quotes.find(text, pair).unwrap_or(text.len());
            let (segment, rest) = text.split_at(end);
            text = rest.strip_prefix(pair).unwrap_or(rest);
            match (self.quotes.find(segment, key), pairs.last_mut()) {
                (Some(at), _) => {
                    let value = &segment[at + key.len()..];
                    pairs.push((self.quotes.stripped(&segment[..at]), value.to_owned()));
                }
                (None, Some((_, value))) if greedy => {
                    value.push_str(pair);
                    value.push_str(segment);
                }
                (None, _) => {}
            }
        }
        pairs.into_iter().map(|(key, value)| (key, self.quotes.stripped(&value))).collect()
    }

    fn words(&self, text: &str) -> Vec<String> {
        let mut words = Vec::new();
        let mut rest = text;
        while let Some(first) = rest.chars().next() {
            if let Some((content, length)) = self.quotes.read(rest) {
                words.push(content);
                rest = &rest[length..];
                continue;
            }
            let word = |c: char| c.is_alphanumeric() || c == '_';
            let end = rest.find(|c| !word(c)).unwrap_or(rest.len());
            if end > 0 {
                words.push(rest[..end].to_owned());
                rest = &rest[end..];
            } else {
                rest = &rest[first.len_utf8()..];
            }
        }
        words
    }
}

impl Operate for BoundParseKv {
    fn columns(&self) -> Option<&[Field]> {
        Some(&self.columns)
    }

    fn takes_parts(&self) -> bool {
        true
    }

    fn run(&self, env: &mut Env<'_>, mut input: Table) -> Result<Table, EvalError> {
        for row in &mut input.rows {
            let pairs = self.pairs(&json::display(&self.value.value(env, row)));
            row.resize(self.columns.len(), Value::Null);
            for (key, place, ty) in &self.keys {
                let found = pairs.iter().find(|(name, _)| name == key);
                row[*place] =
                    found.map_or(Value::absent(*ty), |(_, text)| convert(&Value::string(text), *ty));
            }
        }
        Ok(Table { columns: self.columns.clone(), rows: input.rows })
    }
}
