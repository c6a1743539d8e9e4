//! Functions of IPv4 and IPv6 addresses and networks in texts.
//!
//! An address may carry a prefix length (`10.0.0.1/8`), which masks it. Of two addresses that are compared the
//! shortest of the prefix lengths counts. Source: Kusto documentation, "IPv4/IPv6 functions".

use super::arguments::long;
use super::network::{Network, cidr_list};
use crate::Context;
use crate::function::{Accepts, Function, Param, Signature, Stability};
use crate::geography::Place;
use rule_model::{Type, Value};
use std::net::IpAddr;

const STRING: Accepts = Accepts::Type(Type::String);
const LONG: Accepts = Accepts::Type(Type::Long);
const RANGES: Accepts = Accepts::OneOf(&[Type::String, Type::Dynamic]);
const IP: Param = Param::one("ip", STRING);
const PREFIX: Param = Param::optional("prefix", LONG);
const COMPARE: &[Signature] = &[Signature::new(&[IP, Param::one("other", STRING), PREFIX], Type::Long)];
const MATCH: &[Signature] = &[Signature::new(&[IP, Param::one("other", STRING), PREFIX], Type::Bool)];
const IN_RANGE: &[Signature] = &[Signature::new(&[IP, Param::one("range", STRING)], Type::Bool)];
const IN_ANY_RANGE: &[Signature] =
    &[Signature::new(&[IP, Param::one("range", RANGES), Param::repeated("ranges", RANGES)], Type::Bool)];
// Texts and numbers alike are taken as they are.
const FORMAT: &[Signature] = &[Signature::new(&[Param::one("ip", Accepts::Any), PREFIX], Type::String)];

pub(crate) static FUNCTIONS: &[Function] = &[
    Function::scalar(
        "parse_ipv4",
        "The address as a number, its host part masked; null if the text is none.",
        &[Signature::new(&[IP], Type::Long)],
        |_, args| network(&args[0], Network::v4).map(|n| n.v4_number()).into(),
        &[
            ("parse_ipv4('192.168.1.1')", "3232235777"),
            ("parse_ipv4('192.168.1.1/24')", "3232235776"),
            ("parse_ipv4('192.168.1')", "long(null)"),
        ],
    ),
    Function::scalar(
        "parse_ipv4_mask",
        "The address as a number, masked to a prefix length; null if the text is none.",
        &[Signature::new(&[IP, Param::one("prefix", LONG)], Type::Long)],
        |_, args| {
            let masked = || network(&args[0], Network::v4)?.shortened_v4(long(&args[1])?);
            masked().map(|n| n.v4_number()).into()
        },
        &[("parse_ipv4_mask('127.0.0.1', 24)", "2130706432")],
    ),
    Function::scalar(
        "parse_ipv6",
        "The address in all digits of IPv6, its host part masked; empty if the text is none.",
        &[Signature::new(&[IP], Type::String)],
        |_, args| text(network(&args[0], Network::any).map(|n| n.v6_text())),
        &[
            ("parse_ipv6('192.168.255.255/24')", "'0000:0000:0000:0000:0000:ffff:c0a8:ff00'"),
            ("parse_ipv6('fe80::85d:e82c:9446:7994')", "'fe80:0000:0000:0000:085d:e82c:9446:7994'"),
            ("parse_ipv6('fe80')", "''"),
        ],
    ),
    Function::scalar(
        "parse_ipv6_mask",
        "The address in all digits of IPv6, masked to a prefix length of 128; empty if the text is none.",
        &[Signature::new(&[IP, Param::one("prefix", LONG)], Type::String)],
        |_, args| {
            let masked = || network(&args[0], Network::any)?.shortened(long(&args[1])?);
            text(masked().map(|n| n.v6_text()))
        },
        &[
            ("parse_ipv6_mask('192.168.255.255', 120)", "'0000:0000:0000:0000:0000:ffff:c0a8:ff00'"),
            (
                "parse_ipv6_mask('fe80::85d:e82c:9446:7994/120', 124)",
                "'fe80:0000:0000:0000:085d:e82c:9446:7900'",
            ),
        ],
    ),
    Function::scalar(
        "format_ipv4",
        "The address, a text or a number, masked to a prefix length; empty if it is none.",
        FORMAT,
        |_, args| text(formatted(args).map(|n| n.v4_text())),
        &[
            ("format_ipv4('192.168.1.1', 24)", "'192.168.1.0'"),
            ("format_ipv4(3232236031, 24)", "'192.168.1.0'"),
            ("format_ipv4('192.168.1.1/24', -1)", "''"),
        ],
    ),
    Function::scalar(
        "format_ipv4_mask",
        "The address, a text or a number, masked to a prefix length and followed by it; empty if it is none.",
        &[Signature::new(&[Param::one("ip", Accepts::Any), Param::one("prefix", LONG)], Type::String)],
        |_, args| text(formatted(args).map(|n| format!("{}/{}", n.v4_text(), n.v4_prefix()))),
        &[
            ("format_ipv4_mask('192.168.1.1', 24)", "'192.168.1.0/24'"),
            ("format_ipv4_mask('192.168.1.1/24', 32)", "'192.168.1.0/24'"),
        ],
    ),
    Function::scalar(
        "ipv4_netmask_suffix",
        "The prefix length that the text carries, 32 if none; null if it is no IPv4 address.",
        &[Signature::new(&[IP], Type::Long)],
        |_, args| network(&args[0], Network::v4).map(|n| n.v4_prefix()).into(),
        &[("ipv4_netmask_suffix('192.168.1.1/24')", "24"), ("ipv4_netmask_suffix('10.1.2.3')", "32")],
    ),
    Function::scalar(
        "ipv4_compare",
        "-1, 0 or 1, as the first address is below, equal to or above the second, within the shortest prefix.",
        COMPARE,
        |_, args| compare(args, Network::v4).into(),
        &[
            ("ipv4_compare('192.168.1.1/24', '192.168.1.255')", "0"),
            ("ipv4_compare('192.168.1.1', '192.168.1.255')", "-1"),
            ("ipv4_compare('192.168.1.1', '192.168.1.0', 31)", "0"),
        ],
    ),
    Function::scalar(
        "ipv4_is_match",
        "Whether two addresses are equal within the shortest prefix.",
        MATCH,
        |_, args| compare(args, Network::v4).map(|order| order == 0).into(),
        &[
            ("ipv4_is_match('192.168.1.1/24', '192.168.1.255')", "true"),
            ("ipv4_is_match('192.168.1.1', '192.168.1.255', 24)", "true"),
            ("ipv4_is_match('192.168.1.1', 'host')", "bool(null)"),
        ],
    ),
    Function::scalar(
        "ipv4_is_in_range",
        "Whether an address lies in a network; null if either text is none.",
        IN_RANGE,
        |_, args| in_range(args, Network::v4).into(),
        &[
            ("ipv4_is_in_range('192.168.1.1', '192.168.1.255/24')", "true"),
            ("ipv4_is_in_range('192.168.2.1', '192.168.1.0/24')", "false"),
            ("ipv4_is_in_range('::1', '10.0.0.0/8')", "bool(null)"),
        ],
    ),
    Function::scalar(
        "ipv4_is_in_any_range",
        "Whether an address lies in one of the networks, given as texts or arrays of them.",
        IN_ANY_RANGE,
        |_, args| in_any_range(args, Network::v4).into(),
        &[
            ("ipv4_is_in_any_range('192.168.1.6', '192.168.1.1/24', '10.0.0.1/8')", "true"),
            ("ipv4_is_in_any_range('127.0.0.1', dynamic(['127.0.0.1', '192.168.1.1']))", "true"),
            ("ipv4_is_in_any_range('1.1.1.1', dynamic(['10.0.0.0/8']))", "false"),
        ],
    ),
    Function::scalar(
        "ipv4_is_private",
        "Whether an address is of a network for private use: 10.0.0.0/8, 172.16.0.0/12 or 192.168.0.0/16.",
        &[Signature::new(&[IP], Type::Bool)],
        |_, args| network(&args[0], Network::v4).map(|n| n.is_private_v4()).into(),
        &[
            ("ipv4_is_private('192.168.1.1/24')", "true"),
            ("ipv4_is_private('202.1.2.3')", "false"),
            ("ipv4_is_private('host')", "bool(null)"),
        ],
    ),
    Function::scalar(
        "ipv4_range_to_cidr_list",
        "The fewest networks that make up the addresses from the first to the last.",
        &[Signature::new(&[Param::one("first", STRING), Param::one("last", STRING)], Type::Dynamic)],
        |_, args| {
            let ends = network(&args[0], Network::v4).zip(network(&args[1], Network::v4));
            ends.map(|(first, last)| {
                cidr_list(&first, &last).into_iter().map(Value::from).collect::<Vec<_>>()
            })
            .into()
        },
        &[(
            "ipv4_range_to_cidr_list('1.1.128.0', '1.1.140.255')",
            "dynamic(['1.1.128.0/21', '1.1.136.0/22', '1.1.140.0/24'])",
        )],
    ),
    Function::scalar(
        "ipv6_compare",
        "-1, 0 or 1, as the first address is below, equal to or above the second; IPv4 counts as mapped into IPv6.",
        COMPARE,
        |_, args| compare(args, Network::any).into(),
        &[
            ("ipv6_compare('fe80::85d:e82c:9446:7994/120', 'fe80::85d:e82c:9446:7998')", "0"),
            ("ipv6_compare('192.168.1.1', '::ffff:c0a8:0101')", "0"),
            ("ipv6_compare('::1', '::2')", "-1"),
        ],
    ),
    Function::scalar(
        "ipv6_is_match",
        "Whether two addresses are equal within the shortest prefix; IPv4 counts as mapped into IPv6.",
        MATCH,
        |_, args| compare(args, Network::any).map(|order| order == 0).into(),
        &[
            ("ipv6_is_match('fe80::85d:e82c:9446:7994', 'fe80::85d:e82c:9446:7995', 127)", "true"),
            ("ipv6_is_match('192.168.1.1/24', '192.168.1.255')", "true"),
        ],
    ),
    Function::scalar(
        "ipv6_is_in_range",
        "Whether an address lies in a network; IPv4 counts as mapped into IPv6.",
        IN_RANGE,
        |_, args| in_range(args, Network::any).into(),
        &[
            (
                "ipv6_is_in_range('a5e:f127:8a9d:146d:e102:b5d3:c755:abcd', 'a5e:f127:8a9d:146d:e102:b5d3:c755:0/112')",
                "true",
            ),
            ("ipv6_is_in_range('a5e::1', '0:0:0:0:0:ffff:c0a8:ac/60')", "false"),
        ],
    ),
    Function::scalar(
        "ipv6_is_in_any_range",
        "Whether an address lies in one of the networks, given as texts or arrays of them.",
        IN_ANY_RANGE,
        |_, args| in_any_range(args, Network::any).into(),
        &[("ipv6_is_in_any_range('a5e::1', 'fe80::/10', 'a5e::/16')", "true")],
    ),
    Function::scalar(
        "geo_info_from_ip_address",
        "Country, state, city, latitude and longitude of an address, those that are known; null where none is, and \
         without `--geo-database`.",
        &[Signature::new(&[IP], Type::Dynamic)],
        |context, args| geo_info(context, &args[0]),
        &[("geo_info_from_ip_address('20.53.203.50')", "dynamic(null)")],
    )
    // The database is not there yet when a query or a rule is compiled.
    .stability(Stability::Query),
];

fn network(value: &Value, read: fn(&str) -> Option<Network>) -> Option<Network> {
    read(value.as_str()?)
}

fn geo_info(context: &mut Context, ip: &Value) -> Value {
    let address = ip.as_str().and_then(|text| text.trim().parse::<IpAddr>().ok());
    let Some((address, geography)) = address.zip(context.geography.as_ref()) else { return Value::Null };
    // Of an IPv4 address that is mapped into IPv6 databases know only the former.
    match geography.place(address.to_canonical()) {
        Ok(place) => place.map_or(Value::Null, |place| bag_of(&place)),
        Err(message) => context.fail(message),
    }
}

/// A place as Kusto writes it; what is not known is left out, and of nothing at all there is no bag.
fn bag_of(place: &Place) -> Value {
    let name = |name: &Option<String>| name.as_deref().map(Value::from);
    let known = [
        ("country", name(&place.country)),
        ("state", name(&place.state)),
        ("city", name(&place.city)),
        ("latitude", place.latitude.map(Value::from)),
        ("longitude", place.longitude.map(Value::from)),
    ];
    let known: Vec<_> = known.into_iter().filter_map(|(key, value)| Some((key, value?))).collect();
    if known.is_empty() { Value::Null } else { Value::bag(known) }
}

fn text(result: Option<String>) -> Value {
    result.map_or(Value::EMPTY, Value::from)
}

fn formatted(args: &[Value]) -> Option<Network> {
    let address = match &args[0] {
        Value::String(text) => Network::v4(text)?,
        number => Network::of_v4(u32::try_from(long(number)?).ok()?),
    };
    match args.get(1) {
        Some(prefix) => address.shortened_v4(long(prefix)?),
        None => Some(address),
    }
}

fn compare(args: &[Value], read: fn(&str) -> Option<Network>) -> Option<i64> {
    let (mut left, mut right) = (network(&args[0], read)?, network(&args[1], read)?);
    if let Some(prefix) = args.get(2) {
        let prefix = long(prefix)?;
        // A prefix counts the bits of the family that the text is written in.
        (left, right) = (left.shortened_own(prefix)?, right.shortened_own(prefix)?);
    }
    Some(left.compare(&right) as i64)
}

fn in_range(args: &[Value], read: fn(&str) -> Option<Network>) -> Option<bool> {
    let (address, range) = (network(&args[0], read)?, network(&args[1], read)?);
    Some(range.contains(&address))
}

/// Ranges that are none are passed over; only without any range at all, or of no address, the result is null.
fn in_any_range(args: &[Value], read: fn(&str) -> Option<Network>) -> Option<bool> {
    let address = network(&args[0], read)?;
    let texts = args[1..].iter().flat_map(|arg| arg.as_array().unwrap_or(std::slice::from_ref(arg)));
    let ranges: Vec<_> = texts.filter_map(|text| network(text, read)).collect();
    (!ranges.is_empty()).then(|| ranges.iter().any(|range| range.contains(&address)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geography::GeoDatabase;
    use crate::{call, function, json};
    use rule_model::DateTime;
    use std::sync::Arc;

    /// Knows a place with everything, one in part, one of nothing, and one that cannot be read.
    #[derive(Debug)]
    struct Known;

    impl GeoDatabase for Known {
        fn place(&self, address: IpAddr) -> Result<Option<Place>, String> {
            let part = Place { country: Some("Norway".to_owned()), latitude: Some(60.5), ..Place::default() };
            let whole = Place {
                state: Some("Oslo County".to_owned()),
                city: Some("Oslo".to_owned()),
                longitude: Some(-0.25),
                ..part.clone()
            };
            match address.to_string().as_str() {
                "192.0.2.1" => Ok(Some(whole)),
                "2001:db8::1" => Ok(Some(part)),
                "192.0.2.2" => Ok(Some(Place::default())),
                "192.0.2.3" => Err("damaged".to_owned()),
                _ => Ok(None),
            }
        }
    }

    fn geo_info(context: &mut Context, ip: &str) -> String {
        let function = function("geo_info_from_ip_address").unwrap();
        json::write(&call(function, context, &[Value::string(ip)]))
    }

    #[test]
    fn what_is_known_of_an_address_is_in_its_bag() {
        let whole =
            r#"{"country":"Norway","state":"Oslo County","city":"Oslo","latitude":60.5,"longitude":-0.25}"#;
        let mut context = Context::at(DateTime::UNIX_EPOCH).with_geography(Some(Arc::new(Known)));
        for (ip, expected) in [
            ("192.0.2.1", whole),
            ("::ffff:192.0.2.1", whole),
            ("2001:DB8:0::1", r#"{"country":"Norway","latitude":60.5}"#),
            ("192.0.2.2", "null"),
            ("10.0.0.1", "null"),
            ("host", "null"),
            ("", "null"),
        ] {
            assert_eq!(geo_info(&mut context, ip), expected, "{ip}");
        }
        assert_eq!(context.take_failure(), None);
    }

    #[test]
    fn a_damaged_database_stops_the_evaluation() {
        let mut context = Context::at(DateTime::UNIX_EPOCH).with_geography(Some(Arc::new(Known)));
        geo_info(&mut context, "192.0.2.3");
        assert_eq!(context.take_failure().unwrap().message, "damaged");
    }
}
