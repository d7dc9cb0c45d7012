//! A Rust file reduced to what the house rules speak about: the paths its code names and the
//! text of its string literals. Comments and `#[cfg(test)]` items are gone; lines still count.
//!
//! It is a reader of tokens, not a parser: enough for rules about names, blind to types.

/// One file, read.
pub struct Source {
    /// Relative to `src/`, with `/`.
    pub path: String,
    /// Every line, comments and tests included.
    pub lines: usize,
    /// Whether it begins by saying why it exists (`//!`).
    pub has_module_doc: bool,
    /// Every path in code, `use` groups spelled out: `a::{b, c::D}` is `a::b` and `a::c::D`.
    pub paths: Vec<Named>,
    /// Every string literal, escapes as written.
    pub strings: Vec<(usize, String)>,
}

/// A path as named in code, with the line it begins on.
#[derive(Debug, PartialEq)]
pub struct Named {
    pub line: usize,
    pub segments: Vec<String>,
}

impl Named {
    pub fn starts_with(&self, prefix: &[&str]) -> bool {
        self.segments.len() >= prefix.len() && self.segments.iter().zip(prefix).all(|(a, b)| a == b)
    }

    /// Whether `first::second` stands anywhere in the path.
    pub fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.segments
            .windows(2)
            .map(|pair| (pair[0].as_str(), pair[1].as_str()))
    }
}

impl Source {
    pub fn read(path: &str, text: &str) -> Self {
        let (mut code, literals) = blank_comments_and_strings(text);
        blank_tests(&mut code);
        let line_of = |at: usize| 1 + code[..at].iter().filter(|&&c| c == '\n').count();
        let strings = literals
            .into_iter()
            // A literal inside a blanked test left no quote behind.
            .filter(|&(at, _)| code[at] == '"')
            .map(|(at, text)| (line_of(at), text))
            .collect();
        let mut found = Vec::new();
        let mut at = 0;
        while at < code.len() {
            at = read_path(&code, at, Vec::new(), &mut found);
        }
        let paths = found
            .into_iter()
            .map(|(at, segments)| Named {
                line: line_of(at),
                segments,
            })
            .collect();
        Self {
            path: path.to_owned(),
            lines: text.lines().count(),
            has_module_doc: text.trim_start().starts_with("//!"),
            paths,
            strings,
        }
    }
}

/// The code with comments and the insides of literals as spaces, and each string literal with the
/// place of its opening quote.
fn blank_comments_and_strings(text: &str) -> (Vec<char>, Vec<(usize, String)>) {
    let mut code: Vec<char> = text.chars().collect();
    let mut literals = Vec::new();
    let mut at = 0;
    while at < code.len() {
        let next = code.get(at + 1).copied();
        match code[at] {
            '/' if next == Some('/') => {
                let end = find(&code, at, |c| c == '\n');
                at = blank(&mut code, at, end);
            }
            '/' if next == Some('*') => {
                let end = block_comment_end(&code, at);
                at = blank(&mut code, at, end);
            }
            '"' => {
                let hashes = raw_hashes(&code, at);
                let end = string_end(&code, at, hashes);
                literals.push((at, code[at + 1..end].iter().collect()));
                at = blank(&mut code, at + 1, end) + 1;
            }
            '\'' => {
                // A character literal, else a lifetime.
                let end = match next {
                    Some('\\') => find(&code, at + 3, |c| c == '\''),
                    _ if code.get(at + 2) == Some(&'\'') => at + 2,
                    _ => at,
                };
                at = blank(&mut code, at + 1, end) + 1;
            }
            _ => at += 1,
        }
    }
    (code, literals)
}

fn find(code: &[char], from: usize, wanted: impl Fn(char) -> bool) -> usize {
    (from..code.len())
        .find(|&at| wanted(code[at]))
        .unwrap_or(code.len())
}

/// Blanks `from..to`, keeping line ends; gives the place after it.
fn blank(code: &mut [char], from: usize, to: usize) -> usize {
    let to = to.min(code.len());
    for c in code.iter_mut().take(to).skip(from).filter(|c| **c != '\n') {
        *c = ' ';
    }
    to.max(from)
}

fn block_comment_end(code: &[char], from: usize) -> usize {
    let (mut depth, mut at) = (0, from);
    while at + 1 < code.len() {
        match (code[at], code[at + 1]) {
            ('/', '*') => (depth, at) = (depth + 1, at + 2),
            ('*', '/') => (depth, at) = (depth - 1, at + 2),
            _ => at += 1,
        }
        if depth == 0 {
            return at;
        }
    }
    code.len()
}

/// `Some(n)` where the quote at `at` opens a raw string with n hashes.
fn raw_hashes(code: &[char], at: usize) -> Option<usize> {
    let hashes = code[..at].iter().rev().take_while(|&&c| c == '#').count();
    let r = at.checked_sub(hashes + 1)?;
    let prefix = code[..r].iter().rev().take_while(|&&c| is_word(c)).count();
    let plain = prefix == 0 || (prefix == 1 && matches!(code[r - 1], 'b' | 'c'));
    (code[r] == 'r' && plain).then_some(hashes)
}

/// The place of the closing quote.
fn string_end(code: &[char], open: usize, raw: Option<usize>) -> usize {
    let mut at = open + 1;
    while at < code.len() {
        match (code[at], raw) {
            ('\\', None) => at += 2,
            ('"', None) => return at,
            ('"', Some(n)) if code[at + 1..].iter().take_while(|&&c| c == '#').count() >= n => {
                return at;
            }
            _ => at += 1,
        }
    }
    code.len()
}

/// Blanks every item under `#[cfg(test)]`, to its closing brace or its semicolon.
fn blank_tests(code: &mut [char]) {
    let mark: Vec<char> = "#[cfg(test)]".chars().collect();
    let mut at = 0;
    while at + mark.len() <= code.len() {
        if code[at..at + mark.len()] == mark[..] {
            let end = item_end(code, at + mark.len());
            at = blank(code, at, end);
        } else {
            at += 1;
        }
    }
}

fn item_end(code: &[char], from: usize) -> usize {
    let mut depth = 0_usize;
    for (at, c) in code.iter().enumerate().skip(from) {
        match c {
            '(' | '[' | '{' => depth += 1,
            ')' | ']' => depth = depth.saturating_sub(1),
            '}' => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return at + 1;
                }
            }
            ';' if depth == 0 => return at + 1,
            _ => {}
        }
    }
    code.len()
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

fn skip_space(code: &[char], from: usize) -> usize {
    find(code, from, |c| !c.is_whitespace())
}

fn separator(code: &[char], from: usize) -> Option<usize> {
    let at = skip_space(code, from);
    code[at..]
        .starts_with(&[':', ':'])
        .then(|| skip_space(code, at + 2))
}

/// Reads the path at `from`, below `prefix`; gives the place after it.
fn read_path(
    code: &[char],
    from: usize,
    mut prefix: Vec<String>,
    found: &mut Vec<(usize, Vec<String>)>,
) -> usize {
    let mut at = from;
    loop {
        match code.get(at) {
            Some(&c) if is_word(c) => {
                let end = find(code, at, |c| !is_word(c));
                prefix.push(code[at..end].iter().collect());
                match separator(code, end) {
                    Some(next)
                        if code
                            .get(next)
                            .is_some_and(|&c| is_word(c) || "{*".contains(c)) =>
                    {
                        at = next;
                    }
                    _ => {
                        found.push((from, prefix));
                        return end;
                    }
                }
            }
            Some('*') if !prefix.is_empty() => {
                prefix.push("*".to_owned());
                found.push((from, prefix));
                return at + 1;
            }
            Some('{') if !prefix.is_empty() => return read_group(code, at, &prefix, found),
            _ => return at + 1,
        }
    }
}

fn read_group(
    code: &[char],
    open: usize,
    prefix: &[String],
    found: &mut Vec<(usize, Vec<String>)>,
) -> usize {
    let mut at = open + 1;
    loop {
        at = skip_space(code, at);
        match code.get(at) {
            None => return at,
            Some('}') => return at + 1,
            Some(',') => at += 1,
            Some(_) => {
                at = read_path(code, at, prefix.to_vec(), found);
                // What follows a member is `as another_name` or nothing.
                at = find(code, at, |c| c == ',' || c == '}');
            }
        }
    }
}

mod tests {
    use super::Source;

    fn paths(text: &str) -> Vec<String> {
        let source = Source::read("x.rs", text);
        source
            .paths
            .iter()
            .map(|p| format!("{} {}", p.line, p.segments.join("::")))
            .collect()
    }

    #[test]
    fn groups_are_spelled_out() {
        let text = "use crate::{\n    a::{B, c::D as E},\n    f::*,\n};\nx::y::<Z>();";
        assert_eq!(
            paths(text),
            [
                "1 use",
                "2 crate::a::B",
                "2 crate::a::c::D",
                "3 crate::f::*",
                "5 x::y",
                "5 Z"
            ]
        );
    }

    #[test]
    fn comments_strings_and_characters_hold_no_code() {
        let text = r####"// a::b
/* c::d /* e::f */ g::h */ 'x'; '"'; '\''; let s: &'a str = "i::j \" k::l";
let r = r#"m::n " o::p"#; let b = b"q"; q::r"####;
        let source = Source::read("x.rs", text);
        let named: Vec<_> = source
            .paths
            .iter()
            .filter(|p| p.segments.len() > 1)
            .collect();
        assert_eq!(named.len(), 1, "{named:?}");
        assert_eq!(
            (named[0].line, named[0].segments.join("::")),
            (3, "q::r".to_owned())
        );
        let strings: Vec<_> = source
            .strings
            .iter()
            .map(|(l, s)| (*l, s.as_str()))
            .collect();
        assert_eq!(
            strings,
            [(2, r#"i::j \" k::l"#), (3, r#"m::n " o::p"#), (3, "q")]
        );
    }

    #[test]
    fn test_items_are_gone_and_the_rest_stays() {
        let text = "#[cfg(test)]\nuse a::{b, c};\n#[cfg(test)]\n#[allow(x)]\nmod tests {\n    \
                    fn f() { g::h(\"SELECT 1\") }\n}\n#[cfg(test)]\nfn k(x: [u8; 3]) { l::m() }\nn::o();";
        assert_eq!(paths(text), ["10 n::o"]);
        assert!(Source::read("x.rs", text).strings.is_empty());
    }

    #[test]
    fn the_first_words_are_the_module_doc() {
        assert!(Source::read("x.rs", "//! Why.\n\nuse a::B;\n").has_module_doc);
        assert!(!Source::read("x.rs", "// Why.\nuse a::B;\n").has_module_doc);
    }
}
