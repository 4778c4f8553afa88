//! The object: what C code of the standard library reads in it, its birth and its end.

use std::ffi::{CStr, c_char, c_int, c_void};
use std::mem::offset_of;
use std::ptr::null_mut;
use std::sync::atomic::{AtomicI32, AtomicI64, AtomicPtr, Ordering};
use std::time::Duration;

use berkeley::opt::{Int, Opt};
use berkeley::{Deadline, Errno, Family, Lent, MsgFlags, Protocol, SharedDeadline, Socket, Type};
use pyo3::ffi::{self, PyObject};

use crate::address::{self, Kind, Told};
use crate::calls::{Calls, Ongoing};
use crate::data;
use crate::errors;
use crate::holder;
use crate::methods;
use crate::raw::{
    Kept, Owned, Python, Raised, Res, audit, detached, guard, os_error, parse_named, text,
    value_error,
};
use crate::registry::{self, Facts};
use crate::running;
use crate::shared;

/// A socket as Python has it. `_ssl` reads the number and the timeout at their places without
/// asking anybody: this is the layout of CPython's own.
#[repr(C)]
pub(crate) struct Object {
    head: PyObject,
    pub(crate) fd: AtomicI32,
    pub(crate) family: AtomicI32,
    pub(crate) ty: AtomicI32,
    pub(crate) protocol: AtomicI32,
    /// Where CPython has a function that raises, which nobody calls.
    pub(crate) calls: Calls,
    /// In nanoseconds; below zero is none.
    pub(crate) timeout: AtomicI64,
    /// Where CPython has its module's state.
    #[cfg(Py_3_12)]
    state: *mut c_void,
    /// What CPython's has not.
    pub(crate) until: SharedDeadline,
    pub(crate) facts: Facts,
}

/// Where the number stands: right behind what every object has.
const FD: usize = size_of::<PyObject>();
const _: () = {
    assert!(offset_of!(Object, fd) == FD);
    assert!(offset_of!(Object, timeout) == FD + 24);
};

/// The type, once the module is made.
static TYPE: AtomicPtr<ffi::PyTypeObject> = AtomicPtr::new(null_mut());

pub(crate) fn socket_type() -> *mut ffi::PyTypeObject {
    TYPE.load(Ordering::Acquire)
}

impl Object {
    /// The object that a method was called on.
    ///
    /// # Safety
    ///
    /// It is one of this type, as Python has checked, and lives as long as the call.
    #[inline]
    pub(crate) unsafe fn of<'a>(this: *mut PyObject) -> &'a Object {
        // SAFETY: as promised.
        unsafe { &*this.cast() }
    }

    pub(crate) fn as_ptr(&self) -> *mut PyObject {
        (&raw const self.head).cast_mut()
    }

    pub(crate) fn kind(&self) -> Kind {
        Kind {
            family: self.family.load(Ordering::Relaxed),
            protocol: self.protocol.load(Ordering::Relaxed),
            open: self.fd.load(Ordering::Relaxed) >= 0,
        }
    }

    pub(crate) fn ty(&self) -> Type {
        Type::from(self.ty.load(Ordering::Relaxed))
    }

    /// The socket, for one call with the interpreter in hand, which does not know of the deadline
    /// yet; [`Object::during`] is for the others.
    #[inline]
    pub(crate) fn lend(&self) -> Res<Lent> {
        let (family, protocol) =
            (self.family.load(Ordering::Relaxed), self.protocol.load(Ordering::Relaxed));
        let kind = (Family::from(family), self.ty(), Protocol::from(protocol));
        let timeout = self.timeout.load(Ordering::Relaxed);
        // SAFETY: a number that is open, or was closed by another thread meanwhile, of which the
        // kernel then tells: so it is in Python. Whoever calls holds the object.
        unsafe { Lent::of_object(&self.fd, kind, timeout) }.ok_or_else(|| os_error(libc::EBADF))
    }

    /// Raises why a call of this socket has failed.
    #[cold]
    pub(crate) fn raise(&self, error: &berkeley::Error) -> Raised {
        let protocol = self.protocol.load(Ordering::Relaxed);
        let raised = errors::raise_of(error, protocol);
        if errors::is_of_peer(error) {
            // Nobody said where to in this call: the one before did, to the kernel.
            let peer = self.lend().ok().and_then(|lent| lent.peer_addr().ok());
            if let Some(peer) = peer {
                errors::know(&errors::ADDRESS, || address::build(&peer, protocol));
            }
        }
        if error.errno() == Some(Errno::EADDRINUSE) && error.address().is_some() {
            let ty = self.ty().number();
            errors::know(&errors::HOLDER, || holder::later(error, ty, protocol));
        }
        raised
    }

    /// Makes a call of the library without the interpreter.
    #[inline]
    pub(crate) fn call<T: Send>(
        &self,
        py: Python<'_>,
        call: impl FnOnce(&Socket) -> berkeley::Result<T> + Send,
    ) -> Res<T> {
        // As `during`, whose answer would be moved once more.
        let done = {
            let ongoing = Ongoing::new(py, &self.calls);
            ongoing.enter();
            let lent = self.lend()?;
            lent.believe_deadline(&self.until);
            detached(py, || call(&lent))
        };
        done.map_err(|error| self.raise(&error))
    }

    /// Connects to an address that a caller has given.
    pub(crate) fn connect(&self, py: Python<'_>, given: Told<'_>) -> Res<()> {
        let (addr, _) = given;
        self.during(py, |lent| lent.connect_told(addr))?.map_err(|error| {
            errors::raise_told(&error, self.protocol.load(Ordering::Relaxed), given)
        })
    }

    /// Makes a call of the library that the kernel answers from its memory: with the interpreter in
    /// hand, for nobody can close the object meanwhile, and to give it away costs more than the
    /// answer.
    #[inline]
    pub(crate) fn ask<T: Send>(
        &self,
        py: Python<'_>,
        call: impl FnOnce(&Socket) -> berkeley::Result<T> + Send,
    ) -> Res<T> {
        if !ALONE || !self.is_plain() {
            return self.call(py, call);
        }
        call(&*self.lend()?).map_err(|error| self.raise(&error))
    }

    /// Does something with the socket, without the interpreter. If another thread closes the object
    /// meanwhile, it ends.
    #[inline]
    pub(crate) fn during<T: Send>(
        &self,
        py: Python<'_>,
        work: impl FnOnce(&Lent) -> T + Send,
    ) -> Res<T> {
        let ongoing = Ongoing::new(py, &self.calls);
        ongoing.enter();
        let lent = self.lend()?;
        lent.believe_deadline(&self.until);
        Ok(detached(py, || work(&lent)))
    }

    /// Closes the descriptor that the object had until now.
    #[inline(always)]
    pub(crate) fn close_number(&self, py: Python<'_>, number: c_int) -> Res<()> {
        shared::clear(number);
        if !self.calls.is_empty() && self.calls.vacate(py, number) {
            return Ok(());
        }
        methods::close_number(py, number)
    }

    /// [`Object::call`] to move bytes, so few that it is `brief` if the kernel does not wait: then
    /// it is made with the interpreter in hand. To give that away and take it again costs a tenth
    /// of such a call, and where another thread computes, it is not had again at once. Nobody
    /// waits long for what takes microseconds, and whoever calls again and again gives way after
    /// the switch interval, as any thread does.
    #[inline]
    pub(crate) fn transfer<T: Send>(
        &self,
        py: Python<'_>,
        brief: bool,
        call: impl FnOnce(&Socket) -> berkeley::Result<T> + Send,
    ) -> Res<T> {
        if !ALONE || !brief || self.timeout.load(Ordering::Relaxed) != 0 || !self.is_plain() {
            return self.call(py, call);
        }
        call(&*self.lend()?).map_err(|error| self.raise(&error))
    }

    /// [`Object::transfer`] to send. For a datagram of IP there is room nearly always: it is tried
    /// with the interpreter in hand, whatever the timeout is.
    #[inline]
    pub(crate) fn send<T: Send>(
        &self,
        py: Python<'_>,
        brief: bool,
        flags: MsgFlags,
        call: impl Fn(&Socket, MsgFlags) -> berkeley::Result<T> + Send,
    ) -> Res<T> {
        let family = self.family.load(Ordering::Relaxed);
        let is_ip = matches!(family, libc::AF_INET | libc::AF_INET6);
        if ALONE
            && brief
            && is_ip
            && self.ty() == Type::DGRAM
            && !flags.contains(MsgFlags::DONTWAIT)
        {
            match call(&*self.lend()?, flags | MsgFlags::DONTWAIT) {
                Err(error)
                    if error.is_would_block() && self.timeout.load(Ordering::Relaxed) != 0 => {}
                answer => return answer.map_err(|error| self.raise(&error)),
            }
        }
        self.transfer(py, brief, move |socket| call(socket, flags))
    }

    /// Whether the kernel only moves bytes for such a socket: others have work done in the call.
    fn is_plain(&self) -> bool {
        let family = self.family.load(Ordering::Relaxed);
        matches!(family, libc::AF_INET | libc::AF_INET6 | libc::AF_UNIX)
    }

    /// Gives the object a socket, as what it was asked for.
    pub(crate) fn take(
        &self,
        socket: impl std::os::fd::IntoRawFd,
        (family, ty, protocol): (i32, i32, i32),
        timeout: Option<Duration>,
    ) {
        let fd = socket.into_raw_fd();
        self.timeout.store(nanos(timeout), Ordering::Relaxed);
        self.fill(fd, family, ty & !TYPE_FLAGS, protocol);
    }

    /// Gives the object a descriptor, which replaces what it had.
    fn fill(&self, fd: c_int, family: i32, ty: i32, protocol: i32) {
        self.family.store(family, Ordering::Relaxed);
        self.ty.store(ty, Ordering::Relaxed);
        self.protocol.store(protocol, Ordering::Relaxed);
        self.fd.store(fd, Ordering::Relaxed);
        self.begin(fd);
    }
}

/// Whether nobody else closes an object while its call has the interpreter in hand.
const ALONE: bool = cfg!(not(Py_GIL_DISABLED));

/// What a type may have beside its number, which the object does not keep.
pub(crate) const TYPE_FLAGS: c_int = libc::SOCK_NONBLOCK | libc::SOCK_CLOEXEC;

/// How objects of the type are made; a class that makes its own is another matter.
pub(crate) const NEW: ffi::newfunc = new;

/// A new closed object of a class, without its `__init__`.
pub(crate) fn blank(class: *mut ffi::PyTypeObject) -> Res<Owned> {
    // SAFETY: the class is this type or one below it, whose `tp_new` takes no arguments.
    unsafe {
        let arguments = Owned::new(ffi::PyTuple_New(0))?;
        match (*class).tp_new {
            Some(new) => Owned::new(new(class, arguments.as_ptr(), null_mut())),
            None => Err(Raised),
        }
    }
}

/// A new object of a class for a socket that is open already, with its timeout.
pub(crate) fn adopt(class: *mut ffi::PyTypeObject, socket: Socket) -> Res<Owned> {
    let made = blank(class)?;
    let kind = (socket.family().number(), socket.ty().number(), socket.protocol().number());
    let timeout = socket.timeout();
    // SAFETY: just made, of this layout.
    unsafe { Object::of(made.as_ptr()) }.take(socket, kind, timeout);
    Ok(made)
}

/// A timeout as the object has it.
pub(crate) fn nanos(timeout: Option<Duration>) -> i64 {
    timeout.map_or(-1, |limit| i64::try_from(limit.as_nanos()).unwrap_or(i64::MAX))
}

/// Makes the type.
pub(crate) fn make_type(module: *mut PyObject) -> Res<Owned> {
    let members = [
        member(c"family", offset_of!(Object, family), ffi::Py_T_INT, c"the socket family"),
        member(c"type", offset_of!(Object, ty), ffi::Py_T_INT, c"the socket type"),
        member(c"proto", offset_of!(Object, protocol), ffi::Py_T_INT, c"the socket protocol"),
        // SAFETY: all zeros end the list.
        unsafe { std::mem::zeroed() },
    ];
    let getters = [
        ffi::PyGetSetDef {
            name: c"timeout".as_ptr(),
            get: Some(methods::get_timeout),
            set: None,
            doc: c"the socket timeout".as_ptr(),
            closure: null_mut(),
        },
        // SAFETY: all zeros end the list.
        unsafe { std::mem::zeroed() },
    ];
    let slot = |slot: c_int, pfunc: *mut c_void| ffi::PyType_Slot { slot, pfunc };
    let mut slots = [
        slot(ffi::Py_tp_new, new as *mut c_void),
        slot(ffi::Py_tp_init, init as *mut c_void),
        slot(ffi::Py_tp_dealloc, dealloc as *mut c_void),
        slot(ffi::Py_tp_finalize, finalize as *mut c_void),
        slot(ffi::Py_tp_traverse, traverse as *mut c_void),
        slot(ffi::Py_tp_repr, repr as *mut c_void),
        slot(ffi::Py_tp_doc, DOC.as_ptr().cast_mut().cast()),
        slot(ffi::Py_tp_methods, methods::table().cast()),
        slot(ffi::Py_tp_members, Box::leak(Box::new(members)).as_mut_ptr().cast()),
        slot(ffi::Py_tp_getset, Box::leak(Box::new(getters)).as_mut_ptr().cast()),
        slot(0, null_mut()),
    ];
    let mut spec = ffi::PyType_Spec {
        name: c"_socket.socket".as_ptr(),
        basicsize: size_of::<Object>() as c_int,
        itemsize: 0,
        flags: (ffi::Py_TPFLAGS_DEFAULT
            | ffi::Py_TPFLAGS_BASETYPE
            | ffi::Py_TPFLAGS_IMMUTABLETYPE
            | ffi::Py_TPFLAGS_HAVE_GC) as u32,
        slots: slots.as_mut_ptr(),
    };
    // SAFETY: the spec and its slots are complete; what they point to lives for ever.
    let made = Owned::new(unsafe { ffi::PyType_FromModuleAndSpec(module, &mut spec, null_mut()) })?;
    TYPE.store(made.as_ptr().cast(), Ordering::Release);
    // The type lives as long as the process: other modules keep its address.
    std::mem::forget(Owned::share(made.as_ptr()));
    Ok(made)
}

const DOC: &CStr = c"socket(family=AF_INET, type=SOCK_STREAM, proto=0) -> socket object
socket(family=-1, type=-1, proto=-1, fileno=None) -> socket object

A socket of a family, a type and a protocol; or that of a descriptor, whose
family, type and protocol are found out if they are not given.";

fn member(name: &'static CStr, offset: usize, kind: c_int, doc: &'static CStr) -> ffi::PyMemberDef {
    ffi::PyMemberDef {
        name: name.as_ptr(),
        type_code: kind,
        offset: offset as ffi::Py_ssize_t,
        flags: ffi::Py_READONLY,
        doc: doc.as_ptr(),
    }
}

/// A closed socket; the arguments are for `__init__`.
unsafe extern "C" fn new(
    class: *mut ffi::PyTypeObject,
    _: *mut PyObject,
    _: *mut PyObject,
) -> *mut PyObject {
    guard(null_mut(), |_| {
        // SAFETY: the class is this type or one below it.
        let made = unsafe {
            match (*class).tp_alloc {
                Some(alloc) => Owned::new(alloc(class, 0))?,
                None => return Err(Raised),
            }
        };
        // SAFETY: just made, of this layout, filled with zeros.
        let object = unsafe { Object::of(made.as_ptr()) };
        object.fd.store(-1, Ordering::Relaxed);
        object.timeout.store(-1, Ordering::Relaxed);
        object.until.set(Deadline::NEVER);
        object.enlist();
        Ok(made.into_ptr())
    })
}

unsafe extern "C" fn init(
    this: *mut PyObject,
    args: *mut PyObject,
    kwargs: *mut PyObject,
) -> c_int {
    guard(-1, |py| {
        // SAFETY: Python calls it on an object of this type.
        let object = unsafe { Object::of(this) };
        let (asked, fileno) = match usual(args, kwargs) {
            Some(usual) => usual,
            None => arguments(args, kwargs)?,
        };
        let (family, ty, protocol) = asked;
        audit!(c"socket.__new__", c"Oiii", this, family, ty, protocol)?;
        // SAFETY: `None` lives for ever.
        let given = !fileno.is_null() && fileno != unsafe { ffi::Py_None() };
        let before = object.fd.load(Ordering::Relaxed);
        if given {
            from_number(object, fileno, asked)?;
        } else {
            open(py, object, asked)?;
        }
        if before >= 0 && !given {
            // A second `__init__` would leak the first descriptor.
            let _ = object.close_number(py, before);
        }
        Ok(0)
    })
}

/// The arguments of `__init__` as `socket.py` passes them for every socket: three small integers
/// and an object. Others are not read here.
fn usual(args: *mut PyObject, kwargs: *mut PyObject) -> Option<((i32, i32, i32), *mut PyObject)> {
    // SAFETY: the arguments are a tuple, which is asked for no more than it has.
    unsafe {
        if !kwargs.is_null() || ffi::PyTuple_GET_SIZE(args) != 4 {
            return None;
        }
        let small = |place| {
            let item = ffi::PyTuple_GET_ITEM(args, place);
            if ffi::PyLong_Check(item) == 0 {
                return None;
            }
            let mut overflow = 0;
            i32::try_from(ffi::PyLong_AsLongAndOverflow(item, &mut overflow))
                .ok()
                .filter(|_| overflow == 0)
        };
        Some(((small(0)?, small(1)?, small(2)?), ffi::PyTuple_GET_ITEM(args, 3)))
    }
}

/// The arguments of `__init__`; −1 and null are those that were not given.
fn arguments(args: *mut PyObject, kwargs: *mut PyObject) -> Res<((i32, i32, i32), *mut PyObject)> {
    // Which there are counts before what they are.
    let mut given: [*mut PyObject; 4] = [null_mut(); 4];
    let [family, ty, protocol, fileno] = &mut given;
    parse_named!(
        args,
        kwargs,
        c"|OOOO:socket",
        [c"family", c"type", c"proto", c"fileno"],
        family,
        ty,
        protocol,
        fileno
    )?;
    let number = |object: *mut PyObject| match object.is_null() {
        true => Ok(-1),
        false => data::c_int(object),
    };
    let [family, ty, protocol, fileno] = given;
    Ok(((number(family)?, number(ty)?, number(protocol)?), fileno))
}

/// Makes the socket that `__init__` asks for.
fn open(py: Python<'_>, object: &Object, (family, ty, protocol): (i32, i32, i32)) -> Res<()> {
    let family = if family == -1 { libc::AF_INET } else { family };
    let ty = if ty == -1 { libc::SOCK_STREAM } else { ty };
    let protocol = if protocol == -1 { 0 } else { protocol };
    let made = py.detach(|| {
        let kind = (ty & !TYPE_FLAGS).into();
        waiting_as(ty, Socket::new(family.into(), kind, protocol.into())?)
    });
    let socket = made.map_err(|error| errors::raise(&error))?;
    let timeout = socket.timeout();
    object.take(socket, (family, ty, protocol), timeout);
    Ok(())
}

/// A new socket, which has the default timeout, without any wait if its type says so.
pub(crate) fn waiting_as(ty: c_int, socket: Socket) -> berkeley::Result<Socket> {
    if ty & libc::SOCK_NONBLOCK != 0 {
        socket.set_timeout(Duration::ZERO)?;
    }
    Ok(socket)
}

/// Takes a descriptor over, and finds out what was not said of it.
fn from_number(
    object: &Object,
    fileno: *mut PyObject,
    (family, ty, protocol): (i32, i32, i32),
) -> Res<()> {
    let fd = data::descriptor(fileno)?;
    if fd < 0 {
        return Err(value_error("negative file descriptor"));
    }
    // SAFETY: nothing is closed, whatever the number is: the calls say so if it is not open.
    let lent = unsafe { Lent::new(fd, Family::UNSPEC, Type::from(0), Protocol::DEFAULT, None) };
    let found = match lent.local_addr() {
        Ok(addr) if addr.is_empty() => None,
        Ok(addr) => Some(addr.family().number()),
        // Some sockets have no address to ask for.
        Err(error) => {
            let errno = error.errno().map_or(0, berkeley::Errno::number);
            if family == -1 || matches!(errno, libc::EBADF | libc::ENOTSOCK) {
                return Err(errors::raise(&error));
            }
            None
        }
    };
    let ask = |name, number| {
        let option = Opt::<Int>::new(name, libc::SOL_SOCKET, number);
        lent.get(option).map_err(|error| errors::raise(&error))
    };
    let family = match (family, found) {
        (-1, Some(found)) => found,
        (-1, None) => ask("SO_DOMAIN", libc::SO_DOMAIN)?,
        (given, _) => given,
    };
    let ty = if ty == -1 { ask("SO_TYPE", libc::SO_TYPE)? } else { ty };
    let protocol = if protocol == -1 { ask("SO_PROTOCOL", libc::SO_PROTOCOL)? } else { protocol };
    let timeout = match berkeley::default_timeout() {
        _ if ty & libc::SOCK_NONBLOCK != 0 => Some(Duration::ZERO),
        None => None,
        limit => {
            lent.set_timeout(limit).map_err(|error| errors::raise(&error))?;
            limit
        }
    };
    object.timeout.store(nanos(timeout), Ordering::Relaxed);
    object.fill(fd, family, ty & !TYPE_FLAGS, protocol);
    Ok(())
}

unsafe extern "C" fn traverse(
    this: *mut PyObject,
    visit: ffi::visitproc,
    arg: *mut c_void,
) -> c_int {
    // SAFETY: an object of a type on the heap refers to it.
    unsafe { visit(ffi::Py_TYPE(this).cast(), arg) }
}

unsafe extern "C" fn dealloc(this: *mut PyObject) {
    // SAFETY: Python calls it once, when nobody refers to the object; it may come to life again in
    // its finalizer. Afterwards only its memory and its type's count are left.
    unsafe {
        if running::PyObject_CallFinalizerFromDealloc(this) < 0 {
            return;
        }
        ffi::PyObject_GC_UnTrack(this.cast());
        Object::of(this).delist();
        let class = ffi::Py_TYPE(this);
        if let Some(free) = (*class).tp_free {
            free(this.cast());
        }
        ffi::Py_DECREF(class.cast());
    }
}

/// Warns of a socket that nobody has closed, and closes it.
unsafe extern "C" fn finalize(this: *mut PyObject) {
    // SAFETY: Python calls it on an object of this type.
    let object = unsafe { Object::of(this) };
    if object.fd.load(Ordering::Relaxed) >= 0 {
        finalize_open(this, object);
    }
}

#[cold]
#[inline(never)]
fn finalize_open(this: *mut PyObject, object: &Object) {
    let fd = object.fd.load(Ordering::Relaxed);
    guard((), |py| {
        let kept = Kept::take();
        // SAFETY: the interpreter's own exception, a live object.
        unsafe {
            if warn_unclosed(this).is_err() && ffi::PyErr_ExceptionMatches(ffi::PyExc_Warning) != 0
            {
                ffi::PyErr_WriteUnraisable(this);
            }
            ffi::PyErr_Clear();
            object.fd.store(-1, Ordering::Relaxed);
            let _ = object.close_number(py, fd);
            ffi::PyErr_Clear();
        }
        kept.put_back();
        Ok(())
    });
}

unsafe extern "C" {
    fn PyErr_ResourceWarning(
        source: *mut PyObject,
        level: ffi::Py_ssize_t,
        format: *const c_char,
        ...
    ) -> c_int;
}

fn warn_unclosed(this: *mut PyObject) -> Res<()> {
    // SAFETY: an object of this type.
    let object = unsafe { Object::of(this) };
    if let Some(frames) = object.place() {
        return registry::warn_unclosed(object, frames?);
    }
    // SAFETY: the format's one argument is the object.
    match unsafe { PyErr_ResourceWarning(this, 1, c"unclosed %R".as_ptr(), this) } {
        0 => Ok(()),
        _ => Err(Raised),
    }
}

unsafe extern "C" fn repr(this: *mut PyObject) -> *mut PyObject {
    guard(null_mut(), |_| {
        // SAFETY: Python calls it on an object of this type.
        let object = unsafe { Object::of(this) };
        let (fd, Kind { family, protocol, .. }) =
            (object.fd.load(Ordering::Relaxed), object.kind());
        let ty = object.ty().number();
        let shown =
            format!("<socket object, fd={fd}, family={family}, type={ty}, proto={protocol}>");
        text(&shown).map(Owned::into_ptr)
    })
}

/// What CPython's other modules know this one by: the type, and its errors.
#[repr(C)]
struct Capi {
    socket_type: *mut ffi::PyTypeObject,
    error: *mut PyObject,
    timeout_error: *mut PyObject,
}

/// The capsule that holds it.
pub(crate) fn capi() -> Res<Owned> {
    // SAFETY: the interpreter's own exceptions; the structure lives for ever.
    unsafe {
        let capi = Box::new(Capi {
            socket_type: socket_type(),
            error: ffi::PyExc_OSError,
            timeout_error: ffi::PyExc_TimeoutError,
        });
        let pointer = Box::into_raw(capi).cast();
        Owned::new(ffi::PyCapsule_New(pointer, c"_socket.CAPI".as_ptr(), None))
    }
}
