import NIOCore

@testable import GatewayHTTP2

/// What an HTTP/2 server sends on a connection. The first byte says into how large pieces it is split.
enum HTTP2FrameCheck {
    static func check(_ input: [UInt8]) throws(BrokenProperty) {
        guard let first = input.first else { return }
        let bytes = Array(input.dropFirst())
        let whole = self.events(in: bytes, pieces: bytes.count)
        let split = self.events(in: bytes, pieces: Int(first & 31) + 1)
        try hold(whole == split, "\(whole) when whole, \(split) when split")
    }

    private static func events(in bytes: [UInt8], pieces: Int) -> [String] {
        var frames = ServerFrames(maxHeaderList: 32 * 1024)
        frames.lastStream = 9
        var events: [String] = []
        var rest = bytes[...]
        do throws(HTTP2ConnectionError) {
            while !rest.isEmpty {
                frames.append(ByteBuffer(bytes: rest.prefix(pieces)))
                rest = rest.dropFirst(pieces)
                while let event = try frames.next(at: .uptimeNanoseconds(0)) { events.append(self.text(event)) }
            }
        } catch {
            events.append("error \(error.code.rawValue)")
        }
        return events
    }

    private static func text(_ event: ServerFrames.Event) -> String {
        switch event {
        case .settings(let change): "settings \(change)"
        case .ping(let data): "ping \(data)"
        case .block(let block): "block \(block.streamID) \(block.endsStream) \(Array(block.bytes.readableBytesView))"
        case .data(let id, let data, let length, let end):
            "data \(id) \(length) \(end) \(Array(data.readableBytesView))"
        case .reset(let id, let code): "reset \(id) \(code.rawValue)"
        case .goAway(let last, let code): "goaway \(last) \(code.rawValue)"
        case .windowUpdate(let id, let increment): "window \(id) \(increment)"
        }
    }
}
