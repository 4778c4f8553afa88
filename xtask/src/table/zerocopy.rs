//! From which size on sending without a copy pays: over loopback, and where the network ends before
//! anybody receives.

use std::process::Command;

use serde_json::Value;

use super::Options;
use super::line::{Line, Target};
use super::running::{answer, ours};
use crate::cpython::namespace;
use crate::run::{is_installed, root};

/// A network in which datagrams to 10.0.0.2 are sent by a device, and thrown away by a bridge that
/// knows nobody of that address: nobody copies them.
const NETWORK: &str = "
set -e
ip link add near type veth peer name far
ip link add name bridge0 type bridge
ip link set far master bridge0
ip link set near mtu 65535
ip link set far mtu 65535
ip link set bridge0 up
ip link set far up
ip link set near up
ip addr add 10.0.0.1/24 dev near
ip neigh add 10.0.0.2 dev near lladdr 02:00:00:00:00:02
exec \"$0\" zerocopy 10.0.0.2:9
";

/// Both, as far as they can be had.
pub(super) fn zerocopy(_: &Options) -> Result<Vec<Line>, String> {
    let loopback = answer(ours("scale").arg("zerocopy"))?;
    let mut lines = lines("TCP over loopback", &loopback);
    let apart = namespace().filter(|_| is_installed("ip"));
    let Some([program, rest @ ..]) = apart.as_deref() else {
        println!("  without a network of its own (unshare, ip) only loopback is measured");
        return Ok(lines);
    };
    let mut command = Command::new(program);
    command.args(rest).args(["sh", "-c", NETWORK]).arg(root().join("target/release/scale"));
    lines.extend(self::lines("UDP to a device", &answer(&mut command)?));
    Ok(lines)
}

fn lines(way: &str, sizes: &Value) -> Vec<Line> {
    let line = |size: &Value| {
        let number = |name| size.get(name).and_then(Value::as_f64).unwrap_or(f64::NAN);
        let copied = size.get("copied").and_then(Value::as_bool) == Some(true);
        let all_the_same = if copied { ", copied all the same" } else { "" };
        Line {
            what: format!("{way}, {} B a send{all_the_same}", number("bytes")),
            ours: format!("{:.1} µs", number("lent")),
            beside: format!("with a copy {:.1} µs", number("copy")),
            ratio: number("lent") / number("copy"),
            target: Target::None,
        }
    };
    sizes.as_array().into_iter().flatten().map(line).collect()
}
