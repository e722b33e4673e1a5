import GatewayCore
import GatewayHTTP
import NIOCore

/// The head of a response whose body is encoded.
enum EncodedResponse {
    private static let contentEncoding = HeaderName(.contentEncoding)
    private static let etag = HeaderName(.etag)

    /// Updates the fields that describe the body, except its length, which the writer of the body sets.
    static func describe(_ exchange: Exchange, in coding: ContentCoding) {
        exchange.response.headers.add(self.contentEncoding, coding.token)
        exchange.response.headers.remove(.acceptRanges)
        if exchange.response.headers.present.contains(.unknown) {
            exchange.response.headers.removeAll { block, field in IntegrityFields.contain(field, in: block) }
        }
        self.addSuffix(of: coding, to: exchange)
    }

    /// A strong tag identifies one representation, byte for byte, so each coding needs a different one (RFC 9110
    /// section 8.8.3.3).
    static func addSuffix(of coding: ContentCoding, to exchange: Exchange) {
        guard let tag = exchange.response.headers.first(.etag) else { return }
        let suffix = UnsafeRawBufferPointer(coding.tagSuffix)
        let size = tag.count + suffix.count
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: size) { output in
            let isStrong = exchange.response.headers.withBytes(tag) { tag in
                guard let position = CodedEntityTag.suffixPosition(in: tag) else { return false }
                _ = output[..<position].initialize(fromContentsOf: tag[..<position])
                _ = output[position..<(position + suffix.count)].initialize(fromContentsOf: suffix)
                output[size - 1] = UInt8(ascii: "\"")
                return true
            }
            if isStrong { exchange.response.headers.set(self.etag, UnsafeBufferPointer(output)) }
        }
    }

    /// The length of the upstream's body, or of the body that a GET would return; nil if unknown.
    static func length(of exchange: Exchange) -> Int? {
        switch exchange.response.framing {
        case .length(let length): return length
        case .chunked, .untilClose: return nil
        case .none:
            guard exchange.request.method == .head else { return 0 }
            guard let field = exchange.response.headers.first(.contentLength) else { return nil }
            return exchange.response.headers.withBytes(field) { digits in
                var length = 0
                // The parser rejects other bytes. A number that does not fit counts as long.
                for digit in digits where length < 1 << 40 { length = length * 10 + Int(digit & 0x0F) }
                return length
            }
        }
    }

    /// The complete length in `Content-Range` (RFC 9110 section 14.4); nil if it has none.
    static func completeLength(of exchange: Exchange) -> Int? {
        guard let field = exchange.response.headers.first(.contentRange) else { return nil }
        return exchange.response.headers.withBytes(field) { range in
            guard let slash = range.lastIndex(of: UInt8(ascii: "/")) else { return nil }
            return Int(clampingDigits: String(decoding: range[(slash + 1)...], as: UTF8.self))
        }
    }

    /// `multipart/byteranges`.
    static func isInParts(_ contentType: UnsafeRawBufferPointer) -> Bool {
        let type = UnsafeRawBufferPointer(rebasing: contentType.prefix { $0 != UInt8(ascii: ";") && $0 != 0x20 })
        return ByteClass.equalsIgnoringCase(type, UnsafeRawBufferPointer("multipart/byteranges"))
    }

    /// Whether the whole body has arrived or is about to, with this many bytes.
    static func isKnown(_ exchange: Exchange, upTo limit: Int) -> Bool {
        if exchange.state.isResponseEnded { return true }
        guard case .length(let length) = exchange.response.framing else { return false }
        return length <= limit && !exchange.response.isPrompt
    }
}
