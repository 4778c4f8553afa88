//! Hosts: names and numbers as a caller writes them.

use std::borrow::Cow;
use std::ffi::CStr;
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4, SocketAddrV6};
use std::time::Duration;

use berkeley::{AddrInfoFlags, Family, Name, Type, getaddrinfo};
use pyo3::ffi::{self, PyObject};

use super::type_name;
use crate::errors;
use crate::lookup;
use crate::raw::{Owned, Python, Res, byte_string, os_error_text, plain_ascii, type_error};
use crate::running;

/// A host as the caller wrote it.
pub(crate) struct Host<'a>(Written<'a>);

enum Written<'a> {
    Text(&'a str),
    Bytes(Cow<'a, [u8]>),
}

/// Reads a host: text, in the encoding of names if it is not ASCII, or bytes. What it lends must
/// be held as long as it is used.
pub(crate) fn host<'a>(object: *mut PyObject) -> Res<Host<'a>> {
    // SAFETY: a live object, whose kind each branch has checked; what can change is copied.
    let name = unsafe {
        if ffi::PyUnicode_Check(object) != 0 {
            // A class below `str` is encoded even so, as CPython does: that refuses more.
            match plain_ascii(object) {
                Some(text) => Written::Text(text),
                None => Written::Bytes(Cow::Owned(in_names_encoding(object)?)),
            }
        } else if ffi::PyBytes_Check(object) != 0 {
            Written::Bytes(Cow::Borrowed(byte_string(object)))
        } else if ffi::PyByteArray_Check(object) != 0 {
            let len = ffi::PyByteArray_Size(object) as usize;
            let start = ffi::PyByteArray_AsString(object).cast::<u8>();
            Written::Bytes(Cow::Owned(std::slice::from_raw_parts(start, len).to_vec()))
        } else {
            let name = type_name(object);
            return Err(type_error(&format!("str, bytes or bytearray expected, not {name}")));
        }
    };
    let host = Host(name);
    if host.name().contains(&0) {
        return Err(type_error("host name must not contain null character"));
    }
    Ok(host)
}

/// A text in the encoding of names.
///
/// # Safety
///
/// The object is a text.
unsafe fn in_names_encoding(object: *mut PyObject) -> Res<Vec<u8>> {
    // SAFETY: as promised; the encoded text is bytes.
    unsafe {
        let encoded =
            running::PyUnicode_AsEncodedString(object, c"idna".as_ptr(), std::ptr::null());
        let Ok(encoded) = Owned::new(encoded) else {
            ffi::PyErr_Clear();
            return Err(type_error("encoding of hostname failed"));
        };
        Ok(byte_string(encoded.as_ptr()).to_vec())
    }
}

impl Host<'_> {
    /// What a C text says.
    pub(crate) fn of(name: &CStr) -> Host<'static> {
        Host(Written::Bytes(Cow::Owned(name.to_bytes().to_vec())))
    }

    fn name(&self) -> &[u8] {
        match &self.0 {
            Written::Text(text) => text.as_bytes(),
            Written::Bytes(bytes) => bytes,
        }
    }

    /// The name as text.
    pub(crate) fn shown(&self) -> String {
        String::from_utf8_lossy(self.name()).into_owned()
    }

    /// The host's address in a family (0 is any), with port zero; looked up if it is no number.
    pub(crate) fn resolve(
        &self,
        py: Python<'_>,
        family: Family,
        limit: impl FnOnce() -> Res<Option<Duration>>,
    ) -> Res<SocketAddr> {
        if let Some(number) = self.number(family) {
            return Ok(number);
        }
        let name = match self.name() {
            b"" => return wildcard(py, family),
            b"<broadcast>" | b"255.255.255.255" => {
                return Err(os_error_text("address family mismatched"));
            }
            name => name,
        };
        let answers = lookup::ask(py, getaddrinfo(name, Name::NONE).family(family), limit()?);
        let first = answers.map_err(|error| errors::raise(&error))?.into_iter().next();
        first
            .and_then(|answer| answer.addr.to_ip())
            .ok_or_else(|| os_error_text("unsupported address family"))
    }

    /// The address that it is, if it is a number of the family: by far the most common, of which
    /// nobody need be asked.
    fn number(&self, family: Family) -> Option<SocketAddr> {
        let name = match &self.0 {
            Written::Text(text) => text,
            Written::Bytes(bytes) => std::str::from_utf8(bytes).ok()?,
        };
        if matches!(family, Family::INET | Family::UNSPEC) {
            let v4 = match name {
                "<broadcast>" => Some(Ipv4Addr::BROADCAST),
                name => name.parse().ok(),
            };
            if let Some(v4) = v4 {
                return Some(SocketAddrV4::new(v4, 0).into());
            }
        }
        if matches!(family, Family::INET6 | Family::UNSPEC) && !name.contains('%') {
            return Some(SocketAddrV6::new(name.parse().ok()?, 0, 0, 0).into());
        }
        None
    }
}

fn wildcard(py: Python<'_>, family: Family) -> Res<SocketAddr> {
    let answers = py.detach(|| {
        getaddrinfo(Name::NONE, "0")
            .family(family)
            .ty(Type::DGRAM)
            .flags(AddrInfoFlags::PASSIVE)
            .call()
    });
    let answers = answers.map_err(|error| errors::raise(&error))?;
    match answers.as_slice() {
        [only] => only.addr.to_ip().ok_or_else(|| os_error_text("unsupported address family")),
        _ => Err(os_error_text("wildcard resolved to multiple address")),
    }
}
