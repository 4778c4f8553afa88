//! Text for people: how wide the terminal is, what it can show, and breaking lines.

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

/// A text in lines of at most so many columns.
pub(crate) fn broken(text: &str, columns: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split(' ') {
        let mut rest: Vec<char> = word.chars().collect();
        let fits = |line: &String| line.chars().count() + 1 + rest.len() <= columns;
        if let Some(line) = lines.last_mut().filter(|line| fits(line)) {
            line.push(' ');
            line.push_str(word);
            continue;
        }
        while !rest.is_empty() {
            lines.push(rest.drain(..rest.len().min(columns)).collect());
        }
    }
    lines
}

fn told(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_break_between_words_if_they_can() {
        assert_eq!(broken("one two three", 8), ["one two", "three"]);
        assert_eq!(broken("abcdefgh ij", 3), ["abc", "def", "gh", "ij"]);
        assert_eq!(broken("", 3), [""; 0]);
    }
}
