import GatewayHTTP
import GatewayHTTP1

/// The methods that a route accepts. Common methods are compared as bits.
package struct MethodSet: Sendable, Equatable {
    /// The method of a request, parsed once for all routes. An empty one stands for any method.
    package struct Candidate {
        package let bit: UInt8
        package let bytes: UnsafeRawBufferPointer

        package init(_ bytes: UnsafeRawBufferPointer) {
            self.bytes = bytes
            self.bit = MethodSet.bit(of: bytes)
        }

        var isHead: Bool { bit == MethodSet.head }
    }

    private static let get: UInt8 = 1
    private static let head: UInt8 = 2
    /// In a set: it has methods without a bit of their own.
    private static let other: UInt8 = 128

    package let names: [String]
    private let bits: UInt8
    private let others: [[UInt8]]

    package init(_ names: [String]) {
        self.names = names
        var bits: UInt8 = 0
        var others: [[UInt8]] = []
        for name in names {
            let bytes = Array(name.utf8)
            let bit = bytes.withUnsafeBytes(Self.bit(of:))
            if bit == 0 { others.append(bytes) } else { bits |= bit }
        }
        self.bits = others.isEmpty ? bits : bits | Self.other
        self.others = others
    }

    package var isAny: Bool { names.isEmpty }
    var namesHead: Bool { bits & Self.head != 0 }
    private var namesGet: Bool { bits & Self.get != 0 }

    package enum Verdict {
        case takes
        /// The route accepts a HEAD request only because it names GET (RFC 9110 section 9.3.2).
        case takesAsGet
        case refuses
    }

    package func verdict(on method: Candidate) -> Verdict {
        if isAny || bits & method.bit != 0 { return .takes }
        if method.isHead { return namesGet ? .takesAsGet : .refuses }
        if method.bit == 0 {
            for name in others where equal(method.bytes, name) { return .takes }
        }
        return .refuses
    }

    /// The methods that the route contributes to `Allow`.
    package var allowed: [String] { namesGet ? names + ["HEAD"] : names }

    private static func bit(of method: UnsafeRawBufferPointer) -> UInt8 {
        switch method.count {
        case 0: .max
        case 3: ByteClass.equals(method, "GET") ? get : ByteClass.equals(method, "PUT") ? 4 : 0
        case 4: ByteClass.equals(method, "HEAD") ? head : ByteClass.equals(method, "POST") ? 8 : 0
        case 5: ByteClass.equals(method, "PATCH") ? 16 : 0
        case 6: ByteClass.equals(method, "DELETE") ? 32 : 0
        case 7: ByteClass.equals(method, "OPTIONS") ? 64 : 0
        default: 0
        }
    }

    private func equal(_ bytes: UnsafeRawBufferPointer, _ name: [UInt8]) -> Bool {
        bytes.count == name.count && bytes.elementsEqual(name)
    }
}
