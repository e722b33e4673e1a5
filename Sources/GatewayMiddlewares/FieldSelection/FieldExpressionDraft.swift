/// The tree of names while expressions are read: a node may still get children, or become whole.
struct FieldExpressionDraft {
    struct Node {
        let name: Range<Int>
        let depth: Int
        var isWhole = false
        var firstChild: Int?
        var nextSibling: Int?
    }

    /// Bounds the work for each member of a document.
    static let maxNames = 256
    static let maxDepth = 32

    enum OnName: Equatable {
        case node(Int)
        case tooMany, tooDeep
    }

    private(set) var nodes = [Node(name: 0..<0, depth: 0)]
    private(set) var names: ContiguousArray<UInt8> = []

    /// Whether no name was read.
    var isEmpty: Bool { self.nodes.count == 1 }

    /// Finds or adds the child of `parent` with this name.
    mutating func child(of parent: Int, named name: some Collection<UInt8>) -> OnName {
        var last: Int?
        var next = self.nodes[parent].firstChild
        while let index = next {
            if self.names[self.nodes[index].name].elementsEqual(name) { return .node(index) }
            last = index
            next = self.nodes[index].nextSibling
        }
        guard self.nodes[parent].depth < Self.maxDepth else { return .tooDeep }
        guard self.nodes.count <= Self.maxNames else { return .tooMany }
        let start = self.names.count
        self.names.append(contentsOf: name)
        let added = self.nodes.count
        self.nodes.append(Node(name: start..<self.names.count, depth: self.nodes[parent].depth + 1))
        if let last { self.nodes[last].nextSibling = added } else { self.nodes[parent].firstChild = added }
        return .node(added)
    }

    /// Asks for the whole value of a node, whatever else is asked for within it.
    mutating func takeWhole(_ node: Int) { self.nodes[node].isWhole = true }

    /// The first child that counts: none of a node that is asked for as a whole.
    func firstChild(of node: Int) -> Int? { self.nodes[node].isWhole ? nil : self.nodes[node].firstChild }
}
