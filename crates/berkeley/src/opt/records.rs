//! How values with parts are declared: structures a row per field, flags a row per bit, and
//! numbers with names a row per name. Each of these types is its own codec.

use std::fmt::Display;
use std::marker::PhantomData;
use std::net::Ipv4Addr;
use std::time::Duration;

use super::{Codec, Value};
use crate::addr::Addr;
use crate::kind::Family;
use crate::sys::layout::{AnyAddr, Be, Field, Plain};

/// How many bytes an address of any family has in a structure.
pub(super) const ADDR: usize = 128;

/// What a number of C means: what it is in Rust, and how people read it.
///
/// Only the macros below use it: the types of fields are written out where they are declared.
pub(crate) trait Unit<C> {
    /// What it is in Rust.
    type Rust;
    /// From C.
    fn read(value: C) -> Self::Rust;
    /// To C.
    fn write(value: Self::Rust) -> C;
    /// For people.
    fn show(value: &Self::Rust) -> String;
    /// For those who do not know its type.
    fn value(value: Self::Rust) -> Value;
    /// From them.
    fn of(value: &Value) -> Option<Self::Rust>;
}

/// The number itself.
pub(crate) enum Plainly {}

impl<C: Plain + Display + Into<Value> + TryFrom<i128>> Unit<C> for Plainly {
    type Rust = C;

    fn read(value: C) -> C {
        value
    }

    fn write(value: C) -> C {
        value
    }

    fn show(value: &C) -> String {
        value.to_string()
    }

    fn value(value: C) -> Value {
        value.into()
    }

    fn of(value: &Value) -> Option<C> {
        C::try_from(value.number()?).ok()
    }
}

/// Bytes without further meaning.
pub(crate) enum Octets {}

impl<const N: usize> Unit<[u8; N]> for Octets {
    type Rust = [u8; N];

    fn read(value: [u8; N]) -> [u8; N] {
        value
    }

    fn write(value: [u8; N]) -> [u8; N] {
        value
    }

    fn show(value: &[u8; N]) -> String {
        hex(value)
    }

    fn value(value: [u8; N]) -> Value {
        Value::Bytes(value.to_vec())
    }

    fn of(value: &Value) -> Option<[u8; N]> {
        match value {
            Value::Bytes(bytes) => bytes.as_slice().try_into().ok(),
            _ => None,
        }
    }
}

/// A number in the network's order.
pub(crate) enum Network {}

impl<T: Display + Copy + Into<Value> + TryFrom<i128>> Unit<Be<T>> for Network {
    type Rust = T;

    fn read(value: Be<T>) -> T {
        value.0
    }

    fn write(value: T) -> Be<T> {
        Be(value)
    }

    fn show(value: &T) -> String {
        value.to_string()
    }

    fn value(value: T) -> Value {
        value.into()
    }

    fn of(value: &Value) -> Option<T> {
        T::try_from(value.number()?).ok()
    }
}

/// A number that has names.
pub(crate) struct Named<T>(PhantomData<T>);

/// A duration, `PER_SECOND` of whose units are a second.
pub(crate) struct Time<const PER_SECOND: u64>;
pub(crate) type Ms = Time<1_000>;
pub(crate) type Us = Time<1_000_000>;
pub(crate) type Ns = Time<1_000_000_000>;

/// Zero or not.
pub(crate) enum Switch {}

macro_rules! of_numbers {
    ($($number:ty),*) => {$(
        impl<const PER_SECOND: u64> Unit<$number> for Time<PER_SECOND> {
            type Rust = Duration;

            fn read(value: $number) -> Duration {
                let value = u64::from(value);
                let nanos = value % PER_SECOND * (1_000_000_000 / PER_SECOND);
                Duration::from_secs(value / PER_SECOND) + Duration::from_nanos(nanos)
            }

            /// Parts of a unit are rounded up.
            fn write(value: Duration) -> $number {
                let units = value.as_nanos().div_ceil(u128::from(1_000_000_000 / PER_SECOND));
                <$number>::try_from(units).unwrap_or(<$number>::MAX)
            }

            fn show(value: &Duration) -> String {
                format!("{value:?}")
            }

            fn value(value: Duration) -> Value {
                value.into()
            }

            fn of(value: &Value) -> Option<Duration> {
                value.duration()
            }
        }

        impl Unit<$number> for Switch {
            type Rust = bool;

            fn read(value: $number) -> bool {
                value != 0
            }

            fn write(value: bool) -> $number {
                value.into()
            }

            fn show(value: &bool) -> String {
                if *value { "on" } else { "off" }.to_owned()
            }

            fn value(value: bool) -> Value {
                value.into()
            }

            fn of(value: &Value) -> Option<bool> {
                Some(value.number()? != 0)
            }
        }
    )*};
}
of_numbers!(u8, u16, u32, u64);

macro_rules! named_numbers {
    ($($number:ty),*) => {$(
        impl<T> Unit<$number> for Named<T>
        where
            T: From<i32> + Into<i32> + Into<Value> + Copy + Display + Codec<Value = T>,
        {
            type Rust = T;

            fn read(value: $number) -> T {
                T::from(value as i32)
            }

            fn write(value: T) -> $number {
                Into::<i32>::into(value) as $number
            }

            fn show(value: &T) -> String {
                value.to_string()
            }

            fn value(value: T) -> Value {
                value.into()
            }

            fn of(value: &Value) -> Option<T> {
                T::decode(&T::build(value)?)
            }
        }
    )*};
}
named_numbers!(u8, u16, u32, i32);

/// An IPv4 address.
pub(crate) enum Ip4 {}

impl Unit<[u8; 4]> for Ip4 {
    type Rust = Ipv4Addr;

    fn read(value: [u8; 4]) -> Ipv4Addr {
        value.into()
    }

    fn write(value: Ipv4Addr) -> [u8; 4] {
        value.octets()
    }

    fn show(value: &Ipv4Addr) -> String {
        value.to_string()
    }

    fn value(value: Ipv4Addr) -> Value {
        value.into()
    }

    fn of(value: &Value) -> Option<Ipv4Addr> {
        value.word()?.parse().ok()
    }
}

/// An address of any family, or none.
pub(crate) enum Sockaddr {}

impl Unit<[u8; ADDR]> for Sockaddr {
    type Rust = Option<Addr>;

    fn read(value: [u8; ADDR]) -> Option<Addr> {
        addr_of(&value)
    }

    fn write(value: Option<Addr>) -> [u8; ADDR] {
        storage_of(value.as_ref())
    }

    fn show(value: &Option<Addr>) -> String {
        value.map_or_else(|| "none".to_owned(), |addr| addr.to_string())
    }

    fn value(value: Option<Addr>) -> Value {
        value.into()
    }

    fn of(value: &Value) -> Option<Option<Addr>> {
        match value {
            Value::None => Some(None),
            value => value.word()?.parse().ok().map(Some),
        }
    }
}

impl Unit<AnyAddr> for Sockaddr {
    type Rust = Option<Addr>;

    fn read(value: AnyAddr) -> Option<Addr> {
        addr_of(&value.bytes)
    }

    fn write(value: Option<Addr>) -> AnyAddr {
        storage_of(value.as_ref()).into()
    }

    fn show(value: &Option<Addr>) -> String {
        <Sockaddr as Unit<[u8; ADDR]>>::show(value)
    }

    fn value(value: Option<Addr>) -> Value {
        value.into()
    }

    fn of(value: &Value) -> Option<Option<Addr>> {
        <Sockaddr as Unit<[u8; ADDR]>>::of(value)
    }
}

/// Flags.
pub(crate) struct Bits<T>(PhantomData<T>);

impl<T: bitflags::Flags + Display + Into<Value> + Codec<Value = T>> Unit<T::Bits> for Bits<T> {
    type Rust = T;

    fn read(value: T::Bits) -> T {
        T::from_bits_retain(value)
    }

    fn write(value: T) -> T::Bits {
        value.bits()
    }

    fn show(value: &T) -> String {
        if value.is_empty() { "none".to_owned() } else { value.to_string() }
    }

    fn value(value: T) -> Value {
        value.into()
    }

    fn of(value: &Value) -> Option<T> {
        T::decode(&T::build(value)?)
    }
}

/// A number of 32 bits that stands where its alignment would not let it.
pub(crate) struct Unaligned<U>(PhantomData<U>);

impl<U: Unit<u32>> Unit<[u8; 4]> for Unaligned<U> {
    type Rust = U::Rust;

    fn read(value: [u8; 4]) -> U::Rust {
        U::read(u32::from_ne_bytes(value))
    }

    fn write(value: U::Rust) -> [u8; 4] {
        U::write(value).to_ne_bytes()
    }

    fn show(value: &U::Rust) -> String {
        U::show(value)
    }

    fn value(value: U::Rust) -> Value {
        U::value(value)
    }

    fn of(value: &Value) -> Option<U::Rust> {
        U::of(value)
    }
}

/// A byte of several fields, which C calls bit fields.
pub(crate) trait Packed: Copy + Display + Into<Value> {
    fn unpack(byte: u8) -> Self;
    fn pack(self) -> u8;
}

/// [`Packed`].
pub(crate) struct Packs<T>(PhantomData<T>);

impl<T: Packed> Unit<u8> for Packs<T> {
    type Rust = T;

    fn read(value: u8) -> T {
        T::unpack(value)
    }

    fn write(value: T) -> u8 {
        value.pack()
    }

    fn show(value: &T) -> String {
        value.to_string()
    }

    fn value(value: T) -> Value {
        value.into()
    }

    /// What only the kernel tells is not made.
    fn of(_: &Value) -> Option<T> {
        None
    }
}

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
