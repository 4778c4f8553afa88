//! The lines of strace's logs: pure functions of text.

/// A call as strace writes it: `7 1.5 listen(3, 5) = 0 <0.000010>`.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Line<'t> {
    pub(super) thread: u64,
    /// Seconds, if the log has times.
    pub(super) time: Option<f64>,
    pub(super) call: String,
    pub(super) args: Vec<String>,
    /// What it answered, as text, and the error's name.
    pub(super) answer: &'t str,
    pub(super) errno: Option<&'t str>,
    pub(super) took: Option<f64>,
}

/// What a line is, without the part that several have in common.
pub(super) enum Shape<'t> {
    /// A whole call, or the beginning of one that another thread's line came into: that has no
    /// answer.
    Begun(&'t str),
    /// The rest of one.
    Resumed(&'t str),
}

/// Splits the thread and the time off a line.
pub(super) fn front(line: &str) -> (u64, Option<f64>, Shape<'_>) {
    let mut rest = line.trim_start();
    let mut thread = 0;
    if let Some((number, after)) = rest.strip_prefix("[pid").and_then(|rest| rest.split_once(']')) {
        thread = number.trim().parse().unwrap_or(0);
        rest = after.trim_start();
    } else if let Some((number, after)) = word(rest) {
        if let Ok(number) = number.parse() {
            thread = number;
            rest = after;
        }
    }
    let mut time = None;
    if let Some((first, after)) = word(rest) {
        if let Some(seconds) = seconds(first) {
            time = Some(seconds);
            rest = after;
        }
    }
    match rest.strip_prefix("<... ").and_then(|rest| rest.split_once("resumed>")) {
        Some((_, after)) => (thread, time, Shape::Resumed(after)),
        None => (thread, time, Shape::Begun(rest)),
    }
}

/// Reads a whole call.
pub(super) fn read(thread: u64, time: Option<f64>, text: &str) -> Option<Line<'_>> {
    let (call, rest) = text.split_once('(')?;
    let named = |c: char| c.is_ascii_alphanumeric() || c == '_';
    if call.is_empty() || !call.chars().all(named) {
        return None;
    }
    let (args, rest) = arguments(rest)?;
    let answer = rest.trim_start().strip_prefix('=')?.trim();
    let (answer, took) = match answer.strip_suffix('>').and_then(|text| text.rsplit_once(" <")) {
        Some((before, took)) if took.parse::<f64>().is_ok() => (before, took.parse().ok()),
        _ => (answer, None),
    };
    let mut words = answer.splitn(3, ' ');
    let value = words.next().filter(|value| !value.is_empty() && *value != "?")?;
    let errno = words.next().filter(|word| value == "-1" && word.starts_with('E'));
    Some(Line {
        thread,
        time,
        call: call.to_owned(),
        args,
        answer: if errno.is_some() { value } else { answer },
        errno,
        took,
    })
}

fn word(text: &str) -> Option<(&str, &str)> {
    text.split_once(' ').map(|(word, rest)| (word, rest.trim_start()))
}

/// `1.5`, or `23:59:59.5` of a day.
fn seconds(text: &str) -> Option<f64> {
    if !text.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    let parts = text.split(':').map(str::parse::<f64>).collect::<Result<Vec<_>, _>>().ok()?;
    match parts.as_slice() {
        [seconds] if text.contains('.') => Some(*seconds),
        [hours, minutes, seconds] => Some((hours * 60.0 + minutes) * 60.0 + seconds),
        _ => None,
    }
}

/// The arguments up to the closing bracket, and what stands behind it.
fn arguments(text: &str) -> Option<(Vec<String>, &str)> {
    let (mut args, mut arg) = (Vec::new(), String::new());
    let (mut depth, mut quoted, mut escaped) = (0_u32, false, false);
    for (at, c) in text.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            _ if quoted => {}
            '(' | '[' | '{' => depth += 1,
            ')' if depth == 0 => {
                if !arg.trim().is_empty() {
                    args.push(arg.trim().to_owned());
                }
                return Some((args, text.get(at + 1..)?));
            }
            ')' | ']' | '}' => depth = depth.saturating_sub(1),
            ',' if depth == 0 => {
                args.push(arg.trim().to_owned());
                arg.clear();
                continue;
            }
            _ => {}
        }
        arg.push(c);
    }
    None
}

/// The bytes of a text in quotes: `"a\n\x01"`, also one that goes on (`"abc"...`).
pub(super) fn bytes(text: &str) -> Option<Vec<u8>> {
    let text = text.strip_prefix('"')?;
    let mut bytes = Vec::new();
    let mut rest = text.bytes().peekable();
    loop {
        match rest.next()? {
            b'"' => return Some(bytes),
            b'\\' => {
                let byte = match rest.next()? {
                    b'n' => b'\n',
                    b't' => b'\t',
                    b'r' => b'\r',
                    b'v' => 11,
                    b'f' => 12,
                    b'x' => number(&mut rest, 16, 2, 0)?,
                    digit @ b'0'..=b'7' => number(&mut rest, 8, 2, u32::from(digit - b'0'))?,
                    other => other,
                };
                bytes.push(byte);
            }
            byte => bytes.push(byte),
        }
    }
}

fn number(
    rest: &mut std::iter::Peekable<std::str::Bytes<'_>>,
    radix: u32,
    most: usize,
    first: u32,
) -> Option<u8> {
    let mut value = first;
    for _ in 0..most {
        let Some(digit) = rest.peek().and_then(|byte| char::from(*byte).to_digit(radix)) else {
            break;
        };
        value = value * radix + digit;
        rest.next();
    }
    Some(value as u8)
}

/// A descriptor, with what `-yy` says of it: `3<TCP:[127.0.0.1:1->127.0.0.1:2]>`.
pub(super) fn descriptor(text: &str) -> Option<(i64, Option<&str>)> {
    match text.split_once('<') {
        Some((number, about)) => Some((number.parse().ok()?, about.strip_suffix('>'))),
        None => Some((text.parse().ok()?, None)),
    }
}

/// An address: `{sa_family=AF_INET, sin_port=htons(80), sin_addr=inet_addr("127.0.0.1")}`.
pub(super) fn address(text: &str) -> Option<String> {
    let inside = |start: &str, end: &str| {
        let (_, rest) = text.split_once(start)?;
        rest.split_once(end).map(|(inside, _)| inside.to_owned())
    };
    let port = inside("port=htons(", ")");
    if let Some(host) = inside("inet_addr(\"", "\"") {
        return Some(format!("{host}:{}", port?));
    }
    if let Some(host) = inside("inet_pton(AF_INET6, \"", "\"") {
        return Some(format!("[{host}]:{}", port?));
    }
    if let Some((_, path)) = text.split_once("sun_path=@") {
        return Some(format!("unix:@{}", String::from_utf8_lossy(&bytes(path)?)));
    }
    if let Some((_, path)) = text.split_once("sun_path=") {
        return Some(format!("unix:{}", String::from_utf8_lossy(&bytes(path)?)));
    }
    None
}
