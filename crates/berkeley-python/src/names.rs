//! The functions that look names up: hosts, services, protocols, interfaces.

use std::ffi::{CStr, c_char, c_int, c_uint};
use std::net::{IpAddr, SocketAddr};
use std::ptr::{null, null_mut};
use std::time::Duration;

use berkeley::{
    AddrInfo, AddrInfoFlags, AddrInfoQuery, Call, Family, LookupCode, Name, NameInfoFlags,
    Protocol, Type, getaddrinfo,
};
use pyo3::ffi::{self, PyObject};

use crate::address::{self, Host};
use crate::args::{Given, read};
use crate::errors::{self, host_error};
use crate::lookup;
use crate::raw::{
    Owned, Python, Raised, Res, View, audit, byte_string, bytes, fs_text, int, list, none,
    os_error, os_error_text, overflow_error, parse, parse_named, plain_ascii, text, tuple,
    type_error, unsigned, utf8, value_error,
};
use crate::running;

type Answer = Res<Owned>;

/// How a family and a type are answered.
pub(crate) type Kinds = (fn(i32) -> Answer, fn(i32) -> Answer);

/// A C text that a format has answered; empty if it was left out.
fn optional<'a>(pointer: *const c_char) -> Option<&'a CStr> {
    // SAFETY: null, or a C text of the arguments' own.
    (!pointer.is_null()).then(|| unsafe { CStr::from_ptr(pointer) })
}

pub(crate) fn get_addr_info(
    py: Python<'_>,
    _: *mut PyObject,
    args: *mut PyObject,
    kwargs: *mut PyObject,
) -> Answer {
    let plain = |number: i32| int(number.into());
    let mut question = Question::new();
    let Question { host, port, family, ty, protocol, flags, .. } = &mut question;
    parse_named!(
        args,
        kwargs,
        c"OO|iiii:getaddrinfo",
        [c"host", c"port", c"family", c"type", c"proto", c"flags"],
        host,
        port,
        family,
        ty,
        protocol,
        flags
    )?;
    question.read()?.ask(py, (plain, plain))
}

/// What `getaddrinfo` is asked.
pub(crate) struct Question {
    host: *mut PyObject,
    port: *mut PyObject,
    family: c_int,
    ty: c_int,
    pub(crate) protocol: c_int,
    flags: c_int,
    timeout: *mut PyObject,
    name: Option<Vec<u8>>,
    service: Option<Vec<u8>>,
    /// Whether no name service is asked for the host.
    is_number: bool,
}

impl Question {
    fn new() -> Question {
        let (host, port, timeout) = (null_mut(), null_mut(), null_mut());
        let (family, ty, protocol, flags) = (0, 0, 0, 0);
        let (name, service, is_number) = (None, None, false);
        Question { host, port, family, ty, protocol, flags, timeout, name, service, is_number }
    }

    /// What `socket.py` asks: a timeout may be behind the arguments of Python's own function.
    pub(crate) fn of(args: *mut PyObject) -> Res<Question> {
        let mut question = Question::new();
        let Question { host, port, family, ty, protocol, flags, timeout, .. } = &mut question;
        // SAFETY: the arguments of a function are a tuple, which the caller holds.
        let given = unsafe { Given::tuple(args) };
        read!(given, c"OO|iiiiO:getaddrinfo", host, port, family, ty, protocol, flags, timeout)?;
        question.read()
    }

    /// Reads the names, and tells those who audit.
    fn read(mut self) -> Res<Question> {
        let (name, is_number) = host_name(self.host)?;
        (self.name, self.is_number) = (name.map(until_nul), is_number);
        self.service = service(self.port)?.map(until_nul);
        let Question { host, port, family, ty, protocol, .. } = self;
        audit!(c"socket.getaddrinfo", c"OOiii", host, port, family, ty, protocol)?;
        Ok(self)
    }

    pub(crate) fn query(&self) -> AddrInfoQuery<'_> {
        let name = self.name.as_deref().map_or(Name::NONE, Name::from);
        let service = self.service.as_deref().map_or(Name::NONE, Name::from);
        getaddrinfo(name, service)
            .family(Family::from(self.family))
            .ty(Type::from(self.ty))
            .protocol(Protocol::from(self.protocol))
            .flags(AddrInfoFlags::from_bits_retain(self.flags))
    }

    /// Puts the question, with a way to answer families and types.
    pub(crate) fn ask(&self, py: Python<'_>, kinds: Kinds) -> Answer {
        let limit = lookup::limit(self.timeout)?;
        let query = self.query();
        let found = match self.is_number {
            true => py.detach(|| query.call()),
            false => lookup::ask(py, query, limit),
        };
        answers(&found.map_err(|error| self.failed(&error))?, self.protocol, kinds)
    }

    /// Raises why there is no answer, and to which question.
    #[cold]
    pub(crate) fn failed(&self, error: &berkeley::Error) -> Raised {
        errors::at_given(errors::raise(error), || {
            tuple([Owned::share(self.host), Owned::share(self.port)])
        })
    }
}

pub(crate) fn answers(found: &[AddrInfo], protocol: i32, kinds: Kinds) -> Answer {
    list(found.iter().map(|answer| row(answer, protocol, kinds)))
}

fn row(answer: &AddrInfo, protocol: i32, (family, ty): Kinds) -> Answer {
    tuple([
        family(answer.family.number())?,
        ty(answer.ty.number())?,
        int(answer.protocol.number().into())?,
        text(answer.canonical_name.as_deref().unwrap_or_default())?,
        address::build(&answer.addr, protocol)?,
    ])
}

/// The C text that bytes are.
fn until_nul(mut name: Vec<u8>) -> Vec<u8> {
    if let Some(end) = name.iter().position(|byte| *byte == 0) {
        name.truncate(end);
    }
    name
}

/// The host of `getaddrinfo`: none, a text in the encoding of names, or bytes; and whether it is known
/// to be a number.
fn host_name(object: *mut PyObject) -> Res<(Option<Vec<u8>>, bool)> {
    // SAFETY: a live object, whose kind each branch has checked; what it has is copied at once.
    unsafe {
        if object == ffi::Py_None() {
            return Ok((None, true));
        }
        if ffi::PyUnicode_Check(object) != 0 {
            match utf8(object) {
                // A number needs no encoding, which costs more than all the rest.
                Ok(name) if name.parse::<IpAddr>().is_ok() => {
                    return Ok((Some(name.into()), true));
                }
                Ok(_) => {}
                Err(Raised) => ffi::PyErr_Clear(),
            }
            // Nor does what the encoding leaves as it is, which a program without the codec has too.
            if let Some(name) = plain_ascii(object).filter(|name| has_good_labels(name)) {
                return Ok((Some(name.into()), false));
            }
            let encoded = running::PyUnicode_AsEncodedString(object, c"idna".as_ptr(), null());
            return Ok((Some(byte_string(Owned::new(encoded)?.as_ptr()).to_vec()), false));
        }
        if ffi::PyBytes_Check(object) != 0 {
            return Ok((Some(byte_string(object).to_vec()), false));
        }
    }
    Err(type_error("getaddrinfo() argument 1 must be string or None"))
}

/// Whether each label of a name is as long as the encoding of names has it: 1 to 63 bytes, and none
/// behind a final dot.
fn has_good_labels(name: &str) -> bool {
    let name = name.strip_suffix('.').unwrap_or(name);
    name.split('.').all(|label| (1..64).contains(&label.len()))
}

/// The port of `getaddrinfo`: none, a number, a text, or bytes.
fn service(object: *mut PyObject) -> Res<Option<Vec<u8>>> {
    // SAFETY: a live object, whose kind each branch has checked; what it has is copied at once.
    unsafe {
        if object == ffi::Py_None() {
            return Ok(None);
        }
        if ffi::PyLong_CheckExact(object) != 0 {
            #[cfg(not(Py_3_12))]
            crate::raw::checked(ffi::PyLong_AsLong(object))?;
            let written = Owned::new(running::PyObject_Str(object))?;
            return utf8(written.as_ptr()).map(|text| Some(text.into()));
        }
        if ffi::PyUnicode_Check(object) != 0 {
            return utf8(object).map(|text| Some(text.into()));
        }
        if ffi::PyBytes_Check(object) != 0 {
            return Ok(Some(byte_string(object).to_vec()));
        }
    }
    Err(os_error_text("Int or String expected"))
}

pub(crate) fn get_name_info(py: Python<'_>, _: *mut PyObject, args: *mut PyObject) -> Answer {
    let (mut addr, mut flags): (*mut PyObject, c_int) = (null_mut(), 0);
    parse!(args, c"Oi:getnameinfo", &mut addr, &mut flags)?;
    // SAFETY: a live object.
    let size = unsafe {
        if ffi::PyTuple_Check(addr) == 0 {
            return Err(type_error("getnameinfo() argument 1 must be a tuple"));
        }
        ffi::PyTuple_Size(addr)
    };
    let (mut name, mut port): (*const c_char, c_int) = (null(), 0);
    let (mut flow, mut scope): (c_uint, c_uint) = (0, 0);
    parse!(
        addr,
        c"si|II;getnameinfo(): illegal sockaddr argument",
        &mut name,
        &mut port,
        &mut flow,
        &mut scope
    )?;
    if flow > 0xfffff {
        return Err(overflow_error("getnameinfo(): flowinfo must be 0-1048575."));
    }
    audit!(c"socket.getnameinfo", c"(O)", addr)?;
    let name = optional(name).unwrap_or_default().to_bytes();
    let service = port.to_string();
    let answers = py.detach(|| {
        getaddrinfo(name, service.as_str()).ty(Type::DGRAM).flags(AddrInfoFlags::NUMERICHOST).call()
    });
    let answers = answers.map_err(|error| errors::raise(&error))?;
    let [answer] = answers.as_slice() else {
        return Err(os_error_text("sockaddr resolved to multiple addresses"));
    };
    let full = match answer.addr.to_ip() {
        Some(SocketAddr::V4(_)) if size != 2 => {
            return Err(os_error_text("IPv4 sockaddr must be 2 tuple"));
        }
        Some(SocketAddr::V6(mut v6)) => {
            v6.set_flowinfo(flow.to_be());
            if scope != 0 {
                // Else that of the host counts, if it has one.
                v6.set_scope_id(scope);
            }
            v6.into()
        }
        _ => answer.addr,
    };
    let flags = NameInfoFlags::from_bits_retain(flags);
    let look_up = move || berkeley::getnameinfo(&full, flags);
    let info = match flags.contains(NameInfoFlags::NUMERICHOST) {
        true => py.detach(look_up),
        false => lookup::apart(py, Call::GetNameInfo, lookup::limit(null_mut())?, look_up),
    };
    let info = info.map_err(|error| failed(&error, addr))?;
    tuple([text(&info.host)?, text(&info.service)?])
}

pub(crate) fn get_host_by_name(py: Python<'_>, _: *mut PyObject, args: *mut PyObject) -> Answer {
    let found = named_host(args, c"et:gethostbyname")?;
    audit!(c"socket.gethostbyname", c"O", args)?;
    let limit = lookup::limit(null_mut())?;
    let addr = found
        .resolve(py, Family::INET, || Ok(limit))
        .map_err(|raised| at_argument(raised, args))?;
    address::host_text(addr.ip())
}

/// The host that is the single argument: a text in the encoding of names, or bytes.
fn named_host(args: *mut PyObject, format: &'static CStr) -> Res<Host<'static>> {
    let mut name: *mut c_char = null_mut();
    // SAFETY: the format answers a C text of its own, which is copied and freed.
    unsafe {
        if running::parse_encoded(args, format.as_ptr(), c"idna".as_ptr(), &mut name) == 0 {
            return Err(Raised);
        }
        let host = Host::of(CStr::from_ptr(name));
        ffi::PyMem_Free(name.cast());
        Ok(host)
    }
}

/// The single argument of a function.
fn one(args: *mut PyObject, format: &'static CStr) -> Res<*mut PyObject> {
    let mut object: *mut PyObject = null_mut();
    // SAFETY: the format has one object.
    match unsafe { ffi::PyArg_ParseTuple(args, format.as_ptr(), &mut object) } {
        0 => Err(Raised),
        _ => Ok(object),
    }
}

/// Raises why a look-up has failed, and of what.
#[cold]
fn failed(error: &berkeley::Error, asked: *mut PyObject) -> Raised {
    errors::at_given(errors::raise(error), || Ok(Owned::share(asked)))
}

/// Says of an error of a look-up what the single argument was.
#[cold]
fn at_argument(raised: Raised, args: *mut PyObject) -> Raised {
    errors::at_given(raised, || {
        // SAFETY: a tuple, which has been read.
        unsafe { Ok(Owned::share(ffi::PyTuple_GetItem(args, 0))) }
    })
}

/// `(name, aliases, addresses)`.
fn host_entry(found: berkeley::Result<berkeley::Host>, args: *mut PyObject) -> Answer {
    let found = found.map_err(|error| {
        let raised = match error.lookup_code() {
            // What the resolver says itself.
            Some(code) if (1..=4).contains(&code.number()) => host_error(code.number()),
            Some(LookupCode::EAI_NONAME) => host_error(1),
            Some(LookupCode::EAI_AGAIN) => host_error(2),
            Some(LookupCode::EAI_FAIL) => host_error(3),
            Some(code) if code.number() == libc::EAI_NODATA => host_error(4),
            _ => errors::raise(&error),
        };
        at_argument(raised, args)
    })?;
    tuple([
        text(&found.name)?,
        list(found.aliases.iter().map(|alias| text(alias)))?,
        list(found.addresses.iter().map(|addr| address::host_text(*addr)))?,
    ])
}

pub(crate) fn get_host_by_name_ex(py: Python<'_>, _: *mut PyObject, args: *mut PyObject) -> Answer {
    let found = named_host(args, c"et:gethostbyname_ex")?;
    audit!(c"socket.gethostbyname", c"O", args)?;
    let limit = lookup::limit(null_mut())?;
    found.resolve(py, Family::INET, || Ok(limit)).map_err(|raised| at_argument(raised, args))?;
    let question = found.shown();
    let look_up = move || berkeley::gethostbyname_ex(&question);
    host_entry(lookup::apart(py, Call::GetHostByName, limit, look_up), args)
}

pub(crate) fn get_host_by_addr(py: Python<'_>, _: *mut PyObject, args: *mut PyObject) -> Answer {
    host_by_addr(py, args, lookup::limit(null_mut())?)
}

/// `gethostbyaddr` with a limit.
pub(crate) fn host_by_addr(py: Python<'_>, args: *mut PyObject, limit: Option<Duration>) -> Answer {
    let found = named_host(args, c"et:gethostbyaddr")?;
    audit!(c"socket.gethostbyaddr", c"O", args)?;
    let addr = found.resolve(py, Family::UNSPEC, || Ok(limit));
    let addr = addr.map_err(|raised| at_argument(raised, args))?.ip().to_string();
    let look_up = move || berkeley::gethostbyaddr(&addr);
    host_entry(lookup::apart(py, Call::GetHostByAddr, limit, look_up), args)
}

pub(crate) fn get_host_name(_: Python<'_>, _: *mut PyObject, _: *mut PyObject) -> Answer {
    audit!(c"socket.gethostname", c"")?;
    let name = berkeley::gethostname_bytes().map_err(|error| errors::raise(&error))?;
    fs_text(&name)
}

pub(crate) fn set_host_name(_: Python<'_>, _: *mut PyObject, args: *mut PyObject) -> Answer {
    let name = one(args, c"O:sethostname")?;
    // SAFETY: a live object. Bytes may be any.
    let encoded = match unsafe { ffi::PyBytes_Check(name) } {
        0 => fs_path(name)?,
        _ => Owned::share(name),
    };
    let view = View::of(encoded.as_ptr())?;
    audit!(c"socket.sethostname", c"(O)", encoded.as_ptr())?;
    berkeley::sethostname(view.as_slice()).map_err(|error| errors::raise(&error))?;
    Ok(none())
}

/// A path as bytes: from a text, bytes, or what says that it is a path.
fn fs_path(object: *mut PyObject) -> Answer {
    let mut encoded: *mut PyObject = null_mut();
    // SAFETY: a live object; the converter answers a new reference.
    match unsafe { ffi::PyUnicode_FSConverter(object, (&raw mut encoded).cast()) } {
        0 => Err(Raised),
        _ => Owned::new(encoded),
    }
}

pub(crate) fn get_serv_by_name(_: Python<'_>, _: *mut PyObject, args: *mut PyObject) -> Answer {
    let (mut name, mut protocol): (*const c_char, *const c_char) = (null(), null());
    parse!(args, c"s|s:getservbyname", &mut name, &mut protocol)?;
    audit!(c"socket.getservbyname", c"sz", name, protocol)?;
    let service = optional(name).unwrap_or_default().to_string_lossy().into_owned();
    let protocol = optional(protocol).map(|text| text.to_string_lossy().into_owned());
    berkeley::getservbyname(&service, protocol.as_deref())
        .map_err(|_| os_error_text("service/proto not found"))
        .and_then(|port| int(port.into()))
}

pub(crate) fn get_serv_by_port(_: Python<'_>, _: *mut PyObject, args: *mut PyObject) -> Answer {
    let (mut port, mut protocol): (c_int, *const c_char) = (0, null());
    parse!(args, c"i|s:getservbyport", &mut port, &mut protocol)?;
    let Ok(port) = u16::try_from(port) else {
        return Err(overflow_error("getservbyport: port must be 0-65535."));
    };
    audit!(c"socket.getservbyport", c"iz", c_int::from(port), protocol)?;
    let protocol = optional(protocol).map(|text| text.to_string_lossy().into_owned());
    berkeley::getservbyport(port, protocol.as_deref())
        .map_err(|_| os_error_text("port/proto not found"))
        .and_then(|name| text(&name))
}

pub(crate) fn get_proto_by_name(_: Python<'_>, _: *mut PyObject, args: *mut PyObject) -> Answer {
    let mut name: *const c_char = null();
    parse!(args, c"s:getprotobyname", &mut name)?;
    let name = optional(name).unwrap_or_default().to_string_lossy().into_owned();
    berkeley::getprotobyname(&name)
        .map_err(|_| os_error_text("protocol not found"))
        .and_then(|protocol| int(protocol.number().into()))
}

pub(crate) fn inet_aton(_: Python<'_>, _: *mut PyObject, args: *mut PyObject) -> Answer {
    #[cfg(Py_3_13)]
    let name = inet_text(args)?;
    #[cfg(not(Py_3_13))]
    let name = {
        let mut name: *const c_char = null();
        parse!(args, c"s:inet_aton", &mut name)?;
        optional(name).unwrap_or_default().to_string_lossy().into_owned()
    };
    match berkeley::inet_aton(&name) {
        Ok(addr) => bytes(&addr.octets()),
        Err(_) => Err(os_error_text("illegal IP address string passed to inet_aton")),
    }
}

/// The text of an address, as Python 3.13 reads it.
#[cfg(Py_3_13)]
fn inet_text(object: *mut PyObject) -> Res<String> {
    // SAFETY: a live object; a text lives as long as it.
    unsafe {
        if ffi::PyUnicode_Check(object) == 0 {
            let name = address::type_name(object);
            let name = if object == ffi::Py_None() { "None" } else { name.as_str() };
            return Err(type_error(&format!("inet_aton() argument must be str, not {name}")));
        }
        let name = utf8(object)?;
        if name.contains('\0') {
            return Err(value_error("embedded null character"));
        }
        Ok(name.into())
    }
}

pub(crate) fn inet_ntoa(_: Python<'_>, _: *mut PyObject, args: *mut PyObject) -> Answer {
    #[cfg(Py_3_13)]
    let view = View::of(args)?;
    #[cfg(not(Py_3_13))]
    let view = {
        let mut view = View::empty();
        parse!(args, c"y*:inet_ntoa", view.slot())?;
        view
    };
    match <[u8; 4]>::try_from(view.as_slice()) {
        Ok(octets) => text(&std::net::Ipv4Addr::from(octets).to_string()),
        Err(_) => Err(os_error_text("packed IP wrong length for inet_ntoa")),
    }
}

pub(crate) fn inet_pton(_: Python<'_>, _: *mut PyObject, args: *mut PyObject) -> Answer {
    let (mut family, mut name): (c_int, *const c_char) = (0, null());
    parse!(args, c"is:inet_pton", &mut family, &mut name)?;
    let name = optional(name).unwrap_or_default().to_string_lossy().into_owned();
    if !matches!(family, libc::AF_INET | libc::AF_INET6) {
        return Err(os_error(libc::EAFNOSUPPORT));
    }
    match berkeley::inet_pton(Family::from(family), &name) {
        Ok(packed) => bytes(&packed),
        Err(_) => Err(os_error_text("illegal IP address string passed to inet_pton")),
    }
}

pub(crate) fn inet_ntop(_: Python<'_>, _: *mut PyObject, args: *mut PyObject) -> Answer {
    let (mut family, mut view): (c_int, View) = (0, View::empty());
    parse!(args, c"iy*:inet_ntop", &mut family, view.slot())?;
    if !matches!(family, libc::AF_INET | libc::AF_INET6) {
        return Err(value_error(&format!("unknown address family {family}")));
    }
    match berkeley::inet_ntop(Family::from(family), view.as_slice()) {
        Ok(shown) => text(&shown),
        Err(_) => Err(value_error("invalid length of packed IP address string")),
    }
}

pub(crate) fn if_name_index(_: Python<'_>, _: *mut PyObject, _: *mut PyObject) -> Answer {
    let found = berkeley::if_nameindex().map_err(|error| errors::raise(&error))?;
    list(
        found
            .into_iter()
            .map(|(index, name)| tuple([unsigned(index.into())?, fs_text(name.as_bytes())?])),
    )
}

pub(crate) fn if_name_to_index(_: Python<'_>, _: *mut PyObject, args: *mut PyObject) -> Answer {
    #[cfg(Py_3_13)]
    let name = args;
    #[cfg(not(Py_3_13))]
    let name = one(args, c"O:if_nametoindex")?;
    let encoded = fs_path(name)?;
    let view = View::of(encoded.as_ptr())?;
    let name = String::from_utf8_lossy(view.as_slice()).into_owned();
    match berkeley::if_nametoindex(&name) {
        Ok(index) => unsigned(index.into()),
        Err(_) => Err(os_error_text("no interface with this name")),
    }
}

pub(crate) fn if_index_to_name(_: Python<'_>, _: *mut PyObject, arg: *mut PyObject) -> Answer {
    // SAFETY: a live object.
    let index = unsafe { ffi::PyLong_AsUnsignedLong(arg) };
    if index == std::ffi::c_ulong::MAX && crate::raw::is_raised() {
        return Err(Raised);
    }
    #[cfg(Py_3_13)]
    let index = u32::try_from(index).map_err(|_| overflow_error("index is too large"))?;
    #[cfg(not(Py_3_13))]
    let index = index as u32;
    let name = berkeley::if_indextoname(index).map_err(|error| errors::raise(&error))?;
    fs_text(name.as_bytes())
}

/// Sixteen bits between the host's order and the network's.
pub(crate) fn short(arg: *mut PyObject, call: &str, swap: fn(u16) -> u16) -> Answer {
    #[cfg(Py_3_13)]
    let number = crate::data::c_int(arg)?;
    #[cfg(not(Py_3_13))]
    let number = {
        let mut number: c_int = 0;
        match call {
            "htons" => parse!(arg, c"i:htons", &mut number)?,
            _ => parse!(arg, c"i:ntohs", &mut number)?,
        }
        number
    };
    if number < 0 {
        let text =
            format!("{call}: can't convert negative Python int to C 16-bit unsigned integer");
        return Err(overflow_error(&text));
    }
    let Ok(number) = u16::try_from(number) else {
        let text = format!("{call}: Python int too large to convert to C 16-bit unsigned integer");
        return Err(overflow_error(&text));
    };
    int(swap(number).into())
}

/// Thirty-two bits between the host's order and the network's.
pub(crate) fn long(arg: *mut PyObject, swap: fn(u32) -> u32) -> Answer {
    // SAFETY: a live object.
    let number = unsafe {
        if ffi::PyLong_Check(arg) == 0 {
            let name = address::type_name(arg);
            return Err(type_error(&format!("expected int, {name} found")));
        }
        ffi::PyLong_AsUnsignedLong(arg)
    };
    if number == std::ffi::c_ulong::MAX && crate::raw::is_raised() {
        return Err(Raised);
    }
    match u32::try_from(number) {
        Ok(number) => unsigned(swap(number).into()),
        Err(_) => Err(overflow_error("int larger than 32 bits")),
    }
}
