package import GatewayHTTP

/// What selects among the responses of one URL (RFC 9111 section 4.1): the values that a request has in the fields that
/// `Vary` names, in a normal form.
package struct Variant: Hashable, Sendable {
    package let names: [HeaderName]
    package let values: [[UInt8]]

    init(names: [HeaderName], values: [[UInt8]]) {
        self.names = names
        self.values = values
    }

    package init(_ names: [HeaderName], of request: borrowing HeaderBlock) {
        self.names = names
        var values: [[UInt8]] = []
        for name in names {
            var value: [UInt8] = []
            _ = SelectingValue.write(name, of: request) { byte in
                value.append(byte)
                return true
            }
            values.append(value)
        }
        self.values = values
    }

    /// The fields that a response names, in a fixed order.
    package static func names(in response: borrowing HeaderBlock) -> [HeaderName] {
        guard response.contains(.vary) else { return [] }
        var names: [String: HeaderName] = [:]
        response.forEachMember(of: .vary) { member in
            let text = String(decoding: member, as: UTF8.self)
            if let name = HeaderName(validating: text) { names[text.lowercased()] = name }
        }
        return names.sorted { $0.key < $1.key }.map(\.value)
    }

    /// Whether a request can ever select the response: `Vary` has neither `*` nor what is no name, nor what says who the
    /// client is, which the gateway writes only on the way upstream.
    static func canSelect(by response: borrowing HeaderBlock) -> Bool {
        guard response.contains(.vary) else { return true }
        var canSelect = true
        response.forEachMember(of: .vary) { member in
            if !ByteClass.isToken(member) || ByteClass.equals(member, "*") { canSelect = false }
            for name in self.ofClients where ByteClass.equalsIgnoringCase(member, UnsafeRawBufferPointer(name)) {
                canSelect = false
            }
        }
        return canSelect
    }

    private static let ofClients: [StaticString] = ["Forwarded", "X-Forwarded-For", "X-Real-IP"]

    /// Whether a request selects this variant. Allocates nothing for the usual values.
    package func selects(_ request: borrowing HeaderBlock) -> Bool {
        for index in self.names.indices {
            let expected = self.values[index]
            var position = 0
            let isPrefix = SelectingValue.write(self.names[index], of: request) { byte in
                guard position < expected.count, expected[position] == byte else { return false }
                position += 1
                return true
            }
            guard isPrefix, position == expected.count else { return false }
        }
        return true
    }
}

/// The normal form of a field in a request.
///
/// Lines are joined, and blanks around the members of lists and empty members are dropped. Which codings are accepted
/// counts as a set, and languages count without regard to case.
private enum SelectingValue {
    /// Calls `write` with one byte after the other until it returns false.
    ///
    /// - Returns: Whether all bytes were written.
    static func write(_ name: HeaderName, of request: borrowing HeaderBlock, _ write: (UInt8) -> Bool) -> Bool {
        guard request.contains(name) else { return write(0) }
        if name.id == .acceptEncoding { return AcceptedCodings(request).write(write) }
        let ignoresCase = name.id == .unknown && self.isLanguage(name)
        var isFirst = true
        for field in request.fields where request.matches(field, name) {
            let isWritten = request.withBytes(field.value) { value in
                self.write(value, ignoresCase: ignoresCase, isFirst: &isFirst, write)
            }
            guard isWritten else { return false }
        }
        return true
    }

    private static func write(
        _ line: UnsafeRawBufferPointer,
        ignoresCase: Bool,
        isFirst: inout Bool,
        _ write: (UInt8) -> Bool
    ) -> Bool {
        var start = 0
        while start < line.count {
            var end = start
            var isQuoted = false
            while end < line.count, isQuoted || line[end] != UInt8(ascii: ",") {
                if line[end] == UInt8(ascii: "\"") { isQuoted.toggle() }
                // The comma after a backslash in a string is none that separates, and neither is a quote there.
                if isQuoted, line[end] == UInt8(ascii: "\\"), end + 1 < line.count { end += 1 }
                end += 1
            }
            var first = start
            var last = end
            while first < last, line[first] == 0x20 || line[first] == 0x09 { first += 1 }
            while last > first, line[last - 1] == 0x20 || line[last - 1] == 0x09 { last -= 1 }
            start = end + 1
            guard first < last else { continue }
            if !isFirst, !write(UInt8(ascii: ",")) { return false }
            isFirst = false
            for index in first..<last {
                guard write(ignoresCase ? asciiLowercased(line[index]) : line[index]) else { return false }
            }
        }
        return true
    }

    private static func isLanguage(_ name: HeaderName) -> Bool {
        name.bytes.withUnsafeBytes {
            ByteClass.equalsIgnoringCase($0, UnsafeRawBufferPointer("Accept-Language" as StaticString))
        }
    }
}
