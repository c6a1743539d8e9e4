//! `evaluate ipv4_lookup()` and `ipv6_lookup()`: rows joined to the networks that their addresses lie in.

use super::expression::column;
use super::query::{Bound, Operate, PreparedQuery};
use super::{Binder, Env, Expression};
use crate::context::EvalError;
use crate::order::Key;
use crate::{Row, Table};
use rule_model::Value;
use rule_model::plan::{Expr, Field, Name, Query};
use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Binds the plugin; `names` are the output names of the lookup table's columns, `keys` the columns that must be equal
/// on both sides beside.
pub(super) fn ip_lookup(
    (lookup, network, names): (&Query, &Name, &[Option<Name>]),
    address: &Expr,
    keys: &[Name],
    return_unmatched: bool,
    input: &[Field],
    binder: &mut Binder,
) -> Bound {
    let lookup = PreparedQuery::new(lookup, binder)?;
    let fields = lookup.columns().unwrap_or_default().to_vec();
    let network = column(&fields, network)?;
    let address = Expression::bind_in(address, input, binder)?;
    let keys = keys.iter().map(|key| Ok((column(input, key)?, column(&fields, key)?)));
    let keys = keys.collect::<Result<_, EvalError>>()?;
    let mut columns = input.to_vec();
    let mut kept = Vec::new();
    for (at, (name, field)) in names.iter().zip(&fields).enumerate() {
        if let Some(name) = name {
            columns.push(Field::new(name.clone(), field.ty));
            kept.push(at);
        }
    }
    Ok(Box::new(IpLookup { lookup, fields, network, address, keys, kept, return_unmatched, columns }))
}

#[derive(Debug)]
struct IpLookup {
    lookup: PreparedQuery,
    /// The columns of the lookup table.
    fields: Vec<Field>,
    network: usize,
    address: Expression,
    /// Positions, in the input and in the lookup table, of columns that must be equal.
    keys: Vec<(usize, usize)>,
    /// The columns of the lookup table that come out.
    kept: Vec<usize>,
    return_unmatched: bool,
    columns: Vec<Field>,
}

/// A network: the first bits of an address, and how many count. IPv4 addresses are taken as IPv6 ones that embed
/// them, as KQL's IPv6 functions do.
type Network = (u128, u32);

/// Networks by their bits, for each prefix length that occurs, so that a look-up costs one hash a length.
type Networks = HashMap<u32, HashMap<u128, Vec<usize>>>;

impl Operate for IpLookup {
    fn columns(&self) -> Option<&[Field]> {
        Some(&self.columns)
    }

    fn run(&self, env: &mut Env<'_>, input: Table) -> Result<Table, EvalError> {
        let table = self.lookup.run(env)?;
        let mut networks = Networks::new();
        for (at, row) in table.rows.iter().enumerate() {
            if let Some((bits, length)) = row[self.network].as_str().and_then(network) {
                networks.entry(length).or_default().entry(bits).or_default().push(at);
            }
        }
        let absent: Row = self.fields.iter().map(|field| Value::absent(field.ty)).collect();
        let mut rows = Vec::new();
        for row in input.rows {
            let address = self.address.value(env, &row);
            let found = address.as_str().and_then(network).map(|address| matches(&networks, address));
            let mut found = found.unwrap_or_default();
            found.retain(|at| {
                let other = &table.rows[*at];
                self.keys.iter().all(|(own, theirs)| Key::of(&row[*own]) == Key::of(&other[*theirs]))
            });
            if found.is_empty() && self.return_unmatched {
                rows.push(self.joined(&row, &absent));
            }
            rows.extend(found.iter().map(|at| self.joined(&row, &table.rows[*at])));
        }
        Ok(Table { columns: self.columns.clone(), rows })
    }
}

impl IpLookup {
    fn joined(&self, row: &[Value], other: &[Value]) -> Row {
        row.iter().chain(self.kept.iter().map(|at| &other[*at])).cloned().collect()
    }
}

/// Positions of the networks that contain the address, in the order of their table.
fn matches(networks: &Networks, (bits, length): Network) -> Vec<usize> {
    let found = networks.iter().filter(|(prefix, _)| **prefix <= length);
    let found = found.filter_map(|(prefix, by_bits)| by_bits.get(&masked(bits, *prefix)));
    let mut found: Vec<usize> = found.flatten().copied().collect();
    found.sort_unstable();
    found
}

/// Reads an address with or without a prefix length.
fn network(text: &str) -> Option<Network> {
    let (address, length) = match text.trim().split_once('/') {
        Some((address, length)) => (address, Some(length.parse::<u32>().ok()?)),
        None => (text.trim(), None),
    };
    let (bits, own_length) = match address.parse::<IpAddr>().ok()? {
        IpAddr::V4(address) => (embedded(address), length.map_or(Some(128), |n| (n <= 32).then_some(n + 96))),
        IpAddr::V6(address) => (address.to_bits(), length.map_or(Some(128), |n| (n <= 128).then_some(n))),
    };
    let length = own_length?;
    Some((masked(bits, length), length))
}

fn embedded(address: Ipv4Addr) -> u128 {
    Ipv6Addr::to_bits(address.to_ipv6_mapped())
}

fn masked(bits: u128, length: u32) -> u128 {
    bits & u128::MAX.checked_shl(128 - length).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_lies_in_the_networks_that_share_its_first_bits() {
        for (address, in_network, inside) in [
            ("10.1.2.3", "10.0.0.0/8", true),
            ("11.1.2.3", "10.0.0.0/8", false),
            ("10.1.2.3", "10.1.2.3", true),
            ("10.1.2.3", "0.0.0.0/0", true),
            ("::ffff:10.1.2.3", "10.1.0.0/16", true),
            ("2001:db8::1", "2001:db8::/32", true),
            ("10.0.0.0/8", "10.1.0.0/16", false),
        ] {
            let (bits, length) = network(in_network).unwrap();
            let networks = Networks::from([(length, HashMap::from([(bits, vec![0])]))]);
            assert_eq!(
                !matches(&networks, network(address).unwrap()).is_empty(),
                inside,
                "{address} {in_network}"
            );
        }
        assert_eq!(network("10.0.0.0/33"), None);
        assert_eq!(network("host"), None);
    }
}
