//! What a method was given. Nearly every call has integers and bytes in their places, which are
//! read here by hand; anything else goes the way of C's formats, whose errors are CPython's own.

use std::ffi::{CStr, c_int, c_uint};
use std::ptr::null_mut;

use pyo3::ffi::{self, Py_ssize_t, PyObject};

use crate::raw::{Owned, Raised, Res, Room, View};

/// The arguments of a call, or the items of a tuple. They live as long as the call.
#[derive(Clone, Copy)]
pub(crate) struct Given<'a> {
    places: &'a [*mut PyObject],
    /// A tuple of the names of the last of them, or null.
    names: *mut PyObject,
    /// The tuple that they are of, or null.
    whole: *mut PyObject,
}

/// Reads arguments as C's format says. The good path does without it.
macro_rules! read {
    ($given:expr, $format:literal $(, $to:expr)* $(,)?) => {{
        let given = $given;
        const LEAST: usize = $crate::args::least($format);
        if $crate::args::quick!(given, LEAST $(, $to)*) {
            Ok(())
        } else {
            given.packed().and_then(|(args, _)| {
                $crate::raw::parse!(args.as_ptr(), $format $(, $crate::args::Slot::raw($to))*)
            })
        }
    }};
}
pub(crate) use read;

/// [`read`] with names: `["buffer", …]`.
macro_rules! read_named {
    ($given:expr, $format:literal, [$($name:literal),*] $(, $to:expr)* $(,)?) => {{
        let given = $given;
        const LEAST: usize = $crate::args::least($format);
        let found = given.named(LEAST, [$($name),*]);
        let quick = found.is_some_and(|found| {
            let mut found = found.into_iter();
            true $(&& $crate::args::Slot::quick($to, found.next().flatten()))*
        });
        if quick {
            Ok(())
        } else {
            given.packed().and_then(|(args, names)| {
                let names = names.as_ref().map_or(std::ptr::null_mut(), |names| names.as_ptr());
                $crate::raw::parse_named!(
                    args.as_ptr(), names, $format, [$($name),*] $(, $crate::args::Slot::raw($to))*
                )
            })
        }
    }};
}
pub(crate) use read_named;

/// Reads arguments if each is as nearly all are, and says whether they were; raises nothing.
macro_rules! quick {
    ($given:expr, $least:expr $(, $to:expr)* $(,)?) => {{
        const MOST: usize = [$(stringify!($to)),*].len();
        match $given.items($least, MOST) {
            Some(mut items) => true $(&& $crate::args::Slot::quick($to, items.next()))*,
            None => false,
        }
    }};
}
pub(crate) use quick;

/// How many arguments a format of C asks for at least.
pub(crate) const fn least(format: &CStr) -> usize {
    let mut rest = format.to_bytes();
    let mut count = 0;
    while let [first, tail @ ..] = rest {
        match first {
            b'|' | b':' | b';' => break,
            // Part of what stands before it.
            b'*' | b'!' | b'&' => {}
            _ => count += 1,
        }
        rest = tail;
    }
    count
}

impl<'a> Given<'a> {
    /// What the interpreter hands over.
    ///
    /// # Safety
    ///
    /// `first` points to `count` objects, and as many more as there are names: a tuple, or null.
    #[inline]
    pub(crate) unsafe fn call(
        first: *const *mut PyObject,
        count: Py_ssize_t,
        names: *mut PyObject,
    ) -> Given<'a> {
        let mut count = count as usize;
        if !names.is_null() {
            // SAFETY: a tuple, as promised.
            count += unsafe { ffi::PyTuple_GET_SIZE(names) } as usize;
        }
        let places = match count {
            0 => &[],
            // SAFETY: as promised.
            count => unsafe { std::slice::from_raw_parts(first, count) },
        };
        Given { places, names, whole: null_mut() }
    }

    /// The items of a tuple.
    ///
    /// # Safety
    ///
    /// It is one, and lives as long as this is used.
    #[inline]
    pub(crate) unsafe fn tuple(whole: *mut PyObject) -> Given<'a> {
        // SAFETY: as promised.
        let places = unsafe {
            let count = ffi::PyTuple_GET_SIZE(whole) as usize;
            let first = &raw const (*whole.cast::<ffi::PyTupleObject>()).ob_item;
            std::slice::from_raw_parts(first.cast(), count)
        };
        Given { places, names: null_mut(), whole }
    }

    /// How many there are.
    pub(crate) fn count(self) -> usize {
        self.places.len()
    }

    /// How many there are without a name.
    pub(crate) fn by_place(self) -> usize {
        let named = match self.names.is_null() {
            true => 0,
            // SAFETY: a tuple that lives as long as the call.
            false => unsafe { ffi::PyTuple_GET_SIZE(self.names) as usize },
        };
        self.places.len().saturating_sub(named)
    }

    /// All of them, if none has a name and they are so many.
    #[inline]
    pub(crate) fn items(
        self,
        least: usize,
        most: usize,
    ) -> Option<impl Iterator<Item = *mut PyObject> + use<'a>> {
        let usual = self.names.is_null() && (least..=most).contains(&self.places.len());
        usual.then(|| self.places.iter().copied())
    }

    /// Each at the place of its name, if the first so many are there and there are no others.
    #[inline]
    pub(crate) fn named<const N: usize>(
        self,
        least: usize,
        names: [&CStr; N],
    ) -> Option<[Option<*mut PyObject>; N]> {
        let mut found = [None; N];
        let named = match self.names.is_null() {
            true => &[],
            // SAFETY: a tuple that lives as long as the call.
            false => unsafe { Given::tuple(self.names) }.places,
        };
        let by_place = self.places.len().checked_sub(named.len())?;
        let (first, last) = self.places.split_at_checked(by_place)?;
        found.get_mut(..by_place)?.iter_mut().zip(first).for_each(|(to, item)| *to = Some(*item));
        for (name, item) in named.iter().zip(last) {
            // SAFETY: the names of a call are texts.
            let is = |known: &CStr| unsafe {
                ffi::PyUnicode_CompareWithASCIIString(*name, known.as_ptr()) == 0
            };
            let place = found.get_mut(names.iter().position(|known| is(known))?)?;
            if place.replace(*item).is_some() {
                return None;
            }
        }
        found.get(..least)?.iter().all(Option::is_some).then_some(found)
    }

    /// A tuple of those by place and a dictionary of those by name, as formats take them.
    #[cold]
    pub(crate) fn packed(self) -> Res<(Owned, Option<Owned>)> {
        if !self.whole.is_null() {
            return Ok((Owned::share(self.whole), None));
        }
        // SAFETY: the tuple is new, and each place is filled once; the objects live.
        unsafe {
            let named = match self.names.is_null() {
                true => &[],
                false => Given::tuple(self.names).places,
            };
            let by_place = self.places.len().saturating_sub(named.len());
            let args = Owned::new(ffi::PyTuple_New(by_place as Py_ssize_t))?;
            for (place, item) in self.places.iter().take(by_place).enumerate() {
                let item = Owned::share(*item).into_ptr();
                ffi::PyTuple_SetItem(args.as_ptr(), place as Py_ssize_t, item);
            }
            if named.is_empty() {
                return Ok((args, None));
            }
            let names = Owned::new(ffi::PyDict_New())?;
            for (name, item) in named.iter().zip(self.places.iter().skip(by_place)) {
                if ffi::PyDict_SetItem(names.as_ptr(), *name, *item) < 0 {
                    return Err(Raised);
                }
            }
            Ok((args, Some(names)))
        }
    }
}

/// What an argument is read into.
pub(crate) trait Slot {
    /// What C's formats write to.
    type Raw;

    /// Reads an argument of the kind that nearly all are of, or leaves what is there if there is
    /// none; says whether it could, and raises nothing.
    fn quick(&mut self, given: Option<*mut PyObject>) -> bool;

    /// Where C's formats write.
    fn raw(&mut self) -> *mut Self::Raw;
}

/// The value of an integer that a C `long` can hold.
#[inline]
fn long(object: *mut PyObject) -> Option<i64> {
    let mut overflow = 0;
    // SAFETY: a live object, which is asked for its value if it is an integer: that raises nothing.
    unsafe {
        if ffi::PyLong_Check(object) == 0 {
            return None;
        }
        let value = ffi::PyLong_AsLongAndOverflow(object, &mut overflow);
        (overflow == 0).then_some(value)
    }
}

macro_rules! integers {
    ($($kind:ty),*) => {$(
        impl Slot for $kind {
            type Raw = $kind;

            #[inline]
            fn quick(&mut self, given: Option<*mut PyObject>) -> bool {
                let Some(object) = given else { return true };
                match long(object).and_then(|value| <$kind>::try_from(value).ok()) {
                    Some(value) => *self = value,
                    None => return false,
                }
                true
            }

            #[inline]
            fn raw(&mut self) -> *mut $kind {
                self
            }
        }
    )*};
}
integers!(c_int, c_uint, Py_ssize_t);

/// Any object.
impl Slot for *mut PyObject {
    type Raw = *mut PyObject;

    #[inline]
    fn quick(&mut self, given: Option<*mut PyObject>) -> bool {
        if let Some(object) = given {
            *self = object;
        }
        true
    }

    #[inline]
    fn raw(&mut self) -> *mut *mut PyObject {
        self
    }
}

/// Memory to be read.
impl Slot for View {
    type Raw = ffi::Py_buffer;

    #[inline]
    fn quick(&mut self, given: Option<*mut PyObject>) -> bool {
        let Some(object) = given else { return true };
        // SAFETY: a live object, of the type that each branch has checked.
        unsafe {
            if ffi::PyBytes_CheckExact(object) != 0 {
                // Nobody changes it, and the caller holds it.
                *self = View::of_bytes(object);
                return true;
            }
            let plain =
                ffi::PyByteArray_CheckExact(object) != 0 || ffi::PyMemoryView_Check(object) != 0;
            plain && self.get(object, ffi::PyBUF_SIMPLE)
        }
    }

    #[inline]
    fn raw(&mut self) -> *mut ffi::Py_buffer {
        self.slot()
    }
}

/// Memory to be written to.
impl Slot for Room {
    type Raw = ffi::Py_buffer;

    #[inline]
    fn quick(&mut self, given: Option<*mut PyObject>) -> bool {
        let Some(object) = given else { return true };
        // SAFETY: a live object, of the type that is checked.
        unsafe {
            let plain =
                ffi::PyByteArray_CheckExact(object) != 0 || ffi::PyMemoryView_Check(object) != 0;
            plain && self.0.get(object, ffi::PyBUF_WRITABLE)
        }
    }

    #[inline]
    fn raw(&mut self) -> *mut ffi::Py_buffer {
        self.slot()
    }
}
