//! What each string of a snapshot is used for: one byte a string.

use crate::snapshot::kind::{EdgeType, NodeType};
use crate::snapshot::layout::{Layout, MAX_FIELDS};

/// What a string is used for; the greatest that applies decides.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub(super) enum Use {
    /// The text of strings alone, or nothing we know.
    Value,
    /// A number's.
    Number,
    /// A property's that occurs once.
    Key,
    /// An embedder object's.
    Tag,
    /// A constructor's, function's, property's, variable's; a script's URL.
    Name,
}

/// The uses so far, by string.
pub(super) struct Uses {
    /// Names of properties may be secrets, too.
    property_names: bool,
    by_string: Vec<Use>,
    /// How often a string names a property, counted to two.
    properties: Vec<u8>,
}

impl Uses {
    pub(super) fn new(property_names: bool) -> Uses {
        Uses {
            property_names,
            by_string: Vec::new(),
            properties: Vec::new(),
        }
    }

    /// Notes the name of a node; `false` if its number is above `most`.
    pub(super) fn note_node(
        &mut self,
        layout: &Layout,
        record: &[u64; MAX_FIELDS],
        most: u64,
    ) -> bool {
        let kind = layout
            .node_types
            .get(record[layout.node_type] as usize)
            .copied()
            .unwrap_or(NodeType::Other);
        let used = match kind {
            NodeType::String | NodeType::ConsString | NodeType::SlicedString | NodeType::RegExp => {
                Use::Value
            }
            NodeType::Number | NodeType::BigInt => Use::Number,
            NodeType::Native => Use::Tag,
            _ => Use::Name,
        };
        self.raise(record[layout.node_name], used, most)
    }

    /// Notes the name of an edge; `false` if its number is above `most`.
    pub(super) fn note_edge(
        &mut self,
        layout: &Layout,
        record: &[u64; MAX_FIELDS],
        most: u64,
    ) -> bool {
        let kind = layout
            .edge_types
            .get(record[layout.edge_type] as usize)
            .copied()
            .unwrap_or(EdgeType::Other);
        let name = record[layout.edge_name];
        if kind.is_indexed() {
            return true;
        }
        if !(self.property_names && kind == EdgeType::Property) {
            return self.raise(name, Use::Name, most);
        }
        if !self.raise(name, Use::Key, most) {
            return false;
        }
        let name = name as usize;
        if name >= self.properties.len() {
            let length = self.by_string.len().max(name + 1);
            self.properties.resize(length, 0);
        }
        self.properties[name] = self.properties[name].saturating_add(1);
        true
    }

    fn raise(&mut self, index: u64, to: Use, most: u64) -> bool {
        if index >= self.by_string.len() as u64 {
            if index > most {
                return false;
            }
            self.by_string.resize(index as usize + 1, Use::Value);
        }
        let slot = &mut self.by_string[index as usize];
        if *slot < to {
            *slot = to;
        }
        true
    }

    /// The use of string `index`, once all that can name it has gone by.
    pub(super) fn of(&self, index: usize) -> Use {
        let used = self.by_string.get(index).copied().unwrap_or(Use::Value);
        match used {
            // What V8 itself calls strings without showing them.
            _ if index == 0 => Use::Name,
            // A name of several properties is no key.
            Use::Key if self.properties.get(index).is_some_and(|&count| count > 1) => Use::Name,
            used => used,
        }
    }
}
