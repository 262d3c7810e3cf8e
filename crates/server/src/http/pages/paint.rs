//! Colours for code: strings, names of fields, words of the language, remarks. What is not known stays as it is.

use super::markdown::escaped;

/// The code as HTML.
pub fn paint(language: &str, text: &str) -> String {
    let words = words(language);
    let mut html = String::with_capacity(text.len() * 2);
    let (mut rest, mut before) = (text, '\n');
    while let Some(c) = rest.chars().next() {
        let starts = before.is_whitespace();
        let (length, class) = if starts && remark(language).is_some_and(|mark| rest.starts_with(mark)) {
            (rest.find('\n').unwrap_or(rest.len()), "c")
        } else if let Some(length) = string(language, rest) {
            let named = rest.get(length..).is_some_and(|after| after.trim_start_matches(' ').starts_with(':'));
            (length, if named { "k" } else { "s" })
        } else if c.is_alphabetic() || c == '_' {
            let length = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
            let is_word = !matches!(before, '.' | '-' | '/') && rest.get(..length).is_some_and(|word| words.contains(&word));
            (length, if is_word { "k" } else { "" })
        } else {
            (c.len_utf8(), "")
        };
        let (part, after) = rest.split_at(length);
        let shown = escaped(part);
        match class {
            "" => html.push_str(&shown),
            class => html.extend(["<span class=\"", class, "\">", &shown, "</span>"]),
        }
        before = part.chars().next_back().unwrap_or(c);
        rest = after;
    }
    html
}

/// The length of the string that a text begins with. Between single quotes a shell's text is JSON here.
fn string(language: &str, text: &str) -> Option<usize> {
    let quotes: &[&str] = match language {
        "python" => &["\"\"\"", "\"", "'"],
        "js" => &["\"", "'", "`"],
        "sh" | "json" => &["\""],
        _ => &[],
    };
    let quote = quotes.iter().find(|quote| text.starts_with(**quote))?;
    let (mut length, mut rest) = (quote.len(), text.get(quote.len()..)?);
    loop {
        if rest.starts_with(quote) {
            return Some(length + quote.len());
        }
        let mut chars = rest.chars();
        let mut step = chars.next()?.len_utf8();
        if rest.starts_with('\\') {
            step += chars.next()?.len_utf8();
        }
        length += step;
        rest = rest.get(step..)?;
    }
}

fn remark(language: &str) -> Option<&'static str> {
    match language {
        "sh" | "python" => Some("#"),
        "js" => Some("//"),
        _ => None,
    }
}

fn words(language: &str) -> &'static [&'static str] {
    match language {
        "sh" => &["curl", "export", "while", "do", "done", "case", "in", "esac", "break"],
        "js" => &[
            "const", "let", "import", "from", "await", "async", "function", "for", "of", "if", "return", "throw", "new", "try",
            "catch", "continue", "do", "while",
        ],
        "python" => &[
            "import", "from", "with", "as", "def", "class", "for", "in", "if", "else", "return", "try", "except", "continue",
            "while", "not", "is", "or",
        ],
        _ => &[],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(language: &str, text: &str, expected: &str) {
        assert_eq!(paint(language, text), expected, "{text}");
    }

    #[test]
    fn strings_fields_words_and_remarks_are_told_apart() {
        check(
            "json",
            "{\"a\": \"b\\\"c\"}",
            "{<span class=\"k\">&quot;a&quot;</span>: <span class=\"s\">&quot;b\\&quot;c&quot;</span>}",
        );
        check("js", "const a = 1; // b", "<span class=\"k\">const</span> a = 1; <span class=\"c\">// b</span>");
        check("sh", "curl http://a # b's", "<span class=\"k\">curl</span> http://a <span class=\"c\"># b&#39;s</span>");
        check(
            "python",
            "\"\"\"a\n\"b\" \"\"\"",
            "<span class=\"s\">&quot;&quot;&quot;a\n&quot;b&quot; &quot;&quot;&quot;</span>",
        );
        check("text", "const \"a\" <b>", "const &quot;a&quot; &lt;b&gt;");
    }

    #[test]
    fn what_does_not_end_is_still_shown() {
        check("js", "\"abc", "&quot;abc");
        check("sh", "\"a\\", "&quot;a\\");
        check("python", "'ж", "&#39;ж");
    }
}
