package import GatewayCache
package import GatewayCore
import GatewayHTTP
import NIOCore

/// A response in the cache, which keeps the encoded forms of its body for later requests.
package enum KeptBody: Sendable {
    case stored(StoredResponse, CacheStore)
    /// It is stored once its body is complete.
    case fetched(CacheFetch, CacheStore)

    /// Set by the cache if the client accepts a coding: see ``CompressionMiddleware/accepted(by:)``.
    package static let key = ExchangeKey<KeptBody?>("compression.kept_body", initial: nil)

    /// Returns the body in a coding in which it was encoded before. It is empty if encoding does not make it shorter.
    func body(in coding: ContentCoding) -> ByteBuffer? { self.response?.body(in: "\(coding.token)") }

    func keep(_ encoded: ByteBuffer, in coding: ContentCoding) {
        guard let response = self.response else { return }
        guard encoded.readableBytes < response.body.readableBytes else {
            let none = StoredResponse.EncodedBody(coding: "\(coding.token)", body: ByteBuffer())
            return self.store.keep(none, for: response)
        }
        // In memory of exactly its size, which is what the store counts.
        let body = StoredResponse.EncodedBody(
            coding: "\(coding.token)",
            body: ByteBuffer(bytes: encoded.readableBytesView)
        )
        self.store.keep(body, for: response)
    }

    /// The length from which an encoded body is of no use: it is no shorter than any plain one that is stored.
    var limit: Int {
        switch self {
        case .stored(let response, _): response.body.readableBytes
        case .fetched(let fetch, _): fetch.maxBody
        }
    }

    private var response: StoredResponse? {
        switch self {
        case .stored(let response, _): response
        case .fetched(let fetch, _): fetch.stored
        }
    }

    private var store: CacheStore {
        switch self {
        case .stored(_, let store), .fetched(_, let store): store
        }
    }
}

/// Collects the encoded body of one response while it streams.
final class EncodedBodyTee {
    private let kept: KeptBody
    private let exchange: Exchange
    private let generation: UInt32
    private var encoded = ByteBuffer()
    /// Whether encoding does not make the body shorter.
    private var isTooLong = false

    private let limit: Int

    init(_ kept: KeptBody, of exchange: Exchange) {
        self.kept = kept
        self.exchange = exchange
        self.generation = exchange.generation
        self.limit = kept.limit
    }

    func add(_ output: UnsafeRawBufferPointer) {
        guard !self.isTooLong else { return }
        if self.encoded.readableBytes + output.count > self.limit {
            self.isTooLong = true
            self.encoded = ByteBuffer()
        } else {
            self.encoded.writeBytes(output)
        }
    }

    /// Called at the end of a whole body.
    func end(in coding: ContentCoding) {
        // Another transform may have changed the body for this client before it was encoded.
        guard self.exchange.generation == self.generation,
            self.exchange.responseBody.pipeline?.hasOneTransform == true
        else { return }
        self.kept.keep(self.encoded, in: coding)
    }
}

@available(*, unavailable)
extension EncodedBodyTee: Sendable {}

extension CompressionMiddleware {
    /// The coding in which the client of a request would get the response, if that can be encoded.
    static func accepted(by exchange: Exchange) -> ContentCoding? { exchange[self.state].coding }
}
