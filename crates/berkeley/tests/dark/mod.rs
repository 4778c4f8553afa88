//! A network of the test's own, in which packets to some addresses vanish.

use std::thread;

use berkeley::{Errno, Error, Family, Protocol, Socket, Type};
use berkeley_testing::skip;

/// Addresses of the networks for documentation, from which no answer comes.
#[allow(dead_code, reason = "not every test connects")]
pub(crate) const V4: &str = "198.51.100.7:80";
#[allow(dead_code, reason = "not every test connects")]
pub(crate) const V6: &str = "[2001:db8::7]:80";

/// Runs this in a thread with a network namespace of its own, and tells it whether IPv6 is there.
/// Skips the test without the right to one.
pub(crate) fn in_a_dark_network(test: impl FnOnce(bool) + Send) {
    let outcome = thread::scope(|scope| {
        let inside = scope.spawn(|| {
            // SAFETY: the call takes a number, and concerns this thread alone.
            if unsafe { libc::unshare(libc::CLONE_NEWNET) } != 0 {
                return Err(std::io::Error::last_os_error().to_string());
            }
            darken(4, &[198, 51, 100, 0], 24)?;
            let has_v6 = darken(6, &[&[0x20, 0x01, 0x0d, 0xb8][..], &[0; 12]].concat(), 64).is_ok();
            test(has_v6);
            Ok(())
        });
        inside.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    });
    if let Err(why) = outcome {
        skip!("no network of its own: {why}");
    }
}

/// The same in which this machine's name servers are, and never answer.
#[allow(dead_code, reason = "not every test has names")]
pub(crate) fn without_name_servers(test: impl FnOnce() + Send) {
    let text = std::fs::read_to_string("/etc/resolv.conf").unwrap_or_default();
    let servers =
        text.lines().filter_map(|line| line.strip_prefix("nameserver")?.trim().parse().ok());
    let servers: Vec<std::net::Ipv4Addr> = servers.collect();
    if servers.is_empty() {
        skip!("no name server of IPv4 in /etc/resolv.conf");
    }
    in_a_dark_network(|_| {
        let mut silent = Vec::new();
        for server in servers {
            let [a, b, c, _] = server.octets();
            // An address of this network's own answers, unless somebody listens and says nothing.
            let _ = darken(4, &[a, b, c, 0], 24);
            let socket = Socket::new(Family::INET, Type::DGRAM, Protocol::DEFAULT).unwrap();
            let _ = socket.bind((server, 53));
            silent.push(socket);
        }
        test();
    });
}

/// Brings loopback up, gives it an address of a network, and routes the whole network to it: what
/// is sent there comes back, is for nobody here, and is thrown away without a word.
fn darken(version: u8, network: &[u8], bits: u8) -> Result<(), String> {
    const UP: [u8; 4] = 1_u32.to_ne_bytes();
    const LOOPBACK: [u8; 4] = 1_u32.to_ne_bytes();
    const NODAD: u8 = 2;
    let family = if version == 4 { libc::AF_INET } else { libc::AF_INET6 } as u8;
    let mut own = network.to_vec();
    *own.last_mut().unwrap() = 1;
    let whole = network.len() as u8 * 8;
    // struct ifinfomsg, ifaddrmsg and rtmsg, see rtnetlink(7).
    let link = [&[0; 4][..], &LOOPBACK, &UP, &UP].concat();
    let address = [&[family, whole, NODAD, 0][..], &LOOPBACK, &attribute(2, &own)].concat();
    // The main table, made by hand, of the link's scope, to a neighbour.
    let head = [family, bits, 0, 0, 254, 3, 253, 1, 0, 0, 0, 0];
    let route = [&head[..], &attribute(1, network), &attribute(4, &LOOPBACK)].concat();
    let netlink = Socket::new(Family::NETLINK, Type::RAW, Protocol::NETLINK_ROUTE);
    let netlink = netlink.map_err(|error| error.to_string())?;
    for (ty, body) in [
        (libc::RTM_NEWLINK, link),
        (libc::RTM_NEWADDR, [&address[..], &attribute(1, &own)].concat()),
        (libc::RTM_NEWROUTE, route),
    ] {
        match ask(&netlink, ty, &body) {
            Ok(Errno::SUCCESS) => {}
            Ok(errno) => return Err(format!("rtnetlink request {ty}: {errno}")),
            Err(error) => return Err(error.to_string()),
        }
    }
    Ok(())
}

fn attribute(ty: u16, value: &[u8]) -> Vec<u8> {
    let len = 4 + value.len() as u16;
    [&len.to_ne_bytes()[..], &ty.to_ne_bytes(), value].concat()
}

/// Sends one request, and answers how it went.
fn ask(netlink: &Socket, ty: u16, body: &[u8]) -> Result<Errno, Error> {
    let flags = (libc::NLM_F_REQUEST | libc::NLM_F_ACK | libc::NLM_F_CREATE) as u16;
    let len = 16 + body.len() as u32;
    let head = [&len.to_ne_bytes()[..], &ty.to_ne_bytes(), &flags.to_ne_bytes(), &[0; 8]].concat();
    netlink.send_to(&[&head[..], body].concat(), "netlink:0")?;
    let answer = netlink.recv_vec(4096)?;
    Ok(Errno::from(-i32::from_ne_bytes(answer[16..20].try_into().unwrap())))
}
