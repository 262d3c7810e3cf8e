//! Tables: upper-case headings, two spaces between columns, no lines. The last column is cut to the window.

use console::{Term, measure_text_width, truncate_str};

use super::out::Out;

const GAP: &str = "  ";

/// Prints rows under headings. `right` lists the columns that are numbers.
pub fn print(out: &Out, headings: &[&str], rows: &[Vec<String>], right: &[usize]) {
    let window = if out.is_terminal { Term::stdout().size_checked().map(|(_, columns)| usize::from(columns)) } else { None };
    for line in lines(headings, rows, right) {
        match window {
            Some(window) => out.answer(&truncate_str(&line, window, out.cut())),
            None => out.answer(&line),
        }
    }
}

/// Rows without headings, in columns.
pub fn aligned(rows: &[Vec<String>]) -> Vec<String> {
    rows.split_first()
        .map(|(first, rest)| lines(&first.iter().map(String::as_str).collect::<Vec<_>>(), rest, &[]))
        .unwrap_or_default()
}

fn lines(headings: &[&str], rows: &[Vec<String>], right: &[usize]) -> Vec<String> {
    let heading: Vec<String> = headings.iter().map(|heading| (*heading).to_owned()).collect();
    let all: Vec<&Vec<String>> = std::iter::once(&heading).chain(rows).collect();
    let width =
        |column: usize| all.iter().filter_map(|row| row.get(column)).map(|cell| measure_text_width(cell)).max().unwrap_or(0);
    let widths: Vec<usize> = (0..headings.len()).map(width).collect();
    let line = |row: &&Vec<String>| {
        let cells = row.iter().zip(&widths).enumerate().map(|(nth, (cell, width))| {
            let fill = " ".repeat(width.saturating_sub(measure_text_width(cell)));
            if right.contains(&nth) { format!("{fill}{cell}") } else { format!("{cell}{fill}") }
        });
        cells.collect::<Vec<_>>().join(GAP).trim_end().to_owned()
    };
    all.iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::lines;

    #[test]
    fn columns_are_two_spaces_apart_and_numbers_end_together() {
        let rows = [vec!["● in_progress".to_owned(), "1:04".to_owned()], vec!["✓ completed".to_owned(), "12:11".to_owned()]];
        assert_eq!(
            lines(&["STATUS", "LENGTH"], &rows, &[1]),
            ["STATUS         LENGTH", "● in_progress    1:04", "✓ completed     12:11"]
        );
    }
}
