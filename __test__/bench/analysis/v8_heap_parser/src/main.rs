//! Loads a snapshot with the crate v8-heap-parser, to retained sizes and classes, and prints what that cost.

use std::time::Instant;

fn main() {
    let path = std::env::args().nth(1).expect("a snapshot");
    let start = Instant::now();
    let bytes = std::fs::read(path).expect("a file that can be read");
    let graph = v8_heap_parser::decode_slice(&bytes).expect("a heap snapshot");
    let (retained, classes) = (graph.retained_size(1), graph.get_class_groups(false).len());
    let wall = start.elapsed().as_secs_f64();
    // User and system time in hundredths of a second; what its threads took is in them.
    let stat = std::fs::read_to_string("/proc/self/stat").expect("Linux");
    let fields: Vec<f64> = stat.split(' ').skip(13).take(2).filter_map(|field| field.parse().ok()).collect();
    let status = std::fs::read_to_string("/proc/self/status").expect("Linux");
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("a peak");
    let peak: f64 = peak.trim().trim_end_matches(" kB").parse().expect("a number");
    println!(
        r#"{{"cpu":{},"wall":{wall},"rss":{},"nodes":{},"classes":{classes},"retained":{retained}}}"#,
        fields.iter().sum::<f64>() / 100.0,
        peak * 1024.0,
        graph.nodes().len(),
    );
}
