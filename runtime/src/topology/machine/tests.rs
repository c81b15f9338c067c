use std::fs;

use super::super::testing::{Form, Sys, TempDir, check_invariants, pods, set};
use super::*;

use AffinityScope::{Cache, CacheShard, Cpu, Numa, Smt, System};

#[test]
fn two_sockets_are_two_nodes_and_two_caches() {
    let sys = Sys::new("0-15");
    for core in 0..8 {
        sys.core(&format!("{core},{}", core + 8));
    }
    sys.cache(2, "Unified", "0,8")
        .cache(3, "Unified", "0-3,8-11")
        .cache(3, "Unified", "4-7,12-15");
    sys.node(0, "0-3,8-11", "10 21")
        .node(1, "4-7,12-15", "21 10");
    let machine = sys.read();
    check_invariants(&machine);
    assert_eq!(pods(&machine, Smt)[..2], ["0,8", "1,9"]);
    for scope in [CacheShard, Cache, Numa] {
        assert_eq!(pods(&machine, scope), ["0-3,8-11", "4-7,12-15"], "{scope}");
    }
    assert_eq!(pods(&machine, System), ["0-15"]);
    let distances = [0, 8, 1, 4].map(|cpu| machine.distance(0, cpu));
    assert_eq!(distances, [Some(0), Some(1), Some(2), Some(21)]);
}

#[test]
fn nodes_are_called_by_their_own_numbers_also_on_a_part_of_the_machine() {
    let sys = Sys::new("0-5");
    // The second has no CPUs, and so no pod.
    sys.node(0, "0-1", "10 20 20 20")
        .node(1, "", "20 10 20 20")
        .node(2, "2-3", "20 20 10 20")
        .node(7, "4-5", "20 20 20 10");
    let machine = sys.read();
    let nodes = |cpus| machine.nodes_of(&set(cpus));
    assert_eq!(nodes("1"), [0]);
    assert_eq!(nodes("2-5"), [2, 7]);
    assert_eq!(nodes("9"), [0; 0]);
    let part = machine.restricted_to(&set("1,5"));
    assert_eq!(part.nodes_of(&set("0-5")), [0, 7]);
    let unknown = Topology::single_pod(set("0-1"));
    assert_eq!(unknown.nodes_of(&set("0-1")), [0; 0]);
}

#[test]
fn a_large_cache_is_cut_into_even_shards() {
    let sys = Sys::new("0-35");
    sys.cache(3, "Unified", "0-35");
    let machine = sys.read();
    check_invariants(&machine);
    assert_eq!(
        pods(&machine, CacheShard),
        ["0-7", "8-14", "15-21", "22-28", "29-35"]
    );
}

#[test]
fn hybrid_cores_of_two_threads_and_of_one_share_a_cache() {
    let sys = Sys::new("0-19");
    for core in 0..6 {
        sys.core(&format!("{}-{}", 2 * core, 2 * core + 1));
    }
    for cpu in 12..20 {
        sys.core(&cpu.to_string());
    }
    sys.cache(2, "Unified", "12-15").cache(3, "Unified", "0-19");
    let machine = sys.read();
    check_invariants(&machine);
    assert_eq!(machine.pods(Smt).len(), 14);
    assert_eq!(pods(&machine, CacheShard), ["0-12", "13-19"]);
}

#[test]
fn cores_below_another_level_of_cache_are_pods_of_their_own() {
    let sys = Sys::new("0-5");
    sys.cache(2, "Unified", "4-5").cache(3, "Unified", "0-3");
    assert_eq!(pods(&sys.read(), Cache), ["0-3", "4-5"]);
}

#[test]
fn without_a_third_level_the_second_is_the_last() {
    let sys = Sys::new("0-7");
    sys.cache(1, "Data", "0").cache(1, "Instruction", "0");
    for (a, b) in [(0, 4), (1, 5), (2, 6), (3, 7)] {
        sys.cache(2, "Unified", &format!("{a},{b}"));
    }
    assert_eq!(pods(&sys.read(), Cache), ["0,4", "1,5", "2,6", "3,7"]);
}

#[test]
fn cores_of_four_and_of_eight_threads_stay_whole() {
    for threads in [4, 8] {
        let sys = Sys::new(&format!("0-{}", 16 * threads - 1));
        for core in 0..16 {
            sys.core(&format!("{}-{}", core * threads, (core + 1) * threads - 1));
        }
        // The threads of a core are under two halves of a cache, as on POWER10.
        sys.cache(2, "Unified", &format!("0-{}:1/2", threads - 1));
        let machine = sys.read();
        check_invariants(&machine);
        assert_eq!(machine.pods(Smt).len(), 16);
        assert_eq!(machine.pods(Cache).len(), 2);
        assert_eq!(pods(&machine, Cache)[0], format!("0-{}", threads - 1));
        assert_eq!(machine.pods(CacheShard).len(), 3);
    }
}

#[test]
fn offline_cpus_are_in_no_pod() {
    let sys = Sys::new("0-3,5-7");
    for core in ["0-1", "2-3", "4-5", "6-7"] {
        sys.core(core);
    }
    sys.cache(2, "Unified", "0-3")
        .cache(2, "Unified", "4-7")
        .node(0, "0-7", "");
    let machine = sys.read();
    check_invariants(&machine);
    assert_eq!(pods(&machine, Smt), ["0-1", "2-3", "5", "6-7"]);
    assert_eq!(pods(&machine, Cache), ["0-3", "5-7"]);
    assert_eq!(machine.pod_of(System, 4), None);
}

#[test]
fn cpu_and_node_numbers_may_be_sparse() {
    let sys = Sys::new("3,9,1000,1500-1501");
    sys.core("3,1000")
        .cache(3, "Unified", "3,1000")
        .cache(3, "Unified", "9,1500-1501");
    sys.node(5, "3,1000", "10 30 16")
        .node(77, "9", "30 10 40")
        .node(255, "1500-1501", "16 40 10");
    let machine = sys.read();
    check_invariants(&machine);
    assert_eq!(pods(&machine, Cache), ["3,1000", "9,1500-1501"]);
    assert_eq!(pods(&machine, Numa), ["3,1000", "9", "1500-1501"]);
    assert_eq!(machine.distance(1000, 9), Some(30));
    assert_eq!(machine.distance(1501, 3), Some(16));
    assert_eq!(
        machine.distance(9, 1500),
        Some(2),
        "one cache can span nodes"
    );
    assert_eq!(machine.nearest(machine.pods(Numa), 0), [2, 1]);
}

#[test]
fn nodes_without_cpus_have_no_pod_but_a_column_of_distances() {
    let sys = Sys::new("0-3");
    sys.node(0, "", "10 50 60")
        .node(1, "0-1", "50 10 33")
        .node(2, "2-3", "60 33 10");
    let machine = sys.read();
    assert_eq!(pods(&machine, Numa), ["0-1", "2-3"]);
    assert_eq!(machine.distance(0, 3), Some(33));
}

#[test]
fn of_nodes_that_list_the_same_cpus_the_first_has_them() {
    let sys = Sys::new("0-3");
    sys.node(0, "0-3", "10 10").node(1, "0-3", "10 10");
    assert_eq!(pods(&sys.read(), Numa), ["0-3"]);
}

#[test]
fn other_nodes_are_farther_than_the_own_one_whatever_firmware_says() {
    let sys = Sys::new("0-1");
    sys.node(0, "0", "10 0").node(1, "1", "10 10");
    assert_eq!(sys.read().distance(0, 1), Some(11));
}

#[test]
fn cpus_in_no_node_are_where_their_cache_is_and_else_together() {
    let sys = Sys::new("0-7");
    sys.cache(3, "Unified", "0-3")
        .node(0, "0-1", "")
        .node(1, "", "");
    let machine = sys.read();
    check_invariants(&machine);
    assert_eq!(pods(&machine, Numa), ["0-3", "4-7"]);
    assert_eq!(machine.distance(0, 4), Some(20));
}

#[test]
fn a_machine_of_which_only_the_cpus_are_known_shares_everything_but_cores() {
    let sys = Sys::new("0-15");
    let machine = sys.read();
    check_invariants(&machine);
    assert_eq!(machine, Topology::single_pod(set("0-15")));
    assert_eq!(
        (machine.pods(Smt).len(), machine.pods(Cache).len()),
        (16, 1)
    );
    assert_eq!(pods(&machine, CacheShard), ["0-7", "8-15"]);
    assert_eq!(machine.distance(0, 15), Some(3));
}

#[test]
fn caches_that_are_unknown_do_not_reach_beyond_the_node() {
    let sys = Sys::new("0-3");
    sys.node(0, "0-1", "").node(1, "2-3", "");
    assert_eq!(pods(&sys.read(), Cache), ["0-1", "2-3"]);
}

#[cfg(unix)]
#[test]
fn two_thousand_cpus_are_read_from_masks() {
    let mut sys = Sys::new("0-2047");
    sys.form = Form::Mask;
    for first in (0..2048).step_by(128) {
        let node = format!("{first}-{}", first + 127);
        sys.node(first / 128, &node, "");
        for core in (first..first + 128).step_by(2) {
            sys.core(&format!("{core}-{}", core + 1));
        }
        sys.shared_cache(3, &node);
    }
    let machine = sys.read();
    check_invariants(&machine);
    let counts = AffinityScope::ALL.map(|scope| machine.pods(scope).len());
    assert_eq!(counts, [2048, 1024, 128, 16, 16, 1]);
    assert_eq!(pods(&machine, CacheShard)[127], "2032-2047");
}

#[test]
fn an_absurd_number_of_cpus_is_survived() {
    let machine = Sys::new(&format!("0-{}", CpuSet::MAX_CPUS - 1)).read();
    assert_eq!(machine.cpus().len(), CpuSet::MAX_CPUS);
    assert_eq!(machine.pods(CacheShard).len(), CpuSet::MAX_CPUS / 8);
}

#[test]
fn a_directory_that_describes_no_cpu_is_an_error_that_says_what_was_expected() {
    let dir = TempDir::new();
    let error = Topology::from_sysfs(dir.path()).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::NotFound);
    let message = error.to_string();
    assert!(message.contains(dir.path().to_str().unwrap()), "{message}");
    assert!(message.contains("devices/system/cpu/online"), "{message}");
}

#[test]
fn what_is_not_a_directory_is_an_error_that_names_it() {
    let dir = TempDir::new();
    let file = dir.path().join("file");
    fs::write(&file, "").unwrap();
    for path in [file, dir.path().join("missing")] {
        let message = Topology::from_sysfs(&path).unwrap_err().to_string();
        assert!(message.contains(path.to_str().unwrap()), "{message}");
    }
}

#[test]
fn the_current_machine_has_the_allowed_cpus() {
    let machine = Topology::current();
    check_invariants(&machine);
    assert_eq!(machine.cpus(), &affinity::allowed_cpus().unwrap());
}

#[test]
fn restriction_cuts_pods_and_shards_anew() {
    let sys = Sys::new("0-31");
    for core in 0..16 {
        sys.core(&format!("{core},{}", core + 16));
    }
    sys.cache(3, "Unified", "0-31")
        .node(3, "0-7,16-23", "10 21")
        .node(8, "8-15,24-31", "21 10");
    let machine = sys.read();
    assert_eq!(machine.pods(CacheShard).len(), 2);

    let left = machine.restricted_to(&set("0,4-11,16,40"));
    check_invariants(&left);
    assert_eq!(
        pods(&left, Smt),
        ["0,16", "4", "5", "6", "7", "8", "9", "10", "11"]
    );
    assert_eq!(pods(&left, CacheShard), ["0,4-11,16"]);
    assert_eq!(pods(&left, Numa), ["0,4-7,16", "8-11"]);

    let one_node = machine.restricted_to(&set("8-15"));
    assert_eq!(pods(&one_node, Numa), ["8-15"]);
    assert_eq!(one_node.distance(8, 9), Some(2));
}

#[test]
fn restriction_keeps_the_distances_of_the_nodes_that_are_left() {
    let sys = Sys::new("0-3");
    sys.node(0, "0", "10 20 30 40").node(1, "1", "20 10 50 60");
    sys.node(2, "2", "30 50 10 70").node(3, "3", "40 60 70 10");
    let left = sys.read().restricted_to(&set("1,3"));
    assert_eq!((left.distance(1, 3), left.distance(0, 1)), (Some(60), None));
}

#[test]
fn restriction_to_no_cpu_at_all_leaves_an_empty_topology() {
    let empty = Topology::single_pod(set("0-3")).restricted_to(&set("7"));
    check_invariants(&empty);
    assert!(empty.cpus().is_empty());
    assert!(
        AffinityScope::ALL
            .iter()
            .all(|&scope| empty.pods(scope).is_empty())
    );
    assert_eq!(empty, Topology::single_pod(CpuSet::new()));
}

#[test]
fn nearest_pods_go_outwards_and_around() {
    let sys = Sys::new("0-7");
    sys.cache(3, "Unified", "0-3")
        .cache(3, "Unified", "4-5")
        .cache(3, "Unified", "6-7");
    sys.node(0, "0-3", "10 20").node(1, "4-7", "20 10");
    let machine = sys.read();
    assert_eq!(machine.nearest(machine.pods(Cpu), 1), [2, 3, 0, 4, 5, 6, 7]);
    assert_eq!(machine.nearest(machine.pods(Cpu), 6), [7, 4, 5, 0, 1, 2, 3]);
    assert_eq!(machine.nearest(machine.pods(Cache), 1), [2, 0]);
    assert_eq!(
        machine.nearest(machine.pods(System), 0),
        Vec::<usize>::new()
    );
}

#[test]
fn display_lists_the_pods_and_marks_the_default_scope() {
    let sys = Sys::new("0-3");
    sys.core("0-1")
        .cache(2, "Unified", "0-1")
        .cache(2, "Unified", "2-3");
    let expected = "\
4 CPUs: 0-3
  cpu             4 pods  0  1  2  3
  smt             3 pods  0-1  2  3
* cache_shard     2 pods  0-1  2-3
  cache           2 pods  0-1  2-3
  numa            1 pod   0-3
  system          1 pod   0-3";
    assert_eq!(sys.read().to_string(), expected);
}
