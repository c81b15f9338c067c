//! The machine that the test runs on, whatever it is, through the public interface.

use std::collections::HashSet;

use fastwake::topology::{AffinityScope, CpuSet, Topology, allowed_cpus};

#[test]
fn every_allowed_cpu_is_in_exactly_one_pod_of_each_scope() {
    let machine = Topology::current();
    let allowed = allowed_cpus().unwrap();
    for scope in AffinityScope::ALL {
        let pods = machine.pods(scope);
        let members: usize = pods.iter().map(CpuSet::len).sum();
        let all = pods.iter().fold(CpuSet::new(), |all, pod| all.union(pod));
        assert_eq!((members, &all), (allowed.len(), &allowed), "{scope}");
    }
}

#[test]
fn the_names_of_scopes_are_read_as_they_are_written() {
    let names: HashSet<String> = AffinityScope::ALL
        .iter()
        .map(|scope| scope.to_string())
        .collect();
    assert_eq!(names.len(), AffinityScope::ALL.len());
    for scope in AffinityScope::ALL {
        assert_eq!(scope.as_str().parse(), Ok(scope));
    }
    for wrong in ["", "NUMA", " cpu", "cache-shard"] {
        let message = wrong.parse::<AffinityScope>().unwrap_err().to_string();
        assert!(message.contains(&format!("{wrong:?}")), "{message}");
        assert!(
            AffinityScope::ALL
                .iter()
                .all(|scope| message.contains(scope.as_str()))
        );
    }
}
