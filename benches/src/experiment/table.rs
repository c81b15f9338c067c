//! The results as tables, in Markdown.

use std::fmt::Write;

use super::results::{Held, Moments, Results, Row, ScopePods};
use super::setting::Form;

/// All tables, with a line about each.
#[must_use]
pub fn tables(results: &Results) -> String {
    let mut text = String::new();
    let say = "writing to a string does not fail";
    for pods in alike(&results.pods) {
        writeln!(text, "{pods}").expect(say);
    }
    for form in Form::ALL {
        let rows = || results.of_form(form);
        let Some(conditions) = results.conditions(form) else {
            continue;
        };
        writeln!(text, "\n{conditions}\n").expect(say);
        text += &throughput(rows());
        text += "\n";
        text += &latency(rows());
        text += "\n";
        text += &cost(rows());
        if rows().any(|row| row.in_lock.held.is_some()) {
            writeln!(text, "\n{form}: cycles for which the lock is held\n").expect(say);
            text += &held(rows());
        }
    }
    text
}

/// Which scopes have which pods, in a line for those with the same ones.
#[must_use]
pub fn alike(scopes: &[ScopePods]) -> Vec<String> {
    let line = |(pods, scopes): (&[String], Vec<&str>)| {
        let note = match scopes.len() {
            1 => "",
            _ => " (the same pods: one experiment, repeated)",
        };
        format!("pods of {}: {}{note}", scopes.join(", "), pods.join(" | "))
    };
    ScopePods::groups(scopes).into_iter().map(line).collect()
}

fn throughput<'a>(rows: impl Iterator<Item = &'a Row>) -> String {
    let head = [
        "scope",
        "items/s, in the lock",
        "items/s, after the unlock",
        "gain",
        "gain by round",
    ];
    let spread = |Moments {
                      mean,
                      min,
                      max,
                      deviation,
                  }: Moments| {
        format!(
            "{} ± {} ({}–{})",
            thousands(mean),
            thousands(deviation),
            thousands(min),
            thousands(max)
        )
    };
    let cells = |row: &Row| {
        [
            row.scope.clone(),
            spread(row.in_lock.items_per_second),
            spread(row.after_unlock.items_per_second),
            percent(row.gain),
            format!(
                "{} to {}",
                percent(row.gain_by_round.min),
                percent(row.gain_by_round.max)
            ),
        ]
    };
    table(head, rows.map(cells))
}

fn latency<'a>(rows: impl Iterator<Item = &'a Row>) -> String {
    let head = [
        "scope",
        "enqueue p50, ns",
        "enqueue p95, ns",
        "enqueue p99, ns",
    ];
    let moved = |before: Moments, after: Moments, moved: f64| {
        format!("{} ({})", from_to(before.mean, after.mean), percent(moved))
    };
    let cells = |row: &Row| {
        let (before, after) = (&row.in_lock, &row.after_unlock);
        [
            row.scope.clone(),
            moved(before.p50_ns, after.p50_ns, row.p50_move),
            moved(before.p95_ns, after.p95_ns, row.p95_move),
            moved(before.p99_ns, after.p99_ns, row.p99_move),
        ]
    };
    table(head, rows.map(cells))
}

fn cost<'a>(rows: impl Iterator<Item = &'a Row>) -> String {
    let head = [
        "scope",
        "futex wakes per item",
        "voluntary switches per item",
        "CPU, ns per item",
    ];
    let precise =
        |before: Moments, after: Moments| format!("{:.5} → {:.5}", before.mean, after.mean);
    let cells = |row: &Row| {
        let (before, after) = (&row.in_lock, &row.after_unlock);
        [
            row.scope.clone(),
            precise(before.wakes_per_item, after.wakes_per_item),
            precise(before.switches_per_item, after.switches_per_item),
            from_to(before.cpu_ns_per_item.mean, after.cpu_ns_per_item.mean),
        ]
    };
    table(head, rows.map(cells))
}

fn held<'a>(rows: impl Iterator<Item = &'a Row>) -> String {
    let head = [
        "scope",
        "p50",
        "p95",
        "p99",
        "mean",
        "longest",
        "share of the time",
    ];
    let cells = |row: &Row| {
        let cycles = |value: fn(&Held) -> f64| {
            let one = |held: &Option<Held>| held.as_ref().map_or(f64::NAN, value);
            from_to(one(&row.in_lock.held), one(&row.after_unlock.held))
        };
        let share = |held: &Option<Held>| {
            let share = held.as_ref().map(|held| held.share_of_time);
            share.map_or(f64::NAN, |share| 100.0 * share)
        };
        [
            row.scope.clone(),
            cycles(|held| held.p50_cycles),
            cycles(|held| held.p95_cycles),
            cycles(|held| held.p99_cycles),
            cycles(|held| held.mean_cycles),
            cycles(|held| held.max_cycles),
            format!(
                "{:.1} % → {:.1} %",
                share(&row.in_lock.held),
                share(&row.after_unlock.held)
            ),
        ]
    };
    table(head, rows.map(cells))
}

fn table<const N: usize>(head: [&str; N], rows: impl Iterator<Item = [String; N]>) -> String {
    let rows: Vec<[String; N]> = rows.collect();
    let widths: [usize; N] = std::array::from_fn(|column| {
        let cells = rows.iter().map(|row| row[column].chars().count());
        cells
            .chain([head[column].chars().count()])
            .max()
            .unwrap_or(0)
    });
    let line = |cells: &dyn Fn(usize) -> String| {
        let cells: Vec<String> = (0..N)
            .map(|column| format!("{:<1$}", cells(column), widths[column]))
            .collect();
        format!("| {} |\n", cells.join(" | "))
    };
    let mut text = line(&|column| head[column].to_owned());
    text += &line(&|column| "-".repeat(widths[column]));
    for row in &rows {
        text += &line(&|column| row[column].clone());
    }
    text
}

/// In the lock, and after the unlock.
fn from_to(before: f64, after: f64) -> String {
    format!("{} → {}", thousands(before), thousands(after))
}

fn percent(value: f64) -> String {
    format!("{value:+.1} %")
}

/// Without a fraction, and with a comma after each three digits.
fn thousands(value: f64) -> String {
    let digits = format!("{value:.0}");
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped() {
        assert_eq!(thousands(0.4), "0");
        assert_eq!(thousands(999.0), "999");
        assert_eq!(thousands(1_000.0), "1,000");
        assert_eq!(thousands(1_234_567.8), "1,234,568");
    }

    #[test]
    fn columns_are_as_wide_as_their_widest_cell() {
        let rows = [["a".to_owned(), "→".to_owned()]];
        let text = table(["scope", "n"], rows.into_iter());
        assert_eq!(text, "| scope | n |\n| ----- | - |\n| a     | → |\n");
    }

    #[test]
    fn scopes_with_the_same_pods_are_named_together() {
        let scope = |scope: &str, pods: &[&str]| ScopePods {
            scope: scope.to_owned(),
            pods: pods.iter().map(ToString::to_string).collect(),
        };
        let lines = alike(&[
            scope("cpu", &["0", "1"]),
            scope("cache", &["0-1"]),
            scope("numa", &["0-1"]),
        ]);
        assert_eq!(lines.len(), 2);
        assert_eq!(lines[0], "pods of cpu: 0 | 1");
        assert!(lines[1].starts_with("pods of cache, numa: 0-1 ("));
    }
}
