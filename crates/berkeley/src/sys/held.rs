//! A descriptor whose closing somebody sees.

use std::marker::PhantomData;
use std::mem::ManuallyDrop;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd};
use std::panic::Location;
use std::ptr;
use std::sync::atomic::{AtomicPtr, Ordering};

/// How a descriptor is closed that nobody has closed by hand.
pub(crate) trait Closes {
    fn close(fd: OwnedFd);
}

/// An `OwnedFd` that is closed by `C` when it is dropped.
pub(crate) struct Held<C: Closes>(ManuallyDrop<OwnedFd>, PhantomData<C>);

impl<C: Closes> Held<C> {
    #[inline]
    pub(crate) fn new(fd: OwnedFd) -> Held<C> {
        Held(ManuallyDrop::new(fd), PhantomData)
    }

    /// The descriptor itself, still open.
    #[inline]
    pub(crate) fn into_owned(self) -> OwnedFd {
        let mut held = ManuallyDrop::new(self);
        // SAFETY: it is taken once, for `held` is never dropped nor looked at again.
        unsafe { ManuallyDrop::take(&mut held.0) }
    }
}

impl<C: Closes> Drop for Held<C> {
    #[inline]
    fn drop(&mut self) {
        // SAFETY: it is taken once, for nobody looks at what is being dropped.
        C::close(unsafe { ManuallyDrop::take(&mut self.0) });
    }
}

impl<C: Closes> AsFd for Held<C> {
    #[inline]
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

impl<C: Closes> AsRawFd for Held<C> {
    #[inline]
    fn as_raw_fd(&self) -> RawFd {
        self.0.as_raw_fd()
    }
}

/// Where in the program something was done, or nothing yet.
#[derive(Debug, Default)]
pub(crate) struct Place(AtomicPtr<Location<'static>>);

impl Place {
    pub(crate) fn set(&self, place: Option<&'static Location<'static>>) {
        let pointer = place.map_or(ptr::null_mut(), |place| ptr::from_ref(place).cast_mut());
        self.0.store(pointer, Ordering::Relaxed);
    }

    #[cfg(feature = "registry")]
    pub(crate) fn get(&self) -> Option<&'static Location<'static>> {
        // SAFETY: null, or a reference that lives for ever, as `set` takes no other.
        unsafe { self.0.load(Ordering::Relaxed).as_ref() }
    }
}
