#![forbid(unsafe_code)]
//! Sections as HTML. The one place where text becomes markup.

use std::fmt::Write;

use super::{Block, Section};
use crate::report::table::{Cell, Table, Tone};

const STYLE: &str = include_str!("style.css");

/// A document of these sections, with links to them.
pub(super) fn document(title: &str, sections: &[Section]) -> String {
    let title = escape(title);
    let mut page = format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>{title}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n<h1>{title}</h1>\n<nav>\n"
    );
    // Writing to a string cannot fail, here and below.
    for (index, section) in sections.iter().enumerate() {
        let title = escape(&section.title);
        let _ = writeln!(page, "<a href=\"#part-{index}\">{title}</a>");
    }
    page.push_str("</nav>\n");
    for (index, section) in sections.iter().enumerate() {
        let title = escape(&section.title);
        let _ = writeln!(page, "<section id=\"part-{index}\">\n<h2>{title}</h2>");
        for part in &section.blocks {
            block(part, &mut page);
        }
        page.push_str("</section>\n");
    }
    page.push_str("</body>\n</html>\n");
    page
}

fn block(block: &Block, page: &mut String) {
    let _ = match block {
        Block::Text(text) => writeln!(page, "<p>{}</p>", escape(text)),
        Block::List(items) => {
            let items = items
                .iter()
                .map(|item| format!("<li>{}</li>\n", escape(item)));
            writeln!(page, "<ul>\n{}</ul>", items.collect::<String>())
        }
        Block::Table(content) => writeln!(page, "{}", table(content)),
        Block::Plot { svg, caption } => writeln!(
            page,
            "<figure>\n<div class=\"wide\">{}</div>\n<figcaption>{}</figcaption>\n</figure>",
            svg.markup(),
            escape(caption)
        ),
    };
}

fn table(table: &Table) -> String {
    let head = table
        .head
        .iter()
        .map(|name| format!("<th>{}</th>", escape(name)));
    let head: String = head.collect();
    let row = |row: &Vec<Cell>| {
        let cells: String = row.iter().map(cell).collect();
        format!("<tr>{cells}</tr>\n")
    };
    let rows: String = table.rows.iter().map(row).collect();
    format!(
        "<div class=\"wide\"><table>\n<thead><tr>{head}</tr></thead>\n<tbody>\n{rows}</tbody>\n</table></div>"
    )
}

fn cell(cell: &Cell) -> String {
    let text = escape(&cell.text);
    match cell.tone {
        Tone::Plain => format!("<td>{text}</td>"),
        Tone::Good => format!("<td class=\"good\">{text}</td>"),
        Tone::Bad => format!("<td class=\"bad\">{text}</td>"),
    }
}

/// So that a text means itself, in content and in attributes.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            other => escaped.push(other),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_text_becomes_markup() {
        assert_eq!(
            escape("<a href=\"x\">&'</a>"),
            "&lt;a href=&quot;x&quot;&gt;&amp;&#39;&lt;/a&gt;"
        );
        let hostile = "<script>";
        let mut content = Table::new(&[hostile]);
        content.rows.push(vec![Cell::toned(hostile, Tone::Bad)]);
        let section = Section::new(hostile)
            .text(hostile)
            .list(vec![hostile.to_owned()])
            .table(content);
        let page = document(hostile, &[section]);
        assert!(!page.contains(hostile), "{page}");
        assert_eq!(page.matches("&lt;script&gt;").count(), 8, "{page}");
    }
}
