//! Python's `_socket`, on Rust: a thin binding. What it means stands in the library.

mod address;
mod args;
mod batch;
mod calls;
mod data;
mod deadline;
mod errors;
mod fast;
mod holder;
mod lookup;
mod methods;
mod names;
mod object;
mod race;
mod raw;
mod recorder;
mod registry;
mod running;
mod shared;
mod transfer;
mod tuning;
mod values;
mod whole;

use std::ffi::{CStr, CString, c_int};
use std::ops::ControlFlow;
use std::ptr::null_mut;
use std::sync::atomic::{AtomicBool, Ordering};

use berkeley::{Family, Protocol, Type, cmsg, constants};
use pyo3::ffi::{self, PyObject};
use raw::{
    Owned, Python, Raised, Res, boolean, guard, int, none, os_error, overflow_error, parse, tuple,
};

type Answer = Res<Owned>;

/// A function of the module with arguments by place, or a single one.
macro_rules! function {
    ($function:path, $kind:ident) => {{
        unsafe extern "C" fn raw(module: *mut PyObject, args: *mut PyObject) -> *mut PyObject {
            guard(null_mut(), |py| $function(py, module, args).map(Owned::into_ptr))
        }
        (ffi::PyMethodDefPointer { PyCFunction: raw }, ffi::$kind)
    }};
}

/// Makes the module. Python calls it once.
///
/// # Safety
///
/// The interpreter is attached.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn PyInit__berkeley() -> *mut PyObject {
    guard(null_mut(), |_| make().map(Owned::into_ptr))
}

fn make() -> Answer {
    let row = |name: &'static CStr, (ml_meth, ml_flags), doc: &'static CStr| ffi::PyMethodDef {
        ml_name: name.as_ptr(),
        ml_meth,
        ml_flags,
        ml_doc: doc.as_ptr(),
    };
    unsafe extern "C" fn info(
        module: *mut PyObject,
        args: *mut PyObject,
        kwargs: *mut PyObject,
    ) -> *mut PyObject {
        guard(null_mut(), |py| names::get_addr_info(py, module, args, kwargs).map(Owned::into_ptr))
    }
    let info = (
        ffi::PyMethodDefPointer { PyCFunctionWithKeywords: info },
        ffi::METH_VARARGS | ffi::METH_KEYWORDS,
    );
    let functions = [
        row(c"CMSG_LEN", function!(cmsg_len, METH_VARARGS), c"CMSG_LEN(length) -> control message length\n\nHow long a control message with so many bytes of data is."),
        row(c"CMSG_SPACE", function!(cmsg_space, METH_VARARGS), c"CMSG_SPACE(length) -> buffer size\n\nHow much room a control message with so many bytes of data takes."),
        row(c"close", function!(close, METH_O), c"close(integer) -> None\n\nCloses the descriptor of a socket."),
        row(c"dup", function!(dup, METH_O), c"dup(integer) -> integer\n\nA second descriptor of a socket."),
        row(c"getaddrinfo", info, c"getaddrinfo(host, port [, family, type, proto, flags])\n    -> list of (family, type, proto, canonname, sockaddr)\n\nThe addresses of a host and a service."),
        row(c"getdefaulttimeout", function!(get_default_timeout, METH_NOARGS), c"getdefaulttimeout() -> timeout\n\nThe timeout of new sockets."),
        row(c"gethostbyaddr", function!(names::get_host_by_addr, METH_VARARGS), c"gethostbyaddr(host) -> (name, aliaslist, addresslist)\n\nThe names of an address."),
        row(c"gethostbyname", function!(names::get_host_by_name, METH_VARARGS), c"gethostbyname(host) -> address\n\nThe IPv4 address of a name."),
        row(c"gethostbyname_ex", function!(names::get_host_by_name_ex, METH_VARARGS), c"gethostbyname_ex(host) -> (name, aliaslist, addresslist)\n\nThe names and IPv4 addresses of a name."),
        row(c"gethostname", function!(names::get_host_name, METH_NOARGS), c"gethostname() -> string\n\nThe name of this machine."),
        row(c"getnameinfo", function!(names::get_name_info, METH_VARARGS), c"getnameinfo(sockaddr, flags) --> (host, port)\n\nThe names of an address and a port."),
        row(c"getprotobyname", function!(names::get_proto_by_name, METH_VARARGS), c"getprotobyname(name) -> integer\n\nThe number of a protocol."),
        row(c"getservbyname", function!(names::get_serv_by_name, METH_VARARGS), c"getservbyname(servicename[, protocolname]) -> integer\n\nThe port of a service."),
        row(c"getservbyport", function!(names::get_serv_by_port, METH_VARARGS), c"getservbyport(port[, protocolname]) -> string\n\nThe service of a port."),
        row(c"htonl", function!(htonl, METH_O), c"htonl(integer) -> integer\n\n32 bits from the host's order to the network's."),
        #[cfg(Py_3_13)]
        row(c"htons", function!(htons, METH_O), c"htons($self, x, /)\n--\n\n16 bits from the host's order to the network's."),
        #[cfg(not(Py_3_13))]
        row(c"htons", function!(htons, METH_VARARGS), c"htons(integer) -> integer\n\n16 bits from the host's order to the network's."),
        row(c"if_indextoname", function!(names::if_index_to_name, METH_O), c"if_indextoname(if_index)\n\nThe name of an interface."),
        row(c"if_nameindex", function!(names::if_name_index, METH_NOARGS), c"if_nameindex()\n\nThe interfaces: (number, name) of each."),
        #[cfg(Py_3_13)]
        row(c"if_nametoindex", function!(names::if_name_to_index, METH_O), c"if_nametoindex($self, oname, /)\n--\n\nThe number of an interface."),
        #[cfg(not(Py_3_13))]
        row(c"if_nametoindex", function!(names::if_name_to_index, METH_VARARGS), c"if_nametoindex(if_name)\n\nThe number of an interface."),
        #[cfg(Py_3_13)]
        row(c"inet_aton", function!(names::inet_aton, METH_O), c"inet_aton($self, ip_addr, /)\n--\n\nAn IPv4 address as four bytes."),
        #[cfg(not(Py_3_13))]
        row(c"inet_aton", function!(names::inet_aton, METH_VARARGS), c"inet_aton(string) -> bytes giving packed 32-bit IP representation\n\nAn IPv4 address as four bytes."),
        #[cfg(Py_3_13)]
        row(c"inet_ntoa", function!(names::inet_ntoa, METH_O), c"inet_ntoa($self, packed_ip, /)\n--\n\nFour bytes as an IPv4 address."),
        #[cfg(not(Py_3_13))]
        row(c"inet_ntoa", function!(names::inet_ntoa, METH_VARARGS), c"inet_ntoa(packed_ip) -> ip_address_string\n\nFour bytes as an IPv4 address."),
        row(c"inet_ntop", function!(names::inet_ntop, METH_VARARGS), c"inet_ntop(af, packed_ip) -> string formatted IP address\n\nBytes as an address of a family."),
        row(c"inet_pton", function!(names::inet_pton, METH_VARARGS), c"inet_pton(af, ip) -> packed IP address string\n\nAn address of a family as bytes."),
        row(c"ntohl", function!(ntohl, METH_O), c"ntohl(integer) -> integer\n\n32 bits from the network's order to the host's."),
        #[cfg(Py_3_13)]
        row(c"ntohs", function!(ntohs, METH_O), c"ntohs($self, x, /)\n--\n\n16 bits from the network's order to the host's."),
        #[cfg(not(Py_3_13))]
        row(c"ntohs", function!(ntohs, METH_VARARGS), c"ntohs(integer) -> integer\n\n16 bits from the network's order to the host's."),
        row(c"setdefaulttimeout", function!(set_default_timeout, METH_O), c"setdefaulttimeout(timeout)\n\nThe timeout of new sockets, as settimeout() takes it."),
        row(c"sethostname", function!(names::set_host_name, METH_VARARGS), c"sethostname(name)\n\nGives this machine a name."),
        row(c"socketpair", function!(socketpair, METH_VARARGS), c"socketpair([family[, type [, proto]]]) -> (socket object, socket object)\n\nTwo sockets that are connected to each other."),
        // SAFETY: all zeros end the table.
        unsafe { std::mem::zeroed() },
    ];
    let definition = Box::leak(Box::new(ffi::PyModuleDef {
        m_base: ffi::PyModuleDef_HEAD_INIT,
        m_name: c"_socket".as_ptr(),
        m_doc: c"Sockets, as Python's socket module has them.".as_ptr(),
        m_size: -1,
        m_methods: Box::leak(Box::new(functions)).as_mut_ptr(),
        m_slots: null_mut(),
        m_traverse: None,
        m_clear: None,
        m_free: None,
    }));
    // SAFETY: the definition lives for ever.
    let module = Owned::new(unsafe { ffi::PyModule_Create(definition) })?;
    fill(module.as_ptr())?;
    HANDLERS_ANYWHERE.store(!berkeley::in_first_thread(), Ordering::Relaxed);
    berkeley::set_interrupt_hook(Some(run_handlers));
    watch_forks()?;
    Ok(module)
}

fn fill(module: *mut PyObject) -> Res<()> {
    let add = |name: &CStr, value: Owned| {
        // SAFETY: the module is alive; the call takes a reference of its own.
        match unsafe { ffi::PyModule_AddObjectRef(module, name.as_ptr(), value.as_ptr()) } {
            0 => Ok(()),
            _ => Err(Raised),
        }
    };
    // SAFETY: the interpreter's own exceptions.
    let (error, timeout) = unsafe { (ffi::PyExc_OSError, ffi::PyExc_TimeoutError) };
    add(c"error", Owned::share(error))?;
    add(c"timeout", Owned::share(timeout))?;
    for (name, full, place) in [
        (c"herror", c"socket.herror", &errors::HERROR),
        (c"gaierror", c"socket.gaierror", &errors::GAIERROR),
    ] {
        let class = errors::class(full)?;
        place.store(class.as_ptr(), Ordering::Release);
        // It lives as long as the process: errors are raised from everywhere.
        std::mem::forget(Owned::share(class.as_ptr()));
        add(name, class)?;
    }
    let class = object::make_type(module)?;
    add(c"SocketType", Owned::share(class.as_ptr()))?;
    add(c"socket", class)?;
    add(c"has_ipv6", boolean(true))?;
    add(c"CAPI", object::capi()?)?;
    add(c"_native", fast::module()?)?;
    for constant in constants::ALL {
        let name = CString::new(constant.name).map_err(|_| Raised)?;
        add(&name, int(constant.value)?)?;
    }
    for (name, value) in constants::TEXTS.iter().map(|text| (text.name, text.value)) {
        let name = CString::new(name).map_err(|_| Raised)?;
        add(&name, raw::text(value)?)?;
    }
    Ok(())
}

/// Has a child of `fork` told that it is one.
fn watch_forks() -> Res<()> {
    unsafe extern "C" fn forked(_: *mut PyObject, _: *mut PyObject) -> *mut PyObject {
        calls::forked();
        none().into_ptr()
    }
    let function = Box::leak(Box::new(ffi::PyMethodDef {
        ml_name: c"forked".as_ptr(),
        ml_meth: ffi::PyMethodDefPointer { PyCFunction: forked },
        ml_flags: ffi::METH_NOARGS,
        ml_doc: c"Tells the module that this is a child of fork.".as_ptr(),
    }));
    // SAFETY: live objects and C texts; the function's table lives for ever.
    unsafe {
        let os = Owned::new(running::PyImport_ImportModule(c"os".as_ptr()))?;
        let register =
            Owned::new(running::PyObject_GetAttrString(os.as_ptr(), c"register_at_fork".as_ptr()))?;
        let forked = Owned::new(ffi::PyCFunction_NewEx(function, null_mut(), null_mut()))?;
        let (none, names) = (Owned::new(ffi::PyTuple_New(0))?, Owned::new(ffi::PyDict_New())?);
        let name = c"after_in_child".as_ptr();
        raw::checked(ffi::PyDict_SetItemString(names.as_ptr(), name, forked.as_ptr()).into())?;
        Owned::new(running::PyObject_Call(register.as_ptr(), none.as_ptr(), names.as_ptr()))
            .map(drop)
    }
}

/// Whether Python's handlers may run in another thread than the process's first: in a program that
/// has the interpreter in one of its own.
static HANDLERS_ANYWHERE: AtomicBool = AtomicBool::new(false);

/// Runs Python's handlers of signals in the middle of a call. A thread that has none to run leaves the
/// interpreter alone: one that is about to end takes no thread back.
fn run_handlers() -> ControlFlow<()> {
    if !HANDLERS_ANYWHERE.load(Ordering::Relaxed) && !berkeley::in_first_thread() {
        return ControlFlow::Continue(());
    }
    // SAFETY: for as long as it lasts, the interpreter is attached. An error stays set, for whoever
    // made the call.
    let answer = unsafe {
        let state = ffi::PyGILState_Ensure();
        let answer = running::PyErr_CheckSignals();
        ffi::PyGILState_Release(state);
        answer
    };
    match answer {
        0 => ControlFlow::Continue(()),
        _ => ControlFlow::Break(()),
    }
}

/// A length for `CMSG_LEN` or `CMSG_SPACE`. What the smallest message takes (`least`) counts
/// against the limit, which is that of room for control messages.
fn control_len(data: ffi::Py_ssize_t, call: &str, least: usize, len: fn(usize) -> usize) -> Answer {
    let most = i32::MAX as usize;
    let data = usize::try_from(data).ok();
    let data = data.filter(|data| data.checked_add(least).is_some_and(|whole| whole <= most));
    let whole =
        data.map(len).ok_or_else(|| overflow_error(&format!("{call}() argument out of range")))?;
    int(whole as i64)
}

fn cmsg_len(_: Python<'_>, _: *mut PyObject, args: *mut PyObject) -> Answer {
    let mut data: ffi::Py_ssize_t = 0;
    parse!(args, c"n:CMSG_LEN", &mut data)?;
    control_len(data, "CMSG_LEN", cmsg::len(0), cmsg::len)
}

fn cmsg_space(_: Python<'_>, _: *mut PyObject, args: *mut PyObject) -> Answer {
    let mut data: ffi::Py_ssize_t = 0;
    parse!(args, c"n:CMSG_SPACE", &mut data)?;
    control_len(data, "CMSG_SPACE", cmsg::space(1), cmsg::space)
}

fn close(py: Python<'_>, _: *mut PyObject, arg: *mut PyObject) -> Answer {
    let fd = data::descriptor(arg)?;
    if fd < 0 {
        return Err(os_error(libc::EBADF));
    }
    methods::close_number(py, fd)?;
    Ok(none())
}

fn dup(_: Python<'_>, _: *mut PyObject, arg: *mut PyObject) -> Answer {
    let fd = data::descriptor(arg)?;
    if fd < 0 {
        return Err(os_error(libc::EBADF));
    }
    // SAFETY: a number that is not open is an error of the call.
    let lent =
        unsafe { berkeley::Lent::new(fd, Family::UNSPEC, Type::STREAM, Protocol::DEFAULT, None) };
    let second = lent.dup().map_err(|error| errors::raise(&error))?;
    int(std::os::fd::IntoRawFd::into_raw_fd(second).into())
}

fn get_default_timeout(_: Python<'_>, _: *mut PyObject, _: *mut PyObject) -> Answer {
    methods::seconds(object::nanos(berkeley::default_timeout()))
}

fn set_default_timeout(_: Python<'_>, _: *mut PyObject, arg: *mut PyObject) -> Answer {
    berkeley::set_default_timeout(data::timeout(arg)?);
    Ok(none())
}

fn socketpair(py: Python<'_>, _: *mut PyObject, args: *mut PyObject) -> Answer {
    let (mut family, mut ty, mut protocol): (c_int, c_int, c_int) =
        (libc::AF_UNIX, libc::SOCK_STREAM, 0);
    parse!(args, c"|iii:socketpair", &mut family, &mut ty, &mut protocol)?;
    let (a, b) = fast::connected(py, (family, ty, protocol))?;
    let class = object::socket_type();
    tuple([object::adopt(class, a)?, object::adopt(class, b)?])
}

fn htons(_: Python<'_>, _: *mut PyObject, arg: *mut PyObject) -> Answer {
    names::short(arg, "htons", u16::to_be)
}

fn ntohs(_: Python<'_>, _: *mut PyObject, arg: *mut PyObject) -> Answer {
    names::short(arg, "ntohs", u16::from_be)
}

fn htonl(_: Python<'_>, _: *mut PyObject, arg: *mut PyObject) -> Answer {
    names::long(arg, u32::to_be)
}

fn ntohl(_: Python<'_>, _: *mut PyObject, arg: *mut PyObject) -> Answer {
    names::long(arg, u32::from_be)
}
