//! The model as text for a terminal, 80 columns wide.

use crate::format::{bytes, grouped, percent};
use crate::report::Model;
use crate::report::path_lines::path_lines;
use crate::snapshot::known::KnownLeaks;
use crate::snapshot::{ClassDelta, Diff, Summary, Suspect};

/// How the text looks.
#[derive(Clone, Copy, Debug, Default)]
pub struct TextStyle {
    /// Use colours; for terminals only.
    pub colour: bool,
    /// Rows of class tables; 0 is 20.
    pub rows: usize,
    /// Suspects told in full; 0 is 8. The others are counted.
    pub suspects: usize,
}

const WIDTH: usize = 80;
const PATH_INDENT: &str = "     ";
const BOLD: &str = "1";
const RED: &str = "31";
const DIM: &str = "2";

/// Renders the model.
pub fn text(model: &Model, style: TextStyle) -> String {
    let mut out = Text {
        out: String::new(),
        style,
        rows: if style.rows == 0 { 20 } else { style.rows },
        suspects: if style.suspects == 0 {
            8
        } else {
            style.suspects
        },
    };
    if !model.title.is_empty() {
        out.line(BOLD, &model.title);
        out.blank();
    }
    if let Some(diff) = &model.diff {
        out.diff(diff, !model.suppressed.is_empty());
    }
    if let Some(summary) = &model.summary {
        out.summary(summary);
    }
    for (suspect, entry) in &model.suppressed {
        out.wrapped(
            "",
            &format!(
                "suppressed until {}: {} ({})",
                entry.expires, suspect.sentence, entry.reason
            ),
        );
    }
    for entry in &model.expired {
        out.wrapped(
            "",
            &format!(
                "the suppression of {} expired on {} ({})",
                entry.fingerprint, entry.expires, entry.reason
            ),
        );
    }
    out.out
}

struct Text {
    out: String,
    style: TextStyle,
    rows: usize,
    suspects: usize,
}

impl Text {
    fn paint(&self, code: &str, text: &str) -> String {
        if self.style.colour && !code.is_empty() {
            format!("\u{1b}[{code}m{text}\u{1b}[0m")
        } else {
            text.to_owned()
        }
    }

    fn line(&mut self, code: &str, text: &str) {
        let painted = self.paint(code, text);
        self.out.push_str(painted.trim_end());
        self.out.push('\n');
    }

    fn blank(&mut self) {
        self.out.push('\n');
    }

    /// Breaks `text` between words; every line begins with `indent`.
    fn wrapped(&mut self, indent: &str, text: &str) {
        let mut line = indent.to_owned();
        for word in text.split(' ') {
            if width(&line) + 1 + width(word) > WIDTH && line.trim() != "" {
                self.line("", &line);
                line = indent.to_owned();
            }
            if line.len() > indent.len() {
                line.push(' ');
            }
            line.push_str(word);
        }
        self.line("", &line);
    }

    fn diff(&mut self, diff: &Diff, is_some_suppressed: bool) {
        let totals: Vec<String> = diff
            .files
            .iter()
            .map(|file| bytes(file.total_bytes))
            .collect();
        let change = bytes(diff.growth_bytes.unsigned_abs());
        let changed = match diff.growth_bytes {
            0 => "is as large as before".into(),
            1.. => format!("grew by {change}"),
            _ => format!("shrank by {change}"),
        };
        self.wrapped(
            "",
            &format!(
                "The heap {changed}: {} ({} snapshots).",
                totals.join(" → "),
                diff.files.len(),
            ),
        );
        self.blank();
        if diff.suspects.is_empty() {
            let what = if is_some_suppressed {
                "No growth but what is suppressed."
            } else if diff.files.len() > 2 {
                "No growth: nothing that the program holds grew in every step."
            } else {
                "No growth: nothing that the program holds grew by more than noise."
            };
            self.line(BOLD, what);
        }
        let known = KnownLeaks::builtin();
        for suspect in diff.suspects.iter().take(self.suspects) {
            self.suspect(suspect, &known);
        }
        let smaller = diff.suspects.len().saturating_sub(self.suspects);
        if smaller > 0 {
            let s = if smaller == 1 { "" } else { "s" };
            self.wrapped(
                "",
                &format!(
                    "{smaller} smaller suspect{s} not shown: --top {} shows all.",
                    diff.suspects.len()
                ),
            );
        }
        if diff.noise_bytes > 0 {
            let noise = bytes(diff.noise_bytes);
            self.wrapped(
                "",
                &format!(
                    "Left out: {noise} in V8's own code, shapes and caches, in single small objects, and in what is only \
                     held in another way."
                ),
            );
        }
        if diff.noise_bytes > 0 || smaller > 0 || diff.suspects.is_empty() {
            self.blank();
        }
        self.line(
            BOLD,
            &format!(
                "{:<44}{:>11}{:>12}{:>12}",
                "class", "objects", "own", "retained"
            ),
        );
        let changed = |class: &&ClassDelta| {
            class.count_before != class.count_after || class.shallow_before != class.shallow_after
        };
        for class in diff.classes.iter().filter(changed).take(self.rows) {
            self.delta(class);
        }
        let more = diff
            .class_count
            .saturating_sub(self.rows.min(diff.classes.len()));
        if more > 0 {
            self.line(
                DIM,
                &format!("{} more classes changed", grouped(more as u64)),
            );
        }
    }

    fn delta(&mut self, class: &ClassDelta) {
        let row = format!(
            "{:<44}{:>11}{:>12}{:>12}",
            fit(&class.name, 43),
            signed(class.count_before, class.count_after, grouped),
            signed(class.shallow_before, class.shallow_after, bytes),
            signed(class.retained_before, class.retained_after, bytes),
        );
        self.line("", &row);
    }

    fn suspect(&mut self, suspect: &Suspect, known: &KnownLeaks) {
        let head = format!(
            "{}. {} [{}] +{} ({})",
            suspect.rank,
            suspect.name,
            suspect.kind.name(),
            bytes(suspect.growth_bytes),
            percent(suspect.share)
        );
        self.line(
            if suspect.rank == 1 { RED } else { BOLD },
            &fit(&head, WIDTH),
        );
        match &suspect.location {
            // The place has a line of its own, whole, so that it can be copied and clicked.
            Some(place) => {
                let place = place.text();
                let see = format!("; see {place}.");
                let sentence = suspect.sentence.strip_suffix(&see);
                let sentence = sentence.map(|sentence| format!("{sentence}."));
                self.wrapped("   ", sentence.as_ref().unwrap_or(&suspect.sentence));
                self.line(BOLD, &format!("   at {place}"));
            }
            None => self.wrapped("   ", &suspect.sentence),
        }
        self.line(DIM, "   held by, from the root:");
        for line in path_lines(&suspect.path) {
            for line in line.fitted(PATH_INDENT, WIDTH) {
                self.line(DIM, &line);
            }
        }
        if let Some(leak) = known.find(suspect) {
            self.wrapped(
                "   ",
                &format!("Known: {}. {} {}", leak.title, leak.advice, leak.reference),
            );
        }
        self.line(DIM, &format!("   fingerprint {}", suspect.fingerprint));
        self.blank();
    }

    fn summary(&mut self, summary: &Summary) {
        let file = &summary.file;
        self.wrapped(
            "",
            &format!(
                "{}: {} in {} objects, {} references",
                file.path.display(),
                bytes(file.total_bytes),
                grouped(file.nodes),
                grouped(file.edges)
            ),
        );
        self.blank();
        self.line(
            BOLD,
            &format!(
                "{:<44}{:>11}{:>12}{:>12}",
                "class", "objects", "own", "retained"
            ),
        );
        for class in summary.classes.iter().take(self.rows) {
            let row = format!(
                "{:<44}{:>11}{:>12}{:>12}",
                fit(&class.name, 43),
                grouped(class.count),
                bytes(class.shallow),
                bytes(class.retained)
            );
            self.line("", &row);
        }
        let more = summary
            .class_count
            .saturating_sub(self.rows.min(summary.classes.len()));
        if more > 0 {
            self.line(DIM, &format!("{} more classes", grouped(more as u64)));
        }
    }
}

/// `+1,000` or `-12 kB`.
fn signed(before: u64, after: u64, format: impl Fn(u64) -> String) -> String {
    match after.checked_sub(before) {
        Some(0) => "0".into(),
        Some(more) => format!("+{}", format(more)),
        None => format!("-{}", format(before - after)),
    }
}

pub(super) fn width(text: &str) -> usize {
    text.chars().count()
}

/// Cut to `limit` characters.
pub(super) fn fit(text: &str, limit: usize) -> String {
    crate::snapshot::names::shorten(text, limit)
}
