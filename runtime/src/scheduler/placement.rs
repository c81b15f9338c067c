#![forbid(unsafe_code)]
//! Which pools there are, on which CPUs and with how many workers.

use crate::topology::{AffinityScope, CpuSet, Topology};

/// One pool to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Plan {
    pub(super) cpus: CpuSet,
    pub(super) workers: usize,
}

/// Spreads `workers` over the machine's pods. With fewer workers than pods, neighbouring pods are
/// merged, so that no pool is without a worker and no CPU without a pool.
pub(super) fn plan(machine: &Topology, scope: AffinityScope, workers: usize) -> Vec<Plan> {
    let workers = workers.max(1);
    let mut pods: Vec<CpuSet> = machine.pods(scope).to_vec();
    if pods.is_empty() {
        pods.push(machine.cpus().clone());
    }
    while pods.len() > workers {
        merge_nearest(machine, &mut pods);
    }
    let sizes: Vec<usize> = pods.iter().map(CpuSet::len).collect();
    let shares = spread(workers, &sizes);
    pods.into_iter()
        .zip(shares)
        .map(|(cpus, workers)| Plan { cpus, workers })
        .collect()
}

/// Merges the smallest pod with its nearest neighbour, the smaller one of equally near ones, so
/// that pods stay even and whole.
fn merge_nearest(machine: &Topology, pods: &mut Vec<CpuSet>) {
    let smallest = (0..pods.len())
        .min_by_key(|&i| pods[i].len())
        .expect("there are pods");
    let pod = pods.remove(smallest);
    let nearest = (0..pods.len())
        .min_by_key(|&i| {
            (
                machine.distance_between(&pod, &pods[i]),
                pods[i].len(),
                i.abs_diff(smallest),
            )
        })
        .expect("a pod is merged only if there is another");
    pods[nearest].extend(pod.iter());
    pods.sort_by_key(CpuSet::first);
}

/// For each pool, the others in the order in which its workers look there.
pub(super) fn neighbours(machine: &Topology, plans: &[Plan]) -> Vec<Box<[usize]>> {
    let sets: Vec<CpuSet> = plans.iter().map(|plan| plan.cpus.clone()).collect();
    (0..sets.len())
        .map(|own| machine.nearest(&sets, own).into_boxed_slice())
        .collect()
}

/// Shares `total` out in proportion to `sizes`, at least one each (largest remainder; `total` is
/// not less than the number of shares).
fn spread(total: usize, sizes: &[usize]) -> Vec<usize> {
    let sum: usize = sizes.iter().sum::<usize>().max(1);
    let mut shares: Vec<usize> = sizes
        .iter()
        .map(|size| (total * size / sum).max(1))
        .collect();
    // By how much each share falls short of its exact value, times `sum`.
    let lack = |shares: &[usize], i: usize| (total * sizes[i]) as i64 - (shares[i] * sum) as i64;
    let indices = 0..sizes.len();
    while shares.iter().sum::<usize>() < total {
        let poorest = indices
            .clone()
            .max_by_key(|&i| (lack(&shares, i), usize::MAX - i));
        shares[poorest.expect("there are shares")] += 1;
    }
    while shares.iter().sum::<usize>() > total {
        let richest = indices
            .clone()
            .filter(|&i| shares[i] > 1)
            .min_by_key(|&i| lack(&shares, i));
        let Some(richest) = richest else { break };
        shares[richest] -= 1;
    }
    shares
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn shares_are_proportional_and_none_is_empty() {
        assert_eq!(spread(2, &[2]), [2]);
        assert_eq!(spread(16, &[8, 8]), [8, 8]);
        assert_eq!(spread(3, &[8, 8]), [2, 1]);
        assert_eq!(spread(4, &[1, 1, 30]), [1, 1, 2]);
        assert_eq!(spread(5, &[4, 2]), [3, 2]);
        assert_eq!(spread(1, &[0]), [1]);
    }

    proptest! {
        #[test]
        fn every_pool_has_a_worker_and_every_cpu_one_pool(cpus in 1usize..70, workers in 1usize..90) {
            let machine = Topology::single_pod((0..cpus).collect());
            for scope in AffinityScope::ALL {
                let plans = plan(&machine, scope, workers);
                prop_assert!(plans.iter().all(|plan| plan.workers >= 1 && !plan.cpus.is_empty()));
                prop_assert_eq!(plans.iter().map(|plan| plan.workers).sum::<usize>(), workers);
                let mut seen: Vec<usize> = plans.iter().flat_map(|plan| plan.cpus.iter()).collect();
                seen.sort_unstable();
                prop_assert_eq!(seen, (0..cpus).collect::<Vec<_>>());
                for (own, others) in neighbours(&machine, &plans).iter().enumerate() {
                    let mut all = others.to_vec();
                    all.push(own);
                    all.sort_unstable();
                    prop_assert_eq!(all, (0..plans.len()).collect::<Vec<_>>());
                }
            }
        }
    }
}
