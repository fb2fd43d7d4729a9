//! Runs the engine on files from a shell, for benches and comparisons:
//! `engine load FILE` times one load, `engine dump FILE` prints classes and nodes as JSON,
//! `engine deltas FILE FILE` what changed by class as JSON, `engine diff FILE FILE…` prints the suspects.

#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a program for a shell"
)]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Mutex;
use std::time::Instant;

use leakwatch::report::{Model, TextStyle};
use leakwatch::snapshot::graph::Graph;
use leakwatch::snapshot::heap::Heap;
use leakwatch::snapshot::redact::{Redaction, redact};
use leakwatch::snapshot::{DiffOptions, Options, Progress, SnapshotError};
use serde_json::json;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let files: Vec<PathBuf> = arguments.iter().skip(1).map(PathBuf::from).collect();
    let result = match arguments.first().map(String::as_str) {
        Some("load") if files.len() == 1 => load(&files[0]),
        Some("diff") if files.len() >= 2 => compare(&files),
        Some(format @ ("text" | "json")) if !files.is_empty() => report(format, &files),
        Some("redact") if files.len() == 2 => {
            redact(&files[0], &files[1], &Redaction::default()).map(drop)
        }
        Some("dump") if files.len() == 1 => dump(&files[0]),
        Some("deltas") if files.len() == 2 => deltas(&files),
        Some("cost") if files.len() >= 2 => cost(&arguments[1], &files[1..]),
        _ => {
            eprintln!(
                "usage: engine load|dump FILE, engine deltas FILE FILE, engine cost load|parse|diff FILE…, engine diff|text|json FILE FILE…"
            );
            return ExitCode::from(2);
        }
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{}: {error}", error.code());
            ExitCode::from(2)
        }
    }
}

/// One load with the seconds until each step was first reported.
fn load(path: &Path) -> Result<(), SnapshotError> {
    let start = Instant::now();
    let steps = Mutex::new(BTreeMap::new());
    let on_progress = |progress: Progress| {
        if let Ok(mut steps) = steps.lock() {
            steps.insert(
                format!("{:?}", progress.phase),
                start.elapsed().as_secs_f64(),
            );
        }
        true
    };
    let heap = Heap::open_with_progress(path, threads(), &on_progress)?;
    let elapsed = start.elapsed().as_secs_f64();
    eprintln!(
        "{}",
        json!({
            "seconds": elapsed,
            "lastReport": *steps.lock().map_err(|_| SnapshotError::Aborted)?,
            "nodes": heap.graph.node_count(),
            "edges": heap.graph.edge_count(),
            "classes": heap.classes.table.len(),
            "total": heap.total_size(),
        })
    );
    Ok(())
}

/// What a load, the parsing alone or a comparison costs: seconds of CPU and wall time, bytes of memory at the peak.
fn cost(what: &str, files: &[PathBuf]) -> Result<(), SnapshotError> {
    let start = Instant::now();
    let (nodes, edges) = match what {
        "parse" => {
            let graph = Graph::read(&files[0], threads())?;
            (graph.node_count(), graph.edge_count())
        }
        "diff" => {
            let options = DiffOptions {
                threads: threads(),
                ..DiffOptions::default()
            };
            let diff = leakwatch::snapshot::diff(files, &options)?;
            let last = &diff.files[files.len() - 1];
            (last.nodes as usize, last.edges as usize)
        }
        _ => {
            let heap = Heap::open_with_progress(&files[0], threads(), &|_| true)?;
            (heap.graph.node_count(), heap.graph.edge_count())
        }
    };
    let wall = start.elapsed().as_secs_f64();
    let (cpu, rss) = used();
    println!(
        "{}",
        json!({ "cpu": cpu, "wall": wall, "rss": rss, "nodes": nodes, "edges": edges })
    );
    Ok(())
}

/// Seconds of CPU that this process took so far, all threads and the kernel's work for them, and its largest memory.
fn used() -> (f64, u64) {
    let read = |name| std::fs::read_to_string(name).unwrap_or_default();
    let stat = read("/proc/self/stat");
    // In hundredths of a second.
    let ticks = stat
        .split(' ')
        .skip(13)
        .take(2)
        .filter_map(|field| field.parse::<f64>().ok());
    let status = read("/proc/self/status");
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kilobytes = peak.and_then(|peak| peak.trim().trim_end_matches(" kB").parse::<u64>().ok());
    (ticks.sum::<f64>() / 100.0, kilobytes.unwrap_or(0) * 1024)
}

/// Threads used, from the environment; 0 is as many as there are processors, up to two.
fn threads() -> usize {
    std::env::var("ENGINE_THREADS")
        .ok()
        .and_then(|value| value.parse().ok())
        .unwrap_or(0)
}

/// A whole report: of one file its summary, of several their comparison.
fn report(format: &str, files: &[PathBuf]) -> Result<(), SnapshotError> {
    let mut model = Model {
        title: "leakwatch report".into(),
        ..Model::default()
    };
    if files.len() == 1 {
        model.summary = Some(leakwatch::snapshot::summarize(
            &files[0],
            &Options::default(),
        )?);
    } else {
        model.diff = Some(leakwatch::snapshot::diff(files, &DiffOptions::default())?);
    }
    println!(
        "{}",
        match format {
            "text" => leakwatch::report::text(&model, TextStyle::default()),
            _ => leakwatch::report::json(&model),
        }
    );
    Ok(())
}

/// The suspects of a comparison, a line for each and its path below.
fn compare(files: &[PathBuf]) -> Result<(), SnapshotError> {
    let start = Instant::now();
    let diff = leakwatch::snapshot::diff(
        files,
        &DiffOptions {
            threads: threads(),
            ..DiffOptions::default()
        },
    )?;
    println!(
        "{} s, growth {}, noise {}",
        start.elapsed().as_secs_f64(),
        diff.growth_bytes,
        diff.noise_bytes
    );
    for suspect in diff.suspects.iter().take(5) {
        println!(
            "{} [{}] {} {} {}",
            suspect.rank,
            suspect.kind.name(),
            suspect.name,
            suspect.fingerprint,
            suspect.sentence
        );
        println!("    {}", suspect.signature);
    }
    Ok(())
}

fn dump(path: &Path) -> Result<(), SnapshotError> {
    let heap = Heap::open_path(path)?;
    let rows: Vec<_> = heap
        .classes
        .table
        .iter()
        .filter(|class| class.count > 0)
        .map(|class| {
            let location = class.key.location.map(|at| [at.script, at.line, at.column]);
            json!([
                class.key.name,
                location,
                class.count,
                class.shallow,
                class.retained
            ])
        })
        .collect();
    let nodes: Vec<_> = (0..heap.graph.node_count() as u32)
        .map(|node| {
            json!([
                heap.graph.id(node),
                heap.dominators.retained_size(node),
                heap.shallow.get(node)
            ])
        })
        .collect();
    println!(
        "{}",
        json!({ "total": heap.total_size(), "rows": rows, "nodes": nodes })
    );
    Ok(())
}

/// New and deleted objects of each class that has any: counts, bytes.
fn deltas(files: &[PathBuf]) -> Result<(), SnapshotError> {
    let options = DiffOptions {
        top_classes: 0,
        ..DiffOptions::default()
    };
    let diff = leakwatch::snapshot::diff(files, &options)?;
    let rows: Vec<_> = diff
        .classes
        .iter()
        .map(|class| {
            let place = class.location.as_ref().map(|at| (at.line, at.column));
            json!([class.name, place, class.new, class.deleted])
        })
        .collect();
    println!("{}", json!(rows));
    Ok(())
}
