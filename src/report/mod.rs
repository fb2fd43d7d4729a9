//! One model, versioned schema: JSON, text, one offline HTML file.
