import NIOCore
import NIOPosix

/// Sends one request over a new connection.
///
/// - Returns: The raw response, with head and body.
public func fetch(
    _ path: String,
    method: String = "GET",
    headers: [String] = [],
    body: String = "",
    at address: SocketAddress
) async throws -> String {
    let channel = try await ClientBootstrap(group: .singletonMultiThreadedEventLoopGroup)
        .connect(to: address) { channel in
            channel.eventLoop.makeCompletedFuture {
                try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel)
            }
        }
    return try await channel.executeThenClose { inbound, outbound in
        let lines = ["\(method) \(path) HTTP/1.1", "Host: example.com", "Connection: close"] + headers
        let length = body.isEmpty ? [] : ["Content-Length: \(body.utf8.count)"]
        try await outbound.write(ByteBuffer(string: (lines + length + ["", body]).joined(separator: "\r\n")))
        var answer = ByteBuffer()
        for try await chunk in inbound { answer.writeImmutableBuffer(chunk) }
        return String(buffer: answer)
    }
}

/// Throws unless the response contains all of the parts.
public func expect(_ parts: String..., in answer: String) throws {
    for part in parts where !answer.contains(part) { throw Unexpected(part: part, answer: answer) }
}

/// A response lacks an expected part.
public struct Unexpected: Error, CustomStringConvertible {
    let part: String
    let answer: String

    public init(part: String, answer: String) {
        self.part = part
        self.answer = answer
    }

    public var description: String { "\"\(part)\" is not in:\n\(self.answer)" }
}
