use super::super::testing::TempDir;
use super::*;

const V2: &str = "35 24 0:30 / /sys/fs/cgroup rw,nosuid shared:9 - cgroup2 cgroup2 rw,nsdelegate\n";
const V1: &str = "31 23 0:28 / /sys/fs/cgroup rw - tmpfs tmpfs rw,mode=755\n\
    32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct\n\
    33 31 0:30 / /sys/fs/cgroup/cpuset rw - cgroup cgroup rw,cpuset\n";

fn system(memberships: &str, mounts: &str) -> TempDir {
    let dir = TempDir::new();
    dir.write("proc/self/cgroup", memberships);
    dir.write("proc/self/mountinfo", mounts);
    dir
}

fn quota(dir: &TempDir) -> Option<f64> {
    quota_under(dir.path())
}

#[test]
fn without_cgroups_there_is_no_quota() {
    assert_eq!(quota(&TempDir::new()), None);
    assert_eq!(quota(&system("", "")), None);
    assert_eq!(quota(&system("0::/\n", V2)), None);
}

#[test]
fn the_smallest_quota_on_the_way_up_counts() {
    let dir = system("0::/user/app/job\n", V2);
    dir.write("sys/fs/cgroup/user/app/job/cpu.max", "max 100000\n");
    assert_eq!(quota(&dir), None);
    dir.write("sys/fs/cgroup/user/cpu.max", "400000 100000\n");
    assert_eq!(quota(&dir), Some(4.0));
    dir.write("sys/fs/cgroup/user/app/cpu.max", "75000 50000\n");
    assert_eq!(quota(&dir), Some(1.5));
    dir.write("sys/fs/cgroup/user/app/job/cpu.max", "300000 100000\n");
    assert_eq!(quota(&dir), Some(1.5));
    dir.write("sys/fs/cgroup/user/other/cpu.max", "1000 100000\n");
    assert_eq!(quota(&dir), Some(1.5));
}

#[test]
fn the_top_of_a_cgroup_namespace_has_its_own_quota() {
    let dir = system("0::/\n", V2);
    dir.write("sys/fs/cgroup/cpu.max", "250000 100000\n");
    assert_eq!(quota(&dir), Some(2.5));
}

#[test]
fn a_mount_that_shows_a_lower_part_of_the_hierarchy_is_followed_from_there() {
    let mount = V2.replace(" / /sys", " /docker/abc /sys");
    let dir = system("0::/docker/abc/inner\n", &mount);
    dir.write("sys/fs/cgroup/cpu.max", "200000 100000\n");
    assert_eq!(quota(&dir), Some(2.0));
    dir.write("sys/fs/cgroup/inner/cpu.max", "50000 100000\n");
    assert_eq!(quota(&dir), Some(0.5));
}

#[test]
fn a_mount_of_another_part_of_the_hierarchy_is_not_taken() {
    let mount = V2.replace(" / /sys", " /docker/abc /sys");
    for path in [
        "/docker/abcd",
        "/docker",
        "/docker/abc/../xyz",
        "/../outside",
    ] {
        let dir = system(&format!("0::{path}\n"), &mount);
        dir.write("sys/fs/cgroup/cpu.max", "200000 100000\n");
        assert_eq!(quota(&dir), None, "{path}");
    }
}

#[test]
fn the_first_hierarchy_knows_quota_and_period_in_two_files() {
    let dir = system(
        "4:cpuset:/\n3:cpu,cpuacct:/app/job\n1:name=systemd:/app\n",
        V1,
    );
    let group = "sys/fs/cgroup/cpu,cpuacct/app";
    dir.write(&format!("{group}/job/cpu.cfs_quota_us"), "-1\n");
    dir.write(&format!("{group}/job/cpu.cfs_period_us"), "100000\n");
    assert_eq!(quota(&dir), None);
    dir.write(&format!("{group}/cpu.cfs_quota_us"), "150000\n");
    assert_eq!(quota(&dir), None, "a quota without a period");
    dir.write(&format!("{group}/cpu.cfs_period_us"), "100000\n");
    assert_eq!(quota(&dir), Some(1.5));
}

#[test]
fn both_hierarchies_can_be_mounted_at_once() {
    let unified = "41 31 0:38 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n";
    let dir = system("3:cpuacct,cpu:/app\n0::/app\n", &format!("{V1}{unified}"));
    dir.write("sys/fs/cgroup/cpu,cpuacct/app/cpu.cfs_quota_us", "300000");
    dir.write("sys/fs/cgroup/cpu,cpuacct/app/cpu.cfs_period_us", "100000");
    assert_eq!(quota(&dir), Some(3.0));
    dir.write("sys/fs/cgroup/unified/app/cpu.max", "100000 100000");
    assert_eq!(quota(&dir), Some(1.0));
}

#[test]
fn escapes_in_mount_points_and_groups_are_undone() {
    let mount = "35 24 0:30 /a\\040b /mnt/my\\040cgroup\\134x rw - cgroup2 none rw\n";
    let dir = system("0::/a b\n", mount);
    dir.write("mnt/my cgroup\\x/cpu.max", "100000 100000\n");
    assert_eq!(quota(&dir), Some(1.0));
    assert_eq!(unescape("\\04"), "\\04");
    assert_eq!(unescape("a\\"), "a\\");
    assert_eq!(unescape("\\999é\\011"), "\\999é\t");
    assert_eq!(unescape("\\é"), "\\é");
}

#[test]
fn damaged_files_mean_no_quota() {
    for text in [
        "", "\n", "100000", "0 100000", "100000 0", "x y", "-5 100", "1 2 3",
    ] {
        let dir = system("0::/\n", V2);
        dir.write("sys/fs/cgroup/cpu.max", text);
        assert_eq!(quota(&dir), None, "{text:?}");
    }
    for (memberships, mounts) in [
        ("::", V2),
        ("0:", V2),
        ("0::/", "- -"),
        ("0::/", "1 2 3 - cgroup2"),
    ] {
        assert_eq!(quota(&system(memberships, mounts)), None);
    }
}

#[test]
fn a_path_that_is_not_text_does_not_hide_the_other_mounts() {
    let dir = system("0::/\n", "");
    let mut mounts = b"20 1 0:1 / /mnt/\xff rw - tmpfs tmpfs rw\n".to_vec();
    mounts.extend(V2.bytes());
    fs::write(dir.path().join("proc/self/mountinfo"), mounts).unwrap();
    dir.write("sys/fs/cgroup/cpu.max", "100000 100000\n");
    assert_eq!(quota(&dir), Some(1.0));
}

#[test]
fn workers_are_bounded_by_cpus_and_by_the_quota_rounded_up() {
    assert_eq!(workers(8, None), 8);
    assert_eq!(workers(0, None), 1);
    assert_eq!(workers(8, Some(2.0)), 2);
    assert_eq!(workers(8, Some(2.1)), 3);
    assert_eq!(workers(8, Some(0.01)), 1);
    assert_eq!(workers(8, Some(1e300)), 8);
}

#[test]
fn workers_of_this_process_do_not_exceed_the_cpus() {
    let cpus: CpuSet = (0..4).collect();
    assert!((1..=4).contains(&available_workers(&cpus)));
}
