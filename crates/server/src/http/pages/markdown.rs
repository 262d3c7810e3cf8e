//! Reads the Markdown that [`source`](super::source) makes into what a template shows.
//!
//! A section's text stands on the left and its code on the right, so the two are kept apart. Code blocks of the same title
//! that follow each other are one thing in several languages.

use pulldown_cmark::{CodeBlockKind, Event, HeadingLevel, Options, Parser, Tag, TagEnd};

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
    let mut events = Parser::new_ext(text, Options::ENABLE_TABLES);
    while let Some(event) = events.next() {
        match event {
            Event::Start(Tag::Heading { level, .. }) => page.head(level, inline(&mut events)),
            Event::Start(Tag::Paragraph) => page.say(said(inline(&mut events))),
            Event::Start(Tag::List(None)) => page.say(Block::Fields(items(&mut events).filter_map(field).collect())),
            Event::Start(Tag::List(Some(_))) => page.say(Block::Steps(items(&mut events).filter_map(step).collect())),
            Event::Start(Tag::Table(_)) => page.say(table(&mut events)),
            Event::Start(Tag::CodeBlock(kind)) => {
                let lines = within(&mut events).filter_map(|event| match event {
                    Event::Text(text) => Some(text.into_string()),
                    _ => None,
                });
                let text: String = lines.collect();
                page.show(&kind, text.trim_end_matches('\n'));
            }
            _ => {}
        }
    }
    page
}

impl Page {
    fn head(&mut self, level: HeadingLevel, title: String) {
        match (level, self.sections.last_mut()) {
            (HeadingLevel::H1, _) => self.title = title,
            (HeadingLevel::H2, _) => self.sections.push(Section { id: slug(&title), title, ..Section::default() }),
            (_, Some(section)) => section.cards.push(Card { title, text: String::new(), code: Vec::new() }),
            (_, None) => {}
        }
    }

    fn say(&mut self, block: Block) {
        let Some(section) = self.sections.last_mut() else {
            if let Block::Paragraph(text) = block {
                self.intro = text;
            }
            return;
        };
        match (section.cards.last_mut(), block) {
            (Some(card), Block::Paragraph(text)) => card.text = text,
            (_, block) => section.text.push(block),
        }
    }

    fn show(&mut self, kind: &CodeBlockKind<'_>, text: &str) {
        let Some(section) = self.sections.last_mut() else { return };
        let CodeBlockKind::Fenced(info) = kind else { return };
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

/// What stands between the start that was just read and its end.
fn within<'a, 'e>(events: &'e mut Parser<'a>) -> impl Iterator<Item = Event<'a>> + use<'a, 'e> {
    let mut depth = 1_u32;
    std::iter::from_fn(move || {
        let event = events.next()?;
        match event {
            Event::Start(_) => depth = depth.saturating_add(1),
            Event::End(_) => depth = depth.saturating_sub(1),
            _ => {}
        }
        (depth > 0).then_some(event)
    })
}

/// As HTML, what stands until the end of the element that was just begun.
fn inline(events: &mut Parser<'_>) -> String {
    let mut html = String::new();
    // Of a link that leads nowhere its words are left.
    let mut is_link = Vec::new();
    for event in within(events) {
        match event {
            Event::Text(text) | Event::Html(text) | Event::InlineHtml(text) => html.push_str(&escaped(&text)),
            Event::Code(code) => {
                // What is short stays on one line.
                let class = if code.len() <= 12 { " class=\"nb\"" } else { "" };
                html.push_str(&format!("<code{class}>{}</code>", escaped(&code)));
            }
            Event::SoftBreak | Event::HardBreak => html.push(' '),
            Event::Start(Tag::Strong) => html.push_str("<strong>"),
            Event::End(TagEnd::Strong) => html.push_str("</strong>"),
            Event::Start(Tag::Link { dest_url, .. }) => {
                let leads = dest_url.starts_with(['/', '#']) || dest_url.starts_with("https://");
                is_link.push(leads);
                if leads {
                    html.push_str(&format!("<a href=\"{}\">", escaped(&dest_url)));
                }
            }
            Event::End(TagEnd::Link) if is_link.pop() == Some(true) => html.push_str("</a>"),
            _ => {}
        }
    }
    html
}

/// The items of a list, as HTML.
fn items(events: &mut Parser<'_>) -> std::vec::IntoIter<String> {
    let mut items = Vec::new();
    while let Some(Event::Start(Tag::Item)) = events.next() {
        items.push(inline(events));
    }
    items.into_iter()
}

/// Heads and rows, cell by cell.
fn table(events: &mut Parser<'_>) -> Block {
    let mut rows: Vec<Vec<String>> = Vec::new();
    while let Some(event) = events.next() {
        match event {
            Event::Start(Tag::TableHead | Tag::TableRow) => rows.push(Vec::new()),
            Event::Start(Tag::TableCell) => {
                let cell = inline(events);
                rows.last_mut().into_iter().for_each(|row| row.push(cell.clone()));
            }
            Event::End(TagEnd::Table) => break,
            _ => {}
        }
    }
    let mut rows = rows.into_iter();
    Block::Table(rows.next().unwrap_or_default(), rows.collect())
}

/// `<strong>POST</strong> <code>/v1/calls</code>` and nothing else is a request.
fn said(html: String) -> Block {
    let verb = html.strip_prefix("<strong>").and_then(|rest| rest.strip_suffix("</code>")).and_then(|rest| {
        let (verb, path) = rest.split_once("</strong> <code")?;
        path.split_once('>').map(|(_class, path)| (verb.to_owned(), path.to_owned()))
    });
    match verb {
        Some((verb, path)) if !path.contains('<') => Block::Verb(verb, path),
        _ => Block::Paragraph(html),
    }
}

/// `` `name` (kind): meaning``.
fn field(html: String) -> Option<(String, String, String)> {
    let (head, meaning) = html.split_once("): ")?;
    let (name, kind) = head.rsplit_once(" (")?;
    Some((name.to_owned(), kind.to_owned(), meaning.to_owned()))
}

/// `**What.** How`.
fn step(html: String) -> Option<(String, String)> {
    let (what, how) = html.strip_prefix("<strong>")?.split_once(".</strong> ")?;
    Some((what.to_owned(), how.to_owned()))
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

/// Text as HTML that shows it.
pub fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;").replace('\'', "&#39;")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &str) {
        assert_eq!(read(text).intro, expected, "{text}");
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
        check("[x](javascript:alert(1))", "x");
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
