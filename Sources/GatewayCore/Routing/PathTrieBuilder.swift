import GatewaySettings

/// Collects patterns into leaves before they are compiled to a `PathTrie`.
struct PathTrieBuilder {
    final class Node {
        var literals: [[UInt8]: Node] = [:]
        var parameter: Node?
        var exact: Int32 = -1
        var rest: Int32 = -1
    }

    private(set) var roots: [Node] = []
    private(set) var leafCount = 0

    /// Adds a separate tree and returns the index of its root.
    mutating func addRoot() -> Int {
        roots.append(Node())
        return roots.count - 1
    }

    /// Inserts a pattern and returns its leaf. Patterns that differ only in parameter names share a leaf.
    mutating func insert(_ pattern: RoutePattern, root: Int) -> Int {
        var node = roots[root]
        for segment in pattern.segments {
            switch segment {
            case .literal(let bytes):
                if let child = node.literals[bytes] {
                    node = child
                } else {
                    let child = Node()
                    node.literals[bytes] = child
                    node = child
                }
            case .parameter:
                let child = node.parameter ?? Node()
                node.parameter = child
                node = child
            }
        }
        let leaf = pattern.takesRest ? \Node.rest : \Node.exact
        if node[keyPath: leaf] < 0 {
            node[keyPath: leaf] = Int32(leafCount)
            leafCount += 1
        }
        return Int(node[keyPath: leaf])
    }
}
