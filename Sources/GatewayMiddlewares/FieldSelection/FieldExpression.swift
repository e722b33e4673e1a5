/// The members of a JSON document that a client asks for, as a tree of names: `id,author.name,items(id,price)`.
///
/// The nodes are in one array, each node's children next to each other and in the order of their hashes, so that a
/// member's name is found by binary search.
struct FieldExpression: Equatable, Sendable {
    struct Node: Equatable, Sendable {
        let hash: UInt64
        /// The position of the name in ``names``.
        let name: Range<Int>
        /// The node of the object around it. The root is its own parent.
        let parent: Int
        /// Its node in the draft.
        let draft: Int
        /// Its members that are asked for; empty for the whole value.
        var children = 0..<0

        var isWhole: Bool { self.children.isEmpty }
    }

    static let root = 0

    private(set) var nodes: ContiguousArray<Node> = []
    /// The bytes of all names, in UTF-8.
    private(set) var names: ContiguousArray<UInt8> = []
    private(set) var longestName = 0

    init(_ draft: borrowing FieldExpressionDraft) {
        self.names = draft.names
        self.nodes.reserveCapacity(draft.nodes.count)
        self.nodes.append(Node(hash: 0, name: 0..<0, parent: Self.root, draft: Self.root))
        var index = Self.root
        while index < self.nodes.count {
            let first = self.nodes.count
            var next = draft.firstChild(of: self.nodes[index].draft)
            while let child = next {
                let name = draft.nodes[child].name
                let hash = self.names.withUnsafeBytes { Self.hash(UnsafeRawBufferPointer(rebasing: $0[name])) }
                self.nodes.append(Node(hash: hash, name: name, parent: index, draft: child))
                self.longestName = max(self.longestName, name.count)
                next = draft.nodes[child].nextSibling
            }
            self.nodes[first...].sort { $0.hash < $1.hash }
            self.nodes[index].children = first..<self.nodes.count
            index += 1
        }
    }

    /// Calls `body` with the tree, for many look-ups.
    func withView<Result>(_ body: (View) -> Result) -> Result {
        self.nodes.withUnsafeBufferPointer { nodes in
            self.names.withUnsafeBytes { names in
                body(View(nodes: nodes, names: names, longestName: self.longestName))
            }
        }
    }

    /// The tree, valid only inside ``withView(_:)``.
    struct View {
        let nodes: UnsafeBufferPointer<Node>
        let names: UnsafeRawBufferPointer
        let longestName: Int

        /// Returns the child of `node` with this name, or nil if it is not asked for.
        func child(of node: Int, named name: UnsafeRawBufferPointer) -> Int? {
            guard name.count <= self.longestName else { return nil }
            let hash = FieldExpression.hash(name)
            var (low, high) = (self.nodes[node].children.lowerBound, self.nodes[node].children.upperBound)
            let end = high
            while low < high {
                let middle = (low + high) >> 1
                if self.nodes[middle].hash < hash { low = middle + 1 } else { high = middle }
            }
            while low < end, self.nodes[low].hash == hash {
                if self.isName(of: low, name) { return low }
                low += 1
            }
            return nil
        }

        private func isName(of node: Int, _ name: UnsafeRawBufferPointer) -> Bool {
            let own = self.nodes[node].name
            guard own.count == name.count else { return false }
            for index in 0..<name.count where self.names[own.lowerBound &+ index] != name[index] { return false }
            return true
        }
    }

    /// Spreads names over 64 bits. Collisions cost a comparison.
    static func hash(_ name: UnsafeRawBufferPointer) -> UInt64 {
        var hash = UInt64(name.count) &* 0x9E37_79B9_7F4A_7C15
        func mix(_ word: UInt64) {
            hash = (hash ^ word) &* 0xD6E8_FEB8_6659_FD93
            hash ^= hash >> 32
        }
        guard name.count >= 8 else {
            if name.count >= 4 {
                let first = name.loadUnaligned(as: UInt32.self)
                let last = name.loadUnaligned(fromByteOffset: name.count - 4, as: UInt32.self)
                mix(UInt64(first) | UInt64(last) << 32)
            } else if name.count > 0 {
                mix(UInt64(name[0]) | UInt64(name[name.count >> 1]) << 8 | UInt64(name[name.count - 1]) << 16)
            }
            return hash
        }
        var offset = 0
        while offset + 8 < name.count {
            mix(name.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
            offset += 8
        }
        // The last eight bytes, some of which may have been read before.
        mix(name.loadUnaligned(fromByteOffset: name.count - 8, as: UInt64.self))
        return hash
    }
}
