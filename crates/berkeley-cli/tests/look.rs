//! `who`, `resolve`, `options` and `families`: what they tell is so.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use berkeley::{Family, Protocol, Socket, Type, create_server};
use common::{berkeley, run, text};
use serde_json::Value;

fn say(arguments: &[&str]) -> (Option<i32>, String, String) {
    let output = run(berkeley().args(arguments), b"");
    let (out, err) = (text(&output.stdout), text(&output.stderr));
    assert!(!out.contains('\u{1b}') && !err.contains('\u{1b}'), "colours in a pipe");
    (output.status.code(), out, err)
}

fn json(arguments: &[&str]) -> Value {
    let output = run(berkeley().arg("--json").args(arguments), b"");
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{arguments:?}: {error}"))
}

#[test]
fn who_has_a_port() {
    let server = create_server("127.0.0.1:0").unwrap();
    let port = server.local_addr().unwrap().port().unwrap();
    let me = std::process::id().to_string();
    for what in [
        format!(":{port}"),
        port.to_string(),
        format!("127.0.0.1:{port}"),
        format!("tcp://:{port}"),
    ] {
        let (status, out, err) = say(&["who", &what]);
        assert_eq!(status, Some(0), "{what}: {err}");
        assert!(out.contains(&format!("tcp://127.0.0.1:{port}")), "{what}: {out}");
        assert!(out.contains("LISTEN") && out.contains(&format!("(pid {me})")), "{what}: {out}");
    }
    let found = json(&["who", &format!(":{port}")]);
    assert_eq!(found["sockets"][0]["owners"][0]["pid"], std::process::id());
    drop(server);
    let (status, _, err) = say(&["who", &format!("127.0.0.1:{port}")]);
    assert_eq!(status, Some(1));
    assert!(err.contains("no program"), "{err}");
}

#[test]
fn who_has_other_kinds() {
    let udp = Socket::new(Family::INET, Type::DGRAM, Protocol::DEFAULT).unwrap();
    udp.bind("127.0.0.1:0").unwrap();
    let unix = create_server("unix:").unwrap();
    for socket in [&udp, &unix] {
        let endpoint =
            berkeley::Endpoint::of_addr(&socket.local_addr().unwrap(), socket.ty()).unwrap();
        let (status, out, err) = say(&["who", &endpoint.to_string()]);
        assert_eq!(status, Some(0), "{endpoint}: {err}");
        assert!(out.contains(&endpoint.to_string()), "{out}");
    }
    let (_, all, _) = say(&["who", &std::process::id().to_string()]);
    assert!(all.contains("udp://") && all.contains("unix:@"), "{all}");
    let (_, only, _) = say(&["who", "--unix"]);
    assert!(only.lines().all(|line| line.starts_with("unix")), "{only}");
}

#[test]
fn resolve_answers_as_programs_get_it() {
    let (status, out, _) = say(&["resolve", "localhost"]);
    assert_eq!(status, Some(0));
    let ours = berkeley::getaddrinfo("localhost", None).ty(Type::STREAM).call().unwrap();
    let ours: Vec<String> = ours.iter().map(|a| a.addr.to_ip().unwrap().ip().to_string()).collect();
    assert_eq!(out.lines().collect::<Vec<_>>(), ours);
    assert_eq!(say(&["-4", "resolve", "127.0.0.1", "80"]).1, "127.0.0.1:80\n");
    assert_eq!(
        json(&["resolve", "127.0.0.1", "80", "--type", "dgram"])["answers"][0]["protocol"],
        "IPPROTO_UDP"
    );
    assert!(say(&["resolve", "127.0.0.1", "--type", "all"]).1.lines().count() >= 2);

    let (status, out, err) = say(&["resolve", "no.such.host.invalid"]);
    assert_eq!((status, out.as_str()), (Some(6), ""));
    assert!(err.starts_with("error: getaddrinfo no.such.host.invalid: "), "{err}");
    let failed = json(&["resolve", "no.such.host.invalid"]);
    assert!(failed["error"]["lookup"].as_str().unwrap().starts_with("EAI_"));
    assert_eq!(say(&["resolve", "--reverse", "not-an-address"]).0, Some(2));
    assert_eq!(say(&["-6", "resolve", "127.0.0.1"]).0, Some(6));
}

#[test]
fn options_are_listed_set_and_read_back() {
    let (status, out, _) = say(&["options"]);
    assert_eq!(status, Some(0));
    assert!(out.contains("TCP_NODELAY") && out.contains("SO_RCVBUF"), "{out}");
    assert!(!say(&["options", "udp"]).1.contains("TCP_NODELAY"));
    let set = json(&["options", "udp", "--set", "SO_RCVBUF=64K"]);
    assert_eq!(
        (&set["options"][0]["name"], &set["options"][0]["value"]),
        (&"SO_RCVBUF".into(), &"131072".into())
    );
    assert_eq!(json(&["options", "tcp6", "IPV6_V6ONLY"])["options"][0]["level"], "IPPROTO_IPV6");
    let (_, wide, _) = say(&["options", "--filter", "keepalive"]);
    assert!(wide.lines().all(|line| line.chars().count() <= 80), "{wide}");
    for (arguments, status) in [
        (vec!["options", "tcp", "SO_NONSENSE"], 2),
        (vec!["options", "--set", "SO_RCVBUF=much"], 2),
        (vec!["options", "--set", "SO_RCVBUF"], 2),
        (vec!["options", "nonsense"], 2),
        (vec!["options", "udp", "TCP_NODELAY"], 1),
        (vec!["options", "fd:77"], 2),
        (vec!["options", "--filter", "zebra"], 1),
    ] {
        let (code, out, err) = say(&arguments);
        assert_eq!((code, out.as_str()), (Some(status), ""), "{arguments:?}: {err}");
        assert!(err.starts_with("error: "), "{err}");
    }
}

#[test]
fn families_are_tried_for_real() {
    let found = json(&["families"]);
    let family = |name: &str| {
        let families = found["families"].as_array().unwrap().iter();
        families.clone().find(|family| family["family"] == name).unwrap()["types"].clone()
    };
    assert_eq!(family("AF_INET")["stream"]["ok"], true);
    assert_eq!(family("AF_UNIX")["seqpacket"]["ok"], true);
    // No kernel has this one; others depend on its modules.
    assert_eq!(family("AF_UNIX")["rdm"]["errno"], "ESOCKTNOSUPPORT");
    assert!(!found["limits"]["net.core.somaxconn"].as_str().unwrap().is_empty());
    let (_, short, _) = say(&["families"]);
    let (_, long, _) = say(&["families", "--all"]);
    assert!(short.contains("AF_INET6") && long.lines().count() >= short.lines().count());
}
