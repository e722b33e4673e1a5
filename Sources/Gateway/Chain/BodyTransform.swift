public import NIOCore

/// Changes a body while it streams through. A hook returns one with ``Decision/transform(_:)`` for the body of the
/// direction that it is in.
public protocol BodyTransform: AnyObject {
    /// Where it stands among the transforms of a body, whatever its middleware's place in the chain.
    var rank: BodyRank { get }
    /// Takes from `chunk` what it can take in one turn of the event loop, 32 KiB at most where that costs time. What it leaves
    /// is offered again in a later turn; it has to take something.
    func write(_ chunk: inout ByteBuffer, to sink: inout BodySink) throws(TransformError)
    /// Nothing more has come for now: what the receiver should see already is written.
    func pause(to sink: inout BodySink) throws(TransformError)
    /// The body is whole.
    func end(to sink: inout BodySink) throws(TransformError)
    /// The last call where the body does not come to its end.
    func cancel()
}

/// A transform that takes and gives in its own time: what comes out has no fixed place behind what went in.
protocol PacedTransform: BodyTransform {
    /// There is room for more. Where there is not, the body's source waits.
    var takesInput: Bool { get }
    /// ``drain(to:)`` has something to do.
    var hasOutput: Bool { get }
    /// All of the new body has been drained.
    var isFinished: Bool { get }
    func drain(to sink: inout BodySink) throws(TransformError)
}

extension BodyTransform {
    /// Holds nothing back.
    public func pause(to sink: inout BodySink) throws(TransformError) {}
    /// Holds nothing that has to be given back.
    public func cancel() {}
}

/// The order of body transforms.
public enum BodyRank: Int, Comparable, Sendable {
    /// Reads or changes text.
    case rewrite
    /// Makes bytes of it that only its receiver reads.
    case encode

    public static func < (left: BodyRank, right: BodyRank) -> Bool { left.rawValue < right.rawValue }
}

/// Where a transform writes to.
public struct BodySink {
    var buffer = ByteBuffer()

    /// Leave the rest of the chunk for a later turn.
    public var isFull: Bool { self.buffer.readableBytes >= 64 * 1024 }

    /// Appends without copying, where the sink is empty.
    public mutating func write(_ bytes: ByteBuffer) {
        if self.buffer.readableBytes == 0 { self.buffer = bytes } else { self.buffer.writeImmutableBuffer(bytes) }
    }

    /// Appends.
    public mutating func write(_ bytes: some Sequence<UInt8>) { self.buffer.writeBytes(bytes) }

    /// Appends in place.
    public mutating func withBuffer<Result>(_ body: (inout ByteBuffer) -> Result) -> Result { body(&self.buffer) }
}

/// A body cannot go on. Its receiver is answered with the error where nothing has been sent yet, and cut off otherwise.
public struct TransformError: Error {
    let error: GatewayError

    /// - Parameter reason: for the log alone.
    public init(_ reason: String) { self.error = GatewayError(.internalError, reason: reason) }

    /// - Parameter error: what the receiver is answered with, where nothing has been sent yet.
    public init(_ error: GatewayError) { self.error = error }
}
