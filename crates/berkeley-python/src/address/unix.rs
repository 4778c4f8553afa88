//! Addresses of UNIX sockets: paths and names.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use berkeley::{Addr, AddrError, Family, Protocol, UnixAddr};
use pyo3::ffi::{self, PyObject};

use super::Asked;
use crate::raw::{Owned, Res, View, bytes, fs_text, os_error_text, plain_ascii, text};

pub(super) fn parse(_: Asked<'_>, object: *mut PyObject) -> Res<Addr> {
    // A text in ASCII is the same bytes in any encoding of the file system.
    // SAFETY: a live object, which the caller holds.
    if let Some(path) = unsafe { plain_ascii(object) } {
        return of_path(path.as_bytes());
    }
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
    of_path(view.as_slice())
}

fn of_path(path: &[u8]) -> Res<Addr> {
    let addr = match path {
        [] => Addr::try_from(UnixAddr::Unnamed),
        [0, name @ ..] => Addr::try_from(UnixAddr::Abstract(name)),
        path => Addr::try_from(Path::new(OsStr::from_bytes(path))),
    };
    match addr {
        Ok(addr) => Ok(addr),
        // What follows a NUL is kept, as in Python; the name ends there.
        Err(AddrError::NulInPath) => Addr::of_family(Family::UNIX, &[path, &[0]].concat()),
        Err(error) => Err(error),
    }
    .map_err(|_| os_error_text("AF_UNIX path too long"))
}

/// Whether this object is what [`build`] would make of the address: the path itself.
pub(super) fn is_built(addr: &Addr, object: *mut PyObject) -> bool {
    let Some(UnixAddr::Path(path)) = addr.to_unix() else { return false };
    // SAFETY: a live object, which the caller holds.
    let written = unsafe { plain_ascii(object) };
    written.is_some_and(|written| written.as_bytes() == path.as_os_str().as_bytes())
}

pub(super) fn build(addr: &Addr, _: Protocol) -> Option<Res<Owned>> {
    Some(match addr.to_unix()? {
        UnixAddr::Unnamed => text(""),
        UnixAddr::Path(path) => fs_text(path.as_os_str().as_bytes()),
        UnixAddr::Abstract(name) => bytes(&[&[0], name].concat()),
    })
}
