#![forbid(unsafe_code)]
//! In which order the contestants run, round by round.

/// Orders of `n` contestants in which each runs as often at each place, and as often right after each
/// other one: if they only took turns, each would always run in the heap and on the page tables that
/// the same other one left. (A balanced Latin square, after E. J. Williams; an odd number takes two.)
pub(super) fn orders(n: usize) -> Vec<Vec<usize>> {
    // 0, 1, n - 1, 2, n - 2, ...: the differences of neighbours are all there are.
    let zigzag = |place: usize| match place {
        0 => 0,
        odd if odd % 2 == 1 => odd.div_ceil(2),
        even => n - even / 2,
    };
    let shifted =
        |shift: usize| -> Vec<usize> { (0..n).map(|place| (zigzag(place) + shift) % n).collect() };
    let mut orders: Vec<_> = (0..n).map(shifted).collect();
    if n % 2 == 1 {
        let reversed: Vec<Vec<usize>> = orders
            .iter()
            .map(|order| order.iter().rev().copied().collect())
            .collect();
        orders.extend(reversed);
    }
    orders
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_runs_as_often_at_each_place_and_right_after_each_other_one() {
        for n in 2..=9 {
            let orders = orders(n);
            let squares = orders.len() / n;
            let mut follows = vec![vec![0; n]; n];
            let mut places = vec![vec![0; n]; n];
            for order in &orders {
                for (place, &who) in order.iter().enumerate() {
                    places[place][who] += 1;
                }
                order
                    .windows(2)
                    .for_each(|pair| follows[pair[0]][pair[1]] += 1);
            }
            assert!(
                places.iter().flatten().all(|&times| times == squares),
                "{n}"
            );
            for (first, row) in follows.iter().enumerate() {
                for (second, &times) in row.iter().enumerate() {
                    let expected = if first == second { 0 } else { squares };
                    assert_eq!(times, expected, "{n}: {second} after {first}");
                }
            }
        }
    }

    #[test]
    fn one_alone_has_one_order() {
        assert_eq!(orders(1)[0], [0]);
    }
}
