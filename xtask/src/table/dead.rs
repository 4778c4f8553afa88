//! How long it takes to get past an address that never answers, in a network made for it.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use super::Options;
use super::line::{Line, Other, Target};
use super::running::{Running, ours};
use crate::run::{cannot_start, is_installed, root};

/// The head start that both give the first address, in milliseconds.
const HEAD_START: &str = "250";

/// A host whose address of IPv6 swallows everything, and whose address of IPv4 answers.
const HOSTS: &str = "2001:db8::7 dead.example\n127.0.0.1 dead.example\n";

/// What both ask for.
const ANSWER: &str = "HTTP/1.0 200 OK\r\nContent-Length: 3\r\n\r\nhi\n";

/// A network in which what is sent to the documentation's addresses comes back, is for nobody, and
/// is thrown away; and names of its own. Then the program that is given.
const NETWORK: &str = "set -e
ip link set lo up
ip address add 2001:db8::1/128 dev lo nodad
ip route add 2001:db8::/64 dev lo
mount --bind \"$1\" /etc/hosts
shift
exec \"$@\"";

/// `berkeley connect` and curl, each to the same host.
pub(super) fn dead(options: &Options) -> Result<Vec<Line>, String> {
    for program in ["unshare", "ip", "mount"] {
        if !is_installed(program) {
            return Err(format!("{program} is not installed"));
        }
    }
    let folder = root().join("target/table");
    fs::create_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let (hosts, answer) = (folder.join("hosts"), folder.join("answer"));
    for (file, text) in [(&hosts, HOSTS), (&answer, ANSWER)] {
        fs::write(file, text).map_err(|error| format!("{}: {error}", file.display()))?;
    }
    let mut server = inside(&hosts, ours("berkeley").get_program().as_ref());
    server.args(["serve", "127.0.0.1:0", "--quiet", "--file"]).arg(&answer);
    let (server, port) = Running::serve(&mut server)
        .map_err(|error| format!("a network of its own takes the right to one: {error}"))?;
    let within = |mut command: Command| {
        // The server's network and names.
        let mut enter = Command::new("nsenter");
        enter.args(["--net", "--mount", "--target"]).arg(server.0.id().to_string());
        enter.arg(command.get_program()).args(command.get_args());
        enter.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        std::mem::swap(&mut command, &mut enter);
        milliseconds(&mut command)
    };
    let by_berkeley = || {
        let mut command = ours("berkeley");
        command.args(["connect", &format!("dead.example:{port}"), "--quiet"]);
        within(command)
    };
    let by_curl = || {
        let mut command = Command::new("curl");
        command.args(["--silent", "--happy-eyeballs-timeout-ms", HEAD_START]);
        command.arg(format!("http://dead.example:{port}/"));
        within(command)
    };
    let (mut us, mut curl) = (Vec::new(), Vec::new());
    for _ in 0..options.rounds {
        us.push(by_berkeley()?);
        curl.push(by_curl());
    }
    let curl = match is_installed("curl") {
        true => curl.into_iter().collect(),
        false => Err("not installed".to_owned()),
    };
    let others = [Other { name: "curl", measured: curl }];
    let what = format!("past a dead address, with a head start of {HEAD_START} ms");
    let line = Line::of(what, &us, &others, |time| format!("{time:.0} ms"));
    Ok(vec![line.target(Target::None)])
}

fn inside(hosts: &Path, program: &Path) -> Command {
    let mut command = Command::new("unshare");
    command.args(["--net", "--mount", "sh", "-c", NETWORK, "sh"]).arg(hosts).arg(program);
    command
}

/// How long a program takes that has to answer.
fn milliseconds(command: &mut Command) -> Result<f64, String> {
    let start = Instant::now();
    let output = command.output().map_err(|error| cannot_start(command, &error))?;
    let taken = start.elapsed().as_secs_f64() * 1e3;
    match output.stdout.ends_with(b"hi\n") {
        true => Ok(taken),
        false => Err(format!("no answer: {}", String::from_utf8_lossy(&output.stderr).trim())),
    }
}
