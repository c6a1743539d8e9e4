//! KQL's scalar data types.
//!
//! Source: Kusto documentation, "Scalar data types".

use serde::{Deserialize, Serialize};
use std::fmt;

/// A scalar data type of KQL: what a column or an expression holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Type {
    /// `true`, `false` or null.
    Bool,
    /// 32-bit signed integer.
    Int,
    /// 64-bit signed integer.
    Long,
    /// 64-bit IEEE 754 number.
    Real,
    /// Decimal number of 128 bits.
    Decimal,
    /// Unicode text; has no null, only the empty text.
    String,
    /// An instant, in steps of 100 ns.
    DateTime,
    /// A span of time, in steps of 100 ns.
    Timespan,
    /// 128-bit identifier.
    Guid,
    /// Any of the above, an array, or a property bag.
    Dynamic,
}

impl Type {
    /// Bytes that a value takes in audit logs once it is serialised, roughly: texts are mostly names and ids, dynamic values
    /// small objects.
    pub const fn typical_bytes(self) -> u64 {
        match self {
            Type::Bool => 2,
            Type::Int | Type::Long => 5,
            Type::Real => 9,
            Type::DateTime | Type::Timespan => 10,
            Type::Guid | Type::Decimal => 17,
            Type::String => 26,
            Type::Dynamic => 200,
        }
    }

    /// All types, in the order of the documentation's table.
    pub const ALL: [Type; 10] = [
        Type::Bool,
        Type::Int,
        Type::Long,
        Type::Real,
        Type::Decimal,
        Type::String,
        Type::DateTime,
        Type::Timespan,
        Type::Guid,
        Type::Dynamic,
    ];

    /// The canonical KQL name.
    pub const fn name(self) -> &'static str {
        match self {
            Type::Bool => "bool",
            Type::Int => "int",
            Type::Long => "long",
            Type::Real => "real",
            Type::Decimal => "decimal",
            Type::String => "string",
            Type::DateTime => "datetime",
            Type::Timespan => "timespan",
            Type::Guid => "guid",
            Type::Dynamic => "dynamic",
        }
    }

    /// The type that KQL calls `name`, by its canonical name or one of its aliases.
    pub fn named(name: &str) -> Option<Type> {
        Some(match name {
            "bool" | "boolean" => Type::Bool,
            "int" | "int32" => Type::Int,
            "long" | "int64" => Type::Long,
            "real" | "double" => Type::Real,
            "decimal" => Type::Decimal,
            "string" => Type::String,
            "datetime" | "date" => Type::DateTime,
            "timespan" | "time" => Type::Timespan,
            "guid" | "uuid" | "uniqueid" => Type::Guid,
            "dynamic" => Type::Dynamic,
            _ => return None,
        })
    }

    /// Whether arithmetic treats values of this type as numbers.
    pub const fn is_number(self) -> bool {
        matches!(self, Type::Int | Type::Long | Type::Real | Type::Decimal)
    }
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_type_is_found_by_its_canonical_name() {
        for ty in Type::ALL {
            assert_eq!(Type::named(ty.name()), Some(ty));
        }
    }
}
