//! A bounded memory by hash, for what comes again and again: buckets of a few, each of which forgets its oldest.

/// Buckets, and what each holds at the most.
const BUCKETS: usize = 256;
const WAYS: usize = 8;

/// What was seen before.
#[derive(Debug)]
pub(super) struct Memo<T> {
    /// None at first.
    buckets: Vec<Bucket<T>>,
}

#[derive(Debug)]
struct Bucket<T> {
    items: Vec<T>,
    /// The one to be forgotten next.
    oldest: usize,
    /// The hash that was last not found here. What comes once is not remembered, or what never repeats would have each
    /// time been worked out for nothing.
    missed: u64,
}

impl<T> Memo<T> {
    /// Where the item of this hash is that is meant.
    #[inline(always)]
    pub(super) fn find(&self, hash: u64, is_meant: impl Fn(&T) -> bool) -> Option<(usize, usize)> {
        let bucket = slot(hash);
        Some((bucket, self.buckets.get(bucket)?.items.iter().position(is_meant)?))
    }

    /// What is at a place.
    #[inline(always)]
    pub(super) fn get(&self, (bucket, item): (usize, usize)) -> Option<&T> {
        self.buckets.get(bucket)?.items.get(item)
    }

    /// The items of this hash, and of others.
    #[inline(always)]
    pub(super) fn at(&self, hash: u64) -> &[T] {
        self.buckets.get(slot(hash)).map_or(&[], |bucket| &bucket.items)
    }

    /// Whether what was not found is worth remembering: not the first time.
    pub(super) fn is_wanted(&mut self, hash: u64) -> bool {
        self.buckets.resize_with(BUCKETS, Bucket::default);
        let bucket = self.buckets.get_mut(slot(hash));
        bucket.is_some_and(|bucket| std::mem::replace(&mut bucket.missed, hash) == hash)
    }

    /// Remembers an item.
    pub(super) fn insert(&mut self, hash: u64, item: T) {
        let Some(bucket) = self.buckets.get_mut(slot(hash)) else { return };
        if bucket.items.len() < WAYS {
            bucket.items.push(item);
        } else if let Some(place) = bucket.items.get_mut(bucket.oldest % WAYS) {
            *place = item;
            bucket.oldest += 1;
        }
    }
}

impl<T> Default for Memo<T> {
    fn default() -> Memo<T> {
        Memo { buckets: Vec::new() }
    }
}

impl<T> Default for Bucket<T> {
    fn default() -> Bucket<T> {
        Bucket { items: Vec::new(), oldest: 0, missed: 0 }
    }
}

#[inline(always)]
fn slot(hash: u64) -> usize {
    hash as usize % BUCKETS
}
