@testable import Gateway
@testable import GatewayHTTP

/// Request paths in normal form.
enum PathCheck {
    static func check(_ input: [UInt8]) throws(BrokenProperty) {
        guard let path = self.normal(input) else { return }
        try hold(self.normal(path) == path, "normalization is not idempotent")
        try hold(path.first == UInt8(ascii: "/"), "it does not begin with a slash")
        try hold(path.count <= max(1, input.count), "it has grown")
        let isPlain = path.allSatisfy { $0 > 0x20 && $0 < 0x7F && !"\\#?".utf8.contains($0) }
        try hold(isPlain, "it has bytes that are invalid in a path")
        let segments = path.dropFirst().split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        for segment in segments.dropLast() { try hold(!segment.isEmpty, "it has an empty segment") }
        for segment in segments {
            try hold(!segment.elementsEqual(".".utf8) && !segment.elementsEqual("..".utf8), "it has a dot segment")
        }
    }

    /// Nil if the path is invalid.
    static func normal(_ path: [UInt8]) -> [UInt8]? {
        var output: [UInt8] = []
        return switch path.withUnsafeBytes({ PathNormalizer.normalize($0, into: &output) }) {
        case .unchanged: path
        case .rewritten: output
        case .invalid: nil
        }
    }
}
