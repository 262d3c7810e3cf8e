//! Reads the Markdown that [`source`](super::source) makes, as far as it is used there, into what a template shows.
//!
//! A section's text stands on the left and its code on the right, so the two are kept apart. Code blocks of the same title
//! that follow each other are one thing in several languages.

use super::paint::paint;

/// The page.
#[derive(Debug, Default)]
pub struct Page {
    pub title: String,
    /// HTML.
    pub intro: String,
    pub sections: Vec<Section>,
}

/// One heading and what is under it.
#[derive(Debug, Default)]
pub struct Section {
    /// Its anchor.
    pub id: String,
    pub title: String,
    pub text: Vec<Block>,
    pub code: Vec<Code>,
    pub cards: Vec<Card>,
}

/// What is said. All text is HTML.
#[derive(Debug)]
pub enum Block {
    /// A method and a path.
    Verb(String, String),
    Paragraph(String),
    /// Name, kind, meaning.
    Fields(Vec<(String, String, String)>),
    /// Heads, rows.
    Table(Vec<String>, Vec<Vec<String>>),
    /// What to do, how.
    Steps(Vec<(String, String)>),
}

/// What is shown.
#[derive(Debug)]
pub struct Code {
    pub title: String,
    pub panels: Vec<Panel>,
}

/// The same in one language.
#[derive(Debug)]
pub struct Panel {
    pub language: &'static str,
    /// HTML.
    pub text: String,
}

/// One agent.
#[derive(Debug)]
pub struct Card {
    /// HTML.
    pub title: String,
    /// HTML.
    pub text: String,
    pub code: Vec<Code>,
}

impl Section {
    /// Whether it takes the whole width: steps and cards do.
    pub fn is_wide(&self) -> bool {
        !self.cards.is_empty() || self.text.iter().any(|block| matches!(block, Block::Steps(_)))
    }

    /// The title where there is little room.
    pub fn short(&self) -> &str {
        self.title.strip_prefix("Ready-to-run request for a quick ").map_or(&self.title, |_| "Quick outbound call test")
    }
}

/// Reads a page.
pub fn read(text: &str) -> Page {
    let mut page = Page::default();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        if let Some(info) = line.strip_prefix("```") {
            let code: Vec<&str> = lines.by_ref().take_while(|line| *line != "```").collect();
            page.show(info, &code.join("\n"));
        } else if !line.is_empty() {
            let rest = lines.by_ref().take_while(|line| !line.is_empty());
            let block: Vec<&str> = std::iter::once(line).chain(rest).collect();
            page.say(line, &block);
        }
    }
    page
}

impl Page {
    fn say(&mut self, first: &str, block: &[&str]) {
        if let Some(title) = first.strip_prefix("# ") {
            title.clone_into(&mut self.title);
        } else if let Some(title) = first.strip_prefix("## ") {
            self.sections.push(Section { id: slug(title), title: title.to_owned(), ..Section::default() });
        } else if let Some(section) = self.sections.last_mut() {
            section.say(first, block);
        } else {
            self.intro = inline(&block.join(" "));
        }
    }

    fn show(&mut self, info: &str, text: &str) {
        let Some(section) = self.sections.last_mut() else { return };
        let (language, title) = info.split_once(" title=").unwrap_or((info, ""));
        let title = title.trim_matches('"');
        let panel = Panel { language: named(language), text: paint(language, text) };
        let shown = section.cards.last_mut().map_or(&mut section.code, |card| &mut card.code);
        match shown.last_mut() {
            Some(code) if code.title == title => code.panels.push(panel),
            _ => shown.push(Code { title: title.to_owned(), panels: vec![panel] }),
        }
    }
}

impl Section {
    fn say(&mut self, first: &str, block: &[&str]) {
        if let Some(title) = first.strip_prefix("### ") {
            self.cards.push(Card { title: inline(title), text: String::new(), code: Vec::new() });
        } else if let Some(card) = self.cards.last_mut() {
            card.text = inline(&block.join(" "));
        } else {
            self.text.push(said(first, block));
        }
    }
}

fn said(first: &str, block: &[&str]) -> Block {
    if first.starts_with("- ") {
        return Block::Fields(block.iter().filter_map(|line| field(line.strip_prefix("- ")?)).collect());
    }
    if first.starts_with("1. ") {
        return Block::Steps(block.iter().filter_map(|line| step(line)).collect());
    }
    if first.starts_with('|') {
        let mut rows = block.iter().filter(|row| !row.starts_with("| ---")).map(|row| cells(row));
        return Block::Table(rows.next().unwrap_or_default(), rows.collect());
    }
    let verb = first.strip_prefix("**").and_then(|rest| rest.split_once("** `"));
    match verb.and_then(|(verb, path)| Some((verb, path.strip_suffix('`')?))) {
        Some((verb, path)) if block.len() == 1 => Block::Verb(escaped(verb), escaped(path)),
        _ => Block::Paragraph(inline(&block.join(" "))),
    }
}

/// `` `name` (kind): meaning``.
fn field(line: &str) -> Option<(String, String, String)> {
    let (head, meaning) = line.split_once("): ")?;
    let (name, kind) = head.rsplit_once(" (")?;
    Some((inline(name), inline(kind), inline(meaning)))
}

/// `1. **What.** How`.
fn step(line: &str) -> Option<(String, String)> {
    let (what, how) = line.split_once(". **")?.1.split_once(".** ")?;
    Some((inline(what), inline(how)))
}

fn cells(row: &str) -> Vec<String> {
    row.trim_matches('|').split(" | ").map(|cell| inline(cell.trim())).collect()
}

/// What people call a language.
pub fn named(language: &str) -> &'static str {
    match language {
        "sh" => "curl",
        "js" => "JavaScript",
        "python" => "Python",
        _ => "",
    }
}

/// As everybody who shows Markdown makes anchors.
fn slug(title: &str) -> String {
    title.chars().map(|c| if c.is_alphanumeric() { c.to_ascii_lowercase() } else { '-' }).collect()
}

/// Text with code, links, strong words and escapes, as HTML.
fn inline(text: &str) -> String {
    let (mut html, mut rest) = (String::with_capacity(text.len() + 32), text);
    while let Some(at) = rest.find(['`', '[', '*', '\\']) {
        let (before, marked) = rest.split_at(at);
        html.push_str(&escaped(before));
        let (shown, after) = marked_up(marked).unwrap_or_else(|| {
            let (mark, after) = marked.split_at(1);
            (mark.to_owned(), after)
        });
        html.push_str(&shown);
        rest = after;
    }
    html.push_str(&escaped(rest));
    html
}

/// The marked thing that a text begins with, as HTML, and what follows it.
fn marked_up(text: &str) -> Option<(String, &str)> {
    if let Some(rest) = text.strip_prefix('\\') {
        let c = rest.chars().next().filter(char::is_ascii_punctuation)?;
        let (escape, after) = rest.split_at(c.len_utf8());
        return Some((escaped(escape), after));
    }
    if let Some(rest) = text.strip_prefix('`') {
        let (code, after) = rest.split_once('`')?;
        // What is short stays on one line.
        let class = if code.len() <= 12 { " class=\"nb\"" } else { "" };
        return Some((format!("<code{class}>{}</code>", escaped(code)), after));
    }
    if let Some(rest) = text.strip_prefix("**") {
        let (strong, after) = rest.split_once("**")?;
        return Some((format!("<strong>{}</strong>", escaped(strong)), after));
    }
    let (name, rest) = text.strip_prefix('[')?.split_once("](")?;
    let (to, after) = rest.split_once(')')?;
    let leads = to.starts_with(['/', '#']) || to.starts_with("https://");
    leads.then(|| (format!("<a href=\"{}\">{}</a>", escaped(to), escaped(name)), after))
}

/// Text as HTML that shows it.
pub fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;").replace('\'', "&#39;")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &str) {
        assert_eq!(inline(text), expected, "{text}");
    }

    #[test]
    fn marks_become_elements_and_everything_else_is_shown() {
        check("a `<b>` c", "a <code class=\"nb\">&lt;b&gt;</code> c");
        check("`POST /v1/calls`", "<code>POST /v1/calls</code>");
        check("**now** & [then](#then)", "<strong>now</strong> &amp; <a href=\"#then\">then</a>");
        check("2 * 3, a[0], an ` alone", "2 * 3, a[0], an ` alone");
        check("\\<script\\> \\*x\\* \\", "&lt;script&gt; *x* \\");
    }

    #[test]
    fn a_link_leads_nowhere_unexpected() {
        check("[x](javascript:alert(1))", "[x](javascript:alert(1))");
        check("[x](/a\"b)", "<a href=\"/a&quot;b\">x</a>");
    }

    #[test]
    fn code_of_one_title_is_one_thing_in_several_languages() {
        let page = read(
            "# T\n\nIntro\n\n## A b\n\nSaid\n\n```sh title=\"X\"\na\n\nb\n```\n\n```js title=\"X\"\nc\n```\n\n```json title=\"Y\"\n{}\n```\n",
        );
        let section = page.sections.first().unwrap();
        assert_eq!((page.title.as_str(), page.intro.as_str(), section.id.as_str()), ("T", "Intro", "a-b"));
        let shown: Vec<_> = section.code.iter().map(|code| (code.title.as_str(), code.panels.len())).collect();
        assert_eq!(shown, [("X", 2), ("Y", 1)]);
        assert_eq!(section.code.first().unwrap().panels.first().unwrap().text, "a\n\nb");
    }

    #[test]
    fn fields_steps_tables_and_verbs_are_told_apart() {
        let page = read(
            "## A\n\n**GET** `/v1`\n\n- `a` (text, required): What.\n- `b` (number): Else.\n\n1. **Do.** So.\n2. **Then.** Thus.\n\n| h | i |\n| --- | --- |\n| `x` | y |\n",
        );
        let shown = format!("{:?}", page.sections.first().unwrap().text);
        assert_eq!(
            shown,
            "[Verb(\"GET\", \"/v1\"), Fields([(\"<code class=\\\"nb\\\">a</code>\", \"text, required\", \"What.\"), (\"<code class=\\\"nb\\\">b</code>\", \"number\", \
             \"Else.\")]), Steps([(\"Do\", \"So.\"), (\"Then\", \"Thus.\")]), Table([\"h\", \"i\"], [[\"<code class=\\\"nb\\\">x</code>\", \"y\"]])]"
        );
    }
}
