import GatewayCore
import GatewayHTTP

/// The media types that are worth encoding: full names, or patterns with one `*`.
struct CompressibleTypes: Sendable {
    /// The position of a pattern in `bytes`: what precedes its `*`, and what follows.
    private struct Pattern {
        var start: Int
        var prefix: Int
        var suffix: Int
        var isExact: Bool
    }

    /// The patterns in lower case, concatenated without their `*`.
    private var bytes: ContiguousArray<UInt8> = []
    private var patterns: ContiguousArray<Pattern> = []
    private var namesEventStream = false

    /// - Returns: false if it is neither a media type nor a pattern of one.
    mutating func add(_ pattern: String) -> Bool {
        let text = pattern.lowercased().utf8
        let parts = text.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        guard parts.count == 2, parts.allSatisfy({ ByteClass.isToken($0) }) else { return false }
        let isAny = pattern == "*/*"
        let stars = text.count { $0 == UInt8(ascii: "*") }
        guard stars < 2 || isAny else { return false }
        let halves =
            isAny ? [] : text.split(separator: UInt8(ascii: "*"), maxSplits: 1, omittingEmptySubsequences: false)
        self.patterns.append(
            Pattern(
                start: self.bytes.count,
                prefix: halves.first?.count ?? 0,
                suffix: halves.count > 1 ? halves[1].count : 0,
                isExact: stars == 0
            )
        )
        for half in halves { self.bytes.append(contentsOf: half) }
        if pattern.lowercased() == "text/event-stream" { self.namesEventStream = true }
        return true
    }

    /// - Parameter contentType: the field value, with parameters.
    func contains(_ contentType: UnsafeRawBufferPointer) -> Bool {
        let end = contentType.firstIndex { $0 == UInt8(ascii: ";") || $0 == 0x20 || $0 == 0x09 } ?? contentType.count
        let type = UnsafeRawBufferPointer(rebasing: contentType[..<end])
        // gRPC compresses its messages itself, and its clients do not support content codings.
        if Self.begins(type, with: "application/grpc") { return false }
        if !self.namesEventStream, EventStreamType.matches(type) { return false }
        return self.bytes.withUnsafeBufferPointer { bytes in
            for pattern in self.patterns {
                let length = pattern.prefix + pattern.suffix
                guard pattern.isExact ? type.count == length : type.count >= length else { continue }
                if Self.equal(type, from: 0, bytes, from: pattern.start, pattern.prefix),
                    Self.equal(
                        type,
                        from: type.count - pattern.suffix,
                        bytes,
                        from: pattern.start + pattern.prefix,
                        pattern.suffix
                    )
                {
                    return true
                }
            }
            return false
        }
    }

    private static func begins(_ type: UnsafeRawBufferPointer, with word: StaticString) -> Bool {
        let count = word.utf8CodeUnitCount
        let bytes = UnsafeBufferPointer(start: word.utf8Start, count: count)
        return type.count >= count && self.equal(type, from: 0, bytes, from: 0, count)
    }

    /// `pattern` is in lower case.
    private static func equal(
        _ type: UnsafeRawBufferPointer,
        from start: Int,
        _ pattern: UnsafeBufferPointer<UInt8>,
        from patternStart: Int,
        _ count: Int
    ) -> Bool {
        for index in 0..<count {
            let byte = type[start + index]
            let lower = byte &- UInt8(ascii: "A") < 26 ? byte | 0x20 : byte
            if lower != pattern[patternStart + index] { return false }
        }
        return true
    }
}

/// Caches the result for the last type: most responses of an upstream have few types, and matching all patterns takes a
/// thousand instructions.
final class CompressibleTypeMemory {
    private let types: CompressibleTypes
    private var last: [UInt8] = []
    private var isLastContained: Bool

    init(_ types: CompressibleTypes) {
        self.types = types
        self.isLastContained = types.contains(UnsafeRawBufferPointer(start: nil, count: 0))
    }

    func contains(_ contentType: UnsafeRawBufferPointer) -> Bool {
        let isLast = self.last.withUnsafeBytes { ByteClass.equalsIgnoringCase($0, contentType) }
        if isLast { return self.isLastContained }
        let isContained = self.types.contains(contentType)
        guard contentType.count <= 256 else { return isContained }
        self.last.removeAll(keepingCapacity: true)
        self.last.append(contentsOf: contentType)
        self.isLastContained = isContained
        return isContained
    }
}

@available(*, unavailable)
extension CompressibleTypeMemory: Sendable {}
