//! A line of the table: what a pool or a work queue has done, and what it does.

use crate::sample::{Entry, Pool, Queue, Sample};

/// What a column holds, in the words of the head.
pub(crate) const HEAD: [&str; 15] = [
    "POOL", "CPUS", "RUN", "STARTED", "/S", "FLIGHT", "WAIT", "CPU S", "CPU %", "LONG", "PICKS",
    "RPR", "REFUSED", "RESCUED", "LATENCY",
];

/// How many of the columns are words, which begin at the left.
pub(crate) const WORDS: usize = 2;

/// For numbers that are not known.
const UNKNOWN: &str = "-";

/// The lines of a sample; with the one before for what is told by the second.
pub(crate) fn rows(now: &Sample, before: Option<&Sample>) -> Vec<[String; HEAD.len()]> {
    let before = before.filter(|before| now.follows(before));
    let row = |entry: Entry<'_>| {
        let then = before.and_then(|before| {
            let same = before.entries().find(|then| then.is_same(entry))?;
            Some((same, now.elapsed_ns - before.elapsed_ns))
        });
        let rates = Rates::new(entry, then);
        match entry {
            Entry::Pool(pool) => pool_row(pool, &rates),
            Entry::Queue(queue) => queue_row(queue, &rates),
        }
    };
    now.entries().map(row).collect()
}

/// What is told by the second.
struct Rates {
    started: Option<f64>,
    cpu: Option<f64>,
}

impl Rates {
    /// `then`: the entry as it was, and so many nanoseconds ago.
    fn new<'s>(now: Entry<'s>, then: Option<(Entry<'s>, u64)>) -> Self {
        let by_time = |count: fn(Entry<'s>) -> Option<u64>| {
            let (then, time) = then?;
            let more = count(now)?.saturating_sub(count(then)?);
            Some(more as f64 / time as f64)
        };
        Self {
            started: by_time(Entry::started).map(|rate| rate * 1e9),
            cpu: by_time(Entry::cpu_time_ns).map(|share| share * 100.0),
        }
    }

    fn started(&self) -> String {
        or_unknown(self.started, |rate| format!("{rate:.0}"))
    }

    fn cpu(&self) -> String {
        or_unknown(self.cpu, |share| format!("{share:.0}"))
    }
}

fn pool_row(pool: &Pool, rates: &Rates) -> [String; HEAD.len()] {
    let cpus = if pool.cpus.is_empty() {
        UNKNOWN
    } else {
        &pool.cpus
    };
    [
        pool.kind.clone(),
        cpus.to_owned(),
        or_unknown(pool.running.zip(pool.threads), |(running, threads)| {
            format!("{running}/{threads}")
        }),
        pool.tasks_started.to_string(),
        rates.started(),
        pool.in_flight().to_string(),
        pool.waiting().to_string(),
        seconds(pool.cpu_time_ns),
        rates.cpu(),
        or_unknown(pool.long_polls, |count| count.to_string()),
        pool.picks.to_string(),
        pool.repatriated.to_string(),
        or_unknown(pool.refused_threads, |count| count.to_string()),
        UNKNOWN.to_owned(),
        or_unknown(pool.latency_ns(), duration),
    ]
}

/// A queue has no threads, and so nothing of what is counted of these; what it has is how long its tasks
/// were polled.
fn queue_row(queue: &Queue, rates: &Rates) -> [String; HEAD.len()] {
    let count = |count: Option<u64>| or_unknown(count, |count| count.to_string());
    let mut row = [UNKNOWN; HEAD.len()].map(str::to_owned);
    // A terminal is not to take it for orders.
    row[0] = format!("queue {}", queue.name.escape_debug());
    row[1] = or_unknown(queue.cpus.as_ref(), String::clone);
    row[3] = count(queue.started);
    row[4] = rates.started();
    row[5] = count(queue.active);
    row[6] = count(queue.inactive);
    row[7] = seconds(queue.busy_ns);
    row[8] = rates.cpu();
    row[13] = count(queue.rescued);
    row
}

fn seconds(nanoseconds: Option<u64>) -> String {
    or_unknown(nanoseconds, |time| format!("{:.2}", time as f64 / 1e9))
}

fn or_unknown<T>(value: Option<T>, text: impl FnOnce(T) -> String) -> String {
    value.map_or_else(|| UNKNOWN.to_owned(), text)
}

/// With three digits, and the unit that fits.
pub(crate) fn duration(nanoseconds: u64) -> String {
    let (value, unit) = match nanoseconds {
        0..1_000 => return format!("{nanoseconds} ns"),
        1_000..1_000_000 => (nanoseconds as f64 / 1e3, "us"),
        1_000_000..1_000_000_000 => (nanoseconds as f64 / 1e6, "ms"),
        _ => (nanoseconds as f64 / 1e9, "s"),
    };
    let digits = match value {
        ..10.0 => 2,
        10.0..100.0 => 1,
        _ => 0,
    };
    format!("{value:.digits$} {unit}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::tests::{pool, queue, sample, sample_with_queues};

    #[test]
    fn a_queue_has_what_it_counts_and_nothing_of_threads() {
        let pools = || vec![pool("unbound", "0-1", 100, 1)];
        let queues = |started| serde_json::json!([queue("a\tmail", started)]);
        let before = sample_with_queues(1, pools(), queues(10));
        let now = sample_with_queues(3, pools(), queues(30));
        let expected = [
            "queue a\\tmail",
            "0-1",
            "-",
            "30",
            "10",
            "2",
            "31",
            "0.30",
            "10",
            "-",
            "-",
            "-",
            "-",
            "4",
            "-",
        ];
        let rows = rows(&now, Some(&before));
        assert_eq!((rows.len(), &rows[1]), (2, &expected.map(str::to_owned)));
        let busy = serde_json::json!([{ "name": "mail" }]);
        let rows = super::rows(&sample_with_queues(4, pools(), busy), Some(&now));
        assert_eq!(rows[1][0], "queue mail");
        assert!(rows[1][1..].iter().all(|cell| cell == "-"), "{rows:?}");
    }

    #[test]
    fn totals_are_there_at_once_and_rates_from_the_second_sample_on() {
        let before = sample(1, vec![pool("unbound", "0-1", 100, 1_500)]);
        let expected = [
            "unbound", "0-1", "1/2", "100", "-", "5", "7", "0.10", "-", "6", "7", "8", "-", "-",
            "1.50 us",
        ];
        assert_eq!(rows(&before, None), [expected.map(str::to_owned)]);
        let now = sample(3, vec![pool("unbound", "0-1", 1_100, 25)]);
        let row = &rows(&now, Some(&before))[0];
        assert_eq!((&*row[4], &*row[8], &*row[14]), ("500", "50", "25 ns"));
    }

    #[test]
    fn a_pool_is_compared_with_itself_when_another_comes_before_it() {
        let cpu = |number: &str, started| pool("per_cpu", number, started, 1);
        let before = sample(1, vec![cpu("1", 10)]);
        let now = sample(2, vec![cpu("0", 1_000), cpu("1", 30)]);
        let rows = rows(&now, Some(&before));
        assert_eq!((&*rows[0][4], &*rows[1][4]), ("-", "20"));
    }

    #[test]
    fn another_runtime_is_not_compared_with() {
        let before = sample(5, vec![pool("unbound", "0", 10, 1)]);
        let now = sample(1, vec![pool("unbound", "0", 20, 1)]);
        assert_eq!(rows(&now, Some(&before))[0][4], "-");
    }

    #[test]
    fn durations_have_three_digits() {
        let cases = [
            (0, "0 ns"),
            (999, "999 ns"),
            (1_000, "1.00 us"),
            (12_340, "12.3 us"),
            (123_400_000, "123 ms"),
            (61_000_000_000, "61.0 s"),
        ];
        for (nanoseconds, text) in cases {
            assert_eq!(duration(nanoseconds), text);
        }
    }
}
