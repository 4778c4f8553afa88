//! Names and addresses: what the C library answers every program.
//!
//! `cargo run --example resolve -- localhost http`

use berkeley::{NameInfoFlags, Result, Type, getaddrinfo, getfqdn, gethostname, getnameinfo};

fn main() -> Result<()> {
    let mut args = std::env::args().skip(1);
    let host = args.next().unwrap_or_else(|| "localhost".to_owned());
    let service = args.next().unwrap_or_else(|| "80".to_owned());

    println!("this machine is {}, in full {}", gethostname()?, getfqdn(""));
    for answer in getaddrinfo(&host, &service).ty(Type::STREAM).call()? {
        let names = getnameinfo(&answer.addr, NameInfoFlags::empty())?;
        println!("{} {} = {} {}", answer.family, answer.addr, names.host, names.service);
    }
    Ok(())
}
