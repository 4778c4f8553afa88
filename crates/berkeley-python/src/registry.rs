//! The open sockets of this process: since when, how much, and where they were opened.
//!
//! Every object is in one list from its birth to its end, and counts its bytes by itself: that is a
//! handful of instructions, so it is always on. Where it was opened is written down if somebody
//! wants to know: code objects and places in them, of which lines and names are made later.

use std::cell::Cell;
use std::ffi::{CStr, c_int};
use std::ptr::null_mut;
use std::sync::atomic::{AtomicPtr, AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use berkeley::registry::LiveSocket;
use pyo3::ffi::{self, PyObject};

use crate::address;
use crate::calls::alone;
use crate::fast;
use crate::object::Object;
use crate::raw::{Owned, Python, Res, float, guard, int, list, none, parse, text, tuple, unsigned};
use crate::running;
use crate::shared;

/// What is known of an object beside what CPython's has.
#[repr(C)]
pub(crate) struct Facts {
    next: AtomicPtr<Object>,
    previous: AtomicPtr<Object>,
    opened: Cell<Option<Instant>>,
    received: AtomicU64,
    sent: AtomicU64,
    place: AtomicPtr<Place>,
}

/// Where an object was opened: what was being done, innermost first.
pub(crate) struct Place(Vec<(Owned, c_int)>);

/// The newest object. It is changed with the interpreter in hand.
static FIRST: AtomicPtr<Object> = AtomicPtr::new(null_mut());

/// How many frames a place has; zero if nobody wants to know.
static FRAMES: AtomicUsize = AtomicUsize::new(0);

/// Does something with every object, the newest first.
pub(crate) fn each(mut with: impl FnMut(&Object)) {
    let mut next = FIRST.load(Ordering::Relaxed);
    // SAFETY: what is in the list lives as long as nobody else has the interpreter.
    while let Some(object) = unsafe { next.as_ref() } {
        next = object.facts.next.load(Ordering::Relaxed);
        with(object);
    }
}

fn add(counter: &AtomicU64, bytes: usize) {
    // The interpreter is in hand; without the global lock, two threads that use one socket at once
    // may lose a count.
    let before = counter.load(Ordering::Relaxed);
    counter.store(before.wrapping_add(bytes as u64), Ordering::Relaxed);
}

impl Object {
    /// Puts a new object into the list.
    pub(crate) fn enlist(&self) {
        let _alone = alone();
        let this = std::ptr::from_ref(self).cast_mut();
        let next = FIRST.load(Ordering::Relaxed);
        self.facts.next.store(next, Ordering::Relaxed);
        FIRST.store(this, Ordering::Relaxed);
        // SAFETY: what is in the list lives, for it leaves it before its end.
        if let Some(next) = unsafe { next.as_ref() } {
            next.facts.previous.store(this, Ordering::Relaxed);
        }
    }

    /// Takes an object that ends out of the list.
    pub(crate) fn delist(&self) {
        let alone = alone();
        let previous = self.facts.previous.load(Ordering::Relaxed);
        let next = self.facts.next.load(Ordering::Relaxed);
        // SAFETY: as above, of both.
        unsafe {
            let this = std::ptr::from_ref(self).cast_mut();
            match previous.as_ref() {
                Some(previous) => previous.facts.next.store(next, Ordering::Relaxed),
                None if FIRST.load(Ordering::Relaxed) == this => {
                    FIRST.store(next, Ordering::Relaxed);
                }
                None => {}
            }
            if let Some(next) = next.as_ref() {
                next.facts.previous.store(previous, Ordering::Relaxed);
            }
        }
        drop(alone);
        self.forget_place();
    }

    /// Begins to count for a socket that the object has got.
    #[inline]
    pub(crate) fn begin(&self, fd: c_int) {
        let alone = alone();
        self.facts.opened.set(Some(Instant::now()));
        drop(alone);
        self.facts.received.store(0, Ordering::Relaxed);
        self.facts.sent.store(0, Ordering::Relaxed);
        if FRAMES.load(Ordering::Relaxed) != 0 {
            self.note_place(fd);
        }
    }

    /// Counts bytes that have come.
    #[inline]
    pub(crate) fn count_received(&self, bytes: usize) {
        add(&self.facts.received, bytes);
    }

    /// Counts bytes that have gone.
    #[inline]
    pub(crate) fn count_sent(&self, bytes: usize) {
        add(&self.facts.sent, bytes);
    }

    #[cold]
    fn note_place(&self, fd: c_int) {
        let place = Place::here(FRAMES.load(Ordering::Relaxed));
        shared::publish(fd, &place);
        self.forget_place();
        self.facts.place.store(Box::into_raw(Box::new(place)), Ordering::Release);
    }

    #[inline]
    fn forget_place(&self) {
        if !self.facts.place.load(Ordering::Relaxed).is_null() {
            self.drop_place();
        }
    }

    #[cold]
    fn drop_place(&self) {
        let place = self.facts.place.swap(null_mut(), Ordering::AcqRel);
        if !place.is_null() {
            // SAFETY: made by `Box::into_raw`, and taken out once.
            drop(unsafe { Box::from_raw(place) });
        }
    }

    /// Where it was opened, as `(file, line, function)` each.
    pub(crate) fn place(&self) -> Option<Res<Owned>> {
        // SAFETY: it stays while the interpreter is in hand.
        unsafe { self.facts.place.load(Ordering::Acquire).as_ref() }.map(Place::frames)
    }
}

impl Place {
    /// What is being done now, as far as so many frames tell.
    fn here(most: usize) -> Place {
        let mut frames = Vec::with_capacity(most);
        // SAFETY: the interpreter is attached, so there is a state; every frame is let go of once.
        unsafe {
            let mut frame = ffi::PyThreadState_GetFrame(ffi::PyThreadState_Get());
            while !frame.is_null() && frames.len() < most {
                if let Ok(code) = Owned::new(ffi::PyFrame_GetCode(frame).cast()) {
                    frames.push((code, ffi::PyFrame_GetLasti(frame)));
                }
                let back = ffi::PyFrame_GetBack(frame);
                ffi::Py_DECREF(frame.cast());
                frame = back;
            }
            ffi::Py_XDECREF(frame.cast());
        }
        Place(frames)
    }

    /// `(file, line, function)` of each frame.
    fn frames(&self) -> Res<Owned> {
        let attribute = |code: &Owned, name: &CStr| {
            // SAFETY: a live object, a C text.
            Owned::new(unsafe { running::PyObject_GetAttrString(code.as_ptr(), name.as_ptr()) })
        };
        list(self.0.iter().map(|(code, at)| {
            // SAFETY: a code object.
            let line = unsafe { ffi::PyCode_Addr2Line(code.as_ptr().cast(), *at) };
            let file = attribute(code, c"co_filename")?;
            tuple([file, int(line.into())?, attribute(code, c"co_qualname")?])
        }))
    }

    /// The same as a text, for those who look from outside: the innermost frame of the program.
    pub(crate) fn shown(&self) -> Option<String> {
        let frames = self.frames().ok()?;
        // SAFETY: a live object, C texts; what it answers is a text, held as long as it is read.
        unsafe {
            let module = running::PyImport_ImportModule(c"berkeley._sockets".as_ptr());
            let module = Owned::new(module).ok()?;
            let show = c"shown".as_ptr();
            let show = Owned::new(running::PyObject_GetAttrString(module.as_ptr(), show)).ok()?;
            let shown = running::PyObject_CallOneArg(show.as_ptr(), frames.as_ptr());
            let shown = Owned::new(shown).ok()?;
            crate::raw::utf8(shown.as_ptr()).ok().map(str::to_owned)
        }
    }
}

/// The functions of `_native` that stand here.
pub(crate) fn table() -> [ffi::PyMethodDef; 3] {
    let row = |name: &'static CStr, call, doc: &'static CStr| ffi::PyMethodDef {
        ml_name: name.as_ptr(),
        ml_meth: ffi::PyMethodDefPointer { PyCFunction: call },
        ml_flags: ffi::METH_VARARGS,
        ml_doc: doc.as_ptr(),
    };
    unsafe extern "C" fn sockets(_: *mut PyObject, _: *mut PyObject) -> *mut PyObject {
        guard(null_mut(), |py| all(py).map(Owned::into_ptr))
    }
    unsafe extern "C" fn places(_: *mut PyObject, args: *mut PyObject) -> *mut PyObject {
        guard(null_mut(), |_| set_frames(args).map(Owned::into_ptr))
    }
    unsafe extern "C" fn share(_: *mut PyObject, args: *mut PyObject) -> *mut PyObject {
        guard(null_mut(), |_| shared::share(args).map(Owned::into_ptr))
    }
    [
        row(c"sockets", sockets, c"What is known of each open socket, as tuples."),
        row(c"record_places", places, c"record_places(frames): how many there were before."),
        row(c"share_places", share, c"share_places(memory): shows places to other processes."),
    ]
}

/// Says of how many frames places are.
fn set_frames(args: *mut PyObject) -> Res<Owned> {
    let mut frames: c_int = 0;
    parse!(args, c"i:record_places", &mut frames)?;
    let frames = usize::try_from(frames).unwrap_or(0).min(64);
    int(FRAMES.swap(frames, Ordering::Relaxed) as i64)
}

/// All open sockets, oldest first.
fn all(_: Python<'_>) -> Res<Owned> {
    let alone = alone();
    let mut objects = Vec::new();
    each(|object| {
        if object.fd.load(Ordering::Relaxed) >= 0 {
            objects.push(object.seen());
        }
    });
    drop(alone);
    list(objects.into_iter().rev().map(Seen::tuple))
}

/// What is known of an object, all at once: making objects of it may let others run.
struct Seen {
    live: LiveSocket,
    protocol: i32,
    timeout: i64,
    place: Option<Vec<(Owned, c_int)>>,
}

impl Object {
    fn seen(&self) -> Seen {
        let (family, ty) = (self.family.load(Ordering::Relaxed), self.ty());
        let protocol = self.protocol.load(Ordering::Relaxed);
        let fd = self.fd.load(Ordering::Relaxed);
        // SAFETY: the object is open, and stays so while nobody else has the interpreter.
        let lent = unsafe { berkeley::Lent::new(fd, family.into(), ty, protocol.into(), None) };
        let mut live = LiveSocket::of(&lent);
        let facts = &self.facts;
        live.received = live.received.max(facts.received.load(Ordering::Relaxed));
        live.sent = live.sent.max(facts.sent.load(Ordering::Relaxed));
        live.age = facts.opened.get().map(|opened| opened.elapsed());
        // SAFETY: as above.
        let place = unsafe { facts.place.load(Ordering::Acquire).as_ref() };
        let share = |(code, at): &(Owned, c_int)| (Owned::share(code.as_ptr()), *at);
        let place = place.map(|place| place.0.iter().map(share).collect());
        let timeout = self.timeout.load(Ordering::Relaxed);
        Seen { live, protocol, timeout, place }
    }
}

impl Seen {
    fn tuple(self) -> Res<Owned> {
        let live = self.live;
        let addr = |addr: Option<berkeley::Addr>| match addr {
            Some(addr) => address::build(&addr, self.protocol),
            None => Ok(none()),
        };
        let seconds = |time: Option<Duration>| match time {
            Some(time) => float(time.as_secs_f64()),
            None => Ok(none()),
        };
        tuple([
            int(live.fd.into())?,
            fast::family(live.family.number())?,
            fast::kind(live.ty.number())?,
            int(self.protocol.into())?,
            addr(live.local)?,
            addr(live.peer)?,
            text(live.state)?,
            crate::methods::seconds(self.timeout)?,
            seconds(live.age)?,
            unsigned(live.received)?,
            unsigned(live.sent)?,
            seconds(live.idle)?,
            self.place.map_or_else(|| list([]), |frames| Place(frames).frames())?,
        ])
    }
}

/// Warns of a socket that nobody has closed with what CPython would say, and the place beside it.
pub(crate) fn warn_unclosed(object: &Object, frames: Owned) -> Res<()> {
    let this = object.as_ptr();
    // SAFETY: live objects, C texts; the classes live as long as the interpreter.
    unsafe {
        let message = Owned::new(ffi::PyUnicode_FromFormat(c"unclosed %R".as_ptr(), this))?;
        let class = ffi::PyExc_ResourceWarning;
        let warning = Owned::new(running::PyObject_CallOneArg(class, message.as_ptr()))?;
        let sockets = Owned::new(running::PyImport_ImportModule(c"berkeley._sockets".as_ptr()))?;
        let tell = Owned::new(running::PyObject_GetAttrString(sockets.as_ptr(), c"tell".as_ptr()))?;
        let beside = tuple([Owned::share(warning.as_ptr()), frames])?;
        Owned::new(running::PyObject_Call(tell.as_ptr(), beside.as_ptr(), null_mut()))?;
        let warnings = Owned::new(running::PyImport_ImportModule(c"_warnings".as_ptr()))?;
        let warn =
            Owned::new(running::PyObject_GetAttrString(warnings.as_ptr(), c"warn".as_ptr()))?;
        let arguments = tuple([warning, none(), int(1)?, Owned::share(this)])?;
        Owned::new(running::PyObject_Call(warn.as_ptr(), arguments.as_ptr(), null_mut())).map(drop)
    }
}
