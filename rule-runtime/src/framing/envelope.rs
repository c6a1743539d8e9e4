//! Envelopes: objects whose list holds the records, as interfaces and exports wrap them.
//!
//! ```text
//! {"records":[…]}                                   Azure Monitor, Event Hubs
//! {"Records":[…]}                                   CloudTrail
//! {"@odata.context":"…","value":[…],"nextLink":"…"} Microsoft Graph, Management API
//! ```
//!
//! A record may itself have a property of such a name. An object is an envelope only where the list holds objects and
//! everything before it is a scalar, or where it is empty and nothing stands before it but annotations (`@odata.…`):
//! `{"value":1}`, `{"value":["a"]}` and `{"user":{…},"value":[{…}]}` are records.

use super::structure::{Step, Walker, is_blank, without_blanks};
use memchr::memrchr;

/// The names of the lists.
const LISTS: [&[u8]; 3] = [b"records", b"Records", b"value"];

/// An object that is being read and may turn out to be an envelope.
#[derive(Clone, Debug)]
pub(super) struct Opening {
    walker: Walker,
    /// Whether every member so far is a scalar.
    scalars: bool,
    /// Whether every member so far is an annotation.
    annotations: bool,
}

/// What has been seen of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Seen {
    /// It goes on after these bytes.
    More,
    /// It is an envelope, whose list's elements begin here.
    Records(usize),
    /// It is no envelope and ends before this position.
    Done(usize),
    /// What stands at this position cannot follow what was before.
    Wrong(usize),
}

impl Opening {
    /// At the beginning of an object.
    pub(super) fn new() -> Opening {
        Opening { walker: Walker::watching(), scalars: true, annotations: true }
    }

    /// Goes on in `bytes`, which begin with the object, from `at`, and moves that to where the next call goes on.
    pub(super) fn walk(&mut self, bytes: &[u8], at: &mut usize) -> Seen {
        loop {
            let member = match self.walker.walk(bytes, *at) {
                Step::More => {
                    *at = bytes.len();
                    return Seen::More;
                }
                Step::Done(end) => return Seen::Done(end),
                Step::Wrong(position) => return Seen::Wrong(position),
                Step::Member(position) => position,
            };
            *at = member;
            let name = name_before(bytes.get(..member).unwrap_or_default());
            let value = bytes.get(member..).unwrap_or_default();
            if value.starts_with(b"[") && LISTS.contains(&name) {
                // What the list holds tells; it may come with the next chunk.
                let Some(blanks) = value[1..].iter().position(|byte| !is_blank(*byte)) else {
                    return Seen::More;
                };
                match value[1 + blanks] {
                    b'{' if self.scalars => return Seen::Records(member + 1),
                    b']' if self.annotations => return Seen::Records(member + 1),
                    _ => {}
                }
            }
            self.scalars &= !value.starts_with(b"[") && !value.starts_with(b"{");
            self.annotations &= name.contains(&b'@') || name.starts_with(b"odata.");
            self.walker.enter();
        }
    }

    /// Goes on where too much stands before for it to be an envelope.
    pub(super) fn walk_past(&mut self, bytes: &[u8], mut at: usize) -> Step {
        loop {
            match self.walker.walk(bytes, at) {
                Step::Member(position) => {
                    at = position;
                    self.walker.enter();
                }
                step => return step,
            }
        }
    }
}

/// The name of the member whose value comes next; empty where it has escapes in it.
fn name_before(bytes: &[u8]) -> &[u8] {
    let name = || {
        let name = without_blanks(without_blanks(bytes).strip_suffix(b":")?).strip_suffix(b"\"")?;
        let (before, name) = name.split_at(memrchr(b'"', name)?);
        (!before.ends_with(b"\\")).then_some(name.get(1..)?)
    };
    name().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(text: &str, at_once: usize) -> Seen {
        let (mut opening, mut at) = (Opening::new(), 0);
        for end in (at_once..text.len()).step_by(at_once).chain([text.len()]) {
            let seen = opening.walk(&text.as_bytes()[..end], &mut at);
            if seen != Seen::More {
                return seen;
            }
        }
        Seen::More
    }

    #[test]
    fn an_envelope_is_told_by_the_list_of_objects_in_it() {
        for (text, expected) in [
            (r#"{"records":[{"a":1}]}"#, Seen::Records(12)),
            (r#"{"Records": [ {"a":1}]}"#, Seen::Records(13)),
            ("{\n  \"value\" : [\n    {", Seen::Records(15)),
            (r#"{"value":[]}"#, Seen::Records(10)),
            (r#"{"@odata.context":"x","value":[{}]}"#, Seen::Records(31)),
            (r#"{"@odata.context":"x","value":[]}"#, Seen::Records(31)),
            (r#"{"count":2,"nextLink":null,"value":[{}]}"#, Seen::Records(36)),
            (r#"{"value":1}"#, Seen::Done(11)),
            (r#"{"value":["a"]}"#, Seen::Done(15)),
            (r#"{"value":[[{}]]}"#, Seen::Done(16)),
            (r#"{"x":{},"value":[{}]}"#, Seen::Done(21)),
            (r#"{"x":"y","value":[]}"#, Seen::Done(20)),
            (r#"{"x":{"value":[{}]}}"#, Seen::Done(20)),
            (r#"{"\"value":[{}]}"#, Seen::Done(16)),
            (r#"{"Value":[{}]}"#, Seen::Done(14)),
            (r#"{"value":[{"#, Seen::Records(10)),
            (r#"{"value":[ "#, Seen::More),
            (r#"{"value" [{}]}"#, Seen::Wrong(9)),
        ] {
            for at_once in [1, 2, 5, 100] {
                assert_eq!(seen(text, at_once), expected, "{text} by {at_once}");
            }
        }
    }
}
