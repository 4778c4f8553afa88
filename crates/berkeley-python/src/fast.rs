//! What Python's `socket.py` does in Python for every connection and every question, done here
//! for the class that it makes: `_native`, a module that only `berkeley/socket.py` uses.

use std::ffi::{CStr, c_int, c_void};
use std::os::fd::IntoRawFd;
use std::ptr::{fn_addr_eq, null_mut};
use std::sync::atomic::{AtomicPtr, Ordering};
use std::time::Duration;

use berkeley::Socket;
use pyo3::ffi::{self, PyObject};

use crate::batch;
use crate::deadline;
use crate::errors;
use crate::holder;
use crate::lookup;
use crate::methods;
use crate::names;
use crate::object::{self, Object};
use crate::race;
use crate::raw::{
    Owned, Python, Raised, Res, audit, checked, guard, int, none, parse, text, tuple,
};
use crate::recorder;
use crate::registry;
use crate::running;
use crate::tuning;
use crate::values;
use crate::whole;

type Answer = Res<Owned>;

/// What `bind` has been told of `socket.py`, for as long as the process lives.
static NAMESPACE: AtomicPtr<PyObject> = AtomicPtr::new(null_mut());
static CLASS: AtomicPtr<ffi::PyTypeObject> = AtomicPtr::new(null_mut());
static INIT: AtomicPtr<PyObject> = AtomicPtr::new(null_mut());
static SLOW_ACCEPT: AtomicPtr<PyObject> = AtomicPtr::new(null_mut());

/// The members of `AddressFamily` and `SocketKind`, by number.
static FAMILIES: [AtomicPtr<PyObject>; 64] = [const { AtomicPtr::new(null_mut()) }; 64];
static KINDS: [AtomicPtr<PyObject>; 16] = [const { AtomicPtr::new(null_mut()) }; 16];

/// Names that are asked for all the time.
static NAMES: [(&CStr, AtomicPtr<PyObject>); 5] = [
    (c"socket", AtomicPtr::new(null_mut())),
    (c"__init__", AtomicPtr::new(null_mut())),
    (c"_accept", AtomicPtr::new(null_mut())),
    (c"_io_refs", AtomicPtr::new(null_mut())),
    (c"_closed", AtomicPtr::new(null_mut())),
];
const SOCKET: usize = 0;
const DUNDER_INIT: usize = 1;
const ACCEPT: usize = 2;
const IO_REFS: usize = 3;
const CLOSED: usize = 4;

/// The module `_native`.
pub(crate) fn module() -> Answer {
    let function = |name: &'static CStr, call, doc: &'static CStr| ffi::PyMethodDef {
        ml_name: name.as_ptr(),
        ml_meth: ffi::PyMethodDefPointer { PyCFunction: call },
        ml_flags: ffi::METH_VARARGS,
        ml_doc: doc.as_ptr(),
    };
    let mut functions = vec![
        function(c"bind", bind, c"Tells this module of socket.py's names, class and enums."),
        function(c"pair", pair, c"pair(family, type, proto): two sockets of socket.py's class."),
        function(c"getaddrinfo", get_addr_info, c"getaddrinfo() with members of the enums."),
    ];
    functions.extend(lookup::table());
    functions.extend(race::table());
    functions.extend(whole::table());
    functions.extend(holder::table());
    functions.extend(recorder::table());
    functions.extend(registry::table());
    let more = values::FUNCTIONS.into_iter().chain(tuning::FUNCTIONS);
    functions.extend(more.map(|(name, call, doc)| function(name, call, doc)));
    // SAFETY: all zeros end the table.
    functions.push(unsafe { std::mem::zeroed() });
    // SAFETY: the tables live for ever; the type is made before this.
    unsafe {
        let module = Owned::new(ffi::PyModule_New(c"_socket._native".as_ptr()))?;
        let functions = functions.leak().as_mut_ptr();
        checked(ffi::PyModule_AddFunctions(module.as_ptr(), functions).into())?;
        let class = object::socket_type();
        let accept = Box::leak(Box::new(ffi::PyMethodDef {
            ml_name: c"accept".as_ptr(),
            ml_meth: ffi::PyMethodDefPointer { PyCFunction: accept },
            ml_flags: ffi::METH_NOARGS,
            ml_doc: ACCEPT_DOC.as_ptr(),
        }));
        let accept = Owned::new(ffi::PyDescr_NewMethod(class, accept))?;
        add(&module, c"accept", accept)?;
        let methods = batch::table()
            .into_iter()
            .chain(deadline::table())
            .chain(values::table())
            .chain(tuning::table());
        for row in methods.collect::<Vec<_>>().leak() {
            let name = CStr::from_ptr(row.ml_name);
            add(&module, name, Owned::new(ffi::PyDescr_NewMethod(class, row))?)?;
        }
        add(&module, c"Datagram", batch::datagram_type()?)?;
        let getter = |name: &'static CStr, get, doc: &'static CStr| {
            let row = ffi::PyGetSetDef {
                name: name.as_ptr(),
                get: Some(get),
                set: None,
                doc: doc.as_ptr(),
                closure: null_mut(),
            };
            Owned::new(ffi::PyDescr_NewGetSet(class, Box::leak(Box::new(row))))
        };
        add(
            &module,
            c"deadline",
            getter(
                c"deadline",
                deadline::get,
                c"How many seconds are left until set_deadline()'s moment, or None.",
            )?,
        )?;
        add(&module, c"family", getter(c"family", get_family, c"The family of addresses.")?)?;
        add(&module, c"type", getter(c"type", get_type, c"The type, without its flags.")?)?;
        Ok(module)
    }
}

const ACCEPT_DOC: &CStr = c"accept($self, /)
--

accept() -> (socket object, address info)

Waits for a connection: its socket, and the address of who connected.";

fn add(module: &Owned, name: &CStr, value: Owned) -> Res<()> {
    // SAFETY: the module is alive; the call takes a reference of its own.
    let done =
        unsafe { ffi::PyModule_AddObjectRef(module.as_ptr(), name.as_ptr(), value.as_ptr()) };
    checked(done.into()).map(drop)
}

/// A family as a member of its enum; a number that has none stays a number.
pub(crate) fn family(number: i32) -> Answer {
    member(&FAMILIES, number)
}

/// A type of sockets, likewise.
pub(crate) fn kind(number: i32) -> Answer {
    member(&KINDS, number)
}

#[inline]
fn member(table: &[AtomicPtr<PyObject>], number: i32) -> Answer {
    let found = usize::try_from(number).ok().and_then(|place| table.get(place));
    match found.map(|place| place.load(Ordering::Acquire)) {
        Some(member) if !member.is_null() => Ok(Owned::share(member)),
        _ => int(number.into()),
    }
}

unsafe extern "C" fn get_family(this: *mut PyObject, _: *mut c_void) -> *mut PyObject {
    guard(null_mut(), |_| {
        // SAFETY: the descriptor has checked the type.
        let object = unsafe { Object::of(this) };
        family(object.family.load(Ordering::Relaxed)).map(Owned::into_ptr)
    })
}

unsafe extern "C" fn get_type(this: *mut PyObject, _: *mut c_void) -> *mut PyObject {
    guard(null_mut(), |_| {
        // SAFETY: the descriptor has checked the type.
        let object = unsafe { Object::of(this) };
        kind(object.ty.load(Ordering::Relaxed)).map(Owned::into_ptr)
    })
}

/// `bind(namespace, class, accept, families, kinds)`.
unsafe extern "C" fn bind(_: *mut PyObject, args: *mut PyObject) -> *mut PyObject {
    guard(null_mut(), |_| {
        let mut given: [*mut PyObject; 5] = [null_mut(); 5];
        let [namespace, class, slow, families, kinds] = &mut given;
        // SAFETY: the interpreter's own types.
        let (dict, of_types) = (&raw mut ffi::PyDict_Type, &raw mut ffi::PyType_Type);
        parse!(
            args,
            c"O!O!OO!O!:bind",
            dict,
            namespace,
            of_types,
            class,
            slow,
            dict,
            families,
            dict,
            kinds
        )?;
        let [namespace, class, slow, families, kinds] = given;
        for (text, place) in &NAMES {
            // SAFETY: a C text.
            keep(place, Owned::new(unsafe { ffi::PyUnicode_InternFromString(text.as_ptr()) })?);
        }
        members(&FAMILIES, families)?;
        members(&KINDS, kinds)?;
        keep(&INIT, attribute(class, DUNDER_INIT)?);
        keep(&SLOW_ACCEPT, Owned::share(slow));
        keep(&NAMESPACE, Owned::share(namespace));
        // The class last: it says that the rest is there.
        CLASS.store(Owned::share(class).into_ptr().cast(), Ordering::Release);
        Ok(none().into_ptr())
    })
}

/// Keeps a value for as long as the process lives: others may be in the middle of using an older.
fn keep(place: &AtomicPtr<PyObject>, value: Owned) {
    place.store(value.into_ptr(), Ordering::Release);
}

/// Keeps the members of an enum, which come as `{number: member}`.
fn members(table: &[AtomicPtr<PyObject>], by_number: *mut PyObject) -> Res<()> {
    let (mut at, mut number, mut member) = (0, null_mut(), null_mut());
    // SAFETY: a dictionary that nobody changes meanwhile; what it lends is shared at once.
    while unsafe { ffi::PyDict_Next(by_number, &mut at, &mut number, &mut member) } != 0 {
        // SAFETY: as above.
        let number = checked(unsafe { ffi::PyLong_AsLong(number) })?;
        if let Some(place) = usize::try_from(number).ok().and_then(|number| table.get(number)) {
            keep(place, Owned::share(member));
        }
    }
    Ok(())
}

fn name(which: usize) -> *mut PyObject {
    NAMES.get(which).map_or(null_mut(), |(_, place)| place.load(Ordering::Acquire))
}

fn attribute(object: *mut PyObject, which: usize) -> Answer {
    // SAFETY: a live object; names are there once `bind` was called.
    Owned::new(unsafe { running::PyObject_GetAttr(object, name(which)) })
}

/// The class, if sockets can be made of it without its `__init__`: neither the module's name
/// `socket` nor the class was changed by somebody.
fn class() -> Res<Option<*mut ffi::PyTypeObject>> {
    let class = CLASS.load(Ordering::Acquire);
    if class.is_null() {
        return Ok(None);
    }
    // SAFETY: the dictionary and the class live for ever.
    unsafe {
        let namespace = NAMESPACE.load(Ordering::Acquire);
        let current = ffi::PyDict_GetItemWithError(namespace, name(SOCKET));
        if current != class.cast() {
            return if current.is_null() { checked(-1).map(|_| None) } else { Ok(None) };
        }
        let made_here = (*class).tp_new.is_some_and(|new| fn_addr_eq(new, object::NEW));
        let init = attribute(class.cast(), DUNDER_INIT)?;
        Ok((made_here && init.as_ptr() == INIT.load(Ordering::Acquire)).then_some(class))
    }
}

/// A socket of the class as its `__init__` would have left it, if asked for these three.
fn make(
    class: *mut ffi::PyTypeObject,
    (socket, timeout): (impl IntoRawFd, Option<Duration>),
    asked: (i32, i32, i32),
) -> Answer {
    let made = object::blank(class)?;
    let (family, ty, protocol) = asked;
    audit!(c"socket.__new__", c"Oiii", made.as_ptr(), family, ty, protocol)?;
    let zero = int(0)?;
    // SAFETY: the object is new and of this class, which has both attributes.
    unsafe {
        let done = running::PyObject_SetAttr(made.as_ptr(), name(IO_REFS), zero.as_ptr());
        checked(done.into())?;
        let done = running::PyObject_SetAttr(made.as_ptr(), name(CLOSED), ffi::Py_False());
        checked(done.into())?;
        Object::of(made.as_ptr()).take(socket, asked, timeout);
    }
    Ok(made)
}

unsafe extern "C" fn accept(this: *mut PyObject, _: *mut PyObject) -> *mut PyObject {
    guard(null_mut(), |py| {
        // SAFETY: the descriptor has checked the type.
        let class_of_this = unsafe { ffi::Py_TYPE(this) };
        let Some(class) = class()? else { return slowly(this) };
        if !ours(class_of_this, class)? {
            return slowly(this);
        }
        // SAFETY: as above.
        let object = unsafe { Object::of(this) };
        let kind = object.kind();
        let asked = (kind.family, object.ty.load(Ordering::Relaxed), kind.protocol);
        let timeout = berkeley::default_timeout();
        let (fd, from) = methods::accept_fd(py, object, timeout.is_some())?;
        let from = methods::address_of(object, &from)?;
        tuple([make(class, (fd, timeout), asked)?, from]).map(Owned::into_ptr)
    })
}

/// Whether nobody has put something else in the place of what `accept` uses of an object.
fn ours(of: *mut ffi::PyTypeObject, class: *mut ffi::PyTypeObject) -> Res<bool> {
    // SAFETY: both are types that live.
    if of != class && unsafe { ffi::PyType_IsSubtype(of, class) } == 0 {
        return Ok(false);
    }
    let used = attribute(of.cast(), ACCEPT)?;
    let own = attribute(object::socket_type().cast(), ACCEPT)?;
    Ok(used.as_ptr() == own.as_ptr())
}

/// The same in Python, by what the names mean now.
fn slowly(this: *mut PyObject) -> Res<*mut PyObject> {
    let accept = SLOW_ACCEPT.load(Ordering::Acquire);
    if accept.is_null() {
        let text = text("berkeley.socket is not loaded")?;
        // SAFETY: the interpreter's own exception.
        unsafe { ffi::PyErr_SetObject(ffi::PyExc_RuntimeError, text.as_ptr()) };
        return Err(Raised);
    }
    // SAFETY: a live function and object.
    Owned::new(unsafe { running::PyObject_CallOneArg(accept, this) }).map(Owned::into_ptr)
}

/// Two sockets that are connected to each other, with the default timeout; without one that waits,
/// if the type says so.
pub(crate) fn connected(
    py: Python<'_>,
    (family, ty, protocol): (c_int, c_int, c_int),
) -> Res<(Socket, Socket)> {
    let made = py.detach(|| {
        let kind = (ty & !object::TYPE_FLAGS).into();
        let (a, b) = Socket::pair(family.into(), kind, protocol.into())?;
        Ok::<_, berkeley::Error>((object::waiting_as(ty, a)?, object::waiting_as(ty, b)?))
    });
    made.map_err(|error| errors::raise(&error))
}

/// `pair(family, type, proto)`: `None` if the class was changed, and cannot be made here.
unsafe extern "C" fn pair(_: *mut PyObject, args: *mut PyObject) -> *mut PyObject {
    guard(null_mut(), |py| {
        let (mut family, mut ty, mut protocol): (c_int, c_int, c_int) = (0, 0, 0);
        parse!(args, c"iii:socketpair", &mut family, &mut ty, &mut protocol)?;
        let Some(class) = class()? else { return Ok(none().into_ptr()) };
        let asked = (family, ty, protocol);
        let (a, b) = connected(py, asked)?;
        let (first, second) = (a.timeout(), b.timeout());
        tuple([make(class, (a, first), asked)?, make(class, (b, second), asked)?])
            .map(Owned::into_ptr)
    })
}

unsafe extern "C" fn get_addr_info(_: *mut PyObject, args: *mut PyObject) -> *mut PyObject {
    guard(null_mut(), |py| names::Question::of(args)?.ask(py, (family, kind)).map(Owned::into_ptr))
}
