//! `parse_xml()`: XML text as a dynamic value.
//!
//! An element is a bag of its attributes (`@name`), its text (`#text`) and its children; one with text alone is
//! that text, an empty one null; children of one name are an array. Text stays text, also where it is a number.
//! Source: Kusto documentation, page of `parse_xml()`.

use crate::function::{Accepts, Function, Param, Signature};
use rule_model::{Bag, Type, Value};
use std::collections::HashMap;

/// Bytes that are read at the most, as in Kusto.
const LONGEST: usize = 1 << 20;
/// Elements within one another at the most, so that hostile text cannot exhaust the stack.
const DEEPEST: usize = 128;

pub(crate) static FUNCTIONS: &[Function] = &[Function::scalar(
    "parse_xml",
    "Reads XML text as a dynamic value; null when it is not well-formed.",
    &[Signature::new(&[Param::one("xml", Accepts::Type(Type::String))], Type::Dynamic)],
    |_, args| {
        let xml = args[0].as_str().unwrap_or_default();
        (xml.len() <= LONGEST).then(|| Reader(xml).document()).flatten().into()
    },
    &[
        ("parse_xml(\"<e/>\")", "dynamic({\"e\": null})"),
        ("parse_xml(\"<e>text</e>\")", "dynamic({\"e\": \"text\"})"),
        ("parse_xml(\"<e name='v'>text</e>\")", "dynamic({\"e\": {\"@name\": \"v\", \"#text\": \"text\"}})"),
        ("parse_xml(\"<e><a>1</a><a>2</a></e>\")", "dynamic({\"e\": {\"a\": [\"1\", \"2\"]}})"),
        ("parse_xml(\"<e>\")", "dynamic(null)"),
    ],
)];

/// What is left to read.
struct Reader<'a>(&'a str);

impl<'a> Reader<'a> {
    fn document(&mut self) -> Option<Value> {
        self.skip_to_markup()?;
        let (name, value) = self.element(0)?;
        // Comments may follow the root, anything else not.
        let rest = self.skip_to_markup();
        (rest.is_none() && self.0.trim().is_empty()).then(|| Value::bag([(name, value)]))
    }

    /// Passes over white space, declarations and comments up to a `<` of an element; `None` when none comes.
    fn skip_to_markup(&mut self) -> Option<()> {
        loop {
            self.0 = self.0.trim_start_matches(['\u{feff}', ' ', '\t', '\r', '\n']);
            if !self.skip_meta()? {
                return self.0.starts_with('<').then_some(());
            }
        }
    }

    /// Passes over a declaration, processing instruction, document type or comment, if one is next.
    fn skip_meta(&mut self) -> Option<bool> {
        for (open, close) in [("<!--", "-->"), ("<?", "?>"), ("<!DOCTYPE", ">")] {
            if self.0.starts_with(open) {
                self.until(close)?;
                return Some(true);
            }
        }
        Some(false)
    }

    fn element(&mut self, depth: usize) -> Option<(&'a str, Value)> {
        self.take("<")?;
        let name = self.name()?;
        let mut bag = Bag::new();
        loop {
            self.0 = self.0.trim_start();
            if self.take("/>").is_some() {
                return Some((name, content(bag, "")));
            }
            if self.take(">").is_some() {
                break;
            }
            let attribute = self.name()?;
            self.0 = self.0.trim_start();
            self.take("=")?;
            self.0 = self.0.trim_start();
            let quote = if self.take("\"").is_some() { "\"" } else { self.take("'").map(|()| "'")? };
            bag.insert(format!("@{attribute}"), Value::string(unescape(self.until(quote)?)));
        }
        let (children, text) = self.children(depth)?;
        self.take("</")?;
        if self.name()? != name {
            return None;
        }
        self.0 = self.0.trim_start();
        self.take(">")?;
        group(&mut bag, children);
        Some((name, content(bag, &text)))
    }

    /// The children up to the closing tag, and the text between them.
    fn children(&mut self, depth: usize) -> Option<(Vec<(&'a str, Value)>, String)> {
        let mut children = Vec::new();
        let mut text = String::new();
        while !self.0.starts_with("</") {
            if self.take("<![CDATA[").is_some() {
                text.push_str(self.until("]]>")?);
                continue;
            }
            if self.skip_meta()? {
                continue;
            }
            if self.0.starts_with('<') {
                if depth == DEEPEST {
                    return None;
                }
                children.push(self.element(depth + 1)?);
            } else {
                let end = self.0.find('<')?;
                text.push_str(&unescape(&self.0[..end]));
                self.0 = &self.0[end..];
            }
        }
        Some((children, text.trim().to_owned()))
    }

    fn name(&mut self) -> Option<&'a str> {
        let end = self.0.find(|c: char| c.is_whitespace() || "/>=<\"'&".contains(c)).unwrap_or(self.0.len());
        let (name, rest) = self.0.split_at(end);
        self.0 = rest;
        (!name.is_empty()).then_some(name)
    }

    fn take(&mut self, expected: &str) -> Option<()> {
        self.0 = self.0.strip_prefix(expected)?;
        Some(())
    }

    /// The text up to a mark, which is passed over.
    fn until(&mut self, mark: &str) -> Option<&'a str> {
        let (text, rest) = self.0.split_once(mark)?;
        self.0 = rest;
        Some(text)
    }
}

/// What an element with these attributes and children and this text is.
fn content(mut bag: Bag, text: &str) -> Value {
    match (bag.is_empty(), text.is_empty()) {
        (true, true) => Value::Null,
        (true, false) => Value::string(text),
        (false, true) => bag.into(),
        (false, false) => {
            bag.insert("#text", Value::string(text));
            bag.into()
        }
    }
}

/// Puts children into a bag, those of one name as an array.
fn group(bag: &mut Bag, children: Vec<(&str, Value)>) {
    let mut groups: HashMap<&str, Vec<Value>> = HashMap::new();
    let mut names = Vec::new();
    for (name, value) in children {
        let group = groups.entry(name).or_default();
        if group.is_empty() {
            names.push(name);
        }
        group.push(value);
    }
    for name in names {
        let mut group = groups.remove(name).unwrap_or_default();
        let value = if group.len() == 1 { group.pop().unwrap_or_default() } else { group.into() };
        bag.insert(name, value);
    }
}

/// Replaces the references to characters; one that is not known stays as it is.
fn unescape(text: &str) -> String {
    let mut result = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('&') {
        result.push_str(before);
        let reference = after.split_once(';').and_then(|(name, after)| Some((character(name)?, after)));
        let (c, after) = reference.unwrap_or(('&', after));
        result.push(c);
        rest = after;
    }
    result + rest
}

fn character(name: &str) -> Option<char> {
    match name {
        "lt" => Some('<'),
        "gt" => Some('>'),
        "amp" => Some('&'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        _ => {
            let number = name.strip_prefix('#')?;
            let code = match number.strip_prefix(['x', 'X']) {
                Some(digits) => u32::from_str_radix(digits, 16),
                None => number.parse(),
            };
            char::from_u32(code.ok()?)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json;

    fn read(xml: &str) -> Option<String> {
        Reader(xml).document().map(|value| json::write(&value))
    }

    #[test]
    fn elements_attributes_and_text_become_bags() {
        for (xml, value) in [
            ("<e name=\"v\" />", r#"{"e":{"@name":"v"}}"#),
            ("<e> <a>1</a> <b>2</b> </e>", r#"{"e":{"a":"1","b":"2"}}"#),
            ("<e> text <a>x</a> </e>", r##"{"e":{"a":"x","#text":"text"}}"##),
            ("<e><a/><a/><a>1</a></e>", r#"{"e":{"a":[null,null,"1"]}}"#),
            (
                "<?xml version=\"1.0\"?>\n<!-- c --><e a='&lt;&#65;&x;'><![CDATA[<b>]]></e>\n",
                r##"{"e":{"@a":"<A&x;","#text":"<b>"}}"##,
            ),
        ] {
            assert_eq!(read(xml).as_deref(), Some(value), "{xml}");
        }
    }

    #[test]
    fn text_that_is_not_well_formed_is_null() {
        for xml in ["", "text", "<e>", "<e></f>", "<e", "<e a></e>", "<e/><f/>", "<!-- <e/>", "<e>&</e"] {
            assert_eq!(read(xml), None, "{xml}");
        }
        assert_eq!(read(&"<e>".repeat(100_000)), None);
    }
}
