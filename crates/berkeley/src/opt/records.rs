//! How values with parts are declared: structures a row per field, flags a row per bit, and
//! numbers with names a row per name. Each of these types is its own codec.

use super::Value;
pub(crate) use super::units::*;
use crate::addr::Addr;
use crate::kind::Family;
use crate::sys::layout::{Field, Plain};

/// How many bytes an address of any family has in a structure.
pub(super) const ADDR: usize = 128;

/// The address that stands in a room for any.
pub(super) fn addr_of(room: &[u8]) -> Option<Addr> {
    let family = Family::from(i32::from(u16::read(room)?));
    let len = match family {
        Family::UNSPEC => return None,
        Family::INET => 16,
        Family::INET6 => 28,
        _ => room.len(),
    };
    Addr::from_bytes(room.get(..len)?).ok()
}

/// A room for any address with this one in it; one of more bytes than it has is cut off.
pub(super) fn storage_of(addr: Option<&Addr>) -> [u8; ADDR] {
    let mut room = [0; ADDR];
    for (to, from) in room.iter_mut().zip(addr.map_or(&[][..], Addr::as_bytes)) {
        *to = *from;
    }
    room
}

/// Bytes as people read them.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Declares structures of numbers, each of which is its own codec.
///
/// A row is `field: type = its name in C`, or `field: type as unit = …` where the number means
/// something else. Those behind `newer` are `None` if the kernel does not tell them.
macro_rules! records {
    ($(
        $(#[$doc:meta])*
        $value:ident = $structure:ident, $form:literal {
            $($(#[$field_doc:meta])* $field:ident: $rust:ty $(as $unit:ty)? = $c:ident),* $(,)?
        }
        $(+ newer {
            $($(#[$new_doc:meta])* $new:ident: $new_rust:ty $(as $new_unit:ty)? = $new_c:ident),* $(,)?
        })?
    )*) => {$(
        $(#[$doc])*
        ///
        /// ```
        #[doc = concat!("use berkeley::opt::{Codec, ", stringify!($value), "};")]
        #[doc = concat!("let bytes = ", stringify!($value), "::encode(", stringify!($value), "::default());")]
        #[doc = concat!("let value = ", stringify!($value), "::decode(&bytes).unwrap();")]
        #[doc = concat!("assert_eq!(", stringify!($value), "::encode(value), bytes);")]
        #[doc = concat!("assert!(", stringify!($value), "::decode(&[]).is_none());")]
        /// ```
        #[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
        pub struct $value {
            $($(#[$field_doc])* pub $field: $rust,)*
            $($($(#[$new_doc])* pub $new: Option<$new_rust>,)*)?
        }

        impl $crate::opt::Codec for $value {
            type Value = $value;
            type Bytes = [u8; $crate::sys::structs::$structure::SIZE];
            const FORM: &'static str = $form;
            const ROOM: usize = $crate::sys::structs::$structure::SIZE;

            fn encode(value: $value) -> Self::Bytes {
                use $crate::opt::records::Unit;
                use $crate::sys::structs::$structure as structure;
                let mut bytes = [0; structure::SIZE];
                $(structure::$c.put(
                    &mut bytes,
                    <$crate::opt::records::unit!($($unit)?) as Unit<_>>::write(value.$field),
                );)*
                $($(if let Some(new) = value.$new {
                    structure::$new_c.put(
                        &mut bytes,
                        <$crate::opt::records::unit!($($new_unit)?) as Unit<_>>::write(new),
                    );
                })*)?
                bytes
            }

            fn decode(bytes: &[u8]) -> Option<$value> {
                use $crate::opt::records::Unit;
                use $crate::sys::structs::$structure as structure;
                Some($value {
                    $($field: <$crate::opt::records::unit!($($unit)?) as Unit<_>>::read(
                        structure::$c.get(bytes)?,
                    ),)*
                    $($($new: structure::$new_c.get(bytes).map(
                        <$crate::opt::records::unit!($($new_unit)?) as Unit<_>>::read,
                    ),)*)?
                })
            }

            fn describe(bytes: &[u8]) -> Option<String> {
                use $crate::opt::records::{shown, told};
                use $crate::sys::structs::$structure as structure;
                let parts = [
                    $(Some(shown(
                        stringify!($field),
                        &told::<_, $crate::opt::records::unit!($($unit)?)>(
                            structure::$c.get(bytes)?,
                        ),
                    )),)*
                    $($(structure::$new_c.get(bytes).map(|new| shown(
                        stringify!($new),
                        &told::<_, $crate::opt::records::unit!($($new_unit)?)>(new),
                    )),)*)?
                ];
                Some(parts.into_iter().flatten().collect::<Vec<String>>().join(", "))
            }

            fn value(bytes: &[u8]) -> Option<$crate::opt::Value> {
                Self::decode(bytes).map($crate::opt::Value::from)
            }

            /// Of a record, or of a list of its fields in order.
            fn build(value: &$crate::opt::Value) -> Option<Vec<u8>> {
                use $crate::opt::records::made;
                use $crate::sys::structs::$structure as structure;
                let mut fields = value.parts()?;
                let record = $value {
                    $($field: made::<_, $crate::opt::records::unit!($($unit)?)>(
                        structure::$c, fields.next()?,
                    )?,)*
                    $($($new: match fields.next() {
                        None | Some($crate::opt::Value::None) => None,
                        Some(new) => {
                            Some(made::<_, $crate::opt::records::unit!($($new_unit)?)>(
                                structure::$new_c, new,
                            )?)
                        }
                    },)*)?
                };
                fields.next().is_none().then(|| Self::encode(record).to_vec())
            }
        }

        impl From<$value> for $crate::opt::Value {
            fn from(value: $value) -> $crate::opt::Value {
                use $crate::opt::Value;
                use $crate::sys::structs::$structure as structure;
                Value::Record(stringify!($value), vec![
                    $((
                        stringify!($field),
                        $crate::opt::records::valued::<_, $crate::opt::records::unit!($($unit)?)>(
                            structure::$c, value.$field,
                        ),
                    ),)*
                    $($((
                        stringify!($new),
                        value.$new.map_or(
                            Value::None,
                            |new| $crate::opt::records::valued::<_, $crate::opt::records::unit!($($new_unit)?)>(
                                structure::$new_c, new,
                            ),
                        ),
                    ),)*)?
                ])
            }
        }
    )*};
}
pub(crate) use records;

/// A field, whose place in C says which of the unit's numbers it is, as a value.
pub(crate) fn valued<C, U: Unit<C>>(_: Field<C>, value: U::Rust) -> Value {
    U::value(value)
}

/// The other way round.
pub(crate) fn made<C, U: Unit<C>>(_: Field<C>, value: &Value) -> Option<U::Rust> {
    U::of(value)
}

/// A number of C as people read it.
pub(crate) fn told<C, U: Unit<C>>(value: C) -> String {
    U::show(&U::read(value))
}

/// A field with its value.
pub(crate) fn shown(field: &str, value: &str) -> String {
    format!("{} {value}", field.replace('_', " "))
}

/// The unit of a field: the number itself if none is named.
macro_rules! unit {
    () => {
        $crate::opt::records::Plainly
    };
    ($unit:ty) => {
        $unit
    };
}
pub(crate) use unit;

/// Declares flags, which are their own codecs. Bits without a name are kept.
macro_rules! flags {
    ($(
        $(#[$($doc:tt)*])*
        $value:ident: $number:ty, $form:literal {
            $($(#[$($flag_doc:tt)*])* $flag:ident = $bit:expr;)*
        }
    )*) => {$(
        bitflags::bitflags! {
            $(#[$($doc)*])*
            /// Bits without a name are kept.
            ///
            /// ```
            #[doc = concat!("use berkeley::opt::{Codec, ", stringify!($value), "};")]
            #[doc = concat!("let all = ", stringify!($value), "::all();")]
            #[doc = concat!("assert_eq!(", stringify!($value), "::decode(&", stringify!($value), "::encode(all)), Some(all));")]
            /// ```
            #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
            pub struct $value: $number {
                $($(#[$($flag_doc)*])* const $flag = $bit as $number;)*
            }
        }

        impl $crate::opt::Codec for $value {
            type Value = $value;
            type Bytes = [u8; size_of::<$number>()];
            const FORM: &'static str = $form;
            const ROOM: usize = size_of::<$number>();

            fn encode(value: $value) -> Self::Bytes {
                value.bits().to_ne_bytes()
            }

            fn decode(bytes: &[u8]) -> Option<$value> {
                let bits = <$number as $crate::sys::layout::Plain>::read(bytes)?;
                Some($value::from_bits_retain(bits))
            }

            fn describe(bytes: &[u8]) -> Option<String> {
                let value = Self::decode(bytes)?;
                Some(if value.is_empty() { "none".to_owned() } else { value.to_string() })
            }

            fn parse(text: &str) -> Option<Vec<u8>> {
                if text.eq_ignore_ascii_case("none") {
                    return Some(Self::encode($value::empty()).to_vec());
                }
                let value = match $crate::opt::numbers::number(text) {
                    Some(bits) => $value::from_bits_retain(<$number>::try_from(bits).ok()?),
                    None => {
                        let text = text.to_ascii_uppercase().replace(['+', ','], "|");
                        bitflags::parser::from_str(&text).ok()?
                    }
                };
                Some(Self::encode(value).to_vec())
            }

            fn value(bytes: &[u8]) -> Option<$crate::opt::Value> {
                Self::decode(bytes).map($crate::opt::Value::from)
            }
        }

        impl From<$value> for $crate::opt::Value {
            fn from(value: $value) -> $crate::opt::Value {
                let names = value.iter_names().map(|(name, _)| name).collect();
                $crate::opt::Value::Flags(value.bits() as u64, names)
            }
        }

        impl std::fmt::Display for $value {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                bitflags::parser::to_writer(self, f)
            }
        }
    )*};
}
pub(crate) use flags;

/// Declares numbers that have names, which are their own codecs. Any number is a value.
macro_rules! named {
    ($(
        $(#[$doc:meta])*
        $value:ident, $form:literal {
            $($(#[$name_doc:meta])* $name:ident = $number:expr, $text:literal;)*
        }
    )*) => {$(
        $(#[$doc])*
        /// Any number is a value; those with names are constants.
        ///
        /// ```
        #[doc = concat!("use berkeley::opt::{Codec, ", stringify!($value), "};")]
        #[doc = concat!("let value = ", stringify!($value), "::from(3);")]
        #[doc = concat!("assert_eq!(", stringify!($value), "::decode(&", stringify!($value), "::encode(value)), Some(value));")]
        /// assert_eq!(value.number(), 3);
        /// ```
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
        pub struct $value(i32);

        impl $value {
            $($(#[$name_doc])* pub const $name: $value = $value($number as i32);)*

            /// Every value that has a name, with the name.
            pub const NAMED: &'static [($value, &'static str)] = &[$(($value::$name, $text),)*];

            /// The number as C has it.
            ///
            /// ```
            #[doc = concat!("use berkeley::opt::", stringify!($value), ";")]
            #[doc = concat!("assert_eq!(", stringify!($value), "::from(7).number(), 7);")]
            /// ```
            pub const fn number(self) -> i32 {
                self.0
            }
        }

        impl From<i32> for $value {
            fn from(number: i32) -> $value {
                $value(number)
            }
        }

        impl From<$value> for i32 {
            fn from(value: $value) -> i32 {
                value.0
            }
        }

        /// The name in words, or the bare number.
        impl std::fmt::Display for $value {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                match Self::NAMED.iter().find(|(value, _)| value == self) {
                    Some((_, name)) => f.pad(name),
                    None => std::fmt::Display::fmt(&self.0, f),
                }
            }
        }

        impl std::fmt::Debug for $value {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                std::fmt::Display::fmt(self, f)
            }
        }

        impl $crate::opt::Codec for $value {
            type Value = $value;
            type Bytes = [u8; 4];
            const FORM: &'static str = $form;
            const ROOM: usize = 4;

            fn encode(value: $value) -> [u8; 4] {
                value.0.to_ne_bytes()
            }

            fn decode(bytes: &[u8]) -> Option<$value> {
                $crate::opt::Int::decode(bytes).map($value)
            }

            fn describe(bytes: &[u8]) -> Option<String> {
                Self::decode(bytes).map(|value| value.to_string())
            }

            fn parse(text: &str) -> Option<Vec<u8>> {
                let named = Self::NAMED.iter().find(|(_, name)| name.eq_ignore_ascii_case(text));
                match named {
                    Some((value, _)) => Some(Self::encode(*value).to_vec()),
                    None => $crate::opt::Int::parse(text),
                }
            }

            fn value(bytes: &[u8]) -> Option<$crate::opt::Value> {
                Self::decode(bytes).map($crate::opt::Value::from)
            }
        }

        impl From<$value> for $crate::opt::Value {
            fn from(value: $value) -> $crate::opt::Value {
                let named = $value::NAMED.iter().find(|(known, _)| *known == value);
                $crate::opt::Value::Named(value.0.into(), named.map(|(_, name)| *name))
            }
        }
    )*};
}
pub(crate) use named;

/// Declares what becomes of structures that are written out by hand: each a record of these fields.
macro_rules! record_values {
    ($($structure:ident { $($field:ident),* $(,)? })*) => {$(
        impl From<$structure> for $crate::opt::Value {
            fn from(value: $structure) -> $crate::opt::Value {
                $crate::opt::Value::Record(
                    stringify!($structure),
                    vec![$((stringify!($field), value.$field.into())),*],
                )
            }
        }
    )*};
}
pub(crate) use record_values;
