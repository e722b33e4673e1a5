import GatewayHTTP

/// A header field that a route requires of a request.
package struct HeaderCondition: Sendable, Equatable {
    /// The field name in lower case.
    package let name: String
    /// The required value, or nil for any value.
    package let value: String?

    private let nameBytes: [UInt8]
    private let valueBytes: [UInt8]

    /// - Parameter value: The exact value, or `*` for any.
    package init(name: String, value: String) {
        self.name = name.lowercased()
        self.value = value == "*" ? nil : value
        self.nameBytes = Array(self.name.utf8)
        self.valueBytes = Array(value.utf8)
    }

    /// Returns whether a field line meets the condition.
    ///
    /// - Parameters:
    ///   - name: The name as sent. Case is ignored.
    ///   - value: The value without surrounding whitespace.
    package func accepts(name: UnsafeRawBufferPointer, value: UnsafeRawBufferPointer) -> Bool {
        self.isFor(name) && (self.value == nil || value.elementsEqual(valueBytes))
    }

    /// Returns whether the condition is about the field with this name. Case is ignored.
    func isFor(_ name: UnsafeRawBufferPointer) -> Bool {
        guard name.count == nameBytes.count else { return false }
        for index in 0..<name.count where asciiLowercased(name[index]) != nameBytes[index] { return false }
        return true
    }
}
