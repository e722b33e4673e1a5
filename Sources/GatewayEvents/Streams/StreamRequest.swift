import FoundationEssentials
package import NIOCore

/// A message that a client sends over a WebSocket.
package enum StreamRequest: Hashable, Sendable {
    case subscribe([String])
    case unsubscribe([String])
    /// Answer with an `error`.
    case malformed(reason: String)

    package init(_ text: ByteBuffer) {
        guard let message = try? JSONDecoder().decode(Message.self, from: Data(text.readableBytesView)) else {
            self = .malformed(
                reason: "A message is a JSON object with the texts \"type\" and \"action\" and a list \"topics\"."
            )
            return
        }
        guard message.type == "subscription" else {
            self = .malformed(reason: "The type of a message is \"subscription\".")
            return
        }
        switch message.action {
        case "subscribe": self = .subscribe(message.topics)
        case "unsubscribe": self = .unsubscribe(message.topics)
        default: self = .malformed(reason: "The action is \"subscribe\" or \"unsubscribe\".")
        }
    }

    private struct Message: Decodable {
        var type: String
        var action: String
        var topics: [String]
    }
}
