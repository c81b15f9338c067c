//! Draws the application.

use std::collections::VecDeque;

use ratatui::Frame;
use ratatui::layout::{Alignment, Constraint, Layout, Rect};
use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Text};
use ratatui::widgets::{Block, Cell, Paragraph, Row, Sparkline, Table, TableState, Wrap};

use crate::app::App;
use crate::row::{HEAD, WORDS, duration, rows};
use crate::sample::Sample;

/// Columns and lines without which nothing can be made out.
const LEAST: (u16, u16) = (60, 12);

const BOLD: Style = Style::new().add_modifier(Modifier::BOLD);
const FAINT: Style = Style::new().add_modifier(Modifier::DIM);
const REVERSED: Style = Style::new().add_modifier(Modifier::REVERSED);

pub(crate) fn draw(frame: &mut Frame<'_>, app: &App) {
    let area = frame.area();
    if area.width < LEAST.0 || area.height < LEAST.1 {
        let (width, height) = LEAST;
        let text = format!(
            "The terminal is too small: {}x{} of {width}x{height} at least",
            area.width, area.height
        );
        return frame.render_widget(Paragraph::new(text).wrap(Wrap { trim: true }), area);
    }
    let [title, table, past, foot] = Layout::vertical([
        Constraint::Length(2),
        Constraint::Min(4),
        Constraint::Length(5),
        Constraint::Length(1),
    ])
    .areas(area);
    frame.render_widget(Paragraph::new(head(app)), title);
    if let Some(now) = &app.now {
        draw_table(frame, table, app, now);
    }
    draw_past(frame, past, app);
    let keys = " up, down: select a line   q: quit";
    frame.render_widget(Paragraph::new(keys).style(FAINT), foot);
}

/// Who is watched, and whether it is there.
fn head(app: &App) -> Text<'_> {
    let interval = app.interval.as_secs_f64();
    let first = match &app.now {
        None => format!("fastwake-top: {}", app.socket),
        Some(sample) => {
            let name = sample.name.as_ref().map(|name| format!("{name}, "));
            format!(
                "fastwake-top: {}runtime {} of process {}, for {:.0} s, every {interval} s",
                name.unwrap_or_default(),
                sample.id,
                sample.process,
                sample.elapsed_ns as f64 / 1e9
            )
        }
    };
    let second = match (&app.trouble, &app.now) {
        (Some(trouble), _) => Line::styled(format!("waiting for it: {trouble}"), REVERSED),
        (None, Some(sample)) => Line::raw(blocking(sample)),
        (None, None) => Line::raw("asking ..."),
    };
    Text::from(vec![Line::styled(first, BOLD), second])
}

fn blocking(sample: &Sample) -> String {
    let or_busy = |count: Option<u64>| count.map_or("busy".to_owned(), |count| count.to_string());
    let blocking = &sample.blocking;
    format!(
        "blocking threads: {}, running {}, waiting closures {}, started {}",
        or_busy(blocking.threads),
        or_busy(blocking.running),
        or_busy(blocking.queue_depth),
        or_busy(blocking.tasks_started),
    )
}

fn draw_table(frame: &mut Frame<'_>, area: Rect, app: &App, now: &Sample) {
    let rows = rows(now, app.before.as_ref());
    let width = |column: usize| {
        let cells = rows.iter().map(|row| row[column].len());
        cells.max().unwrap_or(0).max(HEAD[column].len()) as u16
    };
    let widths: Vec<_> = (0..HEAD.len()).map(width).map(Constraint::Length).collect();
    let cell = |(column, text): (usize, String)| {
        let alignment = match column < WORDS {
            true => Alignment::Left,
            false => Alignment::Right,
        };
        Cell::new(Text::raw(text).alignment(alignment))
    };
    let head = HEAD.map(str::to_owned).into_iter().enumerate().map(cell);
    let rows = rows.into_iter().map(|row| {
        let row: Row<'_> = row.into_iter().enumerate().map(cell).collect();
        row
    });
    let table = Table::new(rows, widths)
        .header(Row::new(head).style(BOLD))
        .row_highlight_style(REVERSED)
        .style(match app.trouble {
            Some(_) => FAINT,
            None => Style::new(),
        });
    let mut state = TableState::new().with_selected(Some(app.selected));
    frame.render_stateful_widget(table, area, &mut state);
}

fn draw_past(frame: &mut Frame<'_>, area: Rect, app: &App) {
    let Some(past) = app.past() else { return };
    let [left, right] = Layout::horizontal([Constraint::Fill(1), Constraint::Fill(1)]).areas(area);
    draw_values(
        frame,
        left,
        "latency of a new task",
        &past.latency,
        duration,
    );
    draw_values(frame, right, "tasks that wait", &past.waiting, |count| {
        count.to_string()
    });
}

fn draw_values(
    frame: &mut Frame<'_>,
    area: Rect,
    what: &str,
    values: &VecDeque<u64>,
    text: fn(u64) -> String,
) {
    let columns = usize::from(area.width.saturating_sub(2));
    let shown = values
        .iter()
        .copied()
        .skip(values.len().saturating_sub(columns));
    let shown: Vec<u64> = shown.collect();
    let most = shown.iter().copied().max().unwrap_or(0);
    let title = match shown.last() {
        Some(&last) => format!(" {what}: {}, at most {} ", text(last), text(most)),
        None => format!(" {what}: not known "),
    };
    let sparkline = Sparkline::default()
        .block(Block::bordered().title(title))
        .data(&shown)
        // Of nothing but zeros each would be as high as can be.
        .max(most.max(1));
    frame.render_widget(sparkline, area);
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use ratatui::Terminal;
    use ratatui::backend::TestBackend;

    use super::*;
    use crate::sample::tests::{pool, queue, sample, sample_with_queues};

    fn app() -> App {
        let mut app = App::new("/run/socket".to_owned(), Duration::from_secs(1));
        for second in 1..=3 {
            let pools = vec![
                pool("unbound", "0-1", 100 * second, 2_000 * second),
                pool("cpu_intensive", "0-1", 1, 5),
            ];
            app.update(Ok(sample(second, pools)));
        }
        app
    }

    /// The lines of a screen of that size.
    fn lines(app: &App, width: u16, height: u16) -> Vec<String> {
        let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
        terminal.draw(|frame| draw(frame, app)).unwrap();
        let cells = terminal.backend().buffer().content();
        let line = |cells: &[ratatui::buffer::Cell]| {
            let symbols = cells.iter().map(ratatui::buffer::Cell::symbol);
            symbols.collect::<String>().trim_end().to_owned()
        };
        cells.chunks(width.into()).map(line).collect()
    }

    #[test]
    fn the_screen_has_title_table_past_and_keys() {
        let lines = lines(&app(), 110, 14);
        assert_eq!(
            lines[0],
            "fastwake-top: ingest, runtime 1 of process 4711, for 3 s, every 1 s"
        );
        assert!(lines[1].starts_with("blocking threads: 2, running 1"));
        let words = |line: &str| {
            line.split_whitespace()
                .map(str::to_owned)
                .collect::<Vec<_>>()
        };
        assert_eq!(
            words(&lines[2])[..5],
            ["POOL", "CPUS", "RUN", "STARTED", "/S"]
        );
        assert_eq!(
            words(&lines[3])[..5],
            ["unbound", "0-1", "1/2", "300", "100"]
        );
        assert_eq!(
            words(&lines[4])[..5],
            ["cpu_intensive", "0-1", "1/2", "1", "0"]
        );
        let past = lines
            .iter()
            .find(|line| line.contains("latency of a new task"));
        assert!(past.unwrap().contains("6.00 us, at most 6.00 us"));
        assert!(lines[11].contains('█'), "{}", lines[11]);
        assert!(lines[13].contains("q: quit"));
    }

    #[test]
    fn queues_are_below_the_pools() {
        let mut app = App::new("/run/socket".to_owned(), Duration::from_secs(1));
        let queues = serde_json::json!([queue("mail", 7)]);
        let pools = vec![pool("unbound", "0-1", 100, 2_000)];
        app.update(Ok(sample_with_queues(1, pools, queues)));
        app.selected = 1;
        let lines = lines(&app, 110, 14);
        assert!(lines[3].starts_with("unbound"), "{lines:?}");
        assert!(lines[4].starts_with("queue mail"), "{lines:?}");
        let screen = lines.join("\n");
        assert!(
            screen.contains("latency of a new task: not known"),
            "{screen}"
        );
        assert!(screen.contains("tasks that wait: 8, at most 8"), "{screen}");
    }

    #[test]
    fn a_process_that_has_gone_is_told_and_its_last_numbers_stay() {
        let mut app = app();
        app.update(Err("nobody listens: no such file".to_owned()));
        let lines = lines(&app, 110, 14);
        assert_eq!(lines[1], "waiting for it: nobody listens: no such file");
        assert!(lines[3].starts_with("unbound"));
    }

    #[test]
    fn before_the_first_answer_it_says_whom_it_asks() {
        let mut app = App::new("/run/socket".to_owned(), Duration::from_secs(1));
        let first = lines(&app, 80, 20);
        assert_eq!(first[..2], ["fastwake-top: /run/socket", "asking ..."]);
        app.update(Err("nobody listens".to_owned()));
        assert_eq!(lines(&app, 80, 20)[1], "waiting for it: nobody listens");
    }

    #[test]
    fn any_size_can_be_drawn_and_one_that_is_too_small_is_told() {
        let app = app();
        let small = lines(&app, 40, 30).join(" ");
        assert!(small.contains("too small: 40x30 of 60x12"), "{small}");
        for width in 1..100 {
            for height in [1, 2, 11, 12, 13, 60] {
                lines(&app, width, height);
            }
        }
    }
}
