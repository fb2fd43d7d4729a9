//! Node and edge types, independent of the numbers a V8 version gives them.

/// What V8 says a node is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum NodeType {
    /// V8's own objects without a better name.
    Hidden,
    /// Backing stores: elements, properties, hash tables.
    Array,
    /// A flat string.
    String,
    /// A JavaScript object, and contexts.
    Object,
    /// Code, bytecode, scripts, feedback.
    Code,
    /// A function.
    Closure,
    /// A regular expression.
    RegExp,
    /// A number on the heap.
    Number,
    /// Memory of the embedder.
    Native,
    /// Roots and their groups.
    Synthetic,
    /// A rope of two strings.
    ConsString,
    /// A view of another string.
    SlicedString,
    /// A symbol.
    Symbol,
    /// A BigInt.
    BigInt,
    /// Maps and descriptors: V8's hidden classes.
    ObjectShape,
    /// WebAssembly objects.
    WasmObject,
    /// A type this version does not know.
    Other,
}

impl NodeType {
    /// The type that `name` has in `snapshot.meta`.
    pub fn from_name(name: &str) -> NodeType {
        NodeType::ALL
            .into_iter()
            .find(|known| known.name() == name)
            .unwrap_or(NodeType::Other)
    }

    /// The name in `snapshot.meta`.
    pub fn name(self) -> &'static str {
        match self {
            NodeType::Hidden => "hidden",
            NodeType::Array => "array",
            NodeType::String => "string",
            NodeType::Object => "object",
            NodeType::Code => "code",
            NodeType::Closure => "closure",
            NodeType::RegExp => "regexp",
            NodeType::Number => "number",
            NodeType::Native => "native",
            NodeType::Synthetic => "synthetic",
            NodeType::ConsString => "concatenated string",
            NodeType::SlicedString => "sliced string",
            NodeType::Symbol => "symbol",
            NodeType::BigInt => "bigint",
            NodeType::ObjectShape => "object shape",
            NodeType::WasmObject => "wasm object",
            NodeType::Other => "other",
        }
    }

    /// Whether a node of this type is a string of any representation.
    pub fn is_string(self) -> bool {
        matches!(
            self,
            NodeType::String | NodeType::ConsString | NodeType::SlicedString
        )
    }

    pub(crate) fn from_index(index: u8) -> NodeType {
        NodeType::ALL
            .get(index as usize)
            .copied()
            .unwrap_or(NodeType::Other)
    }

    const ALL: [NodeType; 17] = [
        NodeType::Hidden,
        NodeType::Array,
        NodeType::String,
        NodeType::Object,
        NodeType::Code,
        NodeType::Closure,
        NodeType::RegExp,
        NodeType::Number,
        NodeType::Native,
        NodeType::Synthetic,
        NodeType::ConsString,
        NodeType::SlicedString,
        NodeType::Symbol,
        NodeType::BigInt,
        NodeType::ObjectShape,
        NodeType::WasmObject,
        NodeType::Other,
    ];
}

/// How one node refers to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum EdgeType {
    /// A variable of a function's context.
    Context,
    /// An array element; the name is an index.
    Element,
    /// A named property.
    Property,
    /// A link of V8 with a name.
    Internal,
    /// A link of V8 without one; the name is an index.
    Hidden,
    /// A copy of a path, for reading convenience.
    Shortcut,
    /// Does not keep its target.
    Weak,
    /// From a WeakMap's table to a value: kept by key and table together, counted at the key.
    WeakMapTable,
    /// A type this version does not know.
    Other,
}

impl EdgeType {
    /// The type that `name` has in `snapshot.meta`.
    pub fn from_name(name: &str) -> EdgeType {
        match name {
            "context" => EdgeType::Context,
            "element" => EdgeType::Element,
            "property" => EdgeType::Property,
            "internal" => EdgeType::Internal,
            "hidden" => EdgeType::Hidden,
            "shortcut" => EdgeType::Shortcut,
            "weak" => EdgeType::Weak,
            _ => EdgeType::Other,
        }
    }

    /// The name in `snapshot.meta`.
    pub fn name(self) -> &'static str {
        match self {
            EdgeType::Context => "context",
            EdgeType::Element => "element",
            EdgeType::Property => "property",
            EdgeType::Internal | EdgeType::WeakMapTable => "internal",
            EdgeType::Hidden => "hidden",
            EdgeType::Shortcut => "shortcut",
            EdgeType::Weak => "weak",
            EdgeType::Other => "other",
        }
    }

    /// Whether the edge's name is a number rather than a string.
    pub fn is_indexed(self) -> bool {
        matches!(self, EdgeType::Element | EdgeType::Hidden)
    }

    /// **Which edges keep a node alive**, for dominators and paths: the essential-edge rule of Chrome DevTools.
    ///
    /// - Weak edges never do.
    /// - Shortcuts repeat another path, but for those at the root, which mark the global objects.
    /// - An edge to itself keeps nothing.
    /// - A value in a WeakMap is kept by its key and the table together; the edge from the key counts, the edge from
    ///   the table does not ([`EdgeType::WeakMapTable`]).
    /// - An object that the program can reach from its globals ("page-owned" in DevTools) is not kept by one that only
    ///   V8, the embedder or a debugger can reach, but for the root itself. That part needs a traversal and is applied
    ///   where the graph is numbered ([`crate::snapshot::order`]).
    #[inline(always)]
    pub fn is_essential(self, from: u32, to: u32) -> bool {
        EdgeType::essential_from(from) >> self as u32 & 1 != 0 && from != to
    }

    /// The types of edges that keep what they lead to, but for the node itself: a bit each.
    #[inline(always)]
    pub(crate) fn essential_from(from: u32) -> u32 {
        const NEVER: u32 = 1 << EdgeType::Weak as u32 | 1 << EdgeType::WeakMapTable as u32;
        const FROM_ROOT_ALONE: u32 = 1 << EdgeType::Shortcut as u32;
        if from == 0 {
            !NEVER
        } else {
            !(NEVER | FROM_ROOT_ALONE)
        }
    }

    #[inline(always)]
    pub(crate) fn from_index(index: u8) -> EdgeType {
        match index {
            0 => EdgeType::Context,
            1 => EdgeType::Element,
            2 => EdgeType::Property,
            3 => EdgeType::Internal,
            4 => EdgeType::Hidden,
            5 => EdgeType::Shortcut,
            6 => EdgeType::Weak,
            7 => EdgeType::WeakMapTable,
            _ => EdgeType::Other,
        }
    }
}
