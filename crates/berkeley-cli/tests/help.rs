//! Help, completions and manual pages are complete and usable.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::io::Write;
use std::process::{Command, Output, Stdio};

const VERBS: &[&str] = &[
    "demo",
    "serve",
    "connect",
    "ping",
    "bench",
    "resolve",
    "who",
    "options",
    "families",
    "explain",
    "completions",
    "man",
];

#[test]
fn help_names_every_command_and_fits_a_screen() {
    let help = text(&berkeley(&["--help"]));
    for verb in VERBS {
        let starts = format!("  {verb} ");
        assert!(help.lines().any(|line| line.starts_with(&starts)), "{verb} in\n{help}");
    }
    assert!(help.lines().count() <= 55, "{help}");
    assert!(help.contains("Examples:") && help.contains("Exit status:"), "{help}");
    assert_eq!(help, text(&berkeley(&["-h"])));
}

#[test]
fn every_command_has_help_of_its_own() {
    for verb in VERBS {
        let help = text(&berkeley(&[verb, "--help"]));
        assert!(help.contains(&format!("Usage: berkeley {verb}")), "{help}");
    }
}

#[test]
fn without_a_command_it_prints_help_and_fails() {
    let output = berkeley(&[]);
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8(output.stderr).unwrap().contains("Usage: berkeley"));
}

#[test]
fn the_manual_page_names_every_command() {
    let page = text(&berkeley(&["man"]));
    assert!(page.contains(".TH berkeley 1"), "{page}");
    for verb in VERBS {
        assert!(page.contains(&format!("berkeley\\-{verb}(1)")), "{verb} in\n{page}");
        let own = text(&berkeley(&["man", verb]));
        assert!(own.contains(".SH SYNOPSIS"), "{own}");
    }
    let output = berkeley(&["man", "nonsense"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8(output.stderr).unwrap().contains("the commands: demo, serve"));
}

#[test]
fn the_manual_page_is_formatted_without_complaint() {
    let Some(groff) = berkeley_testing::program("groff") else {
        berkeley_testing::skip!("groff is not installed");
    };
    let mut groff = Command::new(groff);
    let formatted = feed(
        groff.args(["-man", "-Tascii", "-ww", "-P-c", "-P-b", "-P-u"]),
        &berkeley(&["man"]).stdout,
    );
    assert!(formatted.status.success() && formatted.stderr.is_empty(), "{formatted:?}");
    assert!(String::from_utf8_lossy(&formatted.stdout).contains("SYNOPSIS"));
}

#[test]
fn every_shell_has_completions() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = text(&berkeley(&["completions", shell]));
        for verb in VERBS {
            assert!(script.contains(verb), "{verb} in the completions of {shell}");
        }
    }
}

#[test]
fn bash_completes_commands_and_exchanges() {
    let Some(bash) = berkeley_testing::program("bash") else {
        berkeley_testing::skip!("bash is not installed");
    };
    let mut script = berkeley(&["completions", "bash"]).stdout;
    script.extend(
        b"
        COMP_WORDS=(berkeley ex); COMP_CWORD=1; _berkeley berkeley ex berkeley; echo ${COMPREPLY[@]}
        COMP_WORDS=(berkeley demo re); COMP_CWORD=2; _berkeley berkeley re demo; echo ${COMPREPLY[@]}
        ",
    );
    let output = feed(Command::new(bash).args(["--noprofile", "--norc", "-eu"]), &script);
    assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
    assert_eq!(String::from_utf8(output.stdout).unwrap(), "explain\nrefused reuse\n");
}

fn berkeley(args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_berkeley"));
    command.args(args).env("COLUMNS", "100").output().unwrap()
}

fn text(output: &Output) -> String {
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout.clone()).unwrap()
}

/// Runs a program with this as its standard input.
fn feed(command: &mut Command, input: &[u8]) -> Output {
    let pipes = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = pipes.spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let input = input.to_vec();
    let writing = std::thread::spawn(move || stdin.write_all(&input));
    let output = child.wait_with_output().unwrap();
    writing.join().unwrap().unwrap();
    output
}
