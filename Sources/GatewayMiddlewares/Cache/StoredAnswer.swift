package import GatewayCache
package import GatewayCore
package import GatewayHTTP
import NIOCore

/// Answers a request from a stored response: evaluates its conditions, cuts out the ranges that it asks for, and adds
/// what differs from one answer to the next.
package enum StoredAnswer {
    /// - Parameters:
    ///   - now: Milliseconds on the clock of the response's lifetime.
    ///   - ranges: Whether parts of a body are served.
    ///   - describe: Adds fields that say what the cache did, to every answer.
    package static func answer(
        _ exchange: Exchange,
        from stored: StoredResponse,
        in store: CacheStore,
        at now: Int64,
        ranges: Bool,
        _ describe: (inout HeaderBlock) -> Void
    ) -> Decision {
        exchange.fillAnswer(status: stored.status, stored.fields, stored.body, tellsLength: stored.tellsLength)
        exchange.response.headers.remove(.age)
        exchange.response.headers.add(Self.age) { $0.write(decimal: Int(stored.lifetime.age(at: now) / 1000)) }
        exchange.response.headers.changeReferences { reference in
            exchange.request.headers.withBytes(exchange.clientHost) { HostReference.withHost(reference, $0) }
        }
        describe(&exchange.response.headers)
        // Conditions apply if the response would be a success without them (RFC 9110 section 13.2.1).
        guard exchange.request.headers.present.intersects(Self.ofParts), 200..<300 ~= stored.status else {
            return self.whole(exchange, stored, store)
        }
        switch Preconditions.evaluate(
            exchange.request.headers,
            exchange.request.method,
            against: exchange.response.headers,
            dateCounts: true,
            now: exchange.unixMilliseconds / 1000
        ) {
        case .failed: return self.failed(exchange)
        case .notModified: self.withholdBody(of: exchange, stored)
        case .proceed where ranges: return self.part(exchange, stored) ?? self.whole(exchange, stored, store)
        case .proceed, .ignoreRange: return self.whole(exchange, stored, store)
        }
        return .answered
    }

    /// Lets compression use and keep the encoded forms of the body.
    private static func whole(_ exchange: Exchange, _ stored: StoredResponse, _ store: CacheStore) -> Decision {
        if exchange.request.method == .get, CompressionMiddleware.accepted(by: exchange) != nil {
            exchange[KeptBody.key] = .stored(stored, store)
        }
        return .answered
    }

    // MARK: Conditions

    private static func failed(_ exchange: Exchange) -> Decision {
        exchange.dropAnswer()
        return .fail(GatewayError(.preconditionFailed))
    }

    private static func withholdBody(of exchange: Exchange, _ stored: StoredResponse) {
        let type =
            exchange.response.headers.contains(.contentEncoding)
            ? nil : exchange.response.headers.first(.contentType)
        exchange[ETagMiddleware.withheldBody] = ETagMiddleware.WithheldBody(
            type: type.map { type in
                exchange.response.headers.withBytes(type) { type in exchange.request.headers.store { $0.write(type) } }
            },
            length: stored.body.readableBytes
        )
        exchange.response.becomeNotModified()
        exchange.replaceBody(with: ByteBuffer())
    }

    // MARK: Ranges

    /// Answers with the part that the request asks for, or with an error if there is none. Nil: with the whole.
    private static func part(_ exchange: Exchange, _ stored: StoredResponse) -> Decision? {
        // Ranges are only defined for GET (RFC 9110 section 14.2).
        guard exchange.request.method == .get, stored.status == 200,
            let range = exchange.request.headers.first(.range), exchange.request.headers.count(of: .range) == 1
        else { return nil }
        let length = stored.body.readableBytes
        switch exchange.request.headers.withBytes(range, { ByteRangeSet($0, length: length) }) {
        case .whole: return nil
        case .unsatisfiable:
            exchange.dropAnswer()
            return .fail(.rangeNotSatisfiable(length: length))
        case .one(let part):
            exchange.response.becomePart()
            exchange.response.headers.add(HeaderName(.contentRange)) { $0.write(part, of: length) }
            exchange.replaceBody(with: stored.body.part(part))
        case .several(let parts):
            let type = exchange.response.headers.first(.contentType).map { exchange.response.headers.slice($0) }
            let multipart = MultipartRanges(boundary: self.boundary(of: stored), length: length)
            let pieces = multipart.pieces(of: stored.body, parts, type: type ?? ByteBuffer())
            exchange.response.becomePart()
            exchange.response.headers.set(HeaderName(.contentType), Array(multipart.contentType.utf8))
            exchange.replaceAnswer(with: pieces)
        }
        return .answered
    }

    /// A text that the body is all but certain not to contain: a client cannot choose it, because the key is a keyed hash.
    private static func boundary(of stored: StoredResponse) -> UInt64 {
        stored.key.high ^ stored.key.low &* 0x9E37_79B9_7F4A_7C15 ^ UInt64(bitPattern: stored.lifetime.bornAt)
    }

    private static let ofParts: FieldSet = [
        .ifMatch, .ifNoneMatch, .ifModifiedSince, .ifUnmodifiedSince, .range,
    ]
    private static let age = HeaderName(.age)
}

extension ResponseHead {
    /// Turns the head of a 200 into that of a 206, without what describes the whole body.
    fileprivate mutating func becomePart() {
        self.status = 206
        self.headers.removeAll { block, field in IntegrityFields.contain(field, in: block) }
    }
}

extension GatewayError {
    /// A 416, which tells how long the body is (RFC 9110 section 15.5.17).
    fileprivate static func rangeNotSatisfiable(length: Int) -> GatewayError {
        var error = GatewayError(.rangeNotSatisfiable)
        error.fields = PreparedFields { fields in
            fields.add(HeaderName(.contentRange)) {
                $0.write("bytes */")
                $0.write(decimal: length)
            }
        }
        return error
    }
}

extension ByteBuffer {
    /// Returns a part that shares the memory of the whole.
    fileprivate func part(_ range: Range<Int>) -> ByteBuffer {
        self.getSlice(at: self.readerIndex + range.lowerBound, length: range.count) ?? ByteBuffer()
    }
}

extension HeadWriter {
    /// Writes a value of `Content-Range`.
    fileprivate mutating func write(_ part: Range<Int>, of length: Int) {
        self.write("bytes ")
        self.write(decimal: part.lowerBound)
        self.write(UInt8(ascii: "-"))
        self.write(decimal: part.upperBound - 1)
        self.write(UInt8(ascii: "/"))
        self.write(decimal: length)
    }
}
