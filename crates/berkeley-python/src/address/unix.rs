//! Addresses of UNIX sockets: paths and names.

use std::os::unix::ffi::OsStrExt;

use berkeley::{Addr, Family, Protocol, UnixAddr};
use pyo3::ffi::{self, PyObject};

use super::Asked;
use crate::raw::{Owned, Res, View, bytes, fs_text, os_error_text, text};

pub(super) fn parse(_: Asked<'_>, object: *mut PyObject) -> Res<Addr> {
    // A text of the file system, or bytes of any kind.
    // SAFETY: a live object; the encoded bytes are owned.
    let encoded = unsafe {
        if ffi::PyUnicode_Check(object) != 0 {
            Some(Owned::new(ffi::PyUnicode_EncodeFSDefault(object))?)
        } else {
            None
        }
    };
    let view = View::of(encoded.as_ref().map_or(object, Owned::as_ptr))?;
    let path = view.as_slice();
    let too_long = || os_error_text("AF_UNIX path too long");
    match path {
        [] => Addr::try_from(UnixAddr::Unnamed).map_err(|_| too_long()),
        [0, name @ ..] => Addr::try_from(UnixAddr::Abstract(name)).map_err(|_| too_long()),
        path if path.len() > 107 => Err(too_long()),
        // What follows a NUL is kept, as in Python; the name ends there.
        path => Addr::of_family(Family::UNIX, &[path, &[0]].concat()).map_err(|_| too_long()),
    }
}

pub(super) fn build(addr: &Addr, _: Protocol) -> Option<Res<Owned>> {
    Some(match addr.to_unix()? {
        UnixAddr::Unnamed => text(""),
        UnixAddr::Path(path) => fs_text(path.as_os_str().as_bytes()),
        UnixAddr::Abstract(name) => bytes(&[&[0], name].concat()),
    })
}
