public import NIOCore

/// Changes a body while it streams through. A request hook returns one in ``Decision/transform(_:)`` for the request
/// body, a response hook for the response body.
public protocol BodyTransform: AnyObject {
    /// The position among the transforms of a body, independent of the middleware's place in the chain.
    var rank: BodyRank { get }
    /// Consumes as much of `chunk` as fits into one turn of the event loop, at most 32 KiB if processing takes time.
    /// The rest is offered again in a later turn. It must consume something.
    func write(_ chunk: inout ByteBuffer, to sink: inout BodySink) throws(TransformError)
    /// Called when no more data is available for now. Write what the receiver should see already.
    func pause(to sink: inout BodySink) throws(TransformError)
    /// Called at the end of the body.
    func end(to sink: inout BodySink) throws(TransformError)
    /// Called instead of ``end(to:)`` if the body is incomplete.
    func cancel()
}

/// A transform that consumes input and produces output at independent rates.
protocol PacedTransform: BodyTransform {
    /// Whether the transform accepts more input. While it does not, the source of the body waits.
    var takesInput: Bool { get }
    /// Whether ``drain(to:)`` has data to write or an error to throw.
    var hasOutput: Bool { get }
    /// Whether the whole new body has been drained.
    var isFinished: Bool { get }
    func drain(to sink: inout BodySink) throws(TransformError)
}

extension BodyTransform {
    /// Does nothing. For transforms that hold no data.
    public func pause(to sink: inout BodySink) throws(TransformError) {}
    /// Does nothing. For transforms that have nothing to release.
    public func cancel() {}
}

/// The order of body transforms.
public enum BodyRank: Int, Comparable, Sendable {
    /// Reads or changes text.
    case rewrite
    /// Encodes the body for its receiver.
    case encode

    public static func < (left: BodyRank, right: BodyRank) -> Bool { left.rawValue < right.rawValue }
}

/// The output of a transform.
public struct BodySink {
    package var buffer = ByteBuffer()

    /// Whether to leave the rest of the chunk for a later turn.
    public var isFull: Bool { self.buffer.readableBytes >= 64 * 1024 }

    /// Appends bytes, without copying if the sink is empty.
    public mutating func write(_ bytes: ByteBuffer) {
        if self.buffer.readableBytes == 0 { self.buffer = bytes } else { self.buffer.writeImmutableBuffer(bytes) }
    }

    /// Appends bytes.
    public mutating func write(_ bytes: some Sequence<UInt8>) { self.buffer.writeBytes(bytes) }

    /// Calls a closure that appends to the buffer in place.
    public mutating func withBuffer<Result>(_ body: (inout ByteBuffer) -> Result) -> Result { body(&self.buffer) }
}

/// An error that ends a body early. The receiver gets the error if nothing was sent yet; otherwise the connection is
/// closed.
public struct TransformError: Error {
    package let error: GatewayError

    /// - Parameter reason: The reason, for the log only.
    public init(_ reason: String) { self.error = GatewayError(.internalError, reason: reason) }

    /// - Parameter error: The error that the receiver gets if nothing was sent yet.
    public init(_ error: GatewayError) { self.error = error }
}
