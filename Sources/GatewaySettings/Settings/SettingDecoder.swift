/// Decodes Swift values from nodes. Keys are in snake_case, and every key without a default must be present.
struct SettingDecoder: Decoder {
    let node: SettingNode
    let path: SettingPath
    /// Whether the keys are names that the user chose instead of property names.
    var keysAreFree = false

    var codingPath: [any CodingKey] { [] }
    var userInfo: [CodingUserInfoKey: Any] { [:] }

    /// Decodes a value from a node.
    ///
    /// - Throws: ``ConfigurationError``.
    static func decode<T: Decodable>(_ type: T.Type, from node: SettingNode, at path: SettingPath) throws -> T {
        switch type {
        case let setting as any Setting.Type:
            do {
                if let value = try setting.init(setting: node.value) as? T { return value }
            } catch {
                throw ConfigurationError(
                    "\(node.value.withoutUserInformation.quoted) \(error.problem)",
                    suggestion: error.suggestion,
                    key: path.description,
                    at: node.source.position
                )
            }
        case is SettingSource.Type:
            if let source = node.source as? T { return source }
        case is MiddlewareTables.Type:
            var tables = MiddlewareTables()
            tables.nodes = node.entries ?? [:]
            if let tables = tables as? T { return tables }
        default:
            break
        }
        var decoder = SettingDecoder(node: node, path: path)
        decoder.keysAreFree = type is any MapSetting.Type
        do {
            return try T(from: decoder)
        } catch let error as ConfigurationError {
            throw error
        } catch {
            throw decoder.mismatch(type)
        }
    }

    func mismatch(_ type: Any.Type) -> ConfigurationError {
        ConfigurationError(
            "\(node.value.quoted) is not allowed here",
            suggestion: "write \(type)",
            key: path.description,
            at: node.source.position
        )
    }

    func container<Key: CodingKey>(keyedBy type: Key.Type) throws -> KeyedDecodingContainer<Key> {
        guard let entries = node.entries else { throw mismatch([String: SettingValue].self) }
        return KeyedDecodingContainer(Keyed(entries: entries, decoder: self))
    }

    func unkeyedContainer() throws -> any UnkeyedDecodingContainer {
        guard let elements = node.elements else { throw mismatch([SettingValue].self) }
        return Unkeyed(elements: elements, decoder: self)
    }

    func singleValueContainer() -> any SingleValueDecodingContainer { Single(decoder: self) }
}

extension SettingDecoder {
    private struct Keyed<Key: CodingKey>: KeyedDecodingContainerProtocol {
        let entries: [String: SettingNode]
        let decoder: SettingDecoder

        var codingPath: [any CodingKey] { [] }
        var allKeys: [Key] { entries.keys.compactMap(Key.init(stringValue:)) }

        private func name(_ key: Key) -> String {
            decoder.keysAreFree ? key.stringValue : SettingKey.snakeCase(key.stringValue)
        }

        private func required(_ key: Key) throws -> SettingNode {
            guard let node = entries[name(key)] else {
                throw ConfigurationError(
                    "\(JSONText.quoted(name(key))) is missing",
                    suggestion: "add it",
                    key: decoder.path.description,
                    at: decoder.node.source.position
                )
            }
            return node
        }

        func contains(_ key: Key) -> Bool { entries[name(key)] != nil }
        func decodeNil(forKey key: Key) -> Bool { entries[name(key)] == nil }

        func decode<T: Decodable>(_ type: T.Type, forKey key: Key) throws -> T {
            // The source is that of the table itself, not of a key in it.
            if type is SettingSource.Type {
                return try SettingDecoder.decode(type, from: decoder.node, at: decoder.path)
            }
            if let document = SettingDocument() as? T { return document }
            if let contents = CertificateContents() as? T { return contents }
            if let environment = TracingEnvironment() as? T { return environment }
            return try SettingDecoder.decode(type, from: required(key), at: decoder.path + name(key))
        }

        func nestedContainer<Nested: CodingKey>(
            keyedBy type: Nested.Type,
            forKey key: Key
        ) throws -> KeyedDecodingContainer<Nested> {
            try SettingDecoder(node: required(key), path: decoder.path + name(key)).container(keyedBy: type)
        }

        func nestedUnkeyedContainer(forKey key: Key) throws -> any UnkeyedDecodingContainer {
            try SettingDecoder(node: required(key), path: decoder.path + name(key)).unkeyedContainer()
        }

        func superDecoder() throws -> any Decoder { decoder }
        func superDecoder(forKey key: Key) throws -> any Decoder {
            SettingDecoder(node: try required(key), path: decoder.path + name(key))
        }
    }

    private struct Unkeyed: UnkeyedDecodingContainer {
        let elements: [SettingNode]
        let decoder: SettingDecoder
        var currentIndex = 0

        var codingPath: [any CodingKey] { [] }
        var count: Int? { elements.count }
        var isAtEnd: Bool { currentIndex >= elements.count }

        private mutating func next() throws -> (SettingNode, SettingPath) {
            guard !isAtEnd else { throw decoder.mismatch([SettingValue].self) }
            defer { currentIndex += 1 }
            return (elements[currentIndex], decoder.path + currentIndex)
        }

        mutating func decodeNil() -> Bool { false }

        mutating func decode<T: Decodable>(_ type: T.Type) throws -> T {
            let (node, path) = try next()
            return try SettingDecoder.decode(type, from: node, at: path)
        }

        mutating func nestedContainer<Nested: CodingKey>(
            keyedBy type: Nested.Type
        ) throws -> KeyedDecodingContainer<Nested> {
            let (node, path) = try next()
            return try SettingDecoder(node: node, path: path).container(keyedBy: type)
        }

        mutating func nestedUnkeyedContainer() throws -> any UnkeyedDecodingContainer {
            let (node, path) = try next()
            return try SettingDecoder(node: node, path: path).unkeyedContainer()
        }

        mutating func superDecoder() throws -> any Decoder { decoder }
    }

    private struct Single: SingleValueDecodingContainer {
        let decoder: SettingDecoder
        var codingPath: [any CodingKey] { [] }

        func decodeNil() -> Bool { false }
        func decode<T: Decodable>(_ type: T.Type) throws -> T {
            // A type that is not a setting would decode itself recursively without end.
            guard type is any Setting.Type || type is any ListSetting.Type || type is any MapSetting.Type else {
                throw decoder.mismatch(type)
            }
            return try SettingDecoder.decode(type, from: decoder.node, at: decoder.path)
        }
    }
}
