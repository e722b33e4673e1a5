import GatewayHTTP
import NIOCore

/// The strong entity tags of encoded representations: `"x"` becomes `"x-gw-br"` (RFC 9110 section 8.8.3.3).
enum CodedEntityTag {
    /// Where a suffix belongs in a strong tag; nil for a weak tag, which covers all representations, and for anything
    /// that is not a tag (RFC 9110 section 8.8.3).
    static func suffixPosition(in tag: UnsafeRawBufferPointer) -> Int? {
        guard let parsed = EntityTag(tag), !parsed.isWeak else { return nil }
        return tag.count - 1
    }

    /// Copies a list of tags without the suffixes of `coding`, or of any coding if it is nil.
    ///
    /// Only text between quotes is examined, because tags may contain commas (section 8.8.3). Everything else is copied
    /// unchanged, well formed or not.
    /// - Returns: whether there was such a suffix. If not, the output is not needed.
    static func removeSuffixes(
        of coding: ContentCoding?,
        from list: UnsafeRawBufferPointer,
        into output: inout ByteBuffer
    ) -> Bool {
        var found = false
        var copied = 0
        Self.forEachTag(in: list) { start, end in
            guard let length = self.suffixLength(of: coding, in: list, start, end) else { return }
            output.writeBytes(UnsafeRawBufferPointer(rebasing: list[copied..<(end - length)]))
            copied = end
            found = true
        }
        if found { output.writeBytes(UnsafeRawBufferPointer(rebasing: list[copied...])) }
        return found
    }

    /// Whether a list names the `coding` representation of the resource that has the strong tag `tag`.
    static func list(
        _ list: UnsafeRawBufferPointer,
        names tag: UnsafeRawBufferPointer,
        in coding: ContentCoding
    ) -> Bool {
        guard let length = self.suffixPosition(in: tag) else { return false }
        var found = false
        let opaque = UnsafeRawBufferPointer(rebasing: tag[1..<length])
        Self.forEachTag(in: list) { start, end in
            guard !found, let suffix = self.suffixLength(of: coding, in: list, start, end) else { return }
            found = list[start..<(end - suffix)].elementsEqual(opaque)
        }
        return found
    }

    /// Calls `body` with the bounds of the text between each pair of quotes.
    private static func forEachTag(in list: UnsafeRawBufferPointer, _ body: (Int, Int) -> Void) {
        var position = 0
        while let start = list[position...].firstIndex(of: UInt8(ascii: "\"")),
            let end = list[(start + 1)...].firstIndex(of: UInt8(ascii: "\""))
        {
            body(start + 1, end)
            position = end + 1
        }
    }

    private static func suffixLength(
        of coding: ContentCoding?,
        in list: UnsafeRawBufferPointer,
        _ start: Int,
        _ end: Int
    ) -> Int? {
        func ends(with coding: ContentCoding) -> Int? {
            let suffix = UnsafeRawBufferPointer(coding.tagSuffix)
            guard end - start >= suffix.count, list[(end - suffix.count)..<end].elementsEqual(suffix) else {
                return nil
            }
            return suffix.count
        }
        if let coding { return ends(with: coding) }
        return ends(with: .brotli) ?? ends(with: .gzip) ?? ends(with: .deflate)
    }
}

extension ContentCoding {
    /// Distinguishes the strong tag of the encoded representation from the plain one (RFC 9110 section 8.8.3.3).
    var tagSuffix: StaticString {
        switch self {
        case .gzip: "-gw-gzip"
        case .deflate: "-gw-deflate"
        case .brotli: "-gw-br"
        }
    }
}
