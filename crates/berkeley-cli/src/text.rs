//! Text for people: how wide the terminal is and what it can show.

/// How many columns there are to write to: the terminal's, or what `COLUMNS` says, or 80.
pub(crate) fn width() -> usize {
    let terminal = terminal_size::terminal_size().map(|(width, _)| usize::from(width.0));
    let columns = terminal.or_else(|| told("COLUMNS")?.parse().ok());
    columns.unwrap_or(80).max(40)
}

/// Whether more than ASCII can be shown, by the locale.
pub(crate) fn is_utf8() -> bool {
    // The first of these that is set decides, as in locale(7).
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().find_map(told);
    let locale = locale.unwrap_or_default().to_ascii_lowercase();
    locale.contains("utf-8") || locale.contains("utf8")
}

fn told(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}
