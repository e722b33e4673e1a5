import GatewayHTTP
import GatewayHTTP1
import GatewaySettings
import NIOCore

/// Reads the response to a poll and judges it.
///
/// An unexpected status is a failure at once. Otherwise the poll succeeds when the body has ended or has shown the
/// expected text, or after the first 64 KiB.
struct PollResponse: Sendable {
    private let request: PollPlan.Request
    private let limits: HTTP1Limits
    private var parser: ResponseParser
    /// Nil until the head of the final response.
    private var body: BodyDecoder?
    private var search: BodySearch
    private var unread = ByteBuffer()

    init(to request: PollPlan.Request, limits: HTTP1Limits) {
        self.request = request
        self.limits = limits
        self.parser = ResponseParser(limits: limits)
        self.search = BodySearch(for: request.body)
    }

    enum OnInput: Equatable, Sendable {
        case needMore
        case succeeded
        case failed(PollFailure)
    }

    mutating func received(_ bytes: ByteBuffer) -> OnInput {
        self.unread.writeImmutableBuffer(bytes)
        defer { self.unread.discardReadBytes() }
        do throws(MessageError) {
            while self.body == nil {
                guard let result = try self.readHead() else { break }
                if case .failed = result { return result }
            }
            return try self.readBody()
        } catch {
            return .failed(.error)
        }
    }

    /// Handles the end of the input, which may end the body.
    mutating func ended() -> OnInput {
        do throws(MessageError) {
            guard self.body != nil else { return .failed(.reset) }
            try self.body?.endOfInput()
            return self.verdict
        } catch {
            return .failed(.reset)
        }
    }

    // MARK: HTTP/2

    /// Whether the head of the final response was received.
    private(set) var hasHead = false

    /// Handles the head of a response over HTTP/2.
    ///
    /// - Parameter isLast: Whether it has no body.
    mutating func received(status: Int, isLast: Bool) -> OnInput {
        if status == 101 { return .failed(.error) }
        if status < 200 { return .needMore }
        guard self.request.expect.contains(status) else { return .failed(.status(status)) }
        self.hasHead = true
        return isLast ? self.verdict : .needMore
    }

    /// Handles a part of the body over HTTP/2.
    mutating func received(body piece: ByteBuffer, isLast: Bool) -> OnInput {
        guard self.hasHead else { return .failed(.error) }
        self.search.add(piece)
        return isLast || self.search.isExhausted || self.search.hasFoundText ? self.verdict : .needMore
    }

    // MARK: HTTP/1

    /// Returns nil if more bytes are needed.
    private mutating func readHead() throws(MessageError) -> OnInput? {
        var head = ResponseHead()
        guard try self.parser.parse(&self.unread, into: &head, answering: self.request.method) else { return nil }
        if head.status == 101 { return .failed(.error) }
        if head.isInformational { return .needMore }
        guard self.request.expect.contains(head.status) else { return .failed(.status(head.status)) }
        self.body = BodyDecoder(head.framing, limits: self.limits)
        return .needMore
    }

    private mutating func readBody() throws(MessageError) -> OnInput {
        while let event = try self.body?.next(&self.unread) {
            switch event {
            case .needMore: return .needMore
            case .bytes(let piece):
                self.search.add(piece)
                if self.search.isExhausted || self.search.hasFoundText { return self.verdict }
            case .end: return self.verdict
            }
        }
        return .needMore
    }

    private var verdict: OnInput { self.search.isFound ? .succeeded : .failed(.body) }
}
