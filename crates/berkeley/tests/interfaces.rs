//! The interfaces and their addresses.

use berkeley::{Family, InterfaceFlags, getifaddrs, if_nameindex};

#[test]
fn f5_f6_addresses_of_every_interface() {
    let entries = getifaddrs().unwrap();
    let lo: Vec<_> = entries.iter().filter(|entry| entry.name == "lo").collect();
    assert!(lo.iter().all(|entry| entry.flags.contains(InterfaceFlags::LOOPBACK)));
    let v4 = lo.iter().find(|e| e.addr.is_some_and(|addr| addr.family() == Family::INET)).unwrap();
    assert_eq!(v4.addr.unwrap().to_string(), "127.0.0.1:0");
    assert_eq!(v4.netmask.unwrap().to_string(), "255.0.0.0:0");
    assert!(lo.iter().any(|e| e.addr.is_some_and(|addr| addr.family() == Family::PACKET)));
    for (_, name) in if_nameindex().unwrap() {
        assert!(entries.iter().any(|entry| entry.name == name), "{name}");
    }
}
