//! Data of a rule that is read on first use. Written out as constants it was most of what a rule cost to compile: as bytes it
//! costs the compiler nothing.

use serde::de::DeserializeOwned;
use std::ops::Deref;
use std::sync::OnceLock;

/// A value, or the bytes that it is read from on first use.
#[derive(Debug)]
pub struct Later<T>(Source<T>);

#[derive(Debug)]
enum Source<T> {
    Given(T),
    Serialised(&'static [u8], OnceLock<T>),
}

impl<T> Later<T> {
    /// A value that is there.
    pub const fn given(value: T) -> Later<T> {
        Later(Source::Given(value))
    }

    /// The value that was serialised to these bytes; the default of bytes that none was serialised to.
    pub const fn serialised(bytes: &'static [u8]) -> Later<T> {
        Later(Source::Serialised(bytes, OnceLock::new()))
    }
}

impl<T: DeserializeOwned + Default> Deref for Later<T> {
    type Target = T;

    fn deref(&self) -> &T {
        match &self.0 {
            Source::Given(value) => value,
            // `rule!` wrote the bytes, with the type that they are read as.
            Source::Serialised(bytes, value) => {
                value.get_or_init(|| postcard::from_bytes(bytes).unwrap_or_default())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_given_and_what_was_serialised_are_the_same() {
        static SERIALISED: Later<Vec<String>> = Later::serialised(&[2, 1, b'a', 0]);
        let given = Later::given(vec!["a".to_owned(), String::new()]);
        assert_eq!(*SERIALISED, *given);
        assert!(Later::<Vec<String>>::serialised(&[]).is_empty());
    }
}
