//! Snapshot files and their meaning, worked out on libuv's thread pool.

use super::outcomes::JsError;
use super::{Result, refused};
use crate::report::{self, Model, TextStyle};
use crate::snapshot::redact::{Redaction, redact};
use crate::snapshot::retainers::{Marked, retainers};
use crate::snapshot::{
    DiffOptions, OnProgress, Options, Phase, Progress, SnapshotError, diff, summarize, suppress,
};
use napi::bindgen_prelude::{AsyncTask, FnArgs, Function};
use napi::threadsafe_function::ThreadsafeFunctionCallMode;
use napi::{Env, Task};
use napi_derive::napi;
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

type Tell = Box<dyn Fn(Progress) + Send + Sync>;
/// Phase, file, done, total.
type Step = FnArgs<(String, f64, f64, f64)>;

/// What to work out, already checked by the facade. It comes as JSON: an object of so many fields is 9 KB of glue.
#[derive(Clone)]
struct Request {
    /// `summary`, `diff`, `retainers`, `redact` (two paths: from, to), `suppressions` (what a suppress file says) or
    /// `nothing` (a report of no snapshot).
    what: String,
    paths: Vec<String>,
    /// `value` (the API's result as JSON); a report as `model` (JSON in one line), `json` or `text`.
    format: String,
    title: String,
    top_classes: Option<usize>,
    top_suspects: Option<usize>,
    min_growth_bytes: Option<u64>,
    source_maps: Option<bool>,
    threads: Option<usize>,
    colour: bool,
    /// The text of a suppress file, and today's date for it.
    suppress: Option<String>,
    today: String,
    /// The version of Node that wrote the files.
    node_version: Option<String>,
    /// Replace keys of dictionaries as well.
    property_names: bool,
    /// For `retainers`: the class that marks objects, the labels asked for, and the folder of our own code.
    mark: String,
    labels: Vec<String>,
    own_folder: String,
}

impl Request {
    fn parse(text: &str) -> Request {
        let given: Value = serde_json::from_str(text).unwrap_or_default();
        let text = |name: &str| given[name].as_str().map(str::to_owned);
        let number = |name: &str| given[name].as_f64().map(|number| number as u64);
        let count = |name: &str| number(name).map(|number| number as usize);
        let list = |name: &str| {
            let items = given[name].as_array().into_iter().flatten();
            items
                .filter_map(Value::as_str)
                .map(str::to_owned)
                .collect::<Vec<String>>()
        };
        Request {
            what: text("what").unwrap_or_default(),
            paths: list("paths"),
            format: text("format").unwrap_or_default(),
            title: text("title").unwrap_or_default(),
            top_classes: count("topClasses"),
            top_suspects: count("topSuspects"),
            min_growth_bytes: number("minGrowthBytes"),
            source_maps: given["sourceMaps"].as_bool(),
            threads: count("threads"),
            colour: given["colour"].as_bool().unwrap_or(false),
            suppress: text("suppress"),
            today: text("today").unwrap_or_default(),
            node_version: text("nodeVersion"),
            property_names: given["propertyNames"].as_bool().unwrap_or(false),
            mark: text("mark").unwrap_or_default(),
            labels: list("labels"),
            own_folder: text("ownFolder").unwrap_or_default(),
        }
    }
}

#[napi(object)]
pub struct JsAnalysed {
    pub text: String,
    /// Suspects that are not suppressed.
    pub suspects: u32,
    pub error: Option<JsError>,
}

/// One analysis under way.
#[napi]
pub struct Analysis {
    request: Request,
    aborted: Arc<AtomicBool>,
}

#[napi]
impl Analysis {
    #[napi(factory, catch_unwind)]
    pub fn of(request: String) -> Self {
        Self {
            request: Request::parse(&request),
            aborted: Arc::default(),
        }
    }

    /// A promise for the result. `progress(phase, file, done, total)` is called
    /// now and then and never keeps the loop alive.
    #[napi(catch_unwind)]
    pub fn run(&self, progress: Option<Function<'_, Step, ()>>) -> Result<AsyncTask<Work>> {
        Ok(AsyncTask::new(Work {
            request: self.request.clone(),
            aborted: Arc::clone(&self.aborted),
            tell: progress.map(teller).transpose()?,
        }))
    }

    /// The same at once, for callers that cannot wait.
    #[napi(catch_unwind)]
    pub fn run_now(&self) -> JsAnalysed {
        let request = self.request.clone();
        let aborted = Arc::clone(&self.aborted);
        let work = Work {
            request,
            aborted,
            tell: None,
        };
        work.analysed()
    }

    /// Ends it at the next step.
    #[napi(catch_unwind)]
    pub fn abort(&self) {
        self.aborted.store(true, Ordering::Release);
    }
}

fn teller(progress: Function<'_, Step, ()>) -> Result<Tell> {
    let function = progress
        .build_threadsafe_function()
        .weak::<true>()
        .max_queue_size::<4>()
        .build()
        .map_err(refused)?;
    Ok(Box::new(move |at| {
        let phase = match at.phase {
            Phase::Parse => "parse",
            Phase::Dominators => "dominators",
            Phase::Classes => "classes",
            Phase::Compare => "compare",
        };
        let told = (
            phase.to_owned(),
            at.file as f64,
            at.done as f64,
            at.total as f64,
        );
        // A full queue means that nobody has looked at the last steps yet.
        let _ = function.call(told.into(), ThreadsafeFunctionCallMode::NonBlocking);
    }))
}

/// The work itself. Errors are in the result, since a rejection could not carry
/// their code.
pub struct Work {
    request: Request,
    aborted: Arc<AtomicBool>,
    tell: Option<Tell>,
}

impl Work {
    fn analysed(&self) -> JsAnalysed {
        let go_on = |at: Progress| {
            if let Some(tell) = &self.tell {
                tell(at);
            }
            !self.aborted.load(Ordering::Acquire)
        };
        let done =
            std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| work(&self.request, &go_on)));
        let error = match done {
            Ok(Ok(analysed)) => return analysed,
            Ok(Err(error)) => JsError {
                code: error.code().to_owned(),
                message: error.to_string(),
                details: "{}".to_owned(),
            },
            Err(_) => JsError {
                code: "ERR_LEAKWATCH_SNAPSHOT_CORRUPT".to_owned(),
                message: "the analysis failed on this file; please report it".to_owned(),
                details: "{}".to_owned(),
            },
        };
        JsAnalysed {
            text: String::new(),
            suspects: 0,
            error: Some(error),
        }
    }
}

impl Task for Work {
    type Output = JsAnalysed;
    type JsValue = JsAnalysed;

    fn compute(&mut self) -> napi::Result<JsAnalysed> {
        Ok(self.analysed())
    }

    fn resolve(&mut self, _env: Env, output: JsAnalysed) -> napi::Result<JsAnalysed> {
        Ok(output)
    }
}

fn work(
    request: &Request,
    progress: OnProgress<'_>,
) -> std::result::Result<JsAnalysed, SnapshotError> {
    let paths: Vec<PathBuf> = request.paths.iter().map(PathBuf::from).collect();
    let mut model = Model {
        title: request.title.clone(),
        ..Model::default()
    };
    match (request.what.as_str(), paths.as_slice()) {
        ("nothing", []) => {}
        ("suppressions", []) => return listed(request),
        ("redact", [from, to]) => return redacted(request, from, to, progress),
        ("retainers", [path]) => return held(request, path, progress),
        ("summary", [path]) => {
            let defaults = Options::default();
            model.summary = Some(summarize(
                path,
                &Options {
                    progress: Some(progress),
                    top_classes: request.top_classes.unwrap_or(defaults.top_classes),
                    threads: 0,
                },
            )?);
        }
        ("diff", paths) if paths.len() >= 2 => compare(request, paths, progress, &mut model)?,
        (what, paths) => {
            return Err(SnapshotError::Usage {
                what: format!("{what} does not go with {} files", paths.len()),
            });
        }
    }
    let suspects = model.diff.as_ref().map_or(0, |diff| diff.suspects.len());
    Ok(JsAnalysed {
        text: render(request, &model),
        suspects: suspects as u32,
        error: None,
    })
}

fn compare(
    request: &Request,
    paths: &[PathBuf],
    progress: OnProgress<'_>,
    model: &mut Model,
) -> std::result::Result<(), SnapshotError> {
    let defaults = DiffOptions::default();
    // A wrong suppress file is told before minutes of work.
    let suppressions = request
        .suppress
        .as_deref()
        .map(suppress::parse)
        .transpose()?;
    let mut found = diff(
        paths,
        &DiffOptions {
            progress: Some(progress),
            top_suspects: request.top_suspects.unwrap_or(defaults.top_suspects),
            top_classes: request.top_classes.unwrap_or(defaults.top_classes),
            min_growth_bytes: request.min_growth_bytes,
            source_maps: request.source_maps.unwrap_or(defaults.source_maps),
            threads: request.threads.unwrap_or(defaults.threads),
            node_version: request.node_version.as_deref(),
            ..defaults
        },
    )?;
    if let Some(suppressions) = suppressions {
        let found_now = std::mem::take(&mut found.suspects);
        let sorted = suppress::apply(found_now, &suppressions, &request.today);
        found.suspects = sorted.kept;
        model.suppressed = sorted.suppressed;
        model.expired = sorted.expired;
    }
    model.diff = Some(found);
    Ok(())
}

fn redacted(
    request: &Request,
    from: &Path,
    to: &Path,
    progress: OnProgress<'_>,
) -> std::result::Result<JsAnalysed, SnapshotError> {
    let redaction = Redaction {
        property_names: request.property_names,
        progress: Some(progress),
    };
    let bytes = redact(from, to, &redaction)?;
    Ok(JsAnalysed {
        text: bytes.to_string(),
        suspects: 0,
        error: None,
    })
}

fn held(
    request: &Request,
    path: &Path,
    progress: OnProgress<'_>,
) -> std::result::Result<JsAnalysed, SnapshotError> {
    let marked = Marked {
        class: &request.mark,
        labels: &request.labels,
        own_folder: &request.own_folder,
        progress: Some(progress),
    };
    Ok(JsAnalysed {
        text: report::retainers_value(&retainers(path, &marked)?).to_string(),
        suspects: 0,
        error: None,
    })
}

fn listed(request: &Request) -> std::result::Result<JsAnalysed, SnapshotError> {
    let entries = suppress::parse(request.suppress.as_deref().unwrap_or_default())?;
    Ok(JsAnalysed {
        text: report::suppressions_value(&entries).to_string(),
        suspects: 0,
        error: None,
    })
}

fn render(request: &Request, model: &Model) -> String {
    match request.format.as_str() {
        "json" => report::json(model),
        "model" => report::value(model).to_string(),
        "text" => {
            let style = TextStyle {
                colour: request.colour,
                rows: 0,
                suspects: request.top_suspects.unwrap_or(0),
            };
            report::text(model, style)
        }
        _ => match (&model.diff, &model.summary) {
            (Some(_), _) => diff_result(model).to_string(),
            (None, Some(summary)) => report::summary_value(summary).to_string(),
            (None, None) => "null".to_owned(),
        },
    }
}

/// `diff()`'s result, with what the suppress file did to it.
fn diff_result(model: &Model) -> Value {
    let mut whole = report::value(model);
    let mut diff = whole["diff"].take();
    for key in ["suppressed", "expiredSuppressions"] {
        if let Some(value) = whole.get_mut(key) {
            diff[key] = value.take();
        }
    }
    diff
}
