//! Whether C agrees with the structures that `structs` declares.

use std::collections::BTreeMap;
use std::process::Command;

use super::layout::Described;
use super::structs;

/// Structures that get more fields with time: the headers may have fewer than we do, or more.
const GROWING: &[&str] = &["struct tcp_info", "struct mptcp_info", "struct sctp_event_subscribe"];

/// The kernel's own headers and libc's.
#[test]
fn the_headers_agree_with_every_structure() {
    compare(|header| !header.starts_with("bluetooth/"));
}

/// Those of a package of its own.
#[test]
fn the_headers_of_bluetooth_agree() {
    let folder = tempfile::tempdir().unwrap();
    if !has_header(folder.path(), "bluetooth/bluetooth.h") {
        berkeley_testing::skip!("no header bluetooth/bluetooth.h (Debian: libbluetooth-dev)");
    }
    compare(|header| header.starts_with("bluetooth/"));
}

/// Compiles a program that prints what C has, and compares every size and every field.
fn compare(chosen: impl Fn(&str) -> bool) {
    let folder = tempfile::tempdir().unwrap();
    let mut ours = BTreeMap::new();
    let mut headers = vec!["stddef.h", "stdio.h", "sys/socket.h", "netinet/in.h", "time.h"];
    if chosen("bluetooth/") {
        headers.push("bluetooth/bluetooth.h");
    }
    let mut lines = String::new();
    for Described { name, header, size, fields } in structs::ALL {
        if !chosen(header) {
            continue;
        }
        if !headers.contains(header) {
            headers.push(header);
        }
        let grows = GROWING.contains(name);
        let known = if grows { known(folder.path(), header, name, fields) } else { fields.len() };
        if !grows {
            lines += &format!("printf(\"{name} %zu\\n\", sizeof({name}));\n");
            ours.insert((*name).to_owned(), *size);
        }
        let fields = fields.iter().take(known);
        for (field, offset, len) in fields.filter(|(field, ..)| !field.starts_with('_')) {
            let place = format!("{name}.{field}");
            lines += &format!("printf(\"{place}@ %zu\\n\", offsetof({name}, {field}));\n");
            lines += &format!("printf(\"{place}# %zu\\n\", sizeof((({name} *)0)->{field}));\n");
            ours.insert(format!("{place}@"), *offset);
            ours.insert(format!("{place}#"), *len);
        }
    }
    let theirs = run_c(folder.path(), &headers, &lines);
    for (place, number) in &ours {
        assert_eq!(theirs.get(place), Some(number), "{place}");
    }
    assert!(ours.len() > 10, "only {} places compared", ours.len());
}

/// How many of the fields of a structure that grows the headers here are new enough for.
fn known(
    folder: &std::path::Path,
    header: &str,
    name: &str,
    fields: &[(&str, usize, usize)],
) -> usize {
    let file = folder.join("known.c");
    let is_known = |field: &str| {
        let text = format!(
            "#include <stddef.h>\n#include <sys/socket.h>\n#include <netinet/in.h>\n\
             #include <{header}>\nsize_t at = offsetof({name}, {field});\n"
        );
        std::fs::write(&file, text).unwrap();
        Command::new("cc").arg("-fsyntax-only").arg(&file).output().unwrap().status.success()
    };
    let newest = fields.iter().rposition(|(field, ..)| !field.starts_with('_') && is_known(field));
    let known = newest.map_or(0, |newest| newest + 1);
    assert!(known * 2 > fields.len(), "the headers know only {known} fields of {name}");
    known
}

fn has_header(folder: &std::path::Path, header: &str) -> bool {
    let file = folder.join("header.c");
    let text = format!("#include <stddef.h>\n#include <sys/socket.h>\n#include <{header}>\n");
    std::fs::write(&file, text).unwrap();
    let cc = Command::new("cc").arg("-fsyntax-only").arg(&file).output();
    cc.expect("a C compiler, which building berkeley takes anyway").status.success()
}

fn run_c(folder: &std::path::Path, headers: &[&str], lines: &str) -> BTreeMap<String, usize> {
    let (source, program) = (folder.join("probe.c"), folder.join("probe"));
    // For what POSIX does not have.
    let includes: String = headers.iter().map(|header| format!("#include <{header}>\n")).collect();
    std::fs::write(
        &source,
        format!("#define _GNU_SOURCE\n{includes}int main(void) {{\n{lines}return 0;\n}}\n"),
    )
    .unwrap();
    let cc = Command::new("cc").arg("-o").arg(&program).arg(&source).output().unwrap();
    assert!(cc.status.success(), "{}", String::from_utf8_lossy(&cc.stderr));
    let output = Command::new(&program).output().unwrap();
    String::from_utf8(output.stdout)
        .unwrap()
        .lines()
        .filter_map(|line| {
            let (place, number) = line.rsplit_once(' ')?;
            Some((place.to_owned(), number.parse().ok()?))
        })
        .collect()
}
