//! scratch
use fastwake::topology::AffinityScope;
use fastwake_benches::model::*;
fn main() {
    let text = std::fs::read_to_string(std::env::args().nth(1).unwrap()).unwrap();
    let costs: Costs = serde_json::from_str(&text).unwrap();
    let cpus: usize = std::env::args().nth(2).unwrap().parse().unwrap();
    let batch: usize = std::env::args().nth(3).unwrap().parse().unwrap();
    for scope in [
        AffinityScope::Cpu,
        AffinityScope::CacheShard,
        AffinityScope::System,
    ] {
        let mut setup = Setup::batched(Shape::one_cache(cpus), scope, batch);
        let d = simulate(&costs, &setup);
        setup.wake = Wake::InLock;
        let l = simulate(&costs, &setup);
        println!(
            "{scope:<12} {:>9.0} -> {:>9.0} {:+.1}%  p50 {} -> {}  p95 {} -> {} ({:+.1}%) p99 {} -> {}  wakes {:.2} {:.2} futile {:.2} {:.2} busy {:.2} {:.2}",
            l.throughput,
            d.throughput,
            100.0 * (d.throughput / l.throughput - 1.0),
            l.p50,
            d.p50,
            l.p95,
            d.p95,
            100.0 * (d.p95 as f64 / l.p95 as f64 - 1.0),
            l.p99,
            d.p99,
            l.wakes,
            d.wakes,
            l.futile,
            d.futile,
            l.lock_busy,
            d.lock_busy
        );
    }
}
