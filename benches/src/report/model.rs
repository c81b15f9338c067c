#![forbid(unsafe_code)]
//! What the model says, as tables.

use crate::model::{Answers, Checked, ONE_CACHE, Predicted, Prediction};

use super::study::MODEL;
use super::table::{Cell, Table};

/// Scopes that are the same to the model, for they make the same pools on machines of every size.
#[derive(Debug, Clone, PartialEq)]
pub struct Alike<'a> {
    /// Their names.
    pub scopes: Vec<&'a str>,
    /// What is said about one of them, by the size of the machine.
    pub rows: Vec<&'a Prediction>,
}

impl Alike<'_> {
    /// The names of the scopes.
    #[must_use]
    pub fn name(&self) -> String {
        self.scopes.join(", ")
    }
}

/// What is said about machines of one shape with one size of batches, from the finest scopes to the
/// coarsest.
#[must_use]
pub fn by_scope<'a>(predicted: &'a Predicted, shape: &str, batch: usize) -> Vec<Alike<'a>> {
    let is_asked = |row: &&Prediction| row.shape == shape && row.batch == batch;
    let rows: Vec<&Prediction> = predicted.rows.iter().filter(is_asked).collect();
    let mut groups: Vec<Alike<'_>> = Vec::new();
    for row in &rows {
        let scope = row.scope.as_str();
        if groups.iter().any(|group| group.scopes.contains(&scope)) {
            continue;
        }
        let of_scope: Vec<_> = rows
            .iter()
            .copied()
            .filter(|row| row.scope == scope)
            .collect();
        let pods = |rows: &[&Prediction]| rows.iter().map(|row| row.pods).collect::<Vec<_>>();
        let same = groups
            .iter_mut()
            .find(|group| pods(&group.rows) == pods(&of_scope));
        match same {
            Some(group) => group.scopes.push(scope),
            None => groups.push(Alike {
                scopes: vec![scope],
                rows: of_scope,
            }),
        }
    }
    groups
}

/// Throughput after the lock by CPUs and scope under one cache, with what that gains.
#[must_use]
pub fn by_size(predicted: &Predicted, batch: usize) -> Table {
    let groups = by_scope(predicted, ONE_CACHE, batch);
    let names: Vec<String> = groups.iter().map(Alike::name).collect();
    let head = ["CPUs"].into_iter().chain(names.iter().map(String::as_str));
    let mut table = Table::new(&head.collect::<Vec<_>>());
    let sizes = groups
        .first()
        .map_or(&[][..], |group| group.rows.as_slice());
    for (size, row) in sizes.iter().enumerate() {
        let cell = |group: &Alike<'_>| {
            let row = group.rows.get(size)?;
            let deferred = row.deferred.throughput / 1e6;
            Some(format!("{deferred:.2} ({:+.0} %)", row.gain))
        };
        let cells = groups.iter().map(|group| cell(group).unwrap_or_default());
        table.rows.push(
            [row.cpus.to_string()]
                .into_iter()
                .chain(cells)
                .map(Cell::from)
                .collect(),
        );
    }
    table
}

/// The published table beside the model's.
#[must_use]
pub fn checks(checked: &[Checked]) -> Table {
    let mut table = Table::new(&[
        "machine",
        "scope",
        "M items/s, in the lock: published",
        "model",
        "after it: published",
        "model",
        "gain: published",
        "model",
        "enqueue p50: published",
        "model",
    ]);
    let millions = |value: f64| format!("{:.2}", value / 1e6);
    let percent = |value: f64| format!("{value:+.1} %");
    let micros =
        |time: Option<u64>| time.map_or("-".to_owned(), |ns| format!("{:.1} µs", ns as f64 / 1e3));
    for row in checked {
        let (published, model) = (&row.published, &row.model);
        let cells = [
            row.machine.clone(),
            row.scope.clone(),
            millions(published.in_lock),
            millions(model.in_lock),
            millions(published.deferred),
            millions(model.deferred),
            percent(published.gain),
            percent(model.gain),
            micros(published.p50),
            micros(model.p50),
        ];
        table.rows.push(cells.map(Cell::from).into());
    }
    table
}

/// How far the model is from what was published, at most.
#[must_use]
pub fn strays(checked: &[Checked]) -> String {
    let ratios = checked.iter().flat_map(|row| {
        let (published, model) = (row.published, row.model);
        [
            model.in_lock / published.in_lock,
            model.deferred / published.deferred,
        ]
    });
    let throughput = ratios.map(|ratio| 100.0 * (ratio - 1.0).abs());
    let gain = checked
        .iter()
        .map(|row| (row.model.gain - row.published.gain).abs());
    format!(
        "Against the published table, the model's throughput is off by {:.1} % at most, and its gain by \
         {:.1} points.",
        throughput.fold(0.0, f64::max),
        gain.fold(0.0, f64::max)
    )
}

/// For the terminal: how far it is to be believed, and what it says with one item in flight.
#[must_use]
pub fn text(answers: &Answers) -> String {
    let mut text = format!("\n{}: {}\n", MODEL.title, strays(&answers.checked));
    for predicted in &answers.predicted {
        text += &format!(
            "\n{}, all under one cache, one item in flight for each CPU: predicted M items/s after\n\
             the lock, and what that gains\n\n{}",
            predicted.costs.name,
            by_size(predicted, 1).text()
        );
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture;

    #[test]
    fn scopes_with_the_same_pools_on_all_machines_are_named_together() {
        let answers = fixture::answers();
        let groups = by_scope(&answers.predicted[0], ONE_CACHE, 1);
        let names: Vec<String> = groups.iter().map(Alike::name).collect();
        // On 8 CPUs a shard is the whole cache; on 16 it is not.
        assert_eq!(names, ["cpu", "cache_shard", "cache, system"]);
        let sizes: Vec<_> = groups[1].rows.iter().map(|row| row.cpus).collect();
        assert_eq!(sizes, [8, 16]);
        assert!(by_scope(&answers.predicted[0], "none", 1).is_empty());
        assert!(by_size(&answers.predicted[0], 3).rows.is_empty());
    }

    #[test]
    fn the_terminal_has_each_size_and_how_far_the_model_strays() {
        let text = text(&fixture::answers());
        assert!(
            text.contains("off by 10.0 % at most, and its gain by 5.0 points"),
            "{text}"
        );
        assert!(text.contains("\n8      8.00 (+25 %)"), "{text}");
    }

    #[test]
    fn the_published_and_the_model_stand_side_by_side() {
        let table = checks(&fixture::answers().checked);
        let cells: Vec<&str> = table.rows[0]
            .iter()
            .map(|cell| cell.text.as_str())
            .collect();
        let expected = [
            "a machine",
            "cache",
            "1.00",
            "1.10",
            "1.20",
            "1.26",
            "+20.0 %",
            "+15.0 %",
            "-",
            "2.5 µs",
        ];
        assert_eq!(cells, expected);
        assert_eq!(table.head.len(), expected.len());
    }
}
