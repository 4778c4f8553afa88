//! `cargo xtask fresh`: the README's commands in a fresh clone.

use std::process::Command;

use crate::run::{root, succeed};

/// Clones the last commit next to nothing of ours and runs there what a stranger runs.
pub(crate) fn run() -> Result<(), String> {
    let folder = std::env::temp_dir().join(format!("berkeley-fresh-{}", std::process::id()));
    let clone = succeed(Command::new("git").arg("clone").arg("--quiet").arg(root()).arg(&folder));
    let done = clone.and_then(|()| {
        for args in [&["run", "--release", "--", "demo"][..], &["xtask", "test"]] {
            let mut cargo = Command::new("cargo");
            // A fresh machine has no such variables from the cargo that runs this program.
            for (name, _) in std::env::vars_os() {
                if name.to_string_lossy().starts_with("CARGO_PKG_") || name == "CARGO_MANIFEST_DIR"
                {
                    cargo.env_remove(name);
                }
            }
            succeed(cargo.args(args).env_remove("CARGO_TARGET_DIR").current_dir(&folder))?;
        }
        Ok(())
    });
    let _ = std::fs::remove_dir_all(&folder);
    done
}
