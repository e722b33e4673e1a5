/// The path from the root of the configuration to a value: `routes[1].rate_limit.limit`.
package struct SettingPath: Hashable, Sendable {
    package enum Step: Hashable, Sendable {
        case key(String)
        case index(Int)
    }

    package var steps: [Step] = []

    package init(_ keys: String...) { steps = keys.map { .key($0) } }

    package static func + (path: SettingPath, key: String) -> SettingPath {
        var path = path
        path.steps.append(.key(key))
        return path
    }

    package static func + (path: SettingPath, rest: SettingPath) -> SettingPath {
        var path = path
        path.steps += rest.steps
        return path
    }

    package static func + (path: SettingPath, index: Int) -> SettingPath {
        var path = path
        path.steps.append(.index(index))
        return path
    }
}

extension SettingPath: CustomStringConvertible {
    package var description: String {
        var text = ""
        for step in steps {
            switch step {
            case .index(let index): text += "[\(index)]"
            case .key(let key):
                let isBare = !key.isEmpty && key.utf8.allSatisfy(TOMLParser.isBareKeyByte)
                text += (text.isEmpty ? "" : ".") + (isBare ? key : JSONText.quoted(key))
            }
        }
        return text
    }
}

extension SettingNode {
    /// Returns the node at the path, or its deepest existing ancestor.
    package func nearest(to path: SettingPath) -> SettingNode {
        var node = self
        for step in path.steps {
            let next =
                switch step {
                case .key(let key): node.entries?[key]
                case .index(let index):
                    node.elements.flatMap { $0.indices.contains(index) ? $0[index] : nil }
                }
            guard let next else { return node }
            node = next
        }
        return node
    }

    /// Returns the path along the keys. Within a list, a key is the index of an element.
    package func path(of keys: [String]) -> SettingPath {
        var path = SettingPath()
        var node: SettingNode? = self
        for key in keys {
            if node?.elements != nil, let index = Int(key) {
                path = path + index
                node = node?.elements.flatMap { $0.indices.contains(index) ? $0[index] : nil }
            } else {
                path = path + key
                node = node?.entries?[key]
            }
        }
        return path
    }

    /// Returns the node at the path, if there is one.
    package func node(at path: SettingPath) -> SettingNode? {
        var node: SettingNode? = self
        for step in path.steps {
            switch step {
            case .key(let key): node = node?.entries?[key]
            case .index(let index): node = node?.elements.flatMap { $0.indices.contains(index) ? $0[index] : nil }
            }
        }
        return node
    }
}
