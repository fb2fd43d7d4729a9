//! The model as one HTML file that opens from disk, needs no network and runs no one else's code.

use crate::report::Model;
use crate::report::json::value;

const TEMPLATE: &str = include_str!("report.html");
const STYLE: &str = include_str!("report.css");
const SCRIPT: &str = include_str!("report.js");

/// Renders the model: template, style and script with the JSON inside.
pub fn html(model: &Model) -> String {
    // In a script element only `<` can end it early or begin a comment; as an escape it is the same JSON.
    let data = value(model).to_string().replace('<', "\\u003c");
    let title = if model.title.is_empty() {
        "leakwatch"
    } else {
        &model.title
    };
    TEMPLATE
        .replace("/*style*/", STYLE)
        .replace("/*script*/", SCRIPT)
        .replace("<!--title-->", &escape(title))
        // Last, so that nothing in the data is taken for a mark of the template.
        .replace("/*data*/", &data)
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}
