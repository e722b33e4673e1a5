import NIOCore

@testable import Gateway
@testable import GatewayCore
@testable import GatewayHTTP
@testable import GatewayHTTP1
@testable import GatewayMiddlewares

/// Lists of entity tags, and dates: each line of the input is the value of a field.
enum EntityTagCheck {
    static func check(_ input: [UInt8]) throws(BrokenProperty) {
        let lines = input.lines.prefix(8).map { HeaderBlock(.etag, [$0]).contents[0][1].trimmed }
        var tags: [[UInt8]] = []
        for line in lines {
            tags += try self.members(of: line)
            try self.checkDate(line)
            try self.checkSuffixes(line)
        }
        for left in tags.prefix(16) { for right in tags.prefix(16) { try self.compare(left, right) } }
        for tag in tags.prefix(4) { try self.checkConditions(lines, tag) }
    }

    /// The well-formed tags of a list, written again.
    private static func members(of line: [UInt8]) throws(BrokenProperty) -> [[UInt8]] {
        let tags = line.withUnsafeBytes { bytes in
            var list = EntityTagList(bytes)
            var tags: [[UInt8]] = []
            while let member = list.next() {
                if case .tag(let tag) = member { tags.append(self.written(tag)) }
            }
            return tags
        }
        try hold(tags.reduce(0) { $0 + $1.count } <= line.count, "bytes are read twice")
        return tags
    }

    private static func written(_ tag: EntityTag) -> [UInt8] {
        Array((tag.isWeak ? "W/\"" : "\"").utf8) + Array(tag.opaque) + [UInt8(ascii: "\"")]
    }

    private static func compare(_ left: [UInt8], _ right: [UInt8]) throws(BrokenProperty) {
        let result = left.withUnsafeBytes { leftBytes in
            right.withUnsafeBytes { rightBytes -> (isRead: Bool, weak: (Bool, Bool), strong: (Bool, Bool)) in
                guard let one = EntityTag(leftBytes), let other = EntityTag(rightBytes) else {
                    return (false, (false, false), (false, false))
                }
                return (
                    self.written(one) == left, (one.matchesWeakly(other), other.matchesWeakly(one)),
                    (one.matchesStrongly(other), other.matchesStrongly(one))
                )
            }
        }
        try hold(result.isRead, "\(left) is parsed differently when written again")
        try hold(
            result.weak.0 == result.weak.1 && result.strong.0 == result.strong.1,
            "\(left), \(right): not symmetric"
        )
        try hold(!result.strong.0 || result.weak.0, "\(left), \(right): match strongly but not weakly")
        if left == right { try hold(result.weak.0, "\(left) does not match itself") }
    }

    /// An `If-None-Match` list that contains the tag always means not modified.
    private static func checkConditions(_ lines: [[UInt8]], _ tag: [UInt8]) throws(BrokenProperty) {
        var selected = HeaderBlock(.etag, [tag])
        if let date = lines.first { selected.add(HeaderName(.lastModified), date) }
        for id in [FieldID.ifMatch, .ifNoneMatch, .ifModifiedSince, .ifUnmodifiedSince, .ifRange] {
            var request = HeaderBlock(id, lines)
            request.add(HeaderName(.range), "bytes=0-1")
            _ = Preconditions.evaluate(request, .get, against: selected, now: 0)
        }
        let request = HeaderBlock(.ifNoneMatch, lines + [tag])
        let outcome = Preconditions.evaluate(request, .get, against: selected, now: 0)
        try hold(outcome == .notModified, "\(outcome) although the tag matches")
    }

    private static func checkDate(_ line: [UInt8]) throws(BrokenProperty) {
        guard let second = line.withUnsafeBytes({ HTTPDate.seconds($0, now: 0) }) else { return }
        var cache = DateCache()
        let written = cache.imfFixdate(second: second)
        let again = written.withUnsafeBytes { HTTPDate.seconds($0, now: 0) }
        try hold(again == second, "\(second) is written as \(String(decoding: written, as: UTF8.self))")
    }

    /// A coding's suffix can be removed from every tag that it was added to.
    private static func checkSuffixes(_ line: [UInt8]) throws(BrokenProperty) {
        for coding in ContentCoding.allCases {
            var output = ByteBuffer()
            let found = line.withUnsafeBytes { CodedEntityTag.removeSuffixes(of: coding, from: $0, into: &output) }
            try hold(!found || output.readableBytes < line.count, "a suffix is found, but the list is not shorter")
            guard let position = line.withUnsafeBytes({ CodedEntityTag.suffixPosition(in: $0) }) else { continue }
            guard line.withUnsafeBytes({ EntityTag($0) != nil }) else { continue }
            let suffix = Array(UnsafeRawBufferPointer(coding.tagSuffix))
            let coded = Array(line[..<position]) + suffix + Array(line[position...])
            var plain = ByteBuffer()
            let isCoded = coded.withUnsafeBytes { CodedEntityTag.removeSuffixes(of: coding, from: $0, into: &plain) }
            try hold(isCoded && Array(plain.readableBytesView) == line, "\(coded) is wrong without its suffix")
            let isNamed = coded.withUnsafeBytes { coded in
                line.withUnsafeBytes { CodedEntityTag.list(coded, names: $0, in: coding) }
            }
            try hold(isNamed, "\(coded) does not name \(line)")
        }
    }
}
