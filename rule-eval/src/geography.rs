//! Where addresses are: what `geo_info_from_ip_address()` asks a database for, which whoever evaluates brings along.
//!
//! The evaluator reads no format itself: it is part of the macro as well, which would compile a reader for nothing.

use std::fmt::Debug;
use std::net::IpAddr;
use std::sync::Arc;

/// A database of addresses, shared by all evaluations of a process.
pub type Geography = Arc<dyn GeoDatabase>;

/// Knows places of addresses.
pub trait GeoDatabase: Debug + Send + Sync {
    /// The place of an address; `None` of one that the database does not know. The error, a sentence without a full
    /// stop, says how the database is damaged.
    fn place(&self, address: IpAddr) -> Result<Option<Place>, String>;
}

/// What is known of a place.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Place {
    /// Name of the country, in English.
    pub country: Option<String>,
    /// Name of its largest subdivision, in English.
    pub state: Option<String>,
    /// Name of the city, in English.
    pub city: Option<String>,
    /// Degrees north.
    pub latitude: Option<f64>,
    /// Degrees east.
    pub longitude: Option<f64>,
}
