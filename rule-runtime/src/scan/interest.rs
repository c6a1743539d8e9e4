//! Which top-level keys are worth keeping.

use rule_model::schema::Path;

/// A set of keys that may hold more than was put in, but never less.
#[derive(Clone, Debug, Default)]
pub(super) struct Interest {
    bits: [u64; 16],
}

impl Interest {
    /// The top-level keys that these paths may begin with.
    pub(super) fn of<'p>(paths: impl IntoIterator<Item = &'p Path>) -> Interest {
        let mut interest = Interest::default();
        paths.into_iter().for_each(|path| interest.add_path(path));
        interest
    }

    /// Whether the key may be one of them: by its length and ends.
    #[inline]
    pub(super) fn may_hold(&self, key: &[u8]) -> bool {
        let (word, bit) = place(key);
        self.bits.get(word).is_some_and(|bits| bits & bit != 0)
    }

    /// A dotted path may begin with a key that joins several segments.
    fn add_path(&mut self, path: &Path) {
        let joinable = if path.dotted { path.segments.len() } else { 1 };
        let mut key = String::new();
        for segment in path.segments.iter().take(joinable) {
            if !key.is_empty() {
                key.push('.');
            }
            key.push_str(segment);
            let (word, bit) = place(key.as_bytes());
            if let Some(bits) = self.bits.get_mut(word) {
                *bits |= bit;
            }
        }
    }
}

#[inline]
fn place(key: &[u8]) -> (usize, u64) {
    let end = |byte: Option<&u8>| byte.map_or(0, |byte| usize::from(*byte));
    let hash = key.len() * 37 + end(key.first()) * 5 + end(key.last()) * 89;
    (hash / 64 % 16, 1 << (hash % 64))
}
