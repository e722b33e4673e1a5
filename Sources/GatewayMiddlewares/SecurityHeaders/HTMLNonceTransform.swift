import GatewayCore
import NIOCore

/// Passes an HTML body through `HTMLNonceStateMachine`.
final class HTMLNonceTransform: BodyTransform {
    private static let turn = 32 * 1024

    let rank = BodyRank.rewrite
    private var machine: HTMLNonceStateMachine

    init(_ nonce: Nonce) { self.machine = HTMLNonceStateMachine(nonce) }

    package func write(_ chunk: inout ByteBuffer, to sink: inout BodySink) throws(TransformError) {
        guard let piece = chunk.readSlice(length: min(chunk.readableBytes, Self.turn)) else { return }
        piece.withUnsafeReadableBytes { bytes in sink.withBuffer { self.machine.write(bytes, to: &$0) } }
    }

    func end(to sink: inout BodySink) throws(TransformError) { sink.withBuffer { self.machine.end(to: &$0) } }
}

@available(*, unavailable)
extension HTMLNonceTransform: Sendable {}
