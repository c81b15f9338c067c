use std::collections::BTreeSet;
use std::hash::{BuildHasher, RandomState};

use proptest::prelude::*;

use super::CpuSet;

fn members() -> impl Strategy<Value = BTreeSet<usize>> {
    // Narrow ranges make members of two sets meet, the wide one crosses many words.
    let cpu = prop_oneof![0..10_usize, 50..80_usize, 0..CpuSet::MAX_CPUS];
    proptest::collection::btree_set(cpu, 0..12)
}

fn cpu_set(members: &BTreeSet<usize>) -> CpuSet {
    members.iter().copied().collect()
}

proptest! {
    #[test]
    fn a_set_behaves_as_a_set_of_numbers(a in members(), b in members(), cpu in 0..100_usize) {
        let (set_a, set_b) = (cpu_set(&a), cpu_set(&b));
        prop_assert!(set_a.iter().eq(a.iter().copied()));
        prop_assert_eq!(set_a.iter().len(), a.len());
        prop_assert_eq!(set_a.len(), a.len());
        prop_assert_eq!(set_a.is_empty(), a.is_empty());
        prop_assert_eq!(set_a.first(), a.first().copied());
        prop_assert_eq!(set_a.last(), a.last().copied());
        prop_assert_eq!(set_a.contains(cpu), a.contains(&cpu));
        prop_assert_eq!(set_a.union(&set_b), cpu_set(&(&a | &b)));
        prop_assert_eq!(set_a.intersection(&set_b), cpu_set(&(&a & &b)));
        prop_assert_eq!(set_a.difference(&set_b), cpu_set(&(&a - &b)));
        prop_assert_eq!(set_a.is_subset(&set_b), a.is_subset(&b));
        prop_assert_eq!(set_a.intersects(&set_b), !a.is_disjoint(&b));
        prop_assert_eq!(set_a == set_b, a == b);
        prop_assert_eq!(set_a.cmp(&set_b), a.cmp(&b));
    }

    #[test]
    fn what_was_removed_leaves_no_trace(members in members(), more in members()) {
        let kept = cpu_set(&members);
        let mut set = kept.clone();
        for &cpu in &more {
            prop_assert_eq!(set.insert(cpu), !members.contains(&cpu));
        }
        for &cpu in more.difference(&members) {
            prop_assert!(set.remove(cpu));
            prop_assert!(!set.remove(cpu));
        }
        prop_assert_eq!(&set, &kept);
        let state = RandomState::new();
        prop_assert_eq!(state.hash_one(&set), state.hash_one(&kept));
    }
}

#[test]
fn an_empty_set_has_neither_first_nor_last() {
    let set = CpuSet::new();
    assert_eq!((set.first(), set.last(), set.len()), (None, None, 0));
    assert_eq!(set.to_string(), "");
    assert_eq!(set, CpuSet::default());
}

#[test]
fn numbers_that_cannot_be_members_are_not() {
    let mut set = CpuSet::from_iter([CpuSet::MAX_CPUS - 1]);
    assert!(!set.contains(CpuSet::MAX_CPUS));
    assert!(!set.contains(usize::MAX));
    assert!(!set.remove(usize::MAX));
}

#[test]
#[should_panic(expected = "CPU number 16384 is out of range: it must be below 16384")]
fn a_number_beyond_the_bound_is_refused() {
    CpuSet::new().insert(CpuSet::MAX_CPUS);
}

#[test]
fn debug_names_the_type_and_the_members() {
    assert_eq!(
        format!("{:?}", CpuSet::from_iter([1, 2, 3, 7])),
        "CpuSet(1-3,7)"
    );
}
