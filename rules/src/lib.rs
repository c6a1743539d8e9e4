//! The rules that the detector ships, one a file.
#![forbid(unsafe_code)]

use rule_macros::ruleset;

ruleset! {
    mod entra {
        mod pim_settings_changed;
    }
}
