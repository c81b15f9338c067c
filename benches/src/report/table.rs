#![forbid(unsafe_code)]
//! A table that is shown on the terminal and in the page alike.

use std::fmt::Write;

/// Cells in rows, below a head.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    /// The names of the columns.
    pub head: Vec<String>,
    /// The rows, each as wide as the head.
    pub rows: Vec<Vec<Cell>>,
}

/// A text, and what to think of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cell {
    /// The text.
    pub text: String,
    /// What to think of it.
    pub tone: Tone,
}

/// What to think of a cell. The text says it as well: a terminal shows no tone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    /// Nothing.
    Plain,
    /// It is as it should be.
    Good,
    /// It is not.
    Bad,
}

impl Cell {
    /// A text with a tone.
    #[must_use]
    pub fn toned(text: impl Into<String>, tone: Tone) -> Self {
        let text = text.into();
        Self { text, tone }
    }
}

impl<T: Into<String>> From<T> for Cell {
    fn from(text: T) -> Self {
        Self::toned(text, Tone::Plain)
    }
}

impl Table {
    /// Without rows as yet.
    #[must_use]
    pub fn new(head: &[&str]) -> Self {
        let head = head.iter().map(|&name| name.to_owned()).collect();
        Self {
            head,
            rows: Vec::new(),
        }
    }

    /// For the terminal: the first column flush left, the others flush right.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = String::new();
        let head: Vec<&str> = self.head.iter().map(String::as_str).collect();
        self.line(&head, &mut text);
        for row in &self.rows {
            let row: Vec<&str> = row.iter().map(|cell| cell.text.as_str()).collect();
            self.line(&row, &mut text);
        }
        text
    }

    fn line(&self, row: &[&str], text: &mut String) {
        let mut line = String::new();
        for (column, cell) in row.iter().enumerate() {
            let width = self.width(column);
            // Writing to a string cannot fail.
            let _ = match column {
                0 => write!(line, "{cell:<width$}"),
                _ => write!(line, "  {cell:>width$}"),
            };
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }

    fn width(&self, column: usize) -> usize {
        let cells = self.rows.iter().filter_map(|row| row.get(column));
        let widths = cells.map(|cell| cell.text.chars().count());
        let head = self.head.get(column).map(|name| name.chars().count());
        widths.chain(head).max().unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_their_widest_cell() {
        let mut table = Table::new(&["row", "µs"]);
        table.rows.push(vec!["yield".into(), "7".into()]);
        table.rows.push(vec!["a".into(), "1000".into()]);
        assert_eq!(table.text(), "row      µs\nyield     7\na      1000\n");
    }
}
