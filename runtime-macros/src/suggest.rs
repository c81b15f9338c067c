//! Which of the known words a misspelt one was meant to be.

#![forbid(unsafe_code)]

/// The candidate nearest to `word`, if at most a third of `word`, rounded up, would have to be
/// typed anew.
pub(crate) fn nearest<'a>(word: &str, candidates: &[&'a str]) -> Option<&'a str> {
    let word = word.to_lowercase();
    let (distance, candidate) = candidates
        .iter()
        .map(|candidate| (distance(&word, candidate), *candidate))
        .min_by_key(|(distance, _)| *distance)?;
    (distance <= word.chars().count().div_ceil(3)).then_some(candidate)
}

/// Levenshtein distance: insertions, deletions and substitutions that make `b` of `a`.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, from) in a.chars().enumerate() {
        let mut diagonal = i;
        row[0] = i + 1;
        for (j, to) in b.iter().enumerate() {
            let substituted = diagonal + usize::from(from != *to);
            diagonal = row[j + 1];
            row[j + 1] = substituted.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::{distance, nearest};

    #[test]
    fn distance_counts_single_edits() {
        assert_eq!(distance("", ""), 0);
        assert_eq!(distance("numa", "numa"), 0);
        assert_eq!(distance("", "numa"), 4);
        assert_eq!(distance("numa", ""), 4);
        assert_eq!(distance("flavour", "flavor"), 1);
        assert_eq!(distance("cache-shard", "cache_shard"), 1);
        assert_eq!(distance("kitten", "sitting"), 3);
        assert_eq!(distance("sitting", "kitten"), 3);
    }

    #[test]
    fn the_nearest_word_is_suggested_whatever_the_case() {
        let words = ["flavor", "worker_threads", "name"];
        assert_eq!(nearest("flavour", &words), Some("flavor"));
        assert_eq!(nearest("Flavor", &words), Some("flavor"));
        assert_eq!(nearest("worker_thread", &words), Some("worker_threads"));
        assert_eq!(nearest("nmae", &words), Some("name"));
    }

    #[test]
    fn nothing_is_suggested_for_a_word_that_resembles_none() {
        let words = ["flavor", "worker_threads", "name"];
        assert_eq!(nearest("stack_size", &words), None);
        assert_eq!(nearest("", &words), None);
        assert_eq!(nearest("name", &[]), None);
    }
}
