//! Who has the address that is in use: `_native.holder`, and the attribute of the error; and the
//! sockets of other processes.

use std::ffi::CStr;
use std::ptr::null_mut;

use berkeley::{Addr, Error, Type};
use pyo3::ffi::{self, PyObject};

use crate::address;
use crate::raw::{
    Owned, Python, Res, byte_string, bytes, detached, guard, int, list, none, parse, text, tuple,
    unsigned, value_error,
};
use crate::running;

/// The object that finds the holder when it is asked: `berkeley._holders.Holder`.
#[cold]
pub(crate) fn later(error: &Error, ty: i32, protocol: i32) -> Res<Owned> {
    let addr = error.address().map_or(&[][..], Addr::as_bytes);
    let arguments = tuple([int(ty.into())?, int(protocol.into())?, bytes(addr)?])?;
    // SAFETY: C texts, live objects.
    unsafe {
        let module = Owned::new(running::PyImport_ImportModule(c"berkeley._holders".as_ptr()))?;
        let class =
            Owned::new(running::PyObject_GetAttrString(module.as_ptr(), c"Holder".as_ptr()))?;
        Owned::new(running::PyObject_Call(class.as_ptr(), arguments.as_ptr(), null_mut()))
    }
}

/// The functions of `_native` that stand here.
pub(crate) fn table() -> [ffi::PyMethodDef; 2] {
    let row = |name: &'static CStr, call, doc: &'static CStr| ffi::PyMethodDef {
        ml_name: name.as_ptr(),
        ml_meth: ffi::PyMethodDefPointer { PyCFunction: call },
        ml_flags: ffi::METH_VARARGS,
        ml_doc: doc.as_ptr(),
    };
    unsafe extern "C" fn raw(_: *mut PyObject, args: *mut PyObject) -> *mut PyObject {
        guard(null_mut(), |py| holder(py, args).map(Owned::into_ptr))
    }
    unsafe extern "C" fn open(_: *mut PyObject, args: *mut PyObject) -> *mut PyObject {
        guard(null_mut(), |py| of_process(py, args).map(Owned::into_ptr))
    }
    [
        row(c"holder", raw, c"holder(type, proto, address): (pid, program, address, state)."),
        row(c"open_sockets", open, c"open_sockets(pid): (inode, kind, local, peer, state) each."),
    ]
}

/// The sockets of a process that the system's tables have.
fn of_process(py: Python<'_>, args: *mut PyObject) -> Res<Owned> {
    let mut pid: u32 = 0;
    parse!(args, c"I:open_sockets", &mut pid)?;
    let found = detached(py, || berkeley::open_sockets().unwrap_or_default());
    let own = found.iter().filter(|socket| socket.owners.iter().any(|owner| owner.pid == pid));
    list(own.map(|socket| {
        let kind = format!("{}/{}", socket.family, socket.ty);
        let peer = socket.peer.map(|peer| peer.to_string()).unwrap_or_default();
        let local = Some(socket.local).filter(|local| !local.is_empty());
        tuple([
            unsigned(socket.inode)?,
            text(&kind)?,
            text(&local.map(|local| local.to_string()).unwrap_or_default())?,
            text(&peer)?,
            text(socket.state)?,
        ])
    }))
}

/// `holder(type, proto, address)`: `(pid, program, address, state)`, or `None`.
fn holder(py: Python<'_>, args: *mut PyObject) -> Res<Owned> {
    let (mut ty, mut protocol, mut addr): (i32, i32, *mut PyObject) = (0, 0, null_mut());
    let of_bytes = &raw mut ffi::PyBytes_Type;
    parse!(args, c"iiO!:holder", &mut ty, &mut protocol, of_bytes, &mut addr)?;
    // SAFETY: bytes, which the arguments hold.
    let addr = Addr::from_bytes(unsafe { byte_string(addr) });
    let addr = addr.map_err(|error| value_error(&error.to_string()))?;
    let found = detached(py, || berkeley::holders(&addr, Type::from(ty)).unwrap_or_default());
    let seen = found.iter().find(|socket| !socket.owners.is_empty());
    let Some(socket) = seen.or(found.first()) else { return Ok(none()) };
    let (pid, program) = match socket.owners.first() {
        Some(owner) => (int(owner.pid.into())?, text(&owner.program)?),
        None => (none(), none()),
    };
    tuple([pid, program, address::build(&socket.local, protocol)?, text(socket.state)?])
}
