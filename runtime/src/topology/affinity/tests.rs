use std::thread;

use super::*;

/// Runs `check` on a thread of its own: what it does to its thread is gone with it.
fn on_a_thread(check: impl FnOnce() + Send + 'static) {
    thread::spawn(check).join().unwrap();
}

#[test]
fn a_thread_runs_where_it_was_confined_to() {
    on_a_thread(|| {
        let allowed = allowed_cpus().unwrap();
        for cpu in &allowed {
            let one = CpuSet::from_iter([cpu]);
            set_current_thread(&one).unwrap();
            assert_eq!(allowed_cpus().unwrap(), one);
            assert_eq!(current_cpu(), Some(cpu));
        }
        set_current_thread(&allowed).unwrap();
        assert_eq!(allowed_cpus().unwrap(), allowed);
    });
}

#[test]
fn cpus_that_are_not_there_are_ignored_beside_one_that_is() {
    on_a_thread(|| {
        let first = allowed_cpus().unwrap().first().unwrap();
        let far = CpuSet::from_iter([first, CpuSet::MAX_CPUS - 1]);
        set_current_thread(&far).unwrap();
        assert_eq!(allowed_cpus().unwrap(), CpuSet::from_iter([first]));
    });
}

#[test]
fn a_set_without_a_cpu_to_run_on_is_refused_by_name() {
    on_a_thread(|| {
        let before = allowed_cpus().unwrap();
        let far = CpuSet::from_iter([CpuSet::MAX_CPUS - 1]);
        let error = set_current_thread(&far).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::InvalidInput);
        assert!(error.to_string().contains("16383"), "{error}");
        assert!(set_current_thread(&CpuSet::new()).is_err());
        assert_eq!(allowed_cpus().unwrap(), before);
    });
}

#[test]
fn niceness_is_that_of_the_thread_alone() {
    on_a_thread(|| {
        let before = current_thread_nice().unwrap();
        let nicer = (before + 3).min(19);
        on_a_thread(move || {
            set_current_thread_nice(nicer).unwrap();
            assert_eq!(current_thread_nice().unwrap(), nicer);
        });
        assert_eq!(current_thread_nice().unwrap(), before);
    });
}

#[test]
fn words_of_the_kernel_carry_the_same_cpus() {
    for list in ["", "0", "31-33,63-65,127", "16383"] {
        let cpus: CpuSet = list.parse().unwrap();
        assert_eq!(from_words(&to_words(&cpus)), cpus, "{list:?}");
    }
}
