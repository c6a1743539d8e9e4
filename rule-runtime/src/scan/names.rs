//! The keys that matter: those that tell tables apart, and those of operations, times and further columns.

use rule_model::Text;
use rule_model::schema::Path;
use std::collections::HashMap;

/// Keys that matter, of the record and of objects in it.
#[derive(Clone, Debug, Default)]
pub(super) struct Names {
    /// By object: that of the record first, then those below keys with [`Name::object`].
    objects: Vec<HashMap<String, Name>>,
}

/// What matters about a key.
#[derive(Clone, Debug, Default)]
pub(super) struct Name {
    /// The object that its value's keys belong to: where they matter.
    pub(super) object: Option<usize>,
    /// Whether keys further below matter.
    pub(super) deep: bool,
    /// Whether it matters if its value is null or an object, not only whether there is one.
    pub(super) kind: bool,
    /// The texts that its value is compared with.
    pub(super) texts: Vec<Text>,
}

/// A path that matters.
#[derive(Clone, Debug)]
pub(super) struct Wanted<'p> {
    pub(super) path: &'p Path,
    /// As [`Name::kind`], of what it leads to.
    pub(super) kind: bool,
    /// The texts that what it leads to is compared with.
    pub(super) texts: Vec<Text>,
}

impl Names {
    /// The keys on these paths.
    pub(super) fn of<'p>(paths: impl IntoIterator<Item = Wanted<'p>>) -> Names {
        let mut names = Names { objects: vec![HashMap::new()] };
        for wanted in paths {
            names.add(RECORD, &wanted.path.segments, &wanted);
        }
        names
    }

    /// A key of an object, if it matters.
    pub(super) fn get(&self, object: usize, key: &str) -> Option<&Name> {
        self.objects.get(object)?.get(key)
    }

    fn add(&mut self, object: usize, segments: &[Text], wanted: &Wanted<'_>) {
        // A dotted path is present where what it leads to is not null, or else where a longer key is.
        let Wanted { path: Path { dotted, .. }, kind, texts } = wanted;
        for joined in 1..=(if *dotted { segments.len() } else { 1 }) {
            let (first, rest) = segments.split_at(joined.min(segments.len()));
            let new = self.objects.len();
            let Some(keys) = self.objects.get_mut(object) else { return };
            let name = keys.entry(first.join(".")).or_default();
            name.kind |= *kind || *dotted || !rest.is_empty();
            match rest {
                [] => texts.iter().for_each(|text| {
                    if !name.texts.contains(text) {
                        name.texts.push(text.clone());
                    }
                }),
                _ if object != RECORD => name.deep = true,
                _ => {
                    let below = *name.object.get_or_insert(new);
                    self.objects.resize_with(new.max(below + 1), HashMap::new);
                    self.add(below, rest, wanted);
                }
            }
        }
    }
}

/// The object of the record's own keys.
pub(super) const RECORD: usize = 0;
