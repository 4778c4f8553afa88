//! A server at the limit of descriptors waits, does not spin, and goes on when there is room. A
//! program of its own: the limit is the whole process's.

#![allow(clippy::unwrap_used)]

use std::fs::File;
use std::thread;
use std::time::Duration;

use berkeley::accept::Acceptor;
use berkeley::{Socket, create_connection, create_server};
use berkeley_testing::{eventually, open_descriptors};

const LIMIT: u64 = 64;

/// How long this thread has run, in hundredths of a second.
fn ticks() -> u64 {
    let stat = std::fs::read_to_string("/proc/thread-self/stat").unwrap();
    // Behind the name come the state, and in user and kernel mode the 11th and 12th after it.
    let fields = stat.rsplit(')').next().unwrap().split_whitespace().skip(11).take(2);
    fields.map(|field| field.parse::<u64>().unwrap()).sum()
}

#[test]
fn e12_a_server_without_descriptors_waits_and_goes_on() {
    let hard = rlimit::Resource::NOFILE.get().unwrap().1;
    rlimit::Resource::NOFILE.set(LIMIT, hard).unwrap();
    let acceptor = Acceptor::new(create_server("127.0.0.1:0").unwrap()).unwrap();
    let place = acceptor.listener().local_addr().unwrap();
    let stop = acceptor.stop();
    let clients: Vec<Socket> = (0..3).map(|_| create_connection(place).unwrap()).collect();
    // Nothing is left.
    let mut hoard: Vec<File> = std::iter::from_fn(|| File::open("/dev/null").ok()).collect();
    assert!(create_connection(place).is_err());

    thread::scope(|scope| {
        let server = scope.spawn(|| {
            let mut sockets = Vec::new();
            for connection in acceptor.connections() {
                sockets.push(connection.unwrap().0);
                sockets.last().unwrap().send_all(b"welcome").unwrap();
            }
            let served = sockets.len();
            drop(sockets);
            (served, ticks())
        });
        clients.iter().for_each(|client| client.set_timeout(Duration::from_millis(50)).unwrap());
        assert!(clients.iter().all(|client| client.recv_vec(10).unwrap_err().is_timeout()));
        assert!(!server.is_finished(), "EMFILE ended it");
        // Room for one after the other.
        for client in &clients {
            hoard.pop();
            client.set_timeout(Duration::from_secs(30)).unwrap();
            assert_eq!(client.recv_vec(10).unwrap(), b"welcome");
        }
        // In a pause it still hears the order.
        let late = {
            hoard.pop();
            create_connection(place).unwrap()
        };
        late.set_timeout(Duration::from_millis(50)).unwrap();
        assert!(late.recv_vec(10).unwrap_err().is_timeout());
        stop.stop();
        let (served, ticks) = server.join().unwrap();
        assert_eq!(served, 3);
        // A pause of at least 200 ms in all, of which a thread that spins takes all it gets.
        assert!(ticks < 10, "it took {ticks} hundredths of a second of a processor");
        drop(late);
    });
    drop((acceptor, stop, clients, hoard));
    assert!(eventually(|| open_descriptors() < LIMIT as usize / 2));
}
