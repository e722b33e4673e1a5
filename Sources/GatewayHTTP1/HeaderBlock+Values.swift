/// Fields by name, for middlewares.
///
/// What a message's length and its connection hang on cannot be changed here: `Content-Length` and the fields of RFC 9110
/// section 7.6.1 (`Connection`, `Transfer-Encoding`, `Upgrade`, …) are written by the gateway alone, and a change of them is
/// ignored.
extension HeaderBlock {
    /// Whether a field has this name.
    public func contains(_ name: HeaderName) -> Bool { self.first(name) != nil }

    /// The value of the first field of this name. It makes a string; ``withBytes(of:_:)`` does not.
    public subscript(name: HeaderName) -> String? { self.first(name).map { self.string($0) } }

    /// The values of all fields of this name, in their order.
    public func values(of name: HeaderName) -> [String] {
        guard self.present.contains(name.id) else { return [] }
        return self.fields.filter { self.matches($0, name) }.map { self.string($0.value) }
    }

    /// Looks at the value of the first field of this name in place.
    ///
    /// - Returns: what `body` returns, or nil where there is no such field. The bytes are valid inside `body` alone.
    public func withBytes<Result>(of name: HeaderName, _ body: (UnsafeRawBufferPointer) -> Result) -> Result? {
        guard let value = self.first(name) else { return nil }
        return self.withBytes(value, body)
    }

    /// Gives the name this one value. Bytes that no field value may hold become "_".
    public mutating func set(_ name: HeaderName, to value: some Collection<UInt8>) {
        guard !name.id.isFraming else { return }
        self.set(name, value)
    }

    /// Gives the name this one value. Characters that no field value may hold become "_".
    public mutating func set(_ name: HeaderName, to value: String) { self.set(name, to: value.utf8) }

    /// Adds a field behind those of the same name. Bytes that no field value may hold become "_".
    public mutating func add(_ name: HeaderName, value: some Collection<UInt8>) {
        guard !name.id.isFraming else { return }
        self.add(name, value)
    }

    /// Adds a field behind those of the same name. Characters that no field value may hold become "_".
    public mutating func add(_ name: HeaderName, value: String) { self.add(name, value: value.utf8) }

    /// Removes all fields of this name.
    public mutating func remove(_ name: HeaderName) {
        guard !name.id.isFraming else { return }
        self.removeAll(name)
    }
}

extension FieldID {
    /// Another value would make another message of the bytes that follow, or another use of the connection.
    package var isFraming: Bool { self == .contentLength || self.isHopByHop }
}
