//! How a command ends that could not do what it was asked: a status, a line, and the way out.

use std::process::ExitCode;

use berkeley::{Call, Cause, Errno, Error, Type};
use serde_json::{Value, json};

/// The exit status: curl's where curl has one.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub(crate) enum Exit {
    /// The answer is no: no reply to a ping, no holder of a port.
    No = 1,
    /// The command line cannot work.
    Usage = 2,
    /// A name was not found.
    Name = 6,
    /// Nobody answers there.
    Connect = 7,
    /// Time is up.
    Timeout = 28,
    /// An address cannot be had, or is taken.
    Bind = 45,
    /// Sending failed.
    Send = 55,
    /// Receiving failed, or the peer cut the connection off.
    Recv = 56,
    /// A right is missing.
    Right = 77,
    /// Ctrl-C.
    Interrupted = 130,
    /// Nobody reads the output any more, as a shell reports a program that `SIGPIPE` ended.
    Pipe = 141,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> ExitCode {
        ExitCode::from(exit as u8)
    }
}

/// Why a command failed, for people and for programs.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) exit: Exit,
    /// One line that names the problem.
    pub(crate) message: String,
    /// The way out, if there is one to tell.
    pub(crate) help: Option<String>,
    /// What programs want to know beside.
    pub(crate) details: Value,
}

impl Failure {
    pub(crate) fn new(exit: Exit, message: impl Into<String>) -> Failure {
        Failure { exit, message: message.into(), help: None, details: Value::Null }
    }

    /// A command line that cannot work.
    pub(crate) fn usage(message: impl Into<String>) -> Failure {
        Failure::new(Exit::Usage, message)
    }

    /// Adds the way out.
    pub(crate) fn help(mut self, help: impl Into<String>) -> Failure {
        self.help = Some(help.into());
        self
    }

    /// The object that `--json` prints.
    pub(crate) fn to_json(&self) -> Value {
        let mut error = json!({ "message": self.message, "exit": self.exit as u8 });
        if let (Some(error), Some(details)) = (error.as_object_mut(), self.details.as_object()) {
            error.extend(details.clone());
        }
        json!({ "ok": false, "error": error })
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Failure {
        let mut failure = Failure::new(exit_of(&error), error.to_string());
        failure.details = json!({
            "op": error.call().name(),
            "errno": error.errno().and_then(Errno::name),
            "lookup": error.lookup_code().and_then(|code| code.name()),
            "addr": error.address().map(ToString::to_string),
            "attempts": error.attempts().iter().map(ToString::to_string).collect::<Vec<_>>(),
        });
        failure.help = advice(&error);
        failure
    }
}

impl From<berkeley::AddrError> for Failure {
    fn from(error: berkeley::AddrError) -> Failure {
        Failure::usage(error.to_string())
    }
}

impl Failure {
    /// The failure to serve with a socket of this type: a taken address is named with its holder.
    pub(crate) fn of_serving(error: Error, ty: Type) -> Failure {
        let taken = (error.errno() == Some(Errno::EADDRINUSE)).then(|| error.address().copied());
        let mut failure = Failure::from(error);
        let Some(Some(addr)) = taken else { return failure };
        // Whoever it was may be gone by now, or be hidden.
        let holders = berkeley::holders(&addr, ty).unwrap_or_default();
        let what = match addr.port() {
            Some(port) => format!("port {port}"),
            None => addr.to_string(),
        };
        let holder = holders.iter().find(|holder| !holder.owners.is_empty()).or(holders.first());
        let by = match holder.map(|holder| (holder, holder.owners.first())) {
            Some((socket, Some(owner))) => {
                let (program, pid) = (&owner.program, owner.pid);
                let does = if socket.state == "LISTEN" { "listening on" } else { "at" };
                format!("by {program} (pid {pid}, {does} {})", socket.local)
            }
            Some((socket, None)) => format!("by a program of another user, at {}", socket.local),
            None => "already".to_owned(),
        };
        failure.message = format!("{what} is taken {by}");
        failure.help = Some("port 0 takes any free one; see also: berkeley who".to_owned());
        failure
    }
}

/// Writing to the standard output failed.
impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Failure {
        match error.kind() {
            std::io::ErrorKind::BrokenPipe => Failure::new(Exit::Pipe, ""),
            _ => Failure::new(Exit::Send, error.to_string()),
        }
    }
}

fn exit_of(error: &Error) -> Exit {
    match (error.cause(), error.call()) {
        (Cause::Lookup(_), _) => Exit::Name,
        (Cause::TimedOut, _) | (Cause::Os(Errno::ETIMEDOUT), _) => Exit::Timeout,
        (Cause::Address(_) | Cause::Argument(_) | Cause::Os(Errno::EBADF), _) => Exit::Usage,
        (Cause::Os(Errno::EPERM | Errno::EACCES), Call::Socket) => Exit::Right,
        (_, Call::Bind | Call::Listen | Call::CreateServer) => Exit::Bind,
        (_, Call::Send | Call::SendAll | Call::SendTo | Call::SendMsg | Call::SendFile) => {
            Exit::Send
        }
        (_, Call::Recv | Call::RecvFrom | Call::RecvMsg | Call::Accept) => Exit::Recv,
        (_, Call::Connect | Call::CreateConnection | Call::Ping) => Exit::Connect,
        _ => Exit::No,
    }
}

/// What a person could do about it.
fn advice(error: &Error) -> Option<String> {
    if let Some(hint) = error.hint() {
        return Some(hint);
    }
    Some(match error.errno()? {
        Errno::ECONNREFUSED => {
            "the host answered, but no program listens there; see: berkeley who".to_owned()
        }
        Errno::EADDRNOTAVAIL => "no interface of this machine has that address".to_owned(),
        errno => format!("more: berkeley explain {}", errno.name()?),
    })
}
