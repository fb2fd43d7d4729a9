//! `snapshot.meta`: where the fields of a node, an edge and a location lie in this file.

use serde_json::Value;

use crate::snapshot::SnapshotError;
use crate::snapshot::kind::{EdgeType, NodeType};

/// Field positions and type names of one file.
#[derive(Debug)]
pub(crate) struct Layout {
    pub(crate) node_fields: usize,
    pub(crate) node_type: usize,
    pub(crate) node_name: usize,
    pub(crate) node_id: usize,
    pub(crate) node_size: usize,
    pub(crate) node_edges: usize,
    pub(crate) node_detachedness: Option<usize>,
    pub(crate) edge_fields: usize,
    pub(crate) edge_type: usize,
    pub(crate) edge_name: usize,
    pub(crate) edge_to: usize,
    pub(crate) location_fields: usize,
    pub(crate) location: Option<[usize; 4]>,
    pub(crate) node_types: Vec<NodeType>,
    pub(crate) edge_types: Vec<EdgeType>,
    pub(crate) node_count: u64,
    pub(crate) edge_count: u64,
    pub(crate) extra_native_bytes: u64,
}

/// More fields per record than any V8 has had; a bound on what a hostile header can ask for.
pub(crate) const MAX_FIELDS: usize = 16;

impl Layout {
    /// Reads the value of the key `snapshot`, which begins at byte `at`.
    pub(crate) fn parse(text: &[u8], at: u64) -> Result<Layout, SnapshotError> {
        let value: Value = serde_json::from_slice(text).map_err(|error| {
            SnapshotError::corrupt(at, format!("the header is no JSON: {error}"))
        })?;
        let meta = &value["meta"];
        if !meta.is_object() {
            return Err(SnapshotError::Foreign {
                at,
                what: "the header has no \"meta\"".into(),
            });
        }
        let nodes = Fields::parse(meta, "node_fields", at)?;
        let edges = Fields::parse(meta, "edge_fields", at)?;
        let locations = if meta["location_fields"].is_array() {
            Some(Fields::parse(meta, "location_fields", at)?)
        } else {
            None
        };
        let location = locations.as_ref().and_then(|fields| {
            Some([
                fields.find("object_index")?,
                fields.find("script_id")?,
                fields.find("line")?,
                fields.find("column")?,
            ])
        });
        let type_names = |list: &str, position: usize| -> Result<Vec<String>, SnapshotError> {
            let names = meta[list][position].as_array().ok_or_else(|| {
                SnapshotError::corrupt(
                    at,
                    format!("\"{list}\" names no types at position {position}"),
                )
            })?;
            Ok(names
                .iter()
                .map(|name| name.as_str().unwrap_or_default().to_owned())
                .collect())
        };
        let node_type = nodes.position("type")?;
        let edge_type = edges.position("type")?;
        Ok(Layout {
            node_fields: nodes.names.len(),
            node_type,
            node_name: nodes.position("name")?,
            node_id: nodes.position("id")?,
            node_size: nodes.position("self_size")?,
            node_edges: nodes.position("edge_count")?,
            node_detachedness: nodes.find("detachedness"),
            edge_fields: edges.names.len(),
            edge_type,
            edge_name: edges.position("name_or_index")?,
            edge_to: edges.position("to_node")?,
            location_fields: locations.map_or(0, |fields| fields.names.len()),
            location,
            node_types: type_names("node_types", node_type)?
                .iter()
                .map(|name| NodeType::from_name(name))
                .collect(),
            edge_types: type_names("edge_types", edge_type)?
                .iter()
                .map(|name| EdgeType::from_name(name))
                .collect(),
            node_count: value["node_count"].as_u64().unwrap_or(0),
            edge_count: value["edge_count"].as_u64().unwrap_or(0),
            extra_native_bytes: value["extra_native_bytes"].as_u64().unwrap_or(0),
        })
    }
}

struct Fields {
    list: &'static str,
    names: Vec<String>,
    at: u64,
}

impl Fields {
    fn parse(meta: &Value, list: &'static str, at: u64) -> Result<Fields, SnapshotError> {
        let names = meta[list]
            .as_array()
            .ok_or_else(|| SnapshotError::Foreign {
                at,
                what: format!("\"meta\" has no \"{list}\""),
            })?;
        let names: Vec<String> = names
            .iter()
            .map(|name| name.as_str().unwrap_or_default().to_owned())
            .collect();
        if names.is_empty() || names.len() > MAX_FIELDS {
            return Err(SnapshotError::corrupt(
                at,
                format!("\"{list}\" has {} fields", names.len()),
            ));
        }
        Ok(Fields { list, names, at })
    }

    fn find(&self, name: &str) -> Option<usize> {
        self.names.iter().position(|known| known == name)
    }

    fn position(&self, name: &str) -> Result<usize, SnapshotError> {
        self.find(name).ok_or_else(|| {
            SnapshotError::corrupt(self.at, format!("\"{}\" lacks \"{name}\"", self.list))
        })
    }
}
