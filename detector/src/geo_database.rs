//! The database of addresses that `geo_info_from_ip_address()` asks: a file in the format of `MaxMind`. None is shipped.
//!
//! ```text
//! --geo-database FILE, else DETECTOR_GEO_DATABASE ─> read whole at start ─> shared by every evaluation
//! ```
//!
//! Source: "`MaxMind` DB File Format Specification" 2.0, and the records of `GeoLite2-City` and what is made like it.

use crate::failure::Failure;
use clap::builder::ValueParser;
use clap::{Arg, ArgMatches};
use maxminddb::Reader;
use maxminddb::geoip2::City;
use rule_eval::geography::{GeoDatabase, Geography, Place};
use rule_runtime::Rule;
use std::env;
use std::ffi::OsString;
use std::fs;
use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::Arc;

/// The function that asks the database.
const FUNCTION: &str = "geo_info_from_ip_address";

/// Names the file where the option does not.
const VARIABLE: &str = "DETECTOR_GEO_DATABASE";

/// A file in memory.
#[derive(Debug)]
struct Database {
    path: PathBuf,
    reader: Reader<Vec<u8>>,
}

/// The argument.
pub(crate) fn argument() -> Arg {
    Arg::new("geo-database").long("geo-database").value_name("FILE").value_parser(ValueParser::path_buf()).help(format!(
        "Places of addresses for {FUNCTION}(): a city or country database in MaxMind's format (.mmdb) [default: what \
         {VARIABLE} names]"
    ))
}

/// Opens the database that the argument or the environment names, if either does.
pub(crate) fn open(matches: &ArgMatches) -> Result<Option<Geography>, Failure> {
    let named = || env::var_os(VARIABLE).filter(|path: &OsString| !path.is_empty()).map(PathBuf::from);
    let Some(path) = matches.get_one::<PathBuf>("geo-database").cloned().or_else(named) else {
        return Ok(None);
    };
    let content = fs::read(&path)
        .map_err(|error| Failure::open(format!("the geo database {}", path.display()), &error))?;
    let reader = Reader::from_source(content).map_err(|error| {
        let path = path.display();
        Failure::Usage(format!("the geo database {path} cannot be read: {error}; give a whole .mmdb file"))
    })?;
    Ok(Some(Arc::new(Database { path, reader })))
}

/// Whether a query calls the function. Its mention in a comment counts, too: all that comes of it is the notice.
pub(crate) fn is_asked_by(query: &str) -> bool {
    query.contains(FUNCTION)
}

/// Says once of rules that ask a database, where there is none, what they get.
pub(crate) fn note_rules(rules: &[&'static Rule]) {
    let mut asking = rules.iter().filter(|rule| is_asked_by(rule.query.text)).map(|rule| &rule.metadata.id);
    let Some(first) = asking.next() else { return };
    let others = asking.count();
    note(&if others == 0 { format!("in {first}") } else { format!("in {first} and {others} more") });
}

/// Says that without a database the function gives null, `in_what`.
pub(crate) fn note(in_what: &str) {
    eprintln!(
        "note: {FUNCTION}(), {in_what}, gives null without a database of addresses; give one with --geo-database FILE.mmdb"
    );
}

impl GeoDatabase for Database {
    fn place(&self, address: IpAddr) -> Result<Option<Place>, String> {
        if address.is_ipv6() && self.reader.metadata().ip_version == 4 {
            return Ok(None);
        }
        let record = self.reader.lookup(address).and_then(|found| found.decode::<City<'_>>());
        let record = record.map_err(|error| {
            format!("the geo database {} gives no place for {address}: {error}", self.path.display())
        })?;
        Ok(record.as_ref().map(place))
    }
}

fn place(record: &City<'_>) -> Place {
    let state = record.subdivisions.first().and_then(|subdivision| subdivision.names.english);
    Place {
        country: record.country.names.english.map(str::to_owned),
        state: state.map(str::to_owned),
        city: record.city.names.english.map(str::to_owned),
        latitude: record.location.latitude,
        longitude: record.location.longitude,
    }
}
