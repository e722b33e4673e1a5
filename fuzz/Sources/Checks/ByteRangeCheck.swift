import GatewayCache
import NIOCore

/// What a `Range` field selects. The first two bytes are the length of the body.
enum ByteRangeCheck {
    static func check(_ input: [UInt8]) throws(BrokenProperty) {
        guard input.count >= 2 else { return }
        let length = Int(input[0]) << 8 | Int(input[1])
        let set = input[2...].withUnsafeBytes { ByteRangeSet($0, length: length) }
        switch set {
        case .whole, .unsatisfiable: return
        case .one(let part): try self.check([part], length, is: set)
        case .several(let parts):
            try hold(parts.count > 1, "one of several")
            try self.check(parts, length, is: set)
            try self.checkMultipart(parts, length)
        }
    }

    private static func check(_ parts: [Range<Int>], _ length: Int, is set: ByteRangeSet) throws(BrokenProperty) {
        try hold(parts.count <= ByteRangeSet.maxParts, "\(parts.count) parts")
        for (index, part) in parts.enumerated() {
            try hold(
                !part.isEmpty && 0..<length ~= part.lowerBound && part.upperBound <= length,
                "\(part) of \(length)"
            )
            try hold(!parts[..<index].contains { $0.overlaps(part) }, "\(part) overlaps another part")
        }
        let written = "bytes=" + parts.map { "\($0.lowerBound)-\($0.upperBound - 1)" }.joined(separator: ",")
        let again = Array(written.utf8).withUnsafeBytes { ByteRangeSet($0, length: length) }
        try hold(again == set, "\(written) reads differently when written again")
    }

    private static func checkMultipart(_ parts: [Range<Int>], _ length: Int) throws(BrokenProperty) {
        let body = ByteBuffer(bytes: (0..<length).map { UInt8(truncatingIfNeeded: $0) })
        let pieces = MultipartRanges(boundary: 7, length: length).pieces(of: body, parts, type: ByteBuffer())
        let found = pieces.filter { piece in
            parts.contains { body.getSlice(at: $0.lowerBound, length: $0.count) == piece }
        }
        try hold(found.count >= parts.count, "a part is not in the multipart body")
    }
}
