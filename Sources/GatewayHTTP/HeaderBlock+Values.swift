/// Access to fields by name, for middlewares.
///
/// Fields that determine a message's length or its connection cannot be changed here. The gateway alone writes
/// `Content-Length` and the fields of RFC 9110 section 7.6.1 (`Connection`, `Transfer-Encoding`, `Upgrade`, …), and
/// ignores changes to them.
extension HeaderBlock {
    /// Returns whether there is a field with this name.
    public func contains(_ name: HeaderName) -> Bool { self.first(name) != nil }

    /// The value of the first field with this name. Creates a string; ``withBytes(of:_:)`` does not.
    public subscript(name: HeaderName) -> String? { self.first(name).map { self.string($0) } }

    /// Returns the values of all fields with this name, in order.
    public func values(of name: HeaderName) -> [String] {
        guard self.present.contains(name.id) else { return [] }
        return self.fields.filter { self.matches($0, name) }.map { self.string($0.value) }
    }

    /// Calls `body` with the value of the first field with this name, in place.
    ///
    /// - Returns: The result of `body`, or nil if there is no such field. The bytes are valid only inside `body`.
    public func withBytes<Result>(of name: HeaderName, _ body: (UnsafeRawBufferPointer) -> Result) -> Result? {
        guard let value = self.first(name) else { return nil }
        return self.withBytes(value, body)
    }

    /// Sets the field to this value, replacing all others. Bytes that are not allowed in a field value become "_".
    public mutating func set(_ name: HeaderName, to value: some Collection<UInt8>) {
        guard !name.id.isFraming else { return }
        self.set(name, value)
    }

    /// Sets the field to this value, replacing all others. Characters that are not allowed in a field value become "_".
    public mutating func set(_ name: HeaderName, to value: String) { self.set(name, to: value.utf8) }

    /// Adds a field after those with the same name. Bytes that are not allowed in a field value become "_".
    public mutating func add(_ name: HeaderName, value: some Collection<UInt8>) {
        guard !name.id.isFraming else { return }
        self.add(name, value)
    }

    /// Adds a field after those with the same name. Characters that are not allowed in a field value become "_".
    public mutating func add(_ name: HeaderName, value: String) { self.add(name, value: value.utf8) }

    /// Removes all fields with this name.
    public mutating func remove(_ name: HeaderName) {
        guard !name.id.isFraming else { return }
        self.removeAll(name)
    }
}

extension FieldID {
    /// Whether changing the field would change where the message ends or how the connection is used.
    package var isFraming: Bool { self == .contentLength || self.isHopByHop }
}
