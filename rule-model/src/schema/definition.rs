//! Schema files: TOML text to [`Schema`](super::Schema).
