//! A line of the table: what a pool has done, and what it does.

use crate::sample::{Pool, Sample};

/// What a column holds, in the words of the head.
pub(crate) const HEAD: [&str; 14] = [
    "POOL", "CPUS", "RUN", "STARTED", "/S", "FLIGHT", "WAIT", "CPU S", "CPU %", "LONG", "PICKS",
    "RPR", "RESCUED", "LATENCY",
];

/// How many of the columns are words, which begin at the left.
pub(crate) const WORDS: usize = 2;

/// For numbers that are not known.
const UNKNOWN: &str = "-";

/// The lines of a sample; with the one before for what is told by the second.
pub(crate) fn rows(now: &Sample, before: Option<&Sample>) -> Vec<[String; HEAD.len()]> {
    let before = before.filter(|before| now.follows(before));
    let row = |pool: &Pool| {
        let then = before.and_then(|before| {
            let same = before.pools.iter().find(|then| then.is_same(pool))?;
            Some((same, now.elapsed_ns - before.elapsed_ns))
        });
        row(pool, then)
    };
    now.pools.iter().map(row).collect()
}

/// `then`: the pool as it was, and so many nanoseconds ago.
fn row(pool: &Pool, then: Option<(&Pool, u64)>) -> [String; HEAD.len()] {
    let by_time = |count: fn(&Pool) -> Option<u64>| {
        let (then, time) = then?;
        let more = count(pool)?.saturating_sub(count(then)?);
        Some(more as f64 / time as f64)
    };
    let started = by_time(|pool| Some(pool.tasks_started)).map(|rate| rate * 1e9);
    let cpu = by_time(|pool| pool.cpu_time_ns).map(|share| share * 100.0);
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
        or_unknown(started, |rate| format!("{rate:.0}")),
        pool.in_flight().to_string(),
        pool.waiting().to_string(),
        or_unknown(pool.cpu_time_ns, |time| format!("{:.2}", time as f64 / 1e9)),
        or_unknown(cpu, |share| format!("{share:.0}")),
        or_unknown(pool.long_polls, |count| count.to_string()),
        pool.picks.to_string(),
        pool.repatriated.to_string(),
        or_unknown(pool.rescued, |count| count.to_string()),
        or_unknown(pool.latency_ns(), duration),
    ]
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
    use crate::sample::tests::{pool, sample};

    #[test]
    fn totals_are_there_at_once_and_rates_from_the_second_sample_on() {
        let before = sample(1, vec![pool("unbound", "0-1", 100, 1_500)]);
        let expected = [
            "unbound", "0-1", "1/2", "100", "-", "5", "7", "0.10", "-", "-", "7", "8", "-",
            "1.50 us",
        ];
        assert_eq!(rows(&before, None), [expected.map(str::to_owned)]);
        let now = sample(3, vec![pool("unbound", "0-1", 1_100, 25)]);
        let row = &rows(&now, Some(&before))[0];
        assert_eq!((&*row[4], &*row[8], &*row[13]), ("500", "50", "25 ns"));
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
