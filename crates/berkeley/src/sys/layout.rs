//! The kernel's structures as data: where each field stands, and reading and writing it in bytes.
//!
//! Addresses, control messages and the values of options are structures of C. None of them is
//! ever laid over memory: a row of [`structs`](super::structs) says which fields there are, the
//! compiler says where they stand on this platform, and a [`Field`] moves one number.

use std::marker::PhantomData;

/// One field of a structure: where it stands, and what it holds.
#[derive(Debug)]
pub(crate) struct Field<T> {
    offset: usize,
    holds: PhantomData<fn() -> T>,
}

impl<T> Clone for Field<T> {
    fn clone(&self) -> Field<T> {
        *self
    }
}

impl<T> Copy for Field<T> {}

impl<T: Plain> Field<T> {
    /// The field at this offset.
    pub(crate) const fn at(offset: usize) -> Field<T> {
        Field { offset, holds: PhantomData }
    }

    /// What the structure in these bytes has in the field, if it is long enough to have it.
    #[inline]
    pub(crate) fn get(self, bytes: &[u8]) -> Option<T> {
        T::read(bytes.get(self.offset..)?)
    }

    /// Writes the field, or nothing if these bytes do not have it.
    #[inline]
    pub(crate) fn put(self, bytes: &mut [u8], value: T) {
        if let Some(rest) = bytes.get_mut(self.offset..) {
            value.write(rest);
        }
    }

    /// Where it stands.
    #[inline]
    pub(crate) const fn offset(self) -> usize {
        self.offset
    }
}

/// What a field may hold: numbers of either order and arrays of bytes.
pub(crate) trait Plain: Copy {
    /// Reads it from the beginning of these bytes.
    fn read(bytes: &[u8]) -> Option<Self>;
    /// Writes it to the beginning of these bytes, if it fits.
    fn write(self, bytes: &mut [u8]);
}

macro_rules! numbers {
    ($($number:ty),*) => {$(
        impl Plain for $number {
            #[inline]
            fn read(bytes: &[u8]) -> Option<$number> {
                bytes.first_chunk().map(|bytes| <$number>::from_ne_bytes(*bytes))
            }

            #[inline]
            fn write(self, bytes: &mut [u8]) {
                self.to_ne_bytes().write(bytes);
            }
        }
    )*};
}
numbers!(u8, i8, u16, u32, i32, u64, i64, usize);

impl<const N: usize> Plain for [u8; N] {
    #[inline]
    fn read(bytes: &[u8]) -> Option<[u8; N]> {
        bytes.first_chunk().copied()
    }

    #[inline]
    fn write(self, bytes: &mut [u8]) {
        if let Some(to) = bytes.first_chunk_mut() {
            *to = self;
        }
    }
}

/// Room for an address of any family, as long as C makes it and placed as C places it.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub(crate) struct AnyAddr {
    /// Gives the room the alignment of a `long`.
    align: [usize; 0],
    pub(crate) bytes: [u8; 128],
}

impl From<[u8; 128]> for AnyAddr {
    fn from(bytes: [u8; 128]) -> AnyAddr {
        AnyAddr { align: [], bytes }
    }
}

impl Plain for AnyAddr {
    #[inline]
    fn read(bytes: &[u8]) -> Option<AnyAddr> {
        <[u8; 128]>::read(bytes).map(AnyAddr::from)
    }

    #[inline]
    fn write(self, bytes: &mut [u8]) {
        self.bytes.write(bytes);
    }
}

/// A number in the network's order, most significant byte first.
#[derive(Clone, Copy, Default, Debug, PartialEq, Eq)]
#[repr(transparent)]
pub(crate) struct Be<T>(pub(crate) T);

macro_rules! network_order {
    ($($number:ty),*) => {$(
        impl Plain for Be<$number> {
            #[inline]
            fn read(bytes: &[u8]) -> Option<Be<$number>> {
                bytes.first_chunk().map(|bytes| Be(<$number>::from_be_bytes(*bytes)))
            }

            #[inline]
            fn write(self, bytes: &mut [u8]) {
                self.0.to_be_bytes().write(bytes);
            }
        }
    )*};
}
network_order!(u16, u32);

/// Declares structures: for each one a module of its name with its `SIZE` and a [`Field`] of the
/// name of each field, placed as C places them.
///
/// A row is `name = "its name in C" in "header" { field: type, … }`. A field within a union or
/// another structure says its way in C, `field["a.b"]: type`; one that begins with `_` is padding
/// or bits, whose place C does not tell. The rows are checked against the headers by
/// `layout_probe`.
macro_rules! structures {
    ($($(#[$doc:meta])* $name:ident = $c:literal in $header:literal {
        $($field:ident $([$path:literal])? : $type:ty),* $(,)?
    })*) => {
        $(
            $(#[$doc])*
            #[allow(non_upper_case_globals, non_snake_case, dead_code, unused_imports)]
            pub(crate) mod $name {
                use crate::sys::layout::{AnyAddr, Be, Field};
                use crate::sys::c;

                #[repr(C)]
                struct Layout { $($field: $type,)* }

                /// How many bytes it has.
                pub(crate) const SIZE: usize = size_of::<Layout>();
                $(pub(crate) const $field: Field<$type> =
                    Field::at(std::mem::offset_of!(Layout, $field));)*

                #[cfg(test)]
                pub(crate) const DESCRIBED: crate::sys::layout::Described =
                    crate::sys::layout::Described {
                        name: $c,
                        header: $header,
                        size: SIZE,
                        fields: &[$((
                            crate::sys::layout::c_path(&[stringify!($field), $($path)?]),
                            $field.offset(),
                            size_of::<$type>(),
                        ),)*],
                    };
            }
        )*

        /// Every structure here, for the comparison with C.
        #[cfg(test)]
        pub(crate) const ALL: &[crate::sys::layout::Described] = &[$($name::DESCRIBED,)*];
    };
}
pub(crate) use structures;

/// A structure as the test compares it with C.
#[cfg(test)]
pub(crate) struct Described {
    pub(crate) name: &'static str,
    pub(crate) header: &'static str,
    pub(crate) size: usize,
    pub(crate) fields: &'static [(&'static str, usize, usize)],
}

/// The way to a field in C: the last of these, for a row may give one beside the field's name.
#[cfg(test)]
pub(crate) const fn c_path(names: &[&'static str]) -> &'static str {
    names[names.len() - 1]
}
