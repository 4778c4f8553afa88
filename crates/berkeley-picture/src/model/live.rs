//! A recording that grows.

use super::{Builder, Trace};

/// Reads recordings while they are written, and keeps the last calls.
///
/// ```
/// use berkeley_picture::Live;
///
/// let mut live = Live::new(1000);
/// live.push(0, r#"{"ev":"call","t":1,"pid":1,"op":"#);
/// assert_eq!(live.trace().calls.len(), 0);
/// live.push(0, "\"listen\"}\n");
/// assert_eq!(live.trace().calls.len(), 1);
/// ```
#[derive(Clone, Default, Debug)]
pub struct Live {
    builder: Builder,
    /// The beginning of a line of each file.
    begun: Vec<String>,
    most: usize,
    forgotten: usize,
}

impl Live {
    /// Nothing yet. Of what comes the last calls are kept: at least so many, at most twice as many.
    ///
    /// ```
    /// assert_eq!(berkeley_picture::Live::new(100).calls(), 0);
    /// ```
    pub fn new(most: usize) -> Live {
        Live { most: most.max(1), ..Live::default() }
    }

    /// Takes what was added to a file; the number says to which of several. A line may come in
    /// pieces.
    ///
    /// ```
    /// let mut live = berkeley_picture::Live::new(100);
    /// live.push(1, "{\"ev\":\"call\",\"t\":1,\"pid\":1,\"op\":\"close\"}\n");
    /// assert_eq!(live.calls(), 1);
    /// ```
    pub fn push(&mut self, file: usize, text: &str) {
        if self.begun.len() <= file {
            self.begun.resize(file + 1, String::new());
        }
        let Some(begun) = self.begun.get_mut(file) else { return };
        begun.push_str(text);
        let whole = begun.rfind('\n').map_or(0, |end| end + 1);
        let rest = begun.split_off(whole);
        for line in std::mem::replace(begun, rest).lines() {
            self.builder.line(line);
        }
        if self.builder.calls() > 2 * self.most {
            self.forgotten += self.builder.calls() - self.most;
            self.builder.keep(self.most);
        }
    }

    /// How many system calls there were, also those that are forgotten.
    ///
    /// ```
    /// assert_eq!(berkeley_picture::Live::new(100).calls(), 0);
    /// ```
    pub fn calls(&self) -> usize {
        self.forgotten + self.builder.calls()
    }

    /// What there is to see of the last calls.
    ///
    /// ```
    /// assert!(berkeley_picture::Live::new(100).trace().calls.is_empty());
    /// ```
    pub fn trace(&self) -> Trace {
        self.builder.clone().finish()
    }
}
