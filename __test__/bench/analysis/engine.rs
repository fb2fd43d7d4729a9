//! Runs the engine on files from a shell, for benches and comparisons:
//! `engine load FILE` times one load, `engine dump FILE` prints classes and nodes as JSON,
//! `engine diff FILE FILE…` prints the suspects.

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
        _ => {
            eprintln!("usage: engine load|dump FILE, engine diff|text|json FILE FILE…");
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
    let heap = Heap::open_with_progress(path, &on_progress)?;
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
    let threads = std::env::var("ENGINE_THREADS")
        .ok()
        .and_then(|value| value.parse().ok())
        .unwrap_or(0);
    let diff = leakwatch::snapshot::diff(
        files,
        &DiffOptions {
            threads,
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
