use super::super::testing::set;
use super::*;

fn lists(pods: &Pods) -> Vec<String> {
    pods.sets().iter().map(CpuSet::to_string).collect()
}

/// What CPUs say about themselves: the first set that begins with the CPU's own number and a colon.
fn told<'a>(sets: &'a [(usize, &'a str)]) -> impl FnMut(usize) -> Option<CpuSet> + 'a {
    |cpu| {
        sets.iter()
            .find(|(of, _)| *of == cpu)
            .map(|(_, list)| set(list))
    }
}

#[test]
fn shard_sizes_follow_the_rule() {
    let sizes = |cores| shard_sizes(cores).collect::<Vec<_>>();
    assert_eq!(sizes(1), [1]);
    assert_eq!(sizes(11), [11]);
    assert_eq!(sizes(12), [6, 6]);
    assert_eq!(sizes(19), [10, 9]);
    assert_eq!(sizes(20), [7, 7, 6]);
    assert_eq!(sizes(27), [9, 9, 9]);
    assert_eq!(sizes(36), [8, 7, 7, 7, 7]);
    assert_eq!(sizes(72), [8; 9]);
    assert_eq!(sizes(100), [8, 8, 8, 8, 8, 8, 8, 8, 8, 7, 7, 7, 7]);
}

#[test]
fn a_shard_holds_whole_cores() {
    let cores: Vec<_> = (0..12)
        .map(|core| CpuSet::from_iter([core, core + 100]))
        .collect();
    let cores = Pods::new(cores);
    let cache = Pods::new(vec![set("0-11,100-111")]);
    assert_eq!(
        lists(&shards(&cores, &cache)),
        ["0-5,100-105", "6-11,106-111"]
    );
}

#[test]
fn the_first_cpu_of_a_pod_speaks_for_it() {
    // CPU 0 claims 1, which does not know of it; CPU 2 claims 1, which is taken; CPU 3 claims
    // nobody.
    let told = told(&[(0, "0-1"), (1, "1"), (2, "1-3"), (3, "3")]);
    assert_eq!(lists(&cores(&set("0-3"), told)), ["0-1", "2-3"]);
}

#[test]
fn a_chain_of_claims_does_not_merge_everything() {
    let told = told(&[(0, "0-1"), (1, "1-2"), (2, "2-3"), (3, "3-4"), (4, "4")]);
    assert_eq!(lists(&cores(&set("0-4"), told)), ["0-1", "2-3", "4"]);
}

#[test]
fn a_cpu_that_tells_nothing_is_where_a_later_one_puts_it() {
    assert_eq!(
        lists(&cores(&set("0-3"), told(&[(1, "0-1"), (3, "3")]))),
        ["0-1", "2", "3"]
    );
}

#[test]
fn a_cache_takes_whole_cores() {
    let cores = Pods::new(vec![set("0,4"), set("1,5"), set("2,6")]);
    // By the files, the threads of core 0,4 are under different caches.
    let (known, unknown) = known_caches(&cores, told(&[(0, "0-1"), (4, "4-5"), (2, "2")]));
    assert_eq!(lists(&known), ["0-1,4-5", "2,6"]);
    assert!(unknown.is_empty());
}

#[test]
fn unknown_caches_are_shared_within_the_node() {
    let cores = singles(&set("0-5"));
    let (known, unknown) = known_caches(&cores, told(&[(0, "0-1")]));
    let nodes = Pods::new(vec![set("0-3"), set("4-5")]);
    assert_eq!(
        lists(&caches(&known, &unknown, &nodes)),
        ["0-1", "2-3", "4-5"]
    );
}

#[test]
fn pods_tell_which_of_them_a_cpu_is_in() {
    let pods = Pods::new(vec![set("1,5"), set("3")]);
    let of = |cpu| pods.pod_of(cpu);
    assert_eq!((of(1), of(5), of(3)), (Some(0), Some(0), Some(1)));
    assert_eq!(
        (of(0), of(2), of(6), of(usize::MAX)),
        (None, None, None, None)
    );
}
