//! AF_XDP: frames by memory that is shared with the kernel, over a pair of virtual interfaces in a
//! network of the test's own.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, unsafe_code)]

use std::collections::HashSet;
use std::thread;
use std::time::Duration;

use berkeley::xdp::{Umem, XdpSocket};
use berkeley::{
    Call, Cause, Errno, Error, Family, PacketAddr, Protocol, Socket, Type, XdpAddr, if_nametoindex,
    opt,
};
use berkeley_testing::{eventually, skip};

/// Longer than anything here takes.
const AGES: Duration = Duration::from_secs(30);

/// An Ethernet type for experiments.
const TYPE: u16 = 0x88b5;

/// The interfaces of the pair: frames that one sends arrive at the other.
struct Pair {
    near: u32,
    far: u32,
}

/// Runs this with such a pair, whose frames carry so many bytes at most, in a thread with a network
/// of its own. Skips the test where there is no right to one, or no AF_XDP.
fn with_a_pair(mtu: u32, test: impl FnOnce(Pair) -> Result<(), String> + Send) {
    let outcome = thread::scope(|scope| {
        let inside = scope.spawn(|| {
            // SAFETY: the call takes a number, and concerns this thread alone.
            if unsafe { libc::unshare(libc::CLONE_NEWNET) } != 0 {
                return Err(format!("no network here: {}", std::io::Error::last_os_error()));
            }
            if let Err(error) = Socket::new(Family::XDP, Type::RAW, Protocol::DEFAULT) {
                return Err(format!("no AF_XDP here: {error}"));
            }
            test(pair(mtu)?)
        });
        inside.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    });
    if let Err(why) = outcome {
        skip!("{why}");
    }
}

/// Makes the pair and brings it up: rtnetlink(7).
fn pair(mtu: u32) -> Result<Pair, String> {
    const MTU: u16 = 4;
    let mtu = attribute(MTU, &mtu.to_ne_bytes());
    let name = |name: &[u8]| attribute(3, name);
    // IFLA_LINKINFO with its kind and its data, in which VETH_INFO_PEER is a link of its own.
    let peer = [&[0; 16][..], &name(b"far\0"), &mtu].concat();
    let data = attribute(2, &attribute(1, &peer));
    let info = attribute(18, &[attribute(1, b"veth"), data].concat());
    let netlink = Socket::new(Family::NETLINK, Type::RAW, Protocol::NETLINK_ROUTE).unwrap();
    // Two queues at the near end: IFLA_NUM_TX_QUEUES, IFLA_NUM_RX_QUEUES.
    let queues = [31, 32].map(|ty| attribute(ty, &2_u32.to_ne_bytes())).concat();
    match ask(&netlink, &[&[0; 16][..], &name(b"near\0"), &mtu, &queues, &info].concat()) {
        Errno::SUCCESS => {}
        Errno::EOPNOTSUPP => return Err("no virtual interfaces here: veth".to_owned()),
        errno => panic!("making a pair: {errno}"),
    }
    let pair = Pair { near: if_nametoindex("near").unwrap(), far: if_nametoindex("far").unwrap() };
    for index in [pair.near, pair.far] {
        // IPv6 would talk on its own account, unless it gets no address: IFLA_AF_SPEC with
        // IFLA_INET6_ADDR_GEN_MODE none.
        let none = attribute(26, &attribute(libc::AF_INET6 as u16, &attribute(8, &[1])));
        let quiet = ask(&netlink, &[&link(index, false)[..], &none].concat());
        assert!(matches!(quiet, Errno::SUCCESS | Errno::EAFNOSUPPORT), "{quiet}");
        assert_eq!(ask(&netlink, &link(index, true)), Errno::SUCCESS);
    }
    Ok(pair)
}

/// `struct ifinfomsg`
fn link(index: u32, up: bool) -> Vec<u8> {
    [0, index, u32::from(up), 1].map(u32::to_ne_bytes).concat()
}

fn attribute(ty: u16, value: &[u8]) -> Vec<u8> {
    let len = 4 + value.len() as u16;
    let mut bytes = [&len.to_ne_bytes()[..], &ty.to_ne_bytes(), value].concat();
    bytes.resize(bytes.len().next_multiple_of(4), 0);
    bytes
}

/// Makes or changes a link.
fn ask(netlink: &Socket, body: &[u8]) -> Errno {
    request(netlink, libc::RTM_NEWLINK, body)
}

fn request(netlink: &Socket, ty: u16, body: &[u8]) -> Errno {
    let flags = (libc::NLM_F_REQUEST | libc::NLM_F_ACK | libc::NLM_F_CREATE) as u16;
    let len = 16 + body.len() as u32;
    let head = [&len.to_ne_bytes()[..], &ty.to_ne_bytes(), &flags.to_ne_bytes(), &[0; 8]].concat();
    netlink.send_to(&[&head[..], body].concat(), "netlink:0").unwrap();
    let answer = netlink.recv_vec(1 << 16).unwrap();
    Errno::from(-i32::from_ne_bytes(answer[16..20].try_into().unwrap()))
}

/// A socket for all frames of ours at an interface.
fn packets(interface: u32) -> Socket {
    let sock = Socket::new(Family::PACKET, Type::RAW, Protocol::from(0)).unwrap();
    sock.set_timeout(AGES).unwrap();
    sock.bind(PacketAddr { protocol: TYPE, ..PacketAddr::new(interface) }).unwrap();
    sock
}

/// An XDP socket at the first queue of an interface.
fn frames(interface: u32, umem: Umem) -> XdpSocket {
    let sock = XdpSocket::new(umem).unwrap();
    sock.socket().set_timeout(AGES).unwrap();
    sock.bind(XdpAddr { interface, ..XdpAddr::default() }).unwrap();
    sock
}

/// The same with a program; or why there is none.
fn receiving(interface: u32, umem: Umem) -> Result<XdpSocket, String> {
    let sock = frames(interface, umem);
    attach(&sock).map(|()| sock)
}

fn attach(sock: &XdpSocket) -> Result<(), String> {
    match sock.attach() {
        Ok(()) => Ok(()),
        Err(error) if matches!(error.errno(), Some(Errno::EPERM | Errno::ENOSYS)) => {
            assert_eq!(error.call(), Call::Bpf);
            Err(format!("no right to a program: {error}"))
        }
        Err(error) => panic!("{error}"),
    }
}

/// A frame to everybody with this number, as long as asked for, in which every byte counts.
fn frame(number: u32, len: usize) -> Vec<u8> {
    let mut frame = vec![0xff; 6];
    frame.extend([2, 0, 0, 0, 0, 1]);
    frame.extend(TYPE.to_be_bytes());
    frame.extend(number.to_be_bytes());
    frame.extend((frame.len()..len).map(|at| (at as u32 ^ number.wrapping_mul(31)) as u8));
    frame
}

/// Lengths from the shortest to the longest.
fn len(number: u32) -> usize {
    18 + number as usize * 7 % 1497
}

#[test]
fn a18_xdp_sends_frames() {
    with_a_pair(1500, |pair| {
        let there = packets(pair.far);
        let sock = frames(pair.near, Umem::new(16, 0));
        // The shortest and the longest.
        for (number, len) in [(1, 18), (2, 60), (3, 1514)] {
            sock.send(&frame(number, len)).unwrap();
            assert_eq!(there.recv_vec(4096).unwrap(), frame(number, len));
        }
        let many: Vec<_> = (0..100).map(|number| frame(number, 64)).collect();
        let mut rest = many.as_slice();
        while !rest.is_empty() {
            let sent = sock.send_frames(rest).unwrap();
            assert!((1..=16).contains(&sent), "{sent}");
            rest = &rest[sent..];
        }
        sock.flush().unwrap();
        assert_eq!(sock.pending().unwrap(), 0);
        for frame in many {
            assert_eq!(there.recv_vec(4096).unwrap(), frame);
        }
        assert_eq!(sock.send_frames::<&[u8]>(&[]).unwrap(), 0);
        assert_eq!(sock.socket().get(opt::XDP_STATISTICS).unwrap().invalid_sends, 0);
        Ok(())
    });
}

#[test]
fn a18_xdp_receives_frames() {
    with_a_pair(1500, |pair| {
        let there = packets(pair.far);
        let sock = receiving(pair.near, Umem::new(0, 16))?;
        for number in 0..100 {
            let sent = frame(number, len(number));
            there.send_to(&sent, PacketAddr::new(pair.far)).unwrap();
            assert_eq!(*sock.recv().unwrap(), sent);
        }
        // Several at once, and each stays what it is.
        let sent: Vec<_> = (0..8).map(|number| frame(number, 500)).collect();
        for sent in &sent {
            there.send_to(sent, PacketAddr::new(pair.far)).unwrap();
        }
        let arrived: Vec<_> = sent.iter().map(|_| sock.recv().unwrap()).collect();
        let places: HashSet<_> = arrived.iter().map(|frame| frame.as_ptr()).collect();
        assert_eq!(places.len(), 8);
        for (arrived, sent) in arrived.iter().zip(&sent) {
            assert_eq!(**arrived, *sent);
        }
        Ok(())
    });
}

#[test]
fn a18_xdp_memory_goes_around_for_ten_thousand_frames() {
    const FRAMES: u32 = 10_000;
    const AT_ONCE: u32 = 20;
    with_a_pair(1500, |pair| {
        let there = packets(pair.far);
        // No power of two, and so fewer frames than places in the rings.
        let sock = receiving(pair.near, Umem::new(24, 48))?;
        let mut memory = HashSet::new();
        for first in (0..FRAMES).step_by(AT_ONCE as usize) {
            for number in first..first + AT_ONCE {
                let sent = frame(number, len(number));
                there.send_to(&sent, PacketAddr::new(pair.far)).unwrap();
            }
            for number in first..first + AT_ONCE {
                let arrived = sock.recv().unwrap();
                assert_eq!(*arrived, frame(number, len(number)), "{number}");
                memory.insert(arrived.as_ptr() as usize / 2048);
                // An answer out of the memory that the frame came in.
                sock.send(&arrived).unwrap();
                arrived.recycle();
            }
            for number in first..first + AT_ONCE {
                assert_eq!(there.recv_vec(4096).unwrap(), frame(number, len(number)), "{number}");
            }
        }
        assert!(memory.len() <= 48, "{}", memory.len());
        sock.flush().unwrap();
        let dropped = sock.socket().get(opt::XDP_STATISTICS).unwrap();
        assert_eq!((dropped.drops, dropped.invalid_receives, dropped.invalid_sends), (0, 0, 0));
        Ok(())
    });
}

#[test]
fn a18_xdp_two_sockets_and_threads() {
    const FRAMES: u32 = 5000;
    with_a_pair(1500, |pair| {
        let near = receiving(pair.near, Umem::new(32, 32))?;
        let far = receiving(pair.far, Umem::new(32, 64))?;
        thread::scope(|scope| {
            scope.spawn(|| {
                // Never more under way than the other one has memory for.
                for number in 0..FRAMES {
                    near.send(&frame(number, len(number))).unwrap();
                    if number % 16 == 15 {
                        assert_eq!(*near.recv().unwrap(), frame(number, 100));
                    }
                }
            });
            for number in 0..FRAMES {
                assert_eq!(*far.recv().unwrap(), frame(number, len(number)), "{number}");
                if number % 16 == 15 {
                    far.send(&frame(number, 100)).unwrap();
                }
            }
        });
        Ok(())
    });
}

#[test]
fn a18_xdp_frames_that_are_too_long_or_too_short() {
    with_a_pair(3000, |pair| {
        let there = packets(pair.far);
        let sock = receiving(pair.near, Umem::new(4, 4))?;
        let argument = |error: Error| matches!(error.cause(), Cause::Argument(_));
        assert!(argument(sock.send(&[]).unwrap_err()));
        assert!(argument(sock.send(&[0xff; 13]).unwrap_err()));
        let error = sock.send(&frame(0, 2049)).unwrap_err();
        assert_eq!((error.call(), error.errno()), (Call::Send, Some(Errno::EMSGSIZE)));
        // A frame as large as its memory goes; and a bad one ends the batch before it.
        let batch = [frame(1, 2048), frame(2, 2049), frame(3, 60)];
        assert_eq!(sock.send_frames(&batch).unwrap(), 1);
        assert_eq!(there.recv_vec(4096).unwrap(), frame(1, 2048));
        assert_eq!(sock.send_frames(&batch[1..]).unwrap_err().errno(), Some(Errno::EMSGSIZE));
        assert_eq!(sock.send_frames(&batch[2..]).unwrap(), 1);
        assert_eq!(there.recv_vec(4096).unwrap(), frame(3, 60));

        // One that arrives and does not fit is dropped whole, and counted; the next one comes.
        let drops = || sock.socket().get(opt::XDP_STATISTICS).unwrap().drops;
        let before = drops();
        there.send_to(&frame(4, 1900), PacketAddr::new(pair.far)).unwrap();
        there.send_to(&frame(5, 1792), PacketAddr::new(pair.far)).unwrap();
        assert_eq!(*sock.recv().unwrap(), frame(5, 1792));
        assert!(drops() > before);
        Ok(())
    });
}

#[test]
fn a18_xdp_no_memory_left() {
    with_a_pair(1500, |pair| {
        let there = packets(pair.far);
        let sock = receiving(pair.near, Umem::new(1, 2))?;
        let send = |number| there.send_to(&frame(number, 60), PacketAddr::new(pair.far)).unwrap();
        send(1);
        let first = sock.recv().unwrap();
        send(2);
        let second = sock.recv().unwrap();
        assert_eq!((&*first, &*second), (&*frame(1, 60), &*frame(2, 60)));
        let counted = || sock.socket().get(opt::XDP_STATISTICS).unwrap();
        let before = counted().fill_ring_empty;
        send(3);
        assert!(eventually(|| counted().fill_ring_empty > before));
        sock.socket().set_timeout(Duration::from_millis(20)).unwrap();
        assert!(sock.recv().unwrap_err().is_timeout());
        // Neither frame has been written over.
        assert_eq!((&*first, &*second), (&*frame(1, 60), &*frame(2, 60)));
        sock.socket().set_timeout(AGES).unwrap();
        drop(first);
        send(4);
        assert_eq!(*sock.recv().unwrap(), frame(4, 60));
        Ok(())
    });
}

#[test]
fn a18_xdp_waits_as_long_as_the_timeout_says() {
    with_a_pair(1500, |pair| {
        let there = packets(pair.far);
        let sock = receiving(pair.near, Umem::new(1, 8))?;
        sock.socket().set_timeout(Duration::ZERO).unwrap();
        let error = sock.recv().unwrap_err();
        assert_eq!((error.call(), error.errno()), (Call::Recv, Some(Errno::EAGAIN)));
        sock.socket().set_timeout(AGES).unwrap();
        thread::scope(|scope| {
            let waiting = scope.spawn(|| sock.recv().unwrap().to_vec());
            there.send_to(&frame(7, 60), PacketAddr::new(pair.far)).unwrap();
            assert_eq!(waiting.join().unwrap(), frame(7, 60));
        });
        Ok(())
    });
}

#[test]
fn a18_xdp_says_what_is_missing() {
    with_a_pair(1500, |pair| {
        let argument = |error: &Error| matches!(error.cause(), Cause::Argument(_));
        for umem in [
            Umem::new(0, 0),
            Umem::new(u32::MAX, 1),
            Umem::new(1, 1).frame_size(1000),
            Umem::new(1, 1).frame_size(1024),
        ] {
            assert!(argument(&XdpSocket::new(umem).unwrap_err()), "{umem:?}");
        }
        let error = XdpSocket::new(Umem::new(1, 1).frame_size(1 << 20)).unwrap_err();
        assert_eq!(error.errno(), Some(Errno::EINVAL));
        assert!(error.to_string().contains("XDP_UMEM_REG"), "{error}");

        let sock = XdpSocket::new(Umem::new(1, 0)).unwrap();
        // Not bound.
        assert!(argument(&sock.attach().unwrap_err()));
        let error = sock.send(&frame(0, 60)).unwrap_err();
        assert_eq!((error.errno(), error.bytes_sent()), (Some(Errno::ENXIO), Some(60)));
        assert_eq!(sock.pending().unwrap(), 1);
        for flags in [1, 16] {
            let addr = XdpAddr { interface: pair.near, flags, ..XdpAddr::default() };
            assert!(argument(&sock.bind(addr).unwrap_err()));
        }
        let error = sock.bind(XdpAddr { interface: 4_000_000, ..XdpAddr::default() }).unwrap_err();
        assert_eq!(error.errno(), Some(Errno::ENODEV));
        let error = sock
            .bind(XdpAddr { interface: pair.near, queue: 4000, ..XdpAddr::default() })
            .unwrap_err();
        assert_eq!(error.errno(), Some(Errno::EINVAL));
        sock.bind(XdpAddr { interface: pair.near, ..XdpAddr::default() }).unwrap();
        // What was waiting in the ring goes.
        let there = packets(pair.far);
        sock.flush().unwrap();
        assert_eq!(there.recv_vec(4096).unwrap(), frame(0, 60));
        // No program, and then no memory.
        let error = sock.recv().unwrap_err();
        assert!(argument(&error) && error.to_string().contains("attach"), "{error}");
        sock.attach_foreign();
        let error = sock.recv().unwrap_err();
        assert!(argument(&error) && error.to_string().contains("no memory"), "{error}");
        let only_receives = frames(pair.far, Umem::new(0, 1));
        assert!(argument(&only_receives.send(&frame(0, 60)).unwrap_err()));
        Ok(())
    });
}

#[test]
fn a18_xdp_other_queues_go_their_ordinary_way() {
    with_a_pair(1500, |pair| {
        let (near, there) = (packets(pair.near), packets(pair.far));
        let sock = XdpSocket::new(Umem::new(1, 8)).unwrap();
        sock.socket().set_timeout(AGES).unwrap();
        sock.bind(XdpAddr { interface: pair.near, queue: 1, ..XdpAddr::default() }).unwrap();
        attach(&sock)?;
        // What the far end sends by its one queue arrives at the first one here.
        there.send_to(&frame(1, 60), PacketAddr::new(pair.far)).unwrap();
        assert_eq!(near.recv_vec(4096).unwrap(), frame(1, 60));
        sock.send(&frame(2, 60)).unwrap();
        assert_eq!(there.recv_vec(4096).unwrap(), frame(2, 60));
        sock.socket().set_timeout(Duration::ZERO).unwrap();
        assert_eq!(sock.recv().unwrap_err().errno(), Some(Errno::EAGAIN));
        Ok(())
    });
}

#[test]
fn a18_xdp_ends_with_the_socket() {
    with_a_pair(1500, |pair| {
        let (near, there) = (packets(pair.near), packets(pair.far));
        let send = |number| there.send_to(&frame(number, 60), PacketAddr::new(pair.far)).unwrap();
        let sock = receiving(pair.near, Umem::new(1, 8))?;
        // A second program is one too many.
        let other = XdpSocket::new(Umem::new(1, 8)).unwrap();
        let bound = other.bind(XdpAddr { interface: pair.near, ..XdpAddr::default() });
        assert_eq!(bound.unwrap_err().errno(), Some(Errno::EBUSY));
        sock.attach().unwrap();
        send(1);
        assert_eq!(*sock.recv().unwrap(), frame(1, 60));
        drop(sock);
        // The frames go their ordinary way again, and the queue is free.
        assert!(eventually(|| {
            send(2);
            near.set_timeout(Duration::from_millis(20)).unwrap();
            near.recv_vec(4096).is_ok()
        }));
        let netlink = Socket::new(Family::NETLINK, Type::RAW, Protocol::NETLINK_ROUTE).unwrap();
        assert!(eventually(|| {
            other.bind(XdpAddr { interface: pair.near, ..XdpAddr::default() }).is_ok()
        }));
        other.attach().unwrap();
        other.socket().set_timeout(AGES).unwrap();
        send(3);
        // One that was sent before may come late.
        while *other.recv().unwrap() != frame(3, 60) {}
        // An interface that is down.
        assert_eq!(ask(&netlink, &link(pair.near, false)), Errno::SUCCESS);
        assert_eq!(other.send(&frame(4, 60)).unwrap_err().errno(), Some(Errno::ENETDOWN));
        Ok(())
    });
}

#[test]
fn a18_xdp_the_interface_is_removed() {
    with_a_pair(1500, |pair| {
        let there = packets(pair.far);
        let sock = receiving(pair.near, Umem::new(1, 8))?;
        // Without a timeout, it would be waited for for ever.
        sock.socket().set_timeout(None).unwrap();
        there.send_to(&frame(1, 60), PacketAddr::new(pair.far)).unwrap();
        assert_eq!(*sock.recv().unwrap(), frame(1, 60));
        thread::scope(|scope| {
            let waiting = scope.spawn(|| sock.recv().map(|frame| frame.to_vec()));
            let netlink = Socket::new(Family::NETLINK, Type::RAW, Protocol::NETLINK_ROUTE).unwrap();
            let gone = request(&netlink, libc::RTM_DELLINK, &link(pair.near, false));
            assert_eq!(gone, Errno::SUCCESS);
            let error = waiting.join().unwrap().unwrap_err();
            assert_eq!((error.call(), error.errno()), (Call::Recv, Some(Errno::ENXIO)));
        });
        assert_eq!(sock.send(&frame(2, 60)).unwrap_err().errno(), Some(Errno::ENXIO));
        // What will never be sent is not waited for either.
        assert_eq!(sock.flush().unwrap_err().errno(), Some(Errno::ENXIO));
        Ok(())
    });
}
