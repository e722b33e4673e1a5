/// The route patterns of all hosts, compiled to flat arrays.
///
/// A lookup tries the literal child first, then the parameter, then the rest, and backtracks if a leaf is not
/// accepted. The nodes form a tree, so a lookup visits each node at most once: the number of nodes bounds the cost of
/// any request.
struct PathTrie: Sendable {
    private struct Node {
        /// The literal children: a hash table of `mask + 1` slots, or a list of that length if `isList` is true.
        var firstSlot: Int32 = 0
        var mask: Int32 = -1
        var isList = true
        var parameter: Int32 = -1
        /// The leaf for a path that ends here.
        var exact: Int32 = -1
        /// The leaf for any remaining path.
        var rest: Int32 = -1
    }

    private struct Slot {
        var hash: UInt32 = 0
        var offset: Int32 = 0
        var length: Int32 = 0
        /// The child node; negative for an empty slot.
        var node: Int32 = -1
    }

    /// The number of children up to which they are compared one by one.
    private static let longestList = 4

    private var nodes: [Node] = []
    private var slots: [Slot] = []
    private var text: [UInt8] = []
    /// The node of each root.
    private var roots: [Int32] = []

    init(_ builder: PathTrieBuilder) {
        for root in builder.roots { roots.append(add(root)) }
    }

    /// Visits the leaves whose patterns match `path`, most specific first, until one is accepted.
    ///
    /// - Parameters:
    ///   - captures: The captures of the leaf, while `accept` runs and after a leaf was accepted.
    ///   - visited: Incremented for each visited node.
    /// - Returns: Whether a leaf was accepted.
    func walk(
        _ path: UnsafeRawBufferPointer,
        root: Int,
        captures: inout PathCaptures,
        visited: inout Int,
        accept: (_ leaf: Int) -> Bool
    ) -> Bool {
        guard path.first == UInt8(ascii: "/") else { return false }
        return visit(roots[root], path, from: 1, &captures, &visited, accept)
    }

    /// - Parameter start: The start of the next segment, or beyond the end of the path if no segment is left.
    private func visit(
        _ index: Int32,
        _ path: UnsafeRawBufferPointer,
        from start: Int,
        _ captures: inout PathCaptures,
        _ visited: inout Int,
        _ accept: (Int) -> Bool
    ) -> Bool {
        visited += 1
        let node = nodes[Int(index)]
        if start > path.count {
            if node.exact >= 0, accept(Int(node.exact)) { return true }
        } else {
            var end = start
            var hash = FNV1a.seed32
            while end < path.count, path[end] != UInt8(ascii: "/") {
                hash = FNV1a.combine(hash, path[end])
                end += 1
            }
            if node.mask >= 0, let child = literalChild(of: node, path, from: start, to: end, hash: hash),
                visit(child, path, from: end + 1, &captures, &visited, accept)
            {
                return true
            }
            if node.parameter >= 0, end > start {
                captures.push(PathCaptures.Span(offset: start, length: end - start))
                if visit(node.parameter, path, from: end + 1, &captures, &visited, accept) { return true }
                captures.pop()
            }
        }
        guard node.rest >= 0 else { return false }
        let offset = min(start, path.count)
        captures.setRest(PathCaptures.Span(offset: offset, length: path.count - offset))
        if accept(Int(node.rest)) { return true }
        captures.setRest(nil)
        return false
    }

    private func literalChild(
        of node: Node,
        _ path: UnsafeRawBufferPointer,
        from start: Int,
        to end: Int,
        hash: UInt32
    ) -> Int32? {
        var position = node.isList ? 0 : Int32(truncatingIfNeeded: hash) & node.mask
        while true {
            let slot = slots[Int(node.firstSlot + position)]
            if slot.node < 0 { return nil }
            if slot.hash == hash, Int(slot.length) == end - start,
                isText(at: Int(slot.offset), path, from: start, to: end)
            {
                return slot.node
            }
            if node.isList {
                if position == node.mask { return nil }
                position += 1
            } else {
                position = (position + 1) & node.mask
            }
        }
    }

    private func isText(at offset: Int, _ path: UnsafeRawBufferPointer, from start: Int, to end: Int) -> Bool {
        for index in start..<end where path[index] != text[offset + index - start] { return false }
        return true
    }

    private mutating func add(_ source: PathTrieBuilder.Node) -> Int32 {
        let index = nodes.count
        nodes.append(Node())
        var node = Node()
        node.exact = source.exact
        node.rest = source.rest
        let children = source.literals.sorted { $0.key.lexicographicallyPrecedes($1.key) }
        if !children.isEmpty {
            node.isList = children.count <= Self.longestList
            var capacity = 8
            while capacity < children.count * 2 { capacity *= 2 }
            if node.isList { capacity = children.count }
            let first = slots.count
            node.firstSlot = Int32(first)
            node.mask = Int32(capacity - 1)
            slots += Array(repeating: Slot(), count: capacity)
            for (segment, child) in children {
                let hash = segment.reduce(FNV1a.seed32) { FNV1a.combine($0, $1) }
                var position = node.isList ? 0 : Int(hash) & (capacity - 1)
                while slots[first + position].node >= 0 { position = (position + 1) % capacity }
                slots[first + position] = Slot(
                    hash: hash,
                    offset: Int32(text.count),
                    length: Int32(segment.count),
                    node: .max
                )
                text += segment
                slots[first + position].node = add(child)
            }
        }
        if let parameter = source.parameter { node.parameter = add(parameter) }
        nodes[index] = node
        return Int32(index)
    }
}
