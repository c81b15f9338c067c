use std::fs;

use super::super::testing::{Sys, set};
use super::*;

fn open(sys: &Sys) -> Sysfs {
    Sysfs::open(sys.dir.path()).unwrap()
}

#[test]
fn online_is_taken_from_the_file() {
    assert_eq!(open(&Sys::new("0-3,5-15")).online(), set("0-3,5-15"));
}

#[test]
fn without_a_usable_online_file_the_folders_tell() {
    let sys = Sys::new("garbage");
    sys.core("0").core("2").core("3");
    sys.cpu(2, "online", "0\n");
    sys.cpu(3, "online", "1\n");
    // What is called like a CPU is not always one.
    for entry in [
        "cpufreq/x",
        "cpuidle/x",
        "cpu/x",
        "cpu-1/x",
        "cpu+5/x",
        "cpu99999999/x",
    ] {
        sys.dir.write(&format!("devices/system/cpu/{entry}"), "");
    }
    sys.dir
        .write("devices/system/cpu/cpu7", "a file, not a folder");
    assert_eq!(open(&sys).online(), set("0,3"));
    for nothing in ["", "\n", "0-999999999999"] {
        sys.dir.write("devices/system/cpu/online", nothing);
        assert_eq!(open(&sys).online(), set("0,3"), "{nothing:?}");
    }
    sys.dir.remove("devices/system/cpu/online");
    assert_eq!(open(&sys).online(), set("0,3"));
}

#[test]
fn without_folders_present_tells_and_then_possible() {
    let sys = Sys::new("");
    sys.dir.write("devices/system/cpu/possible", "0-7\n");
    assert_eq!(open(&sys).online(), set("0-7"));
    sys.dir.write("devices/system/cpu/present", "0-3\n");
    assert_eq!(open(&sys).online(), set("0-3"));
}

#[test]
fn cores_are_read_from_old_and_new_names_lists_and_masks() {
    for (file, text) in [
        ("topology/core_cpus_list", "0-1\n"),
        ("topology/core_cpus", "00000003\n"),
        ("topology/thread_siblings_list", "0-1\n"),
        ("topology/thread_siblings", "00000000,00000003\n"),
    ] {
        let sys = Sys::new("0-3");
        sys.cpu(0, file, text);
        assert_eq!(open(&sys).core(0), Some(set("0-1")), "{file}");
        assert_eq!(open(&sys).core(1), None, "{file}");
    }
}

#[test]
fn an_unusable_file_leaves_the_word_to_the_next() {
    for unusable in ["", "what?", "7", "0-999999999999", "\0\0\0"] {
        let sys = Sys::new("0-3");
        sys.cpu(0, "topology/core_cpus_list", unusable);
        sys.cpu(0, "topology/thread_siblings", "3");
        assert_eq!(open(&sys).core(0), Some(set("0-1")), "{unusable:?}");
    }
}

#[test]
fn the_last_level_is_the_highest_of_data_or_unified_caches() {
    let sys = Sys::new("0-7");
    sys.cache(1, "Data", "0-1").cache(1, "Instruction", "0-7");
    assert_eq!(open(&sys).last_level_cache(0), Some(set("0-1")));
    sys.cache(2, "Unified", "0-3");
    assert_eq!(open(&sys).last_level_cache(0), Some(set("0-3")));
    sys.cache(10, "Unified", "0-5");
    assert_eq!(
        open(&sys).last_level_cache(0),
        Some(set("0-5")),
        "levels are numbers"
    );
    assert_eq!(
        open(&sys).last_level_cache(7),
        None,
        "an instruction cache alone"
    );
}

#[test]
fn a_cache_of_unknown_type_counts_and_one_of_unknown_level_does_not() {
    let sys = Sys::new("0-7");
    sys.cache(2, "Unified", "0-3").cache(3, "Unified", "0-7");
    sys.dir.remove("devices/system/cpu/cpu0/cache/index3/type");
    assert_eq!(open(&sys).last_level_cache(0), Some(set("0-7")));
    for level in ["", "three", "-1", "99999999999999999999"] {
        sys.cpu(0, "cache/index3/level", level);
        assert_eq!(
            open(&sys).last_level_cache(0),
            Some(set("0-3")),
            "{level:?}"
        );
    }
}

#[test]
fn a_last_level_of_unknown_sharing_is_not_replaced_by_a_lower_one() {
    let sys = Sys::new("0-7");
    sys.cache(2, "Unified", "0-1").cache(3, "Unified", "0-7");
    sys.dir
        .remove("devices/system/cpu/cpu0/cache/index3/shared_cpu_list");
    assert_eq!(open(&sys).last_level_cache(0), None);
}

#[test]
fn a_sharing_mask_of_zero_says_that_nobody_shares() {
    let sys = Sys::new("0-7");
    sys.cache(3, "Unified", "0-7");
    sys.dir
        .remove("devices/system/cpu/cpu0/cache/index3/shared_cpu_list");
    sys.cpu(0, "cache/index3/shared_cpu_map", "00000000,00000000\n");
    assert_eq!(open(&sys).last_level_cache(0), Some(set("0")));
}

#[test]
fn cache_identifiers_do_not_matter() {
    let sys = Sys::new("0-3");
    sys.cache(2, "Unified", "0-1").cache(2, "Unified", "2-3");
    for cpu in 0..4 {
        sys.cpu(cpu, "cache/index2/id", "0");
    }
    assert_eq!(open(&sys).last_level_cache(3), Some(set("2-3")));
}

#[test]
fn nodes_are_read_by_number_with_their_distances() {
    let sys = Sys::new("0-3");
    sys.node(33, "2-3", "20 10 40")
        .node(2, "0-1", "10 20 17")
        .node(100, "", "17 40 10");
    sys.dir.write("devices/system/node/online", "2,33,100\n");
    let nodes = open(&sys).nodes();
    assert_eq!(
        nodes
            .list
            .iter()
            .map(|node| node.number)
            .collect::<Vec<_>>(),
        [2, 33, 100]
    );
    assert_eq!(nodes.list[1].cpus, set("2-3"));
    assert!(nodes.list[2].cpus.is_empty());
    assert_eq!(nodes.distance(33, 2), Some(20));
    assert_eq!(nodes.distance(33, 100), Some(40));
    assert_eq!(nodes.distance(33, 7), None);
    assert_eq!(nodes.distance(7, 33), None);
}

#[test]
fn distances_that_do_not_fit_the_nodes_are_not_known() {
    for row in ["10", "10 20 30", "10 x", "", "10 -20", "10 99999999999"] {
        let sys = Sys::new("0-3");
        sys.node(0, "0-1", row).node(1, "2-3", "20 10");
        let nodes = open(&sys).nodes();
        assert_eq!(nodes.distance(0, 1), None, "{row:?}");
        assert_eq!(nodes.distance(1, 0), Some(20), "{row:?}");
    }
}

#[test]
fn files_of_old_kernels_padded_with_zero_bytes_are_read() {
    let sys = Sys::new("0-3\n\0\0");
    assert_eq!(open(&sys).online(), set("0-3"));
}

#[test]
fn a_folder_in_the_place_of_a_file_counts_as_missing() {
    let sys = Sys::new("0-1");
    sys.dir
        .write("devices/system/cpu/cpu0/topology/core_cpus_list/x", "");
    sys.dir
        .write("devices/system/cpu/cpu0/cache", "a file, not a folder");
    sys.dir.write("devices/system/node", "a file, not a folder");
    let sysfs = open(&sys);
    assert_eq!((sysfs.core(0), sysfs.last_level_cache(0)), (None, None));
    assert!(sysfs.nodes().list.is_empty());
}

#[cfg(unix)]
#[test]
fn links_in_circles_and_devices_count_as_missing() {
    use std::os::unix::fs::symlink;

    let sys = Sys::new("0-1");
    sys.core("0-1").cache(1, "Data", "0-1").node(0, "0-1", "");
    let cpu = sys.dir.path().join("devices/system/cpu/cpu0");
    for (link, target) in [
        ("topology/core_cpus_list", "core_cpus_list"),
        ("topology/core_cpus", "/dev/zero"),
        ("cache/index9", "."),
        ("cache/index10", "index10"),
    ] {
        symlink(target, cpu.join(link)).unwrap();
    }
    fs::remove_file(cpu.join("topology/thread_siblings_list")).unwrap();
    symlink("../node", sys.dir.path().join("devices/system/node/node5")).unwrap();
    let sysfs = open(&sys);
    assert_eq!(sysfs.core(0), None);
    assert_eq!(sysfs.last_level_cache(0), Some(set("0-1")));
    assert_eq!(sysfs.nodes().list.len(), 2);
}
