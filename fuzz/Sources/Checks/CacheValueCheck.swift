import GatewayCache
import GatewayHTTP
import NIOCore

/// Values of the cache's second tier, which anyone who can write to Redis may have written.
enum CacheValueCheck {
    static func check(_ input: [UInt8]) throws(BrokenProperty) {
        try self.checkValue(ByteBuffer(bytes: input))
        // Random input never has the right checksum, so the rest of the decoder sees it behind a valid one.
        try self.checkValue(StoredValue.sealed(room: input.count) { $0.writeBytes(input) })
    }

    private static func checkValue(_ bytes: ByteBuffer) throws(BrokenProperty) {
        guard let value = StoredValue(bytes) else { return }
        guard let again = StoredValue(value.encoded()) else {
            throw BrokenProperty(description: "what was read does not read again")
        }
        try hold(again.encoded() == value.encoded(), "what was read is written differently")
        guard case .response(let response) = value else { return }
        try hold(response.body.readableBytes <= bytes.readableBytes, "a body longer than its value")
        for field in response.fields.fields {
            let line = Array(response.fields.bytes.readableBytesView[field.name.offset..<field.value.end])
            try hold(!line.contains { $0 == 0x0A || $0 == 0x0D || $0 == 0 }, "a field contains a line end")
        }
    }
}
