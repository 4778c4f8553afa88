//! What the numbers in structures mean: times, names, flags, addresses.

use std::fmt::Display;
use std::marker::PhantomData;
use std::net::Ipv4Addr;
use std::time::Duration;

use super::records::{ADDR, addr_of, hex, storage_of};
use super::{Codec, Value};
use crate::addr::Addr;
use crate::sys::layout::{AnyAddr, Be, Plain};

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
