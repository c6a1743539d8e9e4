//! Writes databases of addresses in the format of `MaxMind`, with records of 24 bits, for IPv4 and IPv6.
//!
//! ```text
//! networks ─> search tree: nodes of two records, each a node, a place in the data, or nothing
//!             ─ 16 zero bytes ─ data: one record a network ─ marker ─ metadata
//! ```
//!
//! Source: "`MaxMind` DB File Format Specification" 2.0.
#![allow(clippy::unwrap_used, reason = "a test ends at the first surprise")]

use std::net::IpAddr;

const MARKER: &[u8] = b"\xab\xcd\xefMaxMind.com";
const SEPARATOR: usize = 16;

/// A value of the data section.
pub(crate) enum Data {
    Text(&'static str),
    Real(f64),
    Short(u16),
    Int(u32),
    Long(u64),
    List(Vec<Data>),
    Map(Vec<(&'static str, Data)>),
}

/// What a record of a node says.
#[derive(Clone, Copy)]
enum Record {
    Nothing,
    Node(usize),
    Data(usize),
}

/// A database of `GeoLite2-City`'s shape: a place with everything, one in part, one in IPv6, and one of another shape.
pub(crate) fn cities() -> Vec<u8> {
    let named =
        |name| Data::Map(vec![("names", Data::Map(vec![("de", Data::Text("-")), ("en", Data::Text(name))]))]);
    let at = |latitude, longitude| {
        Data::Map(vec![("latitude", Data::Real(latitude)), ("longitude", Data::Real(longitude))])
    };
    database(vec![
        (
            "192.0.2.0/25",
            Data::Map(vec![
                ("city", named("Bergen")),
                ("country", named("Norway")),
                ("location", at(60.5, 5.25)),
                ("subdivisions", Data::List(vec![named("Vestland"), named("Nordhordland")])),
            ]),
        ),
        ("198.51.100.7/32", Data::Map(vec![("country", named("Sweden")), ("location", at(62.0, 15.0))])),
        ("2001:db8::/32", Data::Map(vec![("country", named("Finland")), ("city", named("Oulu"))])),
        ("203.0.113.0/24", Data::Map(vec![("country", Data::Text("NO"))])),
    ])
}

/// A database that knows these networks.
fn database(networks: Vec<(&str, Data)>) -> Vec<u8> {
    let (mut nodes, mut data) = (vec![[Record::Nothing; 2]], Vec::new());
    for (network, record) in networks {
        insert(&mut nodes, network, data.len());
        write(&record, &mut data);
    }
    let mut file = Vec::new();
    for record in nodes.iter().flatten() {
        let number = match record {
            Record::Nothing => nodes.len(),
            Record::Node(node) => *node,
            Record::Data(offset) => nodes.len() + SEPARATOR + offset,
        };
        file.extend(&u32::try_from(number).unwrap().to_be_bytes()[1..]);
    }
    file.extend([0; SEPARATOR]);
    file.extend(data);
    file.extend(MARKER);
    write(&metadata(nodes.len()), &mut file);
    file
}

/// An IPv4 network stands in the tree as the last 32 bits of an IPv6 network whose other bits are zero.
fn insert(nodes: &mut Vec<[Record; 2]>, network: &str, offset: usize) {
    let (address, length) = network.split_once('/').unwrap();
    let length: usize = length.parse().unwrap();
    let (bits, length) = match address.parse().unwrap() {
        IpAddr::V4(address) => (u128::from(u32::from(address)), length + 96),
        IpAddr::V6(address) => (u128::from(address), length),
    };
    let mut node = 0;
    for depth in 0..length {
        let side = usize::from(bits >> (127 - depth) & 1 == 1);
        if depth + 1 == length {
            nodes[node][side] = Record::Data(offset);
        } else if let Record::Node(next) = nodes[node][side] {
            node = next;
        } else {
            nodes.push([Record::Nothing; 2]);
            nodes[node][side] = Record::Node(nodes.len() - 1);
            node = nodes.len() - 1;
        }
    }
}

fn metadata(nodes: usize) -> Data {
    Data::Map(vec![
        ("binary_format_major_version", Data::Short(2)),
        ("binary_format_minor_version", Data::Short(0)),
        ("build_epoch", Data::Long(1_700_000_000)),
        ("database_type", Data::Text("Test-City")),
        ("description", Data::Map(vec![("en", Data::Text("for tests"))])),
        ("ip_version", Data::Short(6)),
        ("languages", Data::List(vec![Data::Text("en")])),
        ("node_count", Data::Int(u32::try_from(nodes).unwrap())),
        ("record_size", Data::Short(24)),
    ])
}

/// The type's number and the size in a control byte, of types from 8 on with a byte more, then the content.
fn write(data: &Data, to: &mut Vec<u8>) {
    let mut control = |kind: u8, size: usize| {
        assert!(size < 29, "sizes from 29 on are written otherwise");
        let size = u8::try_from(size).unwrap();
        if kind < 8 { to.push(kind << 5 | size) } else { to.extend([size, kind - 7]) }
    };
    match data {
        Data::Text(text) => {
            control(2, text.len());
            to.extend(text.as_bytes());
        }
        Data::Real(number) => {
            control(3, 8);
            to.extend(number.to_be_bytes());
        }
        Data::Short(number) => {
            control(5, 2);
            to.extend(number.to_be_bytes());
        }
        Data::Int(number) => {
            control(6, 4);
            to.extend(number.to_be_bytes());
        }
        Data::Long(number) => {
            control(9, 8);
            to.extend(number.to_be_bytes());
        }
        Data::List(items) => {
            control(11, items.len());
            items.iter().for_each(|item| write(item, to));
        }
        Data::Map(entries) => {
            control(7, entries.len());
            for (key, value) in entries {
                write(&Data::Text(key), to);
                write(value, to);
            }
        }
    }
}
