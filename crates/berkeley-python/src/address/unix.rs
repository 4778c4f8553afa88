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

/// Whether the text of which [`parse`] has made this address is what [`build`] would make of it: a
/// path without a NUL but that which ends it.
pub(super) fn is_built(addr: &Addr, object: *mut PyObject) -> bool {
    // SAFETY: a live object.
    let is_text = unsafe { ffi::PyUnicode_CheckExact(object) != 0 };
    is_text
        && addr.family() == Family::UNIX
        && matches!(addr.as_bytes(), [_, _, path @ .., 0] if !path.is_empty() && !path.contains(&0))
}

pub(super) fn build(addr: &Addr, _: Protocol) -> Option<Res<Owned>> {
    Some(match addr.to_unix()? {
        UnixAddr::Unnamed => text(""),
        UnixAddr::Path(path) => fs_text(path.as_os_str().as_bytes()),
        UnixAddr::Abstract(name) => bytes(&[&[0], name].concat()),
    })
}
