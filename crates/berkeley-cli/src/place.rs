//! From the words of the command line to an endpoint and its options.

use berkeley::opt;
use berkeley::{AddrError, Endpoint, SCHEMES};

use crate::args::Global;
use crate::failure::Failure;

/// An option's level, number and value.
pub(crate) type RawOption = (i32, i32, Vec<u8>);

/// The endpoint that a text names, with `-4`, `-6` and `-u` applied.
pub(crate) fn endpoint(text: &str, udp: bool, global: &Global) -> Result<Endpoint, Failure> {
    let endpoint: Endpoint = text.parse().map_err(|error: AddrError| {
        Failure::from(error).help("addresses are listed at the end of berkeley --help")
    })?;
    let scheme = match (endpoint.scheme().name, udp) {
        ("tcp", true) => "udp",
        (name, _) => name,
    };
    let version = if global.v4 { "4" } else { "6" };
    let narrowed = format!("{scheme}{version}");
    let has_versions = SCHEMES.iter().any(|row| row.name == narrowed);
    let scheme = if (global.v4 || global.v6) && has_versions { &narrowed } else { scheme };
    let printed = endpoint.to_string();
    let Some(rest) = printed.strip_prefix(endpoint.scheme().name) else { return Ok(endpoint) };
    Ok(format!("{scheme}{rest}").parse()?)
}

/// The options behind the `?` of the address and of `--opt`, as the kernel takes them.
pub(crate) fn options(endpoint: &Endpoint, global: &Global) -> Result<Vec<RawOption>, Failure> {
    let of_address = endpoint.options().iter().filter(|(name, _)| name != "proto");
    of_address
        .chain(&global.opt)
        .map(|(name, value)| {
            let row = opt::by_name(name).ok_or_else(|| {
                Failure::usage(format!("there is no option {name:?}"))
                    .help("berkeley options lists them")
            })?;
            let bytes = (row.parse)(value).ok_or_else(|| {
                let (name, form) = (row.name, row.form);
                Failure::usage(format!("{value:?} is no value of {name}: it takes {form}"))
            })?;
            Ok((row.level, row.number, bytes))
        })
        .collect()
}
