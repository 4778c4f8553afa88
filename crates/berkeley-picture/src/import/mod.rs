//! Recordings of programs that know nothing of being recorded, from strace's logs.

mod log;

use std::collections::HashMap;
use std::fmt::Write;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};

use self::log::{Line, Shape, address, bytes, descriptor, front, read};

/// The recording that a log of strace makes, as lines of JSON: of
/// `strace -f -yy -ttt -T -o log COMMAND`, and as much as there is in a log made with less. Calls
/// that are not of sockets are left out, and so are lines that are none of strace's.
///
/// ```
/// let log = "7 1.5 listen(3<TCP:[127.0.0.1:80]>, 5) = 0 <0.000010>\n";
/// let lines = berkeley_picture::import_strace(log);
/// assert!(lines.contains(r#""op":"listen""#) && lines.contains(r#""local":"127.0.0.1:80""#));
/// ```
pub fn import_strace(text: &str) -> String {
    let mut import = Import::default();
    let mut begun: HashMap<u64, (Option<f64>, String)> = HashMap::new();
    for line in text.lines() {
        let (thread, time, shape) = front(line);
        match shape {
            Shape::Begun(call) => match call.split_once("<unfinished ...>") {
                Some((start, _)) => {
                    begun.insert(thread, (time, start.trim_end().to_owned()));
                }
                None => import.line(read(thread, time, call)),
            },
            Shape::Resumed(rest) => {
                if let Some((time, start)) = begun.remove(&thread) {
                    import.line(read(thread, time, &(start + rest)));
                }
            }
        }
    }
    import.out
}

/// What is known so far.
#[derive(Default)]
struct Import {
    out: String,
    /// The process of each thread, the first of all without being told.
    processes: HashMap<u64, u64>,
    first: Option<u64>,
    sockets: HashMap<(u64, i64), Socket>,
    count: u64,
    /// Where a log has no times, each call is a microsecond after the one before.
    clock: f64,
}

#[derive(Clone, Default)]
struct Socket {
    name: String,
    family: String,
    ty: String,
    proto: String,
    local: Option<String>,
    peer: Option<String>,
    from: Option<String>,
    sent: u64,
    received: u64,
}

/// How a call that moves bytes is written: its name here, whether they go out, and where the
/// arguments are that say what, how many, and which flags.
const TRANSFERS: &[(&str, &str, bool)] = &[
    ("send", "send", true),
    ("sendto", "sendto", true),
    ("write", "send", true),
    ("sendmsg", "sendmsg", true),
    ("writev", "sendmsg", true),
    ("recv", "recv", false),
    ("recvfrom", "recvfrom", false),
    ("read", "recv", false),
    ("recvmsg", "recvmsg", false),
    ("readv", "recvmsg", false),
];

impl Import {
    fn line(&mut self, line: Option<Line<'_>>) {
        let Some(line) = line else { return };
        self.clock = line.time.unwrap_or(self.clock + 1e-6);
        let first = *self.first.get_or_insert_with(|| {
            let thread = line.thread;
            let _ = writeln!(
                self.out,
                "{}",
                json!({
                    "ev": "process", "t": self.clock, "pid": thread, "schema": "berkeley.trace/1",
                    "ppid": 0, "wall": self.clock, "name": "", "argv": [],
                })
            );
            thread
        });
        let process = *self.processes.entry(line.thread).or_insert(first);
        match line.call.as_str() {
            "clone" | "clone3" | "fork" | "vfork" => self.cloned(process, &line),
            "execve" => self.executed(process, &line),
            "socket" => self.made(process, &line),
            "socketpair" => self.paired(process, &line),
            _ => self.called(process, &line),
        }
    }

    /// A new thread, or a process with the same sockets.
    fn cloned(&mut self, process: u64, line: &Line<'_>) {
        let Some(new) = number(line.answer).and_then(|new| u64::try_from(new).ok()) else { return };
        if line.args.iter().any(|arg| arg.contains("CLONE_THREAD")) {
            self.processes.insert(new, process);
            return;
        }
        // Threads that began to speak before their beginning was told of are none.
        self.processes.insert(new, new);
        let own = self.sockets.iter().filter(|((of, _), _)| *of == process);
        let inherited: Vec<_> = own.map(|((_, fd), socket)| (*fd, socket.clone())).collect();
        for (fd, socket) in inherited {
            self.sockets.insert((new, fd), socket);
            self.tell(new, fd);
        }
    }

    /// The name of a program.
    fn executed(&mut self, process: u64, line: &Line<'_>) {
        let path = line.args.first().and_then(|path| bytes(path)).unwrap_or_default();
        let path = String::from_utf8_lossy(&path).into_owned();
        if line.errno.is_none() && !path.is_empty() {
            let name = path.rsplit('/').next().unwrap_or(&path);
            self.write(&json!({
                "ev": "process", "t": self.clock, "pid": process, "schema": "berkeley.trace/1",
                "ppid": 0, "wall": self.clock, "name": name, "argv": [path],
            }));
        }
    }

    fn made(&mut self, process: u64, line: &Line<'_>) {
        let kind = kind(&line.args);
        let fd = descriptor(line.answer).filter(|(fd, _)| *fd >= 0);
        if let Some((fd, about)) = fd {
            self.open(process, fd, about, &kind);
        }
        let args = json!({ "family": kind.0, "type": kind.1, "proto": kind.2 });
        self.call(process, fd.map(|(fd, _)| fd), "socket", line, args, Map::new());
    }

    fn paired(&mut self, process: u64, line: &Line<'_>) {
        let kind = kind(&line.args);
        let pair = line.args.get(3).map(|pair| pair.trim_matches(['[', ']']).to_owned());
        let pair = pair.unwrap_or_default();
        let fds: Vec<_> = pair.split(", ").filter_map(descriptor).collect();
        if line.errno.is_none() {
            for (fd, about) in &fds {
                self.open(process, *fd, *about, &kind);
            }
        }
        let first = fds.first().map(|(fd, _)| *fd).filter(|_| line.errno.is_none());
        let args = json!({ "family": kind.0, "type": kind.1, "proto": kind.2 });
        self.call(process, first, "socketpair", line, args, Map::new());
    }

    /// Any other call with a descriptor.
    fn called(&mut self, process: u64, line: &Line<'_>) {
        let arg = |number: usize| line.args.get(number).map_or("", String::as_str);
        if matches!(line.call.as_str(), "poll" | "ppoll") {
            return self.polled(process, line);
        }
        let Some((fd, about)) = descriptor(arg(0)) else { return };
        let is_socket = self.sockets.contains_key(&(process, fd));
        let named = about.is_some_and(is_name_of_socket);
        let transfer = TRANSFERS.iter().find(|(name, ..)| *name == line.call);
        let plain = matches!(line.call.as_str(), "read" | "write" | "readv" | "writev" | "close");
        if !is_socket && plain && !named {
            return;
        }
        if let Some((_, op, out)) = transfer {
            self.open(process, fd, about, &Default::default());
            return self.moved(process, fd, op, *out, line);
        }
        let op = match line.call.as_str() {
            "accept4" => "accept",
            "dup2" | "dup3" => "dup",
            name => name,
        };
        let known = [
            "bind",
            "connect",
            "listen",
            "accept",
            "shutdown",
            "close",
            "getsockname",
            "getpeername",
            "getsockopt",
            "setsockopt",
            "sendmmsg",
            "recvmmsg",
            "sendfile",
            "dup",
        ];
        if !known.contains(&op)
            || (op == "dup" && !is_socket)
            || (op == "sendfile" && !is_socket && !named)
        {
            return;
        }
        self.open(process, fd, about, &Default::default());
        let addr = address(arg(1));
        let args = match op {
            "bind" | "connect" | "getsockname" | "getpeername" => json!({ "addr": addr }),
            "listen" => json!({ "backlog": number(arg(1)) }),
            "accept" => match &addr {
                Some(from) => json!({ "from": from }),
                None => json!({}),
            },
            "shutdown" => json!({ "how": arg(1).split(' ').next() }),
            "getsockopt" | "setsockopt" => {
                let value = arg(3).trim_matches(['[', ']']);
                let value = number(value).map_or_else(|| json!(value), Value::from);
                json!({ "level": arg(1), "name": arg(2), "value": value })
            }
            "sendmmsg" | "recvmmsg" => json!({ "vlen": number(arg(2)) }),
            "sendfile" => json!({ "len": number(arg(3)) }),
            _ => json!({}),
        };
        self.call(process, Some(fd), op, line, args, Map::new());
        let pending = line.errno.is_none() || line.errno == Some("EINPROGRESS");
        if let (true, Some(socket)) = (pending, self.sockets.get_mut(&(process, fd))) {
            let before = (socket.local.clone(), socket.peer.clone());
            match op {
                "bind" | "getsockname" if addr.is_some() => socket.local = addr.clone(),
                "connect" | "getpeername" if addr.is_some() => socket.peer = addr.clone(),
                _ => {}
            }
            if before != (socket.local.clone(), socket.peer.clone()) {
                self.tell(process, fd);
            }
        }
        if line.errno.is_some() {
            return;
        }
        match op {
            "accept" | "dup" => self.came_of(process, fd, op, addr, line),
            "close" => drop(self.sockets.remove(&(process, fd))),
            _ => {}
        }
    }

    fn came_of(&mut self, process: u64, fd: i64, op: &str, peer: Option<String>, line: &Line<'_>) {
        let Some((new, about)) = descriptor(line.answer) else { return };
        let Some(listener) = self.sockets.get(&(process, fd)).cloned() else { return };
        self.sockets.remove(&(process, new));
        self.open(process, new, about, &(listener.family, listener.ty, listener.proto));
        if let Some(socket) = self.sockets.get_mut(&(process, new)) {
            socket.from = Some(listener.name);
            if op == "accept" {
                socket.peer = socket.peer.take().or(peer);
                socket.local = socket.local.take().or(listener.local);
            }
            self.tell(process, new);
        }
    }

    /// A call that moves bytes.
    fn moved(&mut self, process: u64, fd: i64, op: &str, out: bool, line: &Line<'_>) {
        let arg = |number: usize| line.args.get(number).map_or("", String::as_str);
        let has_flags = matches!(line.call.as_str(), "send" | "sendto" | "recv" | "recvfrom");
        let message = op.ends_with("msg");
        let data = match message {
            false => bytes(arg(1)),
            true => {
                let pieces = arg(1).split("iov_base=").skip(1).map(bytes);
                pieces.collect::<Option<Vec<_>>>().map(|pieces| pieces.concat())
            }
        };
        let moved = number(line.answer).and_then(|moved| u64::try_from(moved).ok());
        let len = match message {
            false => number(arg(2)),
            true => {
                let lens = arg(1).split("iov_len=").skip(1);
                Some(lens.filter_map(|len| number(len.split('}').next()?)).sum())
            }
        };
        let addr = address(if message { arg(1) } else { arg(4) });
        let flags = match (has_flags, message) {
            (true, _) => arg(3),
            (_, true) if line.call.ends_with("msg") => arg(2),
            _ => "0",
        };
        let mut args = Map::new();
        args.insert(if out { "len" } else { "room" }.to_owned(), json!(len));
        args.insert("flags".to_owned(), json!(flags));
        if let Some(addr) = addr {
            args.insert(if out { "addr" } else { "from" }.to_owned(), json!(addr));
        }
        let mut more = Map::new();
        if let Some(socket) = self.sockets.get_mut(&(process, fd)) {
            let counter = if out { &mut socket.sent } else { &mut socket.received };
            if socket.ty.starts_with("SOCK_STREAM") || socket.ty.is_empty() {
                more.insert("off".to_owned(), json!(*counter));
            }
            if !flags.contains("MSG_PEEK") {
                *counter += moved.unwrap_or(0);
            }
        }
        let kept = usize::try_from(moved.unwrap_or(0)).unwrap_or(usize::MAX);
        if let Some(data) = data.as_deref().and_then(|data| data.get(..data.len().min(kept))) {
            if !data.is_empty() {
                more.insert("data".to_owned(), json!(STANDARD.encode(data)));
            }
        }
        self.call(process, Some(fd), op, line, Value::Object(args), more);
    }

    /// A wait for one socket.
    fn polled(&mut self, process: u64, line: &Line<'_>) {
        let entry = line.args.first().map_or("", String::as_str);
        let mut entries = entry.split("fd=").skip(1);
        let (Some(one), None) = (entries.next(), entries.next()) else { return };
        let Some((fd, about)) = one.split(", ").next().and_then(descriptor) else { return };
        if !self.sockets.contains_key(&(process, fd)) && !about.is_some_and(is_name_of_socket) {
            return;
        }
        self.open(process, fd, about, &Default::default());
        let way = if one.contains("POLLOUT") { "write" } else { "read" };
        self.call(process, Some(fd), "poll", line, json!({ "for": way }), Map::new());
    }

    /// Enters a socket that is seen for the first time.
    fn open(
        &mut self,
        process: u64,
        fd: i64,
        about: Option<&str>,
        kind: &(String, String, String),
    ) {
        if let Some(socket) = self.sockets.get_mut(&(process, fd)) {
            // It may have got addresses since.
            let before = (socket.local.clone(), socket.peer.clone());
            if let Some(about) = about {
                socket.read(about);
            }
            if before != (socket.local.clone(), socket.peer.clone()) {
                self.tell(process, fd);
            }
            return;
        }
        self.count += 1;
        let name = format!("s{}", self.count);
        let (family, ty, proto) = kind.clone();
        let mut socket = Socket { name, family, ty, proto, ..Socket::default() };
        if let Some(about) = about {
            socket.read(about);
        }
        self.sockets.insert((process, fd), socket);
        self.tell(process, fd);
    }

    fn tell(&mut self, process: u64, fd: i64) {
        let Some(socket) = self.sockets.get(&(process, fd)) else { return };
        let mut line = json!({
            "ev": "socket", "t": self.clock, "pid": process, "sock": socket.name, "fd": fd,
            "family": socket.family, "type": socket.ty, "proto": socket.proto,
            "local": socket.local, "peer": socket.peer, "cookie": null,
        });
        if let (Some(from), Some(line)) = (&socket.from, line.as_object_mut()) {
            line.insert("from".to_owned(), json!(from));
        }
        self.write(&line);
    }

    fn call(
        &mut self,
        process: u64,
        fd: Option<i64>,
        op: &str,
        line: &Line<'_>,
        args: Value,
        more: Map<String, Value>,
    ) {
        let sock = fd.and_then(|fd| self.sockets.get(&(process, fd))).map(|socket| &socket.name);
        let answer = descriptor(line.answer).map(|(answer, _)| answer);
        let answer = answer.or_else(|| number(line.answer)).filter(|_| line.errno.is_none());
        let mut told = json!({
            "ev": "call", "t": self.clock, "dur": line.took.unwrap_or(0.0), "pid": process,
            "tid": line.thread, "sock": sock, "fd": fd.unwrap_or(-1), "op": op, "args": args,
            "ret": answer, "errno": line.errno,
        });
        if let Some(told) = told.as_object_mut() {
            told.extend(more);
        }
        self.write(&told);
    }

    fn write(&mut self, line: &Value) {
        // Writing to a string does not fail.
        let _ = writeln!(self.out, "{line}");
    }
}

impl Socket {
    /// Takes what `-yy` says: `TCP:[127.0.0.1:1->127.0.0.1:2]`, `UDPv6:[[::1]:1]`.
    fn read(&mut self, about: &str) {
        let Some((kind, rest)) = about.split_once(':') else { return };
        let (family, ty, proto) = match kind {
            "TCP" => ("AF_INET", "SOCK_STREAM", "IPPROTO_TCP"),
            "TCPv6" => ("AF_INET6", "SOCK_STREAM", "IPPROTO_TCP"),
            "UDP" => ("AF_INET", "SOCK_DGRAM", "IPPROTO_UDP"),
            "UDPv6" => ("AF_INET6", "SOCK_DGRAM", "IPPROTO_UDP"),
            "UNIX" | "UNIX-STREAM" => ("AF_UNIX", "SOCK_STREAM", "0"),
            "UNIX-DGRAM" => ("AF_UNIX", "SOCK_DGRAM", "0"),
            "UNIX-SEQPACKET" => ("AF_UNIX", "SOCK_SEQPACKET", "0"),
            _ => return,
        };
        for (place, known) in [(&mut self.family, family), (&mut self.ty, ty)] {
            if place.is_empty() {
                known.clone_into(place);
            }
        }
        if self.proto.is_empty() || self.proto == "IPPROTO_IP" {
            proto.clone_into(&mut self.proto);
        }
        let Some(inside) = rest.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) else {
            return;
        };
        // A UNIX socket's are numbers of inodes, or a path.
        if family != "AF_UNIX" {
            let is_address = |text: &&str| text.contains(':');
            let mut ends = inside.splitn(2, "->");
            let mut end = || ends.next().filter(is_address).map(str::to_owned);
            (self.local, self.peer) = (end().or(self.local.take()), end().or(self.peer.take()));
        }
    }
}

fn is_name_of_socket(about: &str) -> bool {
    ["TCP", "UDP", "UNIX", "socket:", "NETLINK", "PACKET", "RAW"]
        .iter()
        .any(|name| about.starts_with(name))
}

/// Family, type without its flags, and protocol.
fn kind(args: &[String]) -> (String, String, String) {
    let arg = |number: usize| args.get(number).map_or("", String::as_str);
    let ty = arg(1).split('|').next().unwrap_or_default().to_owned();
    (arg(0).to_owned(), ty, arg(2).to_owned())
}

fn number(text: &str) -> Option<i64> {
    let text = text.split([' ', '<']).next()?;
    text.parse().ok()
}
