import GatewayHTTP

/// A field that a request must carry for a route to take it.
package struct HeaderCondition: Sendable, Equatable {
    /// In lower case.
    package let name: String
    /// Absent: any value will do.
    package let value: String?

    private let nameBytes: [UInt8]
    private let valueBytes: [UInt8]

    /// - Parameter value: compared exactly; `*` for any.
    package init(name: String, value: String) {
        self.name = name.lowercased()
        self.value = value == "*" ? nil : value
        self.nameBytes = Array(self.name.utf8)
        self.valueBytes = Array(value.utf8)
    }

    /// Whether one field line meets the condition.
    ///
    /// - Parameters:
    ///   - name: as sent; case does not count.
    ///   - value: without the white space around it.
    package func accepts(name: UnsafeRawBufferPointer, value: UnsafeRawBufferPointer) -> Bool {
        guard name.count == nameBytes.count else { return false }
        for index in 0..<name.count where asciiLowercased(name[index]) != nameBytes[index] { return false }
        return self.value == nil || value.elementsEqual(valueBytes)
    }
}
