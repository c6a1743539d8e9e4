//! An IPv4 or IPv6 address with a prefix length, and what is computed with it.

use std::cmp::Ordering;
use std::net::{Ipv4Addr, Ipv6Addr};

/// Bits before an IPv4 address that is mapped into IPv6.
const MAPPED: u8 = 96;

/// An address masked to its prefix length. IPv4 is held mapped into IPv6 (`::ffff:0:0/96`), so that both compare.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Network {
    bits: u128,
    /// Of 128 bits, for IPv4 too.
    prefix: u8,
    /// Written in the notation of IPv4.
    v4: bool,
}

impl Network {
    /// Reads `192.168.1.1` or `192.168.1.1/24`.
    pub(crate) fn v4(text: &str) -> Option<Network> {
        let (address, prefix) = split(text.trim(), 32)?;
        let address: Ipv4Addr = address.parse().ok()?;
        Network { prefix: MAPPED + prefix, ..Network::of_v4(address.into()) }.masked()
    }

    /// Reads IPv6 or IPv4. `::192.168.1.1` counts as IPv4, with a prefix length of 32 bits, as in Kusto.
    pub(crate) fn any(text: &str) -> Option<Network> {
        let text = text.trim();
        if let Some(v4) = text.strip_prefix("::").filter(|rest| rest.contains('.') && !rest.contains(':')) {
            return Network::v4(v4);
        }
        Network::v4(text).or_else(|| {
            let (address, prefix) = split(text, 128)?;
            let address: Ipv6Addr = address.parse().ok()?;
            Network { bits: address.into(), prefix, v4: false }.masked()
        })
    }

    /// A single IPv4 address.
    pub(crate) fn of_v4(address: u32) -> Network {
        Network { bits: Ipv4Addr::from(address).to_ipv6_mapped().into(), prefix: 128, v4: true }
    }

    /// Masked to at most `prefix` of 128 bits; `None` if there are no so many.
    pub(crate) fn shortened(self, prefix: i64) -> Option<Network> {
        let prefix = u8::try_from(prefix).ok().filter(|prefix| *prefix <= 128)?;
        Network { prefix: self.prefix.min(prefix), ..self }.masked()
    }

    /// Masked to at most `prefix` of 32 bits.
    pub(crate) fn shortened_v4(self, prefix: i64) -> Option<Network> {
        (0..=32).contains(&prefix).then(|| self.shortened(prefix + i64::from(MAPPED)))?
    }

    /// Masked to at most `prefix` bits of the notation it is written in. A length past 32 is one of IPv6 even so.
    pub(crate) fn shortened_own(self, prefix: i64) -> Option<Network> {
        if self.v4 && prefix <= 32 { self.shortened_v4(prefix) } else { self.shortened(prefix) }
    }

    fn masked(self) -> Option<Network> {
        let host = u32::from(128u8.checked_sub(self.prefix)?);
        let mask = u128::MAX.checked_shl(host).unwrap_or(0);
        Some(Network { bits: self.bits & mask, ..self })
    }

    /// The order of two addresses within the shorter of the two prefixes.
    pub(crate) fn compare(&self, other: &Network) -> Ordering {
        let shorter = i64::from(self.prefix.min(other.prefix));
        let bits = |network: &Network| network.shortened(shorter).map(|network| network.bits);
        bits(self).cmp(&bits(other))
    }

    /// Whether all addresses of `other` are of this network.
    pub(crate) fn contains(&self, other: &Network) -> bool {
        self.prefix <= other.prefix && self.compare(other).is_eq()
    }

    /// The IPv4 address as a number.
    pub(crate) fn v4_number(&self) -> i64 {
        i64::from(self.bits as u32)
    }

    /// The IPv4 prefix length.
    pub(crate) fn v4_prefix(&self) -> i64 {
        i64::from(self.prefix.saturating_sub(MAPPED))
    }

    /// `192.168.1.0`
    pub(crate) fn v4_text(&self) -> String {
        Ipv4Addr::from(self.bits as u32).to_string()
    }

    /// All 32 digits, in groups of four.
    pub(crate) fn v6_text(&self) -> String {
        let groups = Ipv6Addr::from(self.bits).segments().map(|group| format!("{group:04x}"));
        groups.join(":")
    }

    /// Whether the IPv4 address is reserved for private use.
    pub(crate) fn is_private_v4(&self) -> bool {
        Ipv4Addr::from(self.bits as u32).is_private()
    }
}

/// The address and the prefix length behind it; all `bits` where none is written.
fn split(text: &str, bits: u8) -> Option<(&str, u8)> {
    match text.split_once('/') {
        None => Some((text, bits)),
        Some((address, prefix)) => {
            let digits = prefix.bytes().all(|b| b.is_ascii_digit());
            Some((address, prefix.parse().ok().filter(|prefix| digits && *prefix <= bits)?))
        }
    }
}

/// The fewest IPv4 networks that make up the addresses from `first` to `last`, both included.
pub(crate) fn cidr_list(first: &Network, last: &Network) -> Vec<String> {
    let (mut from, last) = (first.v4_number() as u64, last.v4_number() as u64);
    let mut networks = Vec::new();
    while from <= last {
        let aligned = from.trailing_zeros().min(32);
        let fitting = (last - from + 1).ilog2();
        let host = aligned.min(fitting);
        networks.push(format!("{}/{}", Ipv4Addr::from(from as u32), 32 - host));
        from += 1 << host;
    }
    networks
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shorter_prefix_decides_whether_addresses_are_equal() {
        for (left, right, order) in [
            ("192.168.1.1/24", "192.168.1.255", Ordering::Equal),
            ("192.168.1.1/30", "192.168.1.255/24", Ordering::Equal),
            ("192.168.1.1", "192.168.1.255", Ordering::Less),
            ("::192.168.1.1/30", "192.168.1.255/24", Ordering::Equal),
            ("::ffff:c0a8:0101", "192.168.1.255/24", Ordering::Equal),
            ("fe80::1/64", "fe80::ffff", Ordering::Equal),
            ("0.0.0.0/0", "255.255.255.255", Ordering::Equal),
        ] {
            let network = |text| Network::any(text).unwrap();
            assert_eq!(network(left).compare(&network(right)), order, "{left} {right}");
        }
    }

    #[test]
    fn a_network_contains_its_addresses_but_not_a_larger_network() {
        let range = Network::v4("10.0.0.0/8").unwrap();
        assert!(range.contains(&Network::v4("10.1.2.3").unwrap()));
        assert!(!range.contains(&Network::v4("11.1.2.3").unwrap()));
        assert!(!range.contains(&Network::v4("10.0.0.0/7").unwrap()));
    }

    #[test]
    fn texts_that_are_no_addresses_are_refused() {
        for text in
            ["", "10.0.0", "10.0.0.256", "10.0.0.1/33", "10.0.0.1/", "10.0.0.1/+8", "host", "1:2", "::1/129"]
        {
            assert_eq!(Network::any(text), None, "{text}");
        }
    }

    #[test]
    fn a_range_over_all_addresses_is_one_network() {
        let ends = (Network::v4("0.0.0.0").unwrap(), Network::v4("255.255.255.255").unwrap());
        assert_eq!(cidr_list(&ends.0, &ends.1), ["0.0.0.0/0"]);
        let ends = (Network::v4("10.0.0.1").unwrap(), Network::v4("10.0.0.4").unwrap());
        assert_eq!(cidr_list(&ends.0, &ends.1), ["10.0.0.1/32", "10.0.0.2/31", "10.0.0.4/32"]);
    }
}
